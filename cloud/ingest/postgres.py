"""The store in PostgreSQL: a window is one transaction that holds its shards' heads from its first statement on.

Rule: whatever fails between the first statement and the answer to COMMIT raises StoreFailed, and what was remembered of
those shards is forgotten: the messages come again and find out what was written.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import cast

import asyncpg
import structlog

from cloud.core.database import address, place
from cloud.devices.alarms import Raised, note_alarms
from cloud.devices.commands import Answered, note_answers
from cloud.ingest import statements
from cloud.ingest.messages import Sender
from cloud.ingest.plan import Alarm, Loss, NewRecord, Plan, Quarantined, Told
from cloud.ingest.reading import CONSUMED, Reader, read_record
from cloud.ingest.reinterpreting import Release, reinterpret
from cloud.ingest.senders import Senders
from cloud.ingest.state import Boots, Key, Mark, State, Stretch
from cloud.ingest.store import Needs, StoreFailed, StoreRefused

STATEMENT_S = 30.0
LOCK_MS = 5_000
RELEASED_AT_ONCE = 500
_EPOCH_START = datetime(1970, 1, 1, tzinfo=UTC)
_TROUBLE = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
# What one row of a window can cause, and no other window would: bad text, a number out of range, a key broken.
_REFUSALS = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, asyncpg.ProgramLimitExceededError)
log = structlog.get_logger()


class PgStore:
    """One worker's store: a connection of its own, and what it remembers of the shards it served last."""

    def __init__(self, url: str, senders: Senders) -> None:
        self._url = url
        self._senders = senders
        self._connection: asyncpg.Connection | None = None
        self._state = State()
        self._generations: dict[int, int] = {}
        self._lock = asyncio.Lock()

    async def senders(self, names: Collection[str]) -> Mapping[str, Sender | None]:
        """Return the devices of these names, by the registry. Raises StoreFailed."""
        try:
            return await self._senders.find(names)
        except _TROUBLE as error:
            raise StoreFailed(f"{place(self._url)}: {error}") from error

    @asynccontextmanager
    async def window(self, shards: Collection[int]) -> AsyncIterator["PgWindow"]:
        """Open a transaction that holds these shards' heads, in order, for as long as the context lasts."""
        async with self._lock:
            try:
                connection = await self._connect()
                async with connection.transaction():
                    window = PgWindow(connection, self._state)
                    self._forget_stale(await window.lock(sorted(shards)))
                    yield window
            except _REFUSALS as error:
                self._forget()
                raise StoreRefused(f"{type(error).__name__}: {error}") from error
            except _TROUBLE as error:
                await self._lose()
                raise StoreFailed(f"{place(self._url)}: {type(error).__name__}: {error}") from error
            except BaseException:
                await self._lose()
                raise
            self._settle(window)

    async def reinterpret(self, reader: Reader = read_record) -> int:
        """Read what may be understood after an upgrade; return how many records left quarantine. Raises StoreFailed."""
        released, after = 0, 0
        while True:
            async with self._lock:
                try:
                    release, after = await self._release_some(after, reader)
                except _TROUBLE as error:
                    await self._lose()
                    raise StoreFailed(f"{place(self._url)}: {error}") from error
            if release is None:
                return released
            released += len(release.records)

    async def close(self) -> None:
        """Let the connection go."""
        async with self._lock:
            await self._lose()

    async def _connect(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = cast(
                asyncpg.Connection,
                await asyncpg.connect(
                    **address(self._url),
                    timeout=10.0,
                    command_timeout=STATEMENT_S,
                    server_settings={"lock_timeout": str(LOCK_MS), "application_name": "esik-ingest", "jit": "off"},
                ),
            )
        return self._connection

    def _forget_stale(self, generations: Mapping[int, int]) -> None:
        """Forget what another worker may have changed since this one held the shard."""
        stale = {shard for shard, generation in generations.items() if self._generations.get(shard) != generation}
        if stale:
            self._state.forget(self._senders.on_shards(stale))
        self._generations.update(generations)

    def _settle(self, window: "PgWindow") -> None:
        """Take over what was committed."""
        plan = window.plan
        if plan is not None:
            self._state.apply(plan.heads, plan.marks, plan.boots, plan.digests)
            for shard in window.bumped:
                self._generations[shard] += 1

    def _forget(self) -> None:
        self._state.forget()
        self._generations.clear()

    async def _lose(self) -> None:
        self._forget()
        if self._connection is not None:
            with suppress(*_TROUBLE):
                self._connection.terminate()
            self._connection = None

    async def _release_some(self, after: int, reader: Reader) -> tuple[Release | None, int]:
        connection = await self._connect()
        async with connection.transaction():
            found = await connection.fetch(statements.LOAD_QUARANTINED, after, list(CONSUMED), RELEASED_AT_ONCE)
            if not found:
                return None, after
            rows = [Quarantined._make((*row[1:6], _ms(row["received_at"]), *row[7:])) for row in found]
            window = PgWindow(connection, State())
            await window.lock(sorted({row.shard for row in rows}))
            await window.look_up({(row.device, row.epoch) for row in rows}, ())
            await window.load_boots({row.device for row in rows})
            release = reinterpret(rows, window.state, reader)
            await window.write(Plan(records=release.records, heads=release.heads))
            keys = [(row.device, row.epoch, row.seq, row.digest) for row in release.rows]
            await connection.executemany(statements.RELEASE, keys)
        self._forget()
        return release, int(found[-1]["id"])


class PgWindow:
    """An open transaction."""

    def __init__(self, connection: asyncpg.Connection, state: State) -> None:
        self.state = state
        self.plan: Plan | None = None
        self.bumped: set[int] = set()
        self._connection = connection

    async def lock(self, shards: Sequence[int]) -> dict[int, int]:
        """Hold the heads of these shards; return their generations."""
        if not shards:
            return {}
        rows = await self._connection.fetch(statements.LOCK_HEADS, shards)
        self.state.heads.update((row["shard"], row["position"]) for row in rows)
        return {row["shard"]: row["generation"] for row in rows}

    async def load(self, needs: Needs) -> None:
        await self.look_up([key for key in needs.keys if key not in self.state.marks], ())
        await self.load_boots([device for device in needs.devices if device not in self.state.boots])
        if needs.schools:
            rows = await self._connection.fetch(statements.LOAD_ROSTERS, list(needs.schools))
            self.state.rosters.update((row["code"], row["version"]) for row in rows)

    async def look_up(self, keys: Collection[Key], stretches: Collection[Stretch]) -> None:
        if keys:
            devices, epochs = zip(*keys, strict=True)
            rows = await self._connection.fetch(statements.LOAD_MARKS, list(devices), list(epochs))
            for device, epoch, upto, digest, boot, gaps in rows:
                self.state.marks[device, epoch] = Mark(upto, digest, boot, _gaps(gaps))
            for key in keys:
                if key not in self.state.marks:
                    self.state.begin(key)
        if stretches:
            columns = [list(column) for column in zip(*stretches, strict=True)]
            rows = await self._connection.fetch(statements.LOAD_DIGESTS, *columns, list(CONSUMED))
            for device, epoch, seq, digest in rows:
                self.state.digests[device, epoch, seq] = digest
            self.state.looked_up.update(stretches)

    async def load_boots(self, devices: Collection[str]) -> None:
        """Put the boots of these devices into the state."""
        if not devices:
            return
        rows = await self._connection.fetch(statements.LOAD_BOOTS, list(devices))
        for device, current, boots, offsets in rows:
            self.state.boots[device] = Boots(current, dict(zip(boots, offsets, strict=True)))
        for device in devices:
            self.state.boots.setdefault(device, Boots())

    async def commit(self, plan: Plan) -> None:
        """Write a plan; the transaction commits when its context ends, and the state takes the plan over after that."""
        await self.write(plan)
        self.plan = plan

    async def write(self, plan: Plan) -> None:
        """Write the rows of a plan."""
        if plan.records:
            await self._connection.copy_records_to_table(
                "record", records=_record_rows(plan.records), columns=statements.RECORD_COLUMNS
            )
        if plan.heads or plan.shards:
            await self._move(plan)
        if plan.boots:
            rows = [(device, b.current, list(b.offsets), list(b.offsets.values())) for device, b in plan.boots.items()]
            await self._connection.executemany(statements.KEEP_BOOTS, rows)
        if plan.losses:
            await self._connection.executemany(statements.KEEP_LOSSES, map(_loss_row, plan.losses))
        if plan.quarantined:
            await self._connection.executemany(statements.KEEP_QUARANTINED, map(_quarantine_row, plan.quarantined))
        if plan.alarms:
            await note_alarms(self._connection, map(_raised, plan.alarms.values()))
        if plan.told:
            await note_answers(self._connection, map(_answered, plan.told))

    async def _move(self, plan: Plan) -> None:
        """Write heads and watermarks."""
        shards = set(plan.shards.values()).union(plan.heads)
        heads = [(shard, plan.heads.get(shard, self.state.heads[shard])) for shard in shards]
        marks = [
            (device, epoch, plan.shards[device], mark.upto, mark.digest, mark.boot, _told(mark.gaps))
            for (device, epoch), mark in plan.marks.items()
        ]
        await self._connection.execute(statements.MOVE, *_columns(heads, 2), *_columns(marks, 7))
        self.bumped = shards


def _record_rows(records: Iterable[NewRecord]) -> Iterator[tuple[object, ...]]:
    """Return rows for COPY; instants are made once for all records of a message."""
    ms, at = -1, _EPOCH_START
    for shard, position, school_id, device, epoch, seq, received_ms, corrected_ms, kind, digest, record in records:
        if received_ms != ms:
            ms, at = received_ms, _instant(received_ms)
        yield shard, position, school_id, device, epoch, seq, at, corrected_ms, kind, digest, record


def _columns(rows: Iterable[tuple[object, ...]], width: int) -> list[Sequence[object]]:
    return list(zip(*rows, strict=True)) or [()] * width


def _loss_row(loss: Loss) -> tuple[object, ...]:
    return (*loss[:6], _instant(loss.received_ms), *loss[7:])


def _quarantine_row(row: Quarantined) -> tuple[object, ...]:
    return (*row[:5], _instant(row.received_ms), *row[6:])


def _raised(alarm: Alarm) -> Raised:
    at = _instant(alarm.at_ms)
    return Raised(alarm.device, alarm.code, alarm.detail, at, school=alarm.school, count=alarm.count)


def _answered(told: Told) -> Answered:
    at, received_at = _instant(told.at_ms), _instant(told.received_ms)
    return Answered(told.command, told.device_id, told.outcome, at, received_at)


def _told(gaps: Iterable[tuple[int, int]]) -> str:
    return ",".join(f"{low}-{high}" for low, high in gaps)


def _gaps(text: str) -> tuple[tuple[int, int], ...]:
    pairs = (piece.split("-") for piece in text.split(",") if piece)
    return tuple((int(low), int(high)) for low, high in pairs)


def _instant(ms: int) -> datetime:
    return _EPOCH_START + timedelta(milliseconds=ms)


def _ms(instant: datetime) -> int:
    return (instant - _EPOCH_START) // timedelta(milliseconds=1)
