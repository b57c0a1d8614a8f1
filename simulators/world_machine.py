"""A machine of a simulated world: its clock, its disk with the journal's file, and the moments at which it dies.

Rule: a machine that was killed does nothing more, however far its program's tasks still run; what stands on its disk
is what SQLite had written, or, after a power cut, what `simulators.disk` makes of it.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from random import Random

from typing_extensions import override

from edge_agent.journal.entry import Entry, JournalBroken, JournalUnavailable
from edge_agent.journal.file import JournalFile
from edge_agent.journal.journal import Journal, Reopen, _Append
from edge_agent.journal.opening import MARKER
from edge_agent.timekeeper import Timekeeper
from simulators import disk
from simulators.disk import Image
from simulators.invariants import Key, Ledger, Machine
from simulators.loop import running
from simulators.world_school import BEGINS_MS

_READ_MAX = 100_000


class Moment(Enum):
    """When a program is killed, seen from its journal."""

    BEFORE_APPEND = "before the append"
    WITHIN_APPEND = "within the append"
    AFTER_APPEND = "after the fsync"


@dataclass(slots=True)
class WorldClock:
    """A machine's own clock: monotonic from its boot, wall time with its error."""

    booted_ms: int = 0
    wrong_by_ms: int = 0

    def monotonic_ms(self) -> int:
        return running().now_ms - self.booted_ms

    def wall_ms(self) -> int:
        return max(0, BEGINS_MS + running().now_ms + self.wrong_by_ms)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(slots=True)
class Site:
    """One machine between two of its deaths: what the files and the witness need to know of each other."""

    name: str
    path: Path
    rng: Random
    ledger: Ledger
    page: Machine
    excuse: str = ""
    latency_ms: int = 0
    is_read_only: bool = False
    is_dead: bool = False
    doom: Moment | None = None
    on_death: Callable[[], None] = lambda: None
    image: Image = field(default_factory=lambda: Image({}))
    file: "WitnessedFile | None" = None

    def die(self, image: Image | None = None) -> None:
        """Kill the program now; `image` is what a power cut left, else the disk is as it is."""
        if self.is_dead:
            return
        self.is_dead, self.doom = True, None
        self.image = Image.of(self.path) if image is None else image
        self.ledger.die(self.page)
        self.on_death()

    def marker(self) -> Path:
        """Return the path of the file beside the journal that outlives it."""
        return self.path.with_suffix(self.path.suffix + MARKER)

    def marked(self) -> bytes:
        """Return what stands in that file; nothing when there is none."""
        return self.marker().read_bytes() if self.marker().exists() else b""


class WitnessedFile(JournalFile):
    """The product's journal file; everything that passes is told to the ledger, and death may strike at each step."""

    def __init__(self, path: Path, device: str, rng: Random, *, site: Site) -> None:
        self._site = site
        if site.is_read_only:
            raise JournalUnavailable("read_only", "the file system was mounted read-only")
        super().__init__(path, device, rng)
        site.file = self
        site.ledger.wake(site.page, self._found(), site.excuse, self.lost_commits)

    def _found(self) -> dict[Key, bytes | None]:
        found: dict[Key, bytes | None] = {}
        with contextlib.suppress(JournalBroken, JournalUnavailable):  # the program will see for itself
            for state in self.epochs():
                for entry in self.read(state.epoch, state.tail - 1, _READ_MAX):
                    found[Key(self.device, state.epoch, entry.seq)] = entry.record
        return found

    @override
    def append(self, records: Sequence[bytes]) -> list[Entry]:
        site, first = self._site, self.head + 1
        self._strike(Moment.BEFORE_APPEND)
        if site.is_dead:
            raise JournalUnavailable("io_error", "the machine is dead")
        site.ledger.hand(site.page, self.epoch, first, records)
        is_doomed = site.doom is Moment.WITHIN_APPEND
        before = Image.of(self.path) if is_doomed else None
        entries = super().append(records)
        if before is not None:
            crash = site.rng.choice((disk.torn, disk.scattered))
            site.die(crash(before, Image.of(self.path), site.rng))
            return entries
        site.ledger.write(site.page, self.epoch, first, records)
        self._strike(Moment.AFTER_APPEND)
        return entries

    def _strike(self, moment: Moment) -> None:
        if self._site.doom is moment:
            self._site.die()

    @override
    def trim(self, epoch: str, upto: int, digest: bytes | None) -> bool:
        head = next((state.head for state in self.epochs() if state.epoch == epoch), 0)
        fitted = super().trim(epoch, upto, digest)
        if fitted:
            self._site.ledger.trim(self._site.page, epoch, head if digest is None else upto)
        return fitted

    def fill_disk(self) -> None:
        """Let the disk be full."""
        disk.fill(self._db)

    def forbid_writes(self) -> None:
        """Let the disk be read-only."""
        disk.forbid_writes(self._db)

    def mend_disk(self) -> None:
        """Let the disk take everything again."""
        disk.empty(self._db)
        disk.allow_writes(self._db)


class WorldJournal(Journal):
    """The product's journal; its owning thread is a turn of the world's loop that takes as long as the disk does."""

    def __init__(self, file: JournalFile | None, timekeeper: Timekeeper, site: Site, reopen: Reopen) -> None:
        self._site = site
        self._free_at_s = 0.0
        super().__init__(file, timekeeper, reopen=reopen)

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits for the disk."""
        return self._jobs.empty()

    @override
    def append(self, *records: bytes) -> "asyncio.Future[list[Entry]]":
        self._site.ledger.give(self._site.page, records, running().now_ms)
        return super().append(*records)

    @override
    def _refused(self, group: list[_Append], error: JournalUnavailable | JournalBroken) -> None:
        if not self._site.is_dead:
            self._site.ledger.refuse(self._site.page, [record for job in group for record in job.records])
        super()._refused(group, error)

    @override
    def lose(self, count: int) -> None:
        self._site.page.refused += count
        super().lose(count)

    @override
    def _begin(self) -> None:
        """Start no thread."""

    @override
    def _put(self, job: object) -> None:
        super()._put(job)  # type: ignore[arg-type] # the base's own union of jobs
        loop, site = running(), self._site
        takes_s = (site.latency_ms + site.rng.uniform(0.1, 2.0)) / 1000
        self._free_at_s = max(loop.time(), self._free_at_s) + takes_s
        loop.call_at(self._free_at_s, self._turn_if_alive)

    def _turn_if_alive(self) -> None:
        if not self._site.is_dead and not self._jobs.empty():
            self._turn()

    @override
    def _tell(self, news: Callable[[], None]) -> None:
        if not self._site.is_dead:
            super()._tell(news)
