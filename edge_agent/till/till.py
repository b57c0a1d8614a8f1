"""A till on this agent: its desk, its readers and its page, over any number of restarts of its parts.

Rule: the page and each reader are parts of their own; the till sells as long as the journal takes it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from edge_agent.clock import Clock
from edge_agent.readers.tap import Answering, Reader, Tap, Verdict
from edge_agent.readers.watch import ReaderWatch
from edge_agent.sealed import Sealed
from edge_agent.status.server import listen
from edge_agent.status.snapshot import ReaderStatus, TillStatus
from edge_agent.till.app import TillPages, serve_till
from edge_agent.till.desk import Around, Desk
from edge_agent.till.page import Screen
from edge_agent.till.photos import Photos
from edge_agent.till.pins import Notes, Pins
from edge_agent.till.receipt import Printer, Receipts
from edge_agent.till.shifts import Shifts
from edge_agent.till.stage import Stage
from edge_agent.till.watching import Watching

HOST = "127.0.0.1"  # the screen hangs on this machine; nobody sells from elsewhere
log = structlog.get_logger()


class Till:
    """One till."""

    def __init__(
        self, around: Around, notes: Notes, clock: Clock, readers: Sequence[Reader], port: int, folder: Path,
        sealed: Sealed, printer: Printer | None = None,
    ) -> None:  # fmt: skip
        """Photos are kept in folders of `folder`, people's `sealed`."""
        self.readers = readers
        self.desk = Desk(around)
        self._port = port
        self.reader_watch = ReaderWatch(self.readers)
        shifts = Shifts(self.desk, Pins(notes, clock))
        self.dishes = Photos(folder / "photos", clock, self._dishes_named)
        self.faces = Photos(folder / "faces", clock, self._faces_named, sealed)
        self._screen = Screen(self.desk, lambda: 0, self.dishes.has, self.faces.has, Receipts(printer))
        self._pages = TillPages(self.desk, shifts, self._screen, Watching(), self.dishes.read, self.faces.read)

    def count_unsent(self, count: Callable[[], int]) -> None:
        """Show what this counts as what is not sent."""
        self._screen.unsent = count

    def status(self) -> TillStatus:
        """Return how it is, for the agent's own page."""
        readers = [ReaderStatus(reader.name, "", reader.health.value) for reader in self.readers]
        return TillStatus(readers, has_shift=self.desk.shift is not None)

    async def run(self) -> None:
        """Serve the page until cancelled. Raises StatusPortTaken."""
        self._pages.watching = Watching()
        self.desk.on_change = self._pages.watching.change
        await serve_till(self._pages, listen(HOST, self._port, "till"))

    async def run_printer(self) -> None:
        """Print receipts until cancelled."""
        await self._screen.receipts.run()

    async def serve(self, reader: Reader) -> None:
        """Show whose card a reader reads, until cancelled."""
        async for tap in reader.taps():
            try:
                self._answer(reader, tap, await self.desk.tap(tap))
            except Exception:  # One card that we fail on must not keep those behind it hungry.
                log.exception("tap.failed", reader=reader.name)

    def _dishes_named(self) -> frozenset[str] | None:
        book = self.desk.book
        return book.photos() if book is not None else None

    def _faces_named(self) -> frozenset[str] | None:
        book = self.desk.book
        return book.faces() if book is not None else None

    @staticmethod
    def _answer(reader: Reader, tap: Tap, stage: Stage) -> None:
        """Show at a reader that has a light whether the card was taken."""
        if not isinstance(reader, Answering):
            return
        if stage.kind != "turned":
            reader.answer(tap, Verdict.GRANTED)
        else:
            reader.answer(tap, Verdict.UNKNOWN if stage.reason == "card_unknown" else Verdict.REFUSED)
