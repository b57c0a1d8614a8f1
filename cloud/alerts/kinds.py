"""What became of the alerts of a class on a day, and why they were held."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

import msgspec


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
    GATE_SHARE = "gate_share"  # too many at once of those who usually come through one gate
    GATE = "gate"  # a gate is out of reach, or has more to tell
    BEHIND = "behind"  # records that have come are not read yet


@dataclass(frozen=True, slots=True)
class Counted:
    """Of how many children that were expected how many were not seen."""

    absent: int = 0
    expected: int = 0

    def __add__(self, other: "Counted") -> "Counted":
        return Counted(self.absent + other.absent, self.expected + other.expected)


class Part(msgspec.Struct, frozen=True, array_like=True):
    """Children of a class who usually come through one gate (0: through none); whether nobody is told of them yet."""

    gate_id: int
    absent: int
    expected: int
    is_stopped: bool

    @property
    def counted(self) -> Counted:
        return Counted(self.absent, self.expected)


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
    parts: tuple[Part, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.state in (State.HELD, State.WAITING)

    @property
    def told(self) -> Counted:
        """Return of whom is told without anybody's decision, and of how many."""
        return sum((each.counted for each in self.parts if not each.is_stopped), Counted())

    @property
    def stopped(self) -> Counted:
        """Return of whom nobody is told yet, and of how many."""
        return sum((each.counted for each in self.parts if each.is_stopped), Counted())
