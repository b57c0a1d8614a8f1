"""What homework is, what is handed in, how it stands, and what all subjects together ask of a day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

WORDS, COMMENT = "homework_answer.words", "homework_answer.comment"  # contexts at the vault
ANSWER_FILE = "homework_answer_file.content"


class State(StrEnum):
    """What became of something that was handed in."""

    DRAFT = "draft"  # the family still adds to it, and nobody else sees it
    HANDED = "handed"
    CHECKED = "checked"
    RETURNED = "returned"  # for rework: it is handed in again


class Stands(StrEnum):
    """How a student's homework stands. Its sign is `homework_{stands}`."""

    OPEN = "open"
    OVERDUE = "overdue"  # nothing was handed in, and its time is over
    CLOSED = "closed"  # nothing was handed in, and nothing can be
    HANDED = "handed"
    HANDED_LATE = "handed_late"
    CHECKED = "checked"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Given:
    """Homework as a teacher writes it; links one a line; `refs` are the students it is for, all where there are none.

    Without a number it is due by the end of the day, else by the course's lesson of that number.
    """

    task: str
    due_on: date
    due_number: int | None = None
    minutes: int = 0
    links: str = ""
    refs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Homework:
    """Homework of a course; it is late after `due_at`, and nothing is handed in once it is closed."""

    id: int
    school_id: int
    course_id: int
    teacher_id: int
    set_on: date
    due_on: date
    due_number: int | None
    due_at: datetime
    minutes: int
    task: str
    links: tuple[str, ...]
    is_named: bool
    by: str
    at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody handed in once; number 0 is a draft. `lesson_id` is the lesson in whose cell its mark was put."""

    id: int
    homework_id: int
    person_id: int
    number: int
    state: State
    is_paper: bool
    is_late: bool
    words: str
    at: datetime
    by: str
    checked_at: datetime | None
    checked_by: str
    comment: str
    lesson_id: int | None
    files: tuple["AnswerFile", ...] = ()

    @property
    def seen(self) -> int:
        """Return what tells this answer, as it stands, from any other and from itself once it is judged anew."""
        return self.number if self.checked_at is None else int(self.checked_at.timestamp() * 1_000_000)


@dataclass(frozen=True, slots=True)
class AnswerFile:
    """A file of what was handed in, without what stands in it."""

    id: int
    is_picture: bool
    size: int


@dataclass(frozen=True, slots=True)
class Recipient:
    """A student whom homework is for, by the class or group on the day it is due."""

    id: int
    ref: str
    name: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How many students a homework is for, and of how many something waits, was checked, was returned."""

    learners: int = 0
    waiting: int = 0
    checked: int = 0
    returned: int = 0

    @property
    def missing(self) -> int:
        """Return of how many nothing came yet."""
        return self.learners - self.waiting - self.checked - self.returned


@dataclass(frozen=True, slots=True)
class Share:
    """What one subject asks of a day: the most minutes that one of the students has, and in how many tasks."""

    minutes: int
    tasks: int


@dataclass(frozen=True, slots=True)
class Load:
    """What homework a day has: by subject, and the most that one student has of all of them together."""

    shares: Mapping[int, Share]  # by subject
    minutes: int

    def of_others(self, subject_id: int) -> Sequence[tuple[int, Share]]:
        """Return what other subjects ask of the day."""
        return [(other, share) for other, share in self.shares.items() if other != subject_id]


NO_LOAD = Load({}, 0)
