"""A roster besides the doors' on this agent: its slots, and whether they are any business of this device.

Rule: the doors' roster, which is signed, says whose business it is. A device that it is no business of, or no more,
asks for nothing of it and keeps nothing of it on its disk.
"""

import asyncio
from collections.abc import Callable

import structlog

from edge_agent.roster import Roster
from edge_agent.rows import Rows
from edge_agent.slots import Shelf

AGAIN_S = 60.0  # until a disk that did not let go is asked again
log = structlog.get_logger()


class SideRoster:
    """What a device knows besides the doors', as long as it is what it is. `name` is the roster's kind, for logs."""

    def __init__(
        self, name: str, shelf: Shelf[Rows], doors: Callable[[], Roster | None], is_ours: Callable[[Roster], bool]
    ) -> None:
        self.shelf = shelf
        self.look: Callable[[], None] = lambda: None  # asks the cloud for a newer one
        self.name = name
        self._doors = doors
        self._is_ours = is_ours
        self._news = asyncio.Event()
        self._news.set()

    def is_needed(self) -> bool:
        """Tell whether this roster is for this device."""
        doors = self._doors()
        return doors is not None and self._is_ours(doors)

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

    def forget(self) -> None:
        """Let go of what was made of the roster."""

    async def _wipe(self) -> None:
        held = self.shelf.version
        self.forget()
        try:
            await self.shelf.wipe()
        except OSError as error:
            log.error("roster.unwiped", kind=self.name, error=str(error))  # noqa: TRY400 # its words say all
            asyncio.get_running_loop().call_later(AGAIN_S, self.hear)
            return
        if held:
            log.warning("roster.wiped", kind=self.name, version=held)
