"""What ingest knows while it judges: watermarks, boots, digests and the devices, as one worker remembers them.

Rule: a judge reads it and changes nothing; what a plan changed is taken over by `apply`, after the commit only.
"""

from collections.abc import Iterable
from itertools import islice
from typing import Any

import msgspec

from schemas.chain import genesis

Key = tuple[str, str]  # device, epoch
Stretch = tuple[str, str, int, int]  # device, epoch, first and last sequence number
DIGESTS_MAX = 50_000
MARKS_MAX = 200_000
BOOTS_MAX = 8


class Mark(msgspec.Struct, frozen=True):
    """How far an epoch is committed without a hole, the chain's digest there, and the boot that wrote it.

    `gaps` are the stretches below `upto` that the device said it had lost, and that have not turned up since.
    """

    upto: int
    digest: bytes
    boot: str = ""
    gaps: tuple[tuple[int, int], ...] = ()

    def lacks(self, first: int, last: int) -> bool:
        """Tell whether any of these numbers lies in a gap."""
        return any(low <= last and first <= high for low, high in self.gaps)


class Boots(msgspec.Struct, frozen=True):
    """The boots of a device that greeted us: the latest, and by how much wall time is ahead of each one's monotonic."""

    current: str = ""
    offsets: dict[str, int] = {}


class State:
    """Everything a judge may ask; the store fills it with what the messages at hand need."""

    def __init__(self) -> None:
        self.heads: dict[int, int] = {}
        self.marks: dict[Key, Mark] = {}
        self.boots: dict[str, Boots] = {}
        self.rosters: dict[str, int] = {}
        self.digests: dict[tuple[str, str, int], bytes] = {}
        self.looked_up: set[Stretch] = set()

    def begin(self, key: Key) -> Mark:
        """Note that nothing of an epoch is stored yet; return its mark."""
        mark = self.marks[key] = Mark(0, genesis(*key))
        return mark

    def apply(
        self,
        heads: dict[int, int],
        marks: dict[Key, Mark],
        boots: dict[str, Boots],
        digests: dict[tuple[str, str, int], bytes],
    ) -> None:
        """Take over what was committed; forget what was looked up for one window, and the oldest beyond the limits."""
        self.heads.update(heads)
        self.marks.update(marks)
        self.boots.update(boots)
        self.digests.update(digests)
        self.looked_up.clear()
        _shorten(self.digests, DIGESTS_MAX)
        _shorten(self.marks, MARKS_MAX)
        _shorten(self.boots, MARKS_MAX)

    def forget(self, devices: Iterable[str] | None = None) -> None:
        """Forget what somebody else may have changed: of these devices, or of all."""
        if devices is None:
            for known in (self.marks, self.boots, self.digests):
                known.clear()
            return
        gone = set(devices)
        for key in [key for key in self.marks if key[0] in gone]:
            del self.marks[key]
        for place in [place for place in self.digests if place[0] in gone]:
            del self.digests[place]
        for device in gone:
            self.boots.pop(device, None)


def _shorten(known: dict[Any, Any], limit: int) -> None:
    """Forget the oldest entries beyond a limit."""
    if len(known) > limit:
        for key in list(islice(known, len(known) - limit)):
            del known[key]
