"""What a timetable's solver is asked, what it tells meanwhile, and what it found: data, without the solver."""

from dataclasses import dataclass

import msgspec

from cloud.timetable.kinds import RuleKind
from cloud.timetable.rules import Frame, Quality, Slot

LINE_MAX = 16 << 20  # bytes of a line that is read


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """A rule of the model, by whom it is about."""

    kind: RuleKind
    id: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Clash:
    """Rules that cannot hold together: so many lessons are needed, and so many can be had, where that was reckoned.

    `course_ids` are lessons that have no place; without rules nothing was proven.
    """

    rules: tuple[Rule, ...]
    course_ids: tuple[int, ...] = ()
    need: int = 0
    have: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """What is to be solved: a frame, slots that are to stay, and what it may take."""

    frame: Frame
    fixed: tuple[Slot, ...] = ()
    seconds: float = 120.0
    seed: int = 1
    workers: int = 2
    effort: float | None = None  # of each search; see Limits


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the solver is: what it does, how long it has taken, and what its last find costs."""

    step: str  # finding, bettering, explaining
    took_s: int
    cost: int | None = None
    finds: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found: slots with rooms, how good they are, half lessons without a place, and why."""

    slots: tuple[Slot, ...]
    quality: Quality
    missing: dict[int, int]
    clashes: tuple[Clash, ...]
    is_best: bool  # proven: there is none better
    took_s: float


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line that the program tells."""

    progress: Progress | None = None
    outcome: Outcome | None = None
