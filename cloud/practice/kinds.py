"""What practice consists of: attempts without a number to them, their parts, and what is still to be put right."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from cloud.assessments.kinds import GRACE
from cloud.assessments.questions import Answer, Question
from cloud.core.errors import Refused
from cloud.core.i18n import N_

WORDS = "practice_answer.words"  # context at the vault
DRAWN = 20  # questions of an attempt at a subject, or at mistakes
MINUTES_EACH = 3  # for a question of those
DAY_MAX = 40  # attempts of somebody a day: nobody learns by more, and a program would


class PracticeRefused(Refused):
    """Nothing can be practised so."""

    code = "practice_refused"


class Way(StrEnum):
    """What an attempt is made of; the values stand in the table."""

    NATIONAL = "national"  # the format of the unified national test
    SUBJECT = "subject"  # themes of a subject that are open for practice
    MISTAKES = "mistakes"  # what was wrong at last


WAYS = {
    Way.NATIONAL: N_("Unified national test"),
    Way.SUBJECT: N_("A subject"),
    Way.MISTAKES: N_("Work on mistakes"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an attempt: its code, how many questions the format wants, and how many the banks had."""

    code: str
    wanted: int
    asked: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """A question drawn for an attempt, by its number in the bank: of which part, for how many points, by which rule.

    Without points it gives those that it gives by itself.
    """

    question_id: int
    part: int
    points: int | None
    marking: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt with what it has come to."""

    id: int
    person_id: int
    way: Way
    about: str  # the pair of profile subjects, or the code of a subject's name
    subject_id: int | None
    seed: int
    began_at: datetime
    ends_at: datetime
    handed_at: datetime | None
    parts: tuple[Part, ...]
    points: Decimal
    most: int
    answered: int
    asked: int
    right: int

    def is_over(self, now: datetime) -> bool:
        """Tell whether no answer is taken any more."""
        return self.handed_at is not None or now > self.ends_at + GRACE

    def sign(self, now: datetime) -> str:
        """Return the sign by which its state is shown."""
        return "attempt_over" if self.is_over(now) else "attempt_running"

    @property
    def percent(self) -> Decimal:
        """Return the points in percent of the most that there are."""
        return self.points * 100 / self.most if self.most else Decimal(0)

    @property
    def over_at(self) -> datetime:
        return self.handed_at or self.ends_at


@dataclass(frozen=True, slots=True)
class Item:
    """A question of an attempt as it is shown, with its answer and what that was worth."""

    place: int
    section: int
    question: Question
    shown: Question
    answer: Answer
    answered_at: datetime | None
    points: Decimal | None
    theme: str
    subject_id: int
    marked_by: str = ""
    remark: str = ""

    @property
    def is_right(self) -> bool:
        return self.points is not None and self.points >= self.question.points


@dataclass(frozen=True, slots=True)
class Paper:
    """An attempt with its questions in the order in which they are asked."""

    attempt: Attempt
    items: Sequence[Item]


@dataclass(frozen=True, slots=True)
class Reached:
    """What came of one part of an attempt; `threshold` is 0 where there is none."""

    code: str
    points: Decimal
    most: int
    asked: int
    wanted: int
    threshold: int

    @property
    def is_passed(self) -> bool:
        return self.points >= self.threshold


def lasts(questions: int) -> timedelta:
    """Return how long an attempt lasts that has no format."""
    return timedelta(minutes=max(5, questions * MINUTES_EACH))
