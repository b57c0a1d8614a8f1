"""The journal as the rest of the agent uses it: one thread owns the file, appends are grouped, and nothing blocks.

Rule: an append's future is done only when its records are on the disk, or fails when none is. What failed is counted,
and told by a `loss` record as soon as the disk takes one again. A file that breaks is set aside while the agent runs,
and a new one begun; an agent whose disk takes nothing goes on without a file and tries again with every append.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from typing import Protocol, TypeVar

import structlog

from edge_agent.journal.entry import Entry, EpochState, Fill, JournalBroken, JournalUnavailable
from edge_agent.journal.file import FORGET_MAX, JournalFile
from edge_agent.journal.losses import Losses, Reserve
from edge_agent.timekeeper import Timekeeper
from schemas.codec import RECORD_BYTES_MAX

T = TypeVar("T")
GROUP_MAX = 256
QUEUE_MAX = 10_000
CAPACITY = 1_000_000
IDLE_S = 5.0
LOSS_WAIT_MS = 60_000  # How long the reserve is kept for more losses before it is spent on telling of them.
_LEVELS = ((0.98, Fill.RESERVE), (0.90, Fill.COLLAPSE), (0.80, Fill.WARN))
log = structlog.get_logger()


class Opening(Protocol):
    """What `open_journal` returns: a file, and the first entries of its epoch."""

    @property
    def file(self) -> JournalFile: ...
    @property
    def entries(self) -> list[Entry]: ...


Reopen = Callable[[str], Opening]  # given what is broken about the file, or nothing when it could not be opened


@dataclass(frozen=True, slots=True)
class _Append:
    records: Sequence[bytes]
    done: "asyncio.Future[list[Entry]]"


_Job = _Append | Callable[[], None] | None


class Journal:
    """An asyncio front for a JournalFile, made in the loop that uses it."""

    def __init__(
        self,
        file: JournalFile | None,
        timekeeper: Timekeeper,
        *,
        capacity: int = CAPACITY,
        reopen: Reopen | None = None,
    ) -> None:
        """`file` is None when the disk took nothing at start; `reopen` opens it later, or a new one when it broke."""
        self.on_durable: Callable[[list[Entry]], None] = lambda _entries: None
        self.unavailable = "" if file is not None else "io_error"
        self._file = file
        self._reopen_file = reopen
        self._reserve = Reserve(file.path.with_name(file.path.name + ".reserve")) if file is not None else None
        self._timekeeper = timekeeper
        self._capacity = capacity
        self._losses = Losses()
        self._first_loss_ms: int | None = None
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._queued = 0
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._own, name="journal", daemon=True)
        self._begin()

    @property
    def epoch(self) -> str:
        """Return the live epoch; empty while there is no file."""
        file = self._file  # The thread may let it go at any moment.
        return file.epoch if file is not None else ""

    @property
    def held(self) -> int:
        """Return how many records are not trimmed yet."""
        file = self._file
        return file.held if file is not None else 0

    @property
    def lost(self) -> int:
        """Return how many records were lost since the agent started."""
        return self._losses.total

    @property
    def fill(self) -> Fill:
        """Return how full the journal is."""
        share = self.held / self._capacity
        return next((fill for level, fill in _LEVELS if share >= level), Fill.ROOMY)

    def append(self, *records: bytes) -> "asyncio.Future[list[Entry]]":
        """Queue records; the future gives their entries once durable, or raises JournalUnavailable or JournalBroken."""
        assert all(len(record) <= RECORD_BYTES_MAX for record in records), "a record is too long"  # noqa: S101
        done: asyncio.Future[list[Entry]] = self._loop.create_future()
        if self._queued >= QUEUE_MAX:
            self.lose(len(records))
            done.set_exception(JournalUnavailable("queue_full", f"{QUEUE_MAX} appends wait for the disk already"))
            return done
        self._queued += 1
        self._put(_Append(records, done))
        return done

    def lose(self, count: int) -> None:
        """Count records that were not even tried; a `loss` record tells of them."""
        self._losses.count(count, "queue_full", self._timekeeper.now())

    async def epochs(self) -> Sequence[EpochState]:
        """Return the epochs still held, oldest first, the live one last."""
        return await self._ask(lambda file: file.epochs())

    async def read(self, epoch: str, after_seq: int, limit: int) -> Sequence[Entry]:
        """Return up to `limit` entries of `epoch` that follow `after_seq`."""
        return await self._ask(lambda file: file.read(epoch, after_seq, limit))

    async def recent(self, limit: int) -> Sequence[Entry]:
        """Return the newest entries of the closed epochs, in order, also those the cloud has, as far as they stand."""
        return await self._ask(lambda file: file.recent(limit))

    async def trim(self, epoch: str, upto: int, digest: bytes | None) -> bool:
        """Give up records up to `upto` if `digest` fits the chain there; tell whether it did."""
        return await self._ask(lambda file: file.trim(epoch, upto, digest))

    async def remember(self, name: str, value: str) -> None:
        """Keep a small value durably. Raises JournalUnavailable."""
        await self._ask(lambda file: file.remember(name, value))

    async def recall(self, name: str) -> str | None:
        """Return a kept value, or None."""
        return await self._ask(lambda file: file.recall(name))

    async def close(self) -> None:
        """Write what is queued, then let the file go."""
        self._put(None)
        await asyncio.to_thread(self._thread.join)

    async def _ask(self, question: Callable[[JournalFile], T]) -> T:
        done: asyncio.Future[T] = self._loop.create_future()
        self._put(partial(self._answer, question, done))
        return await done

    def _begin(self) -> None:
        self._thread.start()

    def _put(self, job: _Job) -> None:
        self._jobs.put(job)

    # In the owning thread; in a simulated world, on its loop

    def _own(self) -> None:
        while True:
            try:
                if not self._turn(IDLE_S):
                    return
            except Exception:  # The thread must outlive a mistake of ours: without it nothing is written any more.
                log.exception("journal.failed")

    def _turn(self, wait_s: float | None = None) -> bool:
        """Do the next job, or one group of appends; tell whether to go on. Tidy when nothing comes."""
        group: list[_Append] = []
        try:
            job = self._jobs.get(timeout=wait_s)
        except Empty:
            self._tidy()
            return True
        while isinstance(job, _Append):
            group.append(job)
            if len(group) == GROUP_MAX or self._jobs.empty():
                break
            job = self._jobs.get()
        if group:
            self._write(group)
        if job is None:
            self._finish()
            return False
        if not isinstance(job, _Append):
            job()
        if self._jobs.empty() and self._file is not None and self._file.surplus >= FORGET_MAX:
            self._tidy()
        return True

    def _answer(self, question: Callable[[JournalFile], T], done: "asyncio.Future[T]") -> None:
        try:
            answer = question(self._opened())
        except Exception as error:  # noqa: BLE001 # Whoever asked is told, also of a mistake of ours.
            self._tell(partial(_fail, done, error))
        else:
            self._tell(partial(_succeed, done, answer))

    def _write(self, group: list[_Append]) -> None:
        try:
            file = self._opened()
            told = self._losses.record(self._timekeeper.now())
            entries = file.append([*told, *(record for job in group for record in job.records)])
        except (JournalUnavailable, JournalBroken) as error:
            self._refused(group, error)
            return
        except Exception as error:  # A mistake of ours must not leave anybody waiting.
            log.exception("journal.failed")
            self._refused(group, JournalUnavailable("io_error", f"{type(error).__name__}: {error}"))
            return
        self._took(told)
        self._tell(partial(self._confirm, group, entries, len(told)))

    def _refused(self, group: list[_Append], error: JournalUnavailable | JournalBroken) -> None:
        stamp = self._timekeeper.now()
        self.unavailable = error.reason if isinstance(error, JournalUnavailable) else "broken"
        self._losses.count(sum(len(job.records) for job in group), self.unavailable, stamp)
        self._tell(partial(self._refuse, group, error))
        if self._first_loss_ms is None:
            self._first_loss_ms = stamp.monotonic_ms
        if isinstance(error, JournalBroken):
            self._replace(str(error))
        elif stamp.monotonic_ms - self._first_loss_ms >= LOSS_WAIT_MS:
            self._spend_reserve()

    def _took(self, told: list[bytes]) -> None:
        self.unavailable = ""
        self._first_loss_ms = None
        if told:
            self._losses.told()
        if self._reserve is not None:
            self._reserve.hold()

    def _spend_reserve(self) -> None:
        """Tell of what was lost in the room that was held for that."""
        told = self._losses.record(self._timekeeper.now())
        if not told or self._file is None or self._reserve is None or not self._reserve.release():
            return
        with suppress(JournalUnavailable, JournalBroken):
            entries = self._file.append(told)
            self._losses.told()
            self._tell(partial(self.on_durable, entries))

    def _finish(self) -> None:
        """Write what only memory knows, and let the file go."""
        if self._file is None:
            return
        with suppress(JournalUnavailable, JournalBroken):
            self._file.append(self._losses.record(self._timekeeper.now()))
            self._losses.told()
        self._spend_reserve()
        self._file.close()

    def _tidy(self) -> None:
        if self._file is not None and self._file.is_untidy:
            with suppress(JournalUnavailable, JournalBroken):
                self._file.tidy()

    # A file that is not there, or broke

    def _opened(self) -> JournalFile:
        """Return the file. Raises JournalUnavailable while there is none."""
        if self._file is None:
            self._open("")
        assert self._file is not None, "there is a file, or opening it raised"  # noqa: S101
        return self._file

    def _replace(self, damage: str) -> None:
        """Let a broken file go and begin another."""
        log.error("journal.broken", error=damage)
        if self._file is None or self._reopen_file is None:
            return
        self._file.close()
        self._file = None
        with suppress(JournalUnavailable, JournalBroken):
            self._open(damage)

    def _open(self, damage: str) -> None:
        if self._reopen_file is None:
            raise JournalUnavailable("io_error", "it could not be opened when the agent started")
        opening = self._reopen_file(damage)
        self._file = opening.file
        self._reserve = Reserve(opening.file.path.with_name(opening.file.path.name + ".reserve"))
        self._tell(partial(self.on_durable, opening.entries))

    def _tell(self, news: Callable[[], None]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(news)

    # Back in the loop

    def _confirm(self, group: list[_Append], entries: list[Entry], told: int) -> None:
        self._queued -= len(group)
        start = told
        for job in group:
            _succeed(job.done, entries[start : start + len(job.records)])
            start += len(job.records)
        self.on_durable(entries)

    def _refuse(self, group: list[_Append], error: Exception) -> None:
        self._queued -= len(group)
        for job in group:
            _fail(job.done, error)


def _succeed(done: "asyncio.Future[T]", answer: T) -> None:
    if not done.done():
        done.set_result(answer)


def _fail(done: "asyncio.Future[T]", error: Exception) -> None:
    if not done.done():
        done.set_exception(error)
