"""Which of the devices' records the balances of a roster know: by device, epoch and number, and never by a clock.

Rule: a sale counts beside a balance until the balance knows it, and never after, whatever clocks say and however often
a till is started. A device sends its older epochs first: when one of its epochs is named, all before it are known.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

import msgspec

from edge_agent.roster import Roster
from schemas.structs import CountedRow


class Place(NamedTuple):
    """Where a record stands."""

    device: str
    epoch: str
    seq: int


class Counted:
    """What the balances of one roster know."""

    __slots__ = ("_upto",)

    def __init__(self, upto: Mapping[str, Mapping[str, int]]) -> None:
        """Take the newest record known of each epoch of each device."""
        self._upto = upto

    @classmethod
    def of(cls, roster: Roster) -> "Counted":
        """Return what a roster tells."""
        rows = (msgspec.json.decode(line, type=CountedRow) for line in roster.lines("counted"))
        return cls({row.device: dict(row.epochs) for row in rows})

    def knows(self, place: Place, later: Collection[str]) -> bool:
        """Tell whether a record is in the balances; `later` are epochs that its device began after the record's."""
        epochs = self._upto.get(place.device)
        if epochs is None:
            return False
        upto = epochs.get(place.epoch)
        if upto is None:
            return not epochs.keys().isdisjoint(later)
        return place.seq <= upto


NOTHING_COUNTED = Counted({})
