"""The canteen's roster on this agent: for tills, and for the hub of a school that has one."""

from collections.abc import Callable

import msgspec
from typing_extensions import override

from edge_agent.roster import Roster
from edge_agent.rows import Rows
from edge_agent.side_roster import SideRoster
from edge_agent.slots import Shelf
from schemas.structs import TillRow


class Canteen(SideRoster):
    """What a till and the hub know of the canteen, as long as they are what they are."""

    def __init__(self, shelf: Shelf[Rows], doors: Callable[[], Roster | None], device: str) -> None:
        super().__init__("canteen", shelf, doors, lambda doors: _is_needed(doors, device))
        self._joined: tuple[Roster, Roster] | None = None  # the doors' as it came, and with the canteen's

    def roster(self) -> Roster | None:
        """Return the roster that a till goes by: the doors', and the canteen's with it; None without the doors'."""
        doors, canteen = self._doors(), self.shelf.roster
        if doors is None or canteen is None:
            return doors
        if self._joined is None or self._joined[0] is not doors or self._joined[1].canteen is not canteen:
            self._joined = doors, doors.joined(canteen)
        return self._joined[1]

    @override
    def forget(self) -> None:
        self._joined = None


def _is_needed(doors: Roster, device: str) -> bool:
    tills = {msgspec.json.decode(line, type=TillRow).device for line in doors.lines("till")}
    return device in tills or (bool(tills) and doors.policy.hub == device)
