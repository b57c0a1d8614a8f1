"""The canteen's roster on this agent: its slots, and whether they are any business of this device.

Rule: the doors' roster, which is signed, says who is a till and who the hub. A device that is neither, or no more, asks
for nothing of the canteen and keeps nothing of it on its disk.
"""

import asyncio
from collections.abc import Callable

import msgspec
import structlog

from edge_agent.roster import Roster
from edge_agent.rows import Rows
from edge_agent.slots import Shelf
from schemas.structs import TillRow

AGAIN_S = 60.0  # until a disk that did not let go is asked again
log = structlog.get_logger()


class Canteen:
    """What a till and the hub know of the canteen, as long as they are what they are."""

    def __init__(self, shelf: Shelf[Rows], doors: Callable[[], Roster | None], device: str) -> None:
        self.shelf = shelf
        self.look: Callable[[], None] = lambda: None  # asks the cloud for a newer one
        self._doors = doors
        self._device = device
        self._joined: tuple[Roster, Roster] | None = None  # the doors' as it came, and with the canteen's
        self._news = asyncio.Event()
        self._news.set()

    def roster(self) -> Roster | None:
        """Return the roster that a till goes by: the doors', and the canteen's with it; None without the doors'."""
        doors, canteen = self._doors(), self.shelf.roster
        if doors is None or canteen is None:
            return doors
        if self._joined is None or self._joined[0] is not doors or self._joined[1].canteen is not canteen:
            self._joined = doors, doors.joined(canteen)
        return self._joined[1]

    def is_needed(self) -> bool:
        """Tell whether this device is a till, or the hub of a school that has one."""
        doors = self._doors()
        return doors is not None and _is_needed(doors, self._device)

    def taken(self, _version: int) -> None:
        """Hear that one was taken: what this device is may have changed while it came."""
        if not self.is_needed():
            self.hear()

    def hear(self) -> None:
        """Hear that something may have changed: another roster of the doors', a welcome, a notice."""
        self._news.set()

    async def run(self) -> None:
        """Look for what is new, or wipe what is not ours, whenever something may have changed; until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            if self.is_needed():
                self.look()
            elif self._doors() is not None:
                await self._wipe()

    async def _wipe(self) -> None:
        held, self._joined = self.shelf.version, None
        try:
            await self.shelf.wipe()
        except OSError as error:
            log.error("canteen.unwiped", error=str(error))  # noqa: TRY400 # its words say all
            asyncio.get_running_loop().call_later(AGAIN_S, self.hear)
            return
        if held:
            log.warning("canteen.wiped", version=held)


def _is_needed(doors: Roster, device: str) -> bool:
    tills = {msgspec.json.decode(line, type=TillRow).device for line in doors.lines("till")}
    return device in tills or (bool(tills) and doors.policy.hub == device)
