"""Who gets a release when, and when a rollout stops by itself: pure.

Rule: one device that does not come back is enough to stop the first stage; later ones stop at a share that chance does
not explain. A device that began a release and has not been heard with it for an hour did not come back.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

SILENT_AFTER = timedelta(hours=1)  # from a device's word that it begins; a trial lasts half of it
FAILED_SHARE_MAX = 0.02
_PARTS = 1_000


class Stage(Enum):
    """Whom a release is offered to; each stage includes the ones before."""

    ONE = "one"
    HUNDREDTH = "hundredth"
    TENTH = "tenth"
    ALL = "all"

    @property
    def next(self) -> "Stage | None":
        """Return the stage after this one."""
        stages = list(Stage)
        place = stages.index(self) + 1
        return stages[place] if place < len(stages) else None


PARTS_OF = {Stage.ONE: 0, Stage.HUNDREDTH: 10, Stage.TENTH: 100, Stage.ALL: _PARTS}


@dataclass(frozen=True, slots=True)
class Progress:
    """How many devices stand where: those that could take a release, were offered it, came back with it, failed."""

    eligible: int = 0
    offered: int = 0
    done: int = 0
    failed: int = 0
    silent: int = 0

    @property
    def bad(self) -> int:
        return self.failed + self.silent

    @property
    def percent(self) -> int:
        return self.done * 100 // self.eligible if self.eligible else 0


def is_in_stage(stage: Stage, device: str, counter: int) -> bool:
    """Tell whether a device is among a stage's share: drawn anew for each release, the same at every question."""
    drawn = int.from_bytes(hashlib.sha256(f"{counter} {device}".encode()).digest()[:8], "big") % _PARTS
    return drawn < PARTS_OF[stage]


def must_stop(stage: Stage, progress: Progress) -> bool:
    """Tell whether a rollout must stop by itself."""
    if stage is Stage.ONE:
        return progress.bad > 0
    return progress.bad > 0 and progress.bad > FAILED_SHARE_MAX * (progress.done + progress.bad)
