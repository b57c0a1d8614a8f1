"""Planted bugs: programs that are wrong in one way each, as real ones have been, for worlds to find."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from typing_extensions import override

from cloud.ingest.plan import Plan
from cloud.ingest.store import StoreFailed, Window
from edge_agent.journal.entry import Entry
from edge_agent.journal.losses import Losses
from edge_agent.pipeline import Pipeline, Written
from edge_agent.sync import ports
from edge_agent.sync.actions import Action, Publish, Trim
from edge_agent.sync.ports import Stamp
from edge_agent.sync.session import Session
from edge_agent.timekeeper import Stamp as JournalStamp
from schemas.structs import Ack, AnyRecord
from simulators.world_cloud import WitnessedWindow, Worker
from simulators.world_machine import Site, WitnessedFile, WorldJournal
from simulators.world_program import Parts

BLOW = "blow to the cloud"

# The agent's


class TrimsOnPuback(Session):
    """Believes the broker: what it has taken needs no keeping."""

    @override
    def _pumped(self, now: Stamp) -> list[Action]:
        actions = super()._pumped(now)
        box = self._backlog.current()
        for flight in list(box.flights) if box is not None else ():
            assert box is not None
            actions.append(Trim(box.epoch, flight.last, flight.digest))
            self._commit(box, flight.last, flight.digest, now)
        return actions


class BelievesAnyAck(Session):
    """Takes an ack for its own live epoch, whichever it names."""

    @override
    def _acked(self, ack: Ack, now: Stamp) -> None:
        box = self._backlog.current()
        if box is not None and box.flights:
            flight = box.flights[-1]
            ack = Ack(epoch=box.epoch, upto=flight.last, digest=flight.digest.hex())
        super()._acked(ack, now)


class SkipsWhatItCannotRead(Session):
    """Jumps over the next record now and then, as if it could not be read."""

    @override
    def read(self, epoch: str, after_seq: int, entries: Sequence[ports.Entry], now: Stamp) -> list[Action]:
        spoilt = [Entry(entry.epoch, entry.seq, None, entry.digest) for entry in entries[:1]]
        return super().read(epoch, after_seq, [*spoilt, *entries[1:]], now)


class ReusesEpochs(WitnessedFile):
    """Draws its epochs the same way at every start."""

    def __init__(self, path: Path, device: str, rng: Random, *, site: Site) -> None:  # noqa: ARG002 - not this one
        super().__init__(path, device, Random(device), site=site)


class DropsItsBacklog(WitnessedFile):
    """Begins anew at every start: old epochs are given up."""

    @override
    def _open(self, rng: Random) -> None:
        super()._open(rng)
        for state in self.epochs()[:-1]:
            self.trim(state.epoch, state.head, None)


class SilentLosses(Losses):
    """Counts, and never tells."""

    @override
    def record(self, stamp: JournalStamp) -> list[bytes]:
        return []


class TellsNoLosses(WorldJournal):
    """Says nothing of what the disk did not take."""

    @override
    def _begin(self) -> None:
        self._losses = SilentLosses()


class OpensBeforeItWrites(Pipeline):
    """Opens first, and writes when the person is through."""

    @override
    def _append(self, record: AnyRecord, *, is_essential: bool = False) -> Written | None:
        asyncio.get_running_loop().call_later(1.0, super()._append, record)
        return None


class WritesNothing(Pipeline):
    """Opens the gate and writes no record of it, now and then."""

    @override
    def _append(self, record: AnyRecord, *, is_essential: bool = False) -> Written | None:
        if self._last_grant % 5 == 4:
            return None
        return super()._append(record, is_essential=is_essential)


# The cloud's


class WrongWindow(WitnessedWindow):
    """A transaction in which something is done wrong."""

    _worker: "WrongWorker"


class WrongWorker(Worker):
    """A worker whose transactions are of a wrong kind."""

    kind: type[WitnessedWindow] = WrongWindow

    @override
    @contextlib.asynccontextmanager
    async def window(self, shards: Collection[int]) -> AsyncIterator[Window]:
        async with super().window(shards) as window:
            assert isinstance(window, WitnessedWindow)
            yield self.kind(window._window, self)

    def answer(self, plan: Plan) -> None:
        """Send a plan's answers."""
        for reply in plan.replies:
            if self._connection is not None:
                self._connection.publish(Publish(reply.topic, reply.payload))


