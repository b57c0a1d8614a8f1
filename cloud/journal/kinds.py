"""What stands in a cell of the journal, and in which letters it is written and read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

REASON, REMARK = "journal_reason.reason", "journal_remark.words"  # contexts at the vault


class Kind(StrEnum):
    """What is given in a lesson. Its words are `word(f"lesson_{kind}")`."""

    LESSON = "lesson"
    SOR = "sor"  # summative assessment for a unit
    SOCH = "soch"  # summative assessment for a quarter


class Here(StrEnum):
    """What the journal says of a student at a lesson; by silence `UNSAID`. Its words are `word(f"here_{here}")`."""

    UNSAID = "unsaid"
    PRESENT = "present"
    ABSENT = "absent"
    LATE = "late"
    AWAY = "away"  # for the school: a competition, a trip


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell: whether the student was there, and points; None where there are none."""

    here: Here = Here.UNSAID
    points: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A cell as it stands: the number of its last entry (0: none yet), who wrote that, and when."""

    cell: Cell = Cell()
    number: int = 0
    at: datetime | None = None
    by: str = ""


NOTHING = Standing()


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson of a course with its plan; `points_max` is 0 where a summative work has none yet."""

    id: int
    course_id: int
    on: date
    number: int
    teacher_id: int | None
    kind: Kind
    is_off: bool
    theme: str
    note: str
    room: str
    notes: str = ""
    links: tuple[str, ...] = ()
    points_max: int = 0

    @property
    def is_summative(self) -> bool:
        return self.kind is not Kind.LESSON


# As journals of paper write it: «жоқ», «не был», absent; «кешікті», «опоздал», late; for the school.
LETTERS: Mapping[str, Mapping[Here, str]] = {
    "kk": {Here.ABSENT: "ж", Here.LATE: "к", Here.AWAY: "м"},
    "ru": {Here.ABSENT: "н", Here.LATE: "о", Here.AWAY: "ш"},
    "en": {Here.ABSENT: "a", Here.LATE: "l", Here.AWAY: "s"},
}
OF_LETTER: Mapping[str, Here] = {
    **{letter: here for letters in LETTERS.values() for here, letter in letters.items()},
    "+": Here.PRESENT,
    "n": Here.ABSENT,  # as they lie on a keyboard that was not switched
    "а": Here.ABSENT,
    "o": Here.LATE,
    "k": Here.LATE,
    "m": Here.AWAY,
}


def written(cell: Cell, language: str) -> str:
    """Return a cell as it is shown: `н`, `7`, `о 7`; who was there without points is a blank cell."""
    letter = LETTERS.get(language, LETTERS["en"]).get(cell.here, "")
    points = "" if cell.points is None else str(cell.points)
    return f"{letter} {points}".strip()
