"""Codes of a scanner at a gate: numbers of cards are shown at once, passes when they were checked.

Rule: the scanner is heard also while a pass is checked, since its line holds little; one pass is checked and one waits,
the last that was read. A code that is held to the scanner is not checked again meanwhile.
"""

from firmware.drivers.pause import sleep_ms
from firmware.node.passes import is_pass

PAUSE_MS = 25

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware.drivers.scanner import Scanner
    from firmware.node.passes import Believed, Passes

    Show = Callable[[bytes, Believed | None], object]


class Codes:
    """What a scanner reads, on its way to the gate."""

    def __init__(self, scanner: "Scanner", passes: "Passes", show: "Show") -> None:
        """`show` takes a code and, for a pass of the school, what it is."""
        self._scanner = scanner
        self._passes = passes
        self._show = show
        self._checked: bytes | None = None
        self._waiting: bytes | None = None

    async def read(self) -> None:
        """Take what the scanner reads, for ever."""
        while True:
            self.hear()
            await sleep_ms(PAUSE_MS)

    def hear(self) -> None:
        """Take a code that the scanner has read to its end."""
        code = self._scanner.take()
        if code is not None and not is_pass(code):
            self._show(code, None)
        elif code is not None and code != self._checked:
            self._waiting = code

    async def check(self) -> None:
        """Check passes as they come, and show the gate what they are, for ever."""
        self._checked = None
        await self._passes.prepare()
        while True:
            self._checked, self._waiting = self._waiting, None
            if self._checked is not None:
                self._show(self._checked, await self._passes.believed(self._checked))
            self._checked = None
            await sleep_ms(PAUSE_MS)
