"""What tests consist of: questions of a bank, sections, terms on which a test is given, attempts and their items."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from cloud.assessments.questions import Answer, Question
from cloud.core.i18n import N_

WORDS, REMARK = "assessment_answer.words", "assessment_answer.remark"  # contexts at the vault
GRACE = timedelta(seconds=30)  # after the time is up: what was on its way is still taken


class Counts(StrEnum):
    """Which of several attempts counts; the values stand in the table."""

    BEST = "best"
    LAST = "last"


class Review(StrEnum):
    """From when on a student sees the answers and what was right; the values stand in the table."""

    HANDED = "handed"
    CLOSED = "closed"
    NEVER = "never"


COUNTS = {Counts.BEST: N_("the best attempt"), Counts.LAST: N_("the last attempt")}
REVIEWS = {
    Review.CLOSED: N_("after the test has closed"),
    Review.HANDED: N_("as soon as the attempt is over"),
    Review.NEVER: N_("never: points only"),
}


@dataclass(frozen=True, slots=True)
class Banked:
    """A question of a bank."""

    id: int
    subject_id: int
    grade: int
    theme: str
    question: Question
    is_active: bool
    changed_at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a test: chosen questions of the bank in their order, or `draws` of a theme's for each attempt."""

    title: str
    questions: tuple[int, ...] = ()
    theme: str = ""
    draws: int = 0


@dataclass(frozen=True, slots=True)
class Test:
    """A test, which can be given to courses again and again."""

    __test__ = False  # pytest's tests are others

    id: int
    subject_id: int
    grade: int
    title: str
    sections: tuple[Section, ...]
    is_active: bool
    changed_at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms a test is given; without a limit an attempt lasts until the test closes."""

    opens_at: datetime
    closes_at: datetime
    limit_min: int | None = None
    attempts: int = 1
    counts: Counts = Counts.BEST
    review: Review = Review.CLOSED
    is_shuffled: bool = True
    one_by_one: bool = False

    def ends_at(self, began_at: datetime) -> datetime:
        """Return when the time of an attempt is up."""
        if self.limit_min is None:
            return self.closes_at
        return min(self.closes_at, began_at + timedelta(minutes=self.limit_min))


@dataclass(frozen=True, slots=True)
class Part:
    """A section of a test as it was given: `draws` of its questions, or all of them where it is 0."""

    title: str
    draws: int


@dataclass(frozen=True, slots=True)
class Given:
    """A test as a course was given it."""

    id: int
    test_id: int
    course_id: int
    title: str
    terms: Terms
    parts: tuple[Part, ...]
    given_at: datetime
    by: str

    def is_open(self, now: datetime) -> bool:
        """Tell whether an attempt can begin now."""
        return self.terms.opens_at <= now < self.terms.closes_at

    def state(self, now: datetime) -> str:
        """Return the sign by which its state is shown."""
        if self.is_open(now):
            return "test_open"
        return "test_ahead" if now < self.terms.opens_at else "test_closed"


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt with what it has come to; `waiting` are the essays that nobody has marked yet."""

    id: int
    given_id: int
    person_id: int
    number: int
    seed: int
    began_at: datetime
    ends_at: datetime
    handed_at: datetime | None
    points: Decimal
    most: int
    answered: int
    asked: int
    waiting: int

    def is_over(self, now: datetime) -> bool:
        """Tell whether no answer is taken any more."""
        return self.handed_at is not None or now > self.ends_at + GRACE

    @property
    def percent(self) -> Decimal:
        """Return the points in percent of the most that there are."""
        return self.points * 100 / self.most if self.most else Decimal(0)

    def sign(self, now: datetime) -> str:
        """Return the sign by which its state is shown."""
        if not self.is_over(now):
            return "attempt_running"
        return "attempt_waiting" if self.waiting else "attempt_over"


@dataclass(frozen=True, slots=True)
class Item:
    """A question of an attempt, with its answer and what that was worth."""

    place: int
    section: int
    question: Question
    shown: Question  # as the student sees it: mixed
    answer: Answer
    answered_at: datetime | None
    points: Decimal | None
    marked_by: str
    remark: str

    @property
    def waits(self) -> bool:
        """Tell whether a person is still to mark it."""
        return self.answer is not None and self.points is None


@dataclass(frozen=True, slots=True)
class Paper:
    """An attempt with its questions in the order in which they are asked."""

    given: Given
    attempt: Attempt
    items: Sequence[Item]
