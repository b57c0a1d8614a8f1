"""Words of recommendations: rules, thresholds, facts and what a rule found, and what is kept of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from cloud.studies.queries import Subject

WORDS, ANSWER = "recommendation.words", "recommendation.answer"  # contexts at the vault


class Rule(StrEnum):
    """By which rule something is advised, in the order in which it is told; the values stand in the table."""

    OWES = "owes"  # summative works that were held and are not written
    BEHIND = "behind"  # a subject stands low
    FALLS = "falls"  # a subject stands much lower than in the stretch before
    MISSES = "misses"  # lessons missed without a good reason
    LATE = "late"
    NEAR = "near"  # little is missing to a better mark
    STRONG = "strong"  # a subject stands high, and no contest is in the portfolio
    IDLE = "idle"  # nothing new in the portfolio
    OWN = "own"  # no rule: a teacher's own words


class State(StrEnum):
    """What became of a recommendation; the values stand in the table."""

    OPEN = "open"
    TAKEN = "taken"  # into the student's trajectory
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """A version of what the rules compare with; 0 in a rule's own place: the rule is off."""

    number: int = 0  # among the school's own; 0: those of this program
    works: int = 3  # so many marks are needed before a subject is judged at all
    owes: int = 1  # works
    behind: int = 50  # percent, below which
    falls: int = 15  # percent points, by which or more
    misses: int = 15  # percent of lessons, or more
    late: int = 5  # times in a quarter, or more
    near: int = 3  # percent points, or fewer
    strong: int = 90  # percent, or more
    idle: int = 365  # days, or more


@dataclass(frozen=True, slots=True)
class SubjectFacts:
    """How a subject stands for a student: percents of now and of the stretch before, None where there are none.

    `works` and `works_before` are of how many marks they are. `next_mark` begins at `next_from` percent; both are 0 of
    who has the best one.
    """

    subject: Subject
    works: int = 0
    percent: int | None = None
    before: int | None = None
    works_before: int = 0
    owes: int = 0
    next_mark: int = 0
    next_from: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules look at, of one student: marks, presence in the quarter, the portfolio."""

    today: date
    subjects: Sequence[SubjectFacts] = ()
    lessons: int = 0
    absent: int = 0
    excused: int = 0  # of the absent
    late: int = 0
    contest_on: date | None = None  # the last confirmed olympiad or contest
    achieved_on: date | None = None  # the last confirmed entry of any kind
    since: date | None = None  # the first day at the school


@dataclass(frozen=True, slots=True)
class Advice:
    """What a rule found: `has` is compared with `least`, `beside` is what it is of, or was; the rule says of what."""

    rule: Rule
    subject: Subject | None = None
    has: int = 0
    beside: int = 0
    least: int = 0

    @property
    def key(self) -> str:
        """Return what names it among a student's."""
        return key_of(self.rule, self.subject)


@dataclass(frozen=True, slots=True)
class Kept:
    """A recommendation that somebody answered to, shared or wrote; `words` are of an own one."""

    id: int
    person_id: int
    year: int
    quarter: int
    advice: Advice
    words: str
    state: State
    is_shared: bool
    goal_id: int | None
    answer: str  # why it was dismissed
    made_at: datetime
    made_by: str
    answered_at: datetime | None
    answered_by: str

    @property
    def sign(self) -> str:
        """Return the sign that it is shown by."""
        return f"advice_is_{self.state}"


def key_of(rule: Rule, subject: Subject | None) -> str:
    """Return what names a rule's advice among a student's: `behind-12`, `late-0`."""
    return f"{rule.value}-{subject.id if subject else 0}"