class _AckedFirst(WrongWindow):
    @override
    async def commit(self, plan: Plan) -> None:
        self._worker.answer(plan)
        await super().commit(plan)


class AcksBeforeItCommits(WrongWorker):
    """Answers before the transaction is done."""

    kind = _AckedFirst


class _TakenForDone(WrongWindow):
    @override
    async def commit(self, plan: Plan) -> None:
        with contextlib.suppress(StoreFailed):
            await super().commit(plan)


class TakesFailureForDone(WrongWorker):
    """Goes on as if a transaction that failed had been committed."""

    kind = _TakenForDone


class _Dropping(WrongWindow):
    @override
    async def commit(self, plan: Plan) -> None:
        plan.quarantined = [kept for kept in plan.quarantined if kept.reason not in ("unknown", "version", "malformed")]
        await super().commit(plan)


class DropsUnreadable(WrongWorker):
    """Acknowledges records of unknown kinds and keeps none."""

    kind = _Dropping


class _TakenForDuplicates(WrongWindow):
    @override
    async def commit(self, plan: Plan) -> None:
        plan.quarantined = [kept for kept in plan.quarantined if kept.reason not in ("conflict", "chain")]
        await super().commit(plan)


class TakesConflictForDuplicate(WrongWorker):
    """Goes by the number alone: what comes under a known one is dropped, as a unique key would."""

    kind = _TakenForDuplicates


class KeepsNoLock(Worker):
    """Judges and writes while another worker does."""

    @override
    @contextlib.asynccontextmanager
    async def window(self, shards: Collection[int]) -> AsyncIterator[Window]:
        async with self._store.window(shards) as window:
            yield WitnessedWindow(window, self)


@dataclass(frozen=True, slots=True)
class Bug:
    """Parts that are wrong, what a world says of them, and the faults without which they may do no harm."""

    name: str
    parts: Parts
    says: str
    needs: tuple[str, ...] = ()


BUGS = (
    Bug("a session that trims on the broker's acknowledgement", Parts(session=TrimsOnPuback), "forgotten before"),
    Bug("a session that believes an ack for another epoch", Parts(session=BelievesAnyAck), "forgotten before"),
    Bug("a session that skips what it could send", Parts(session=SkipsWhatItCannotRead), "a gap where nothing was"),
    Bug("a journal that uses an epoch again", Parts(file=ReusesEpochs), "used for two different", ("old image",)),
    Bug("a journal that drops its backlog at a start", Parts(file=DropsItsBacklog), "forgotten before", ("kill",)),
    Bug(
        "a journal that never tells what it lost", Parts(journal=TellsNoLosses), "records refused", ("read-only disk",)
    ),
    Bug("a gate that opens before it writes", Parts(pipeline=OpensBeforeItWrites), "opened without a record"),
    Bug("a gate that forgets to write", Parts(pipeline=WritesNothing), "opened without a record"),
    Bug("an ingest that acks before it commits", Parts(worker=AcksBeforeItCommits), "forgotten before", (BLOW,)),
    Bug(
        "an ingest that takes a failed commit for done", Parts(worker=TakesFailureForDone), "forgotten before", (BLOW,)
    ),
    Bug("an ingest that drops what it cannot read", Parts(worker=DropsUnreadable), "hole below", ("poison",)),
    Bug("an ingest that keeps no lock", Parts(worker=KeepsNoLock), "is stored twice"),
    Bug(
        "a store that takes a conflict for a duplicate",
        Parts(file=ReusesEpochs, worker=TakesConflictForDuplicate),
        "dropped for another under its number",
        ("old image",),
    ),
)
