"""What became of the alerts of a class on a day, and why they were held."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class State(StrEnum):
    """What became of the alerts. Its words are `word(f"alerts_{state}")`."""

    TOLD = "told"  # or nobody was to be told of
    WAITING = "waiting"  # until the records of a gate have come
    HELD = "held"  # until a person decides
    RELEASED = "released"
    DROPPED = "dropped"
    LAPSED = "lapsed"  # nobody decided, or no records came, before the lessons were over


class Why(StrEnum):
    """Why alerts are held."""

    NONE = ""
    CLASS = "class"  # too many of the class at once
    SCHOOL = "school"  # too many of the school at once
    GATE = "gate"  # a gate is out of reach, or has more to tell
    BEHIND = "behind"  # records that have come are not read yet


@dataclass(frozen=True, slots=True)
class Round:
    """The alerts of a class on a day: who was expected and not seen when they were judged last."""

    class_id: int
    on: date
    due_at: datetime
    ends_at: datetime
    state: State
    why: Why
    absent: int
    expected: int
    decided_at: datetime | None = None
    decided_by: str = ""

    @property
    def is_open(self) -> bool:
        return self.state in (State.HELD, State.WAITING)
