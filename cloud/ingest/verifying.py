"""Verifying: every chain of the log is computed anew from its bytes, and every shard's positions are counted.

Rule: it only reads, all of one instant, while the service runs. Chains show accidents and a device's tampering; whoever
can write the database could make them anew, so nothing more is claimed.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field

import asyncpg

from cloud.core.services import Services
from cloud.ingest.reading import CONSUMED
from schemas.chain import genesis, link

FINDINGS_MAX = 100  # that are named; beyond that they are only counted
HOURS_S = 6 * 3600.0  # a national table takes its time
PREFETCH = 1_000

Tell = Callable[[int, int], None]
_TOTAL = "SELECT coalesce(sum(position), 0)::bigint FROM shard_head"
_POSITIONS = """
SELECT shard_head.shard, shard_head.position AS head, coalesce(held.count, 0) + gone AS count,
  coalesce(held.max, 0) AS max, coalesce(held.different, 0) + gone AS different
FROM shard_head LEFT JOIN (
  SELECT shard, count(*), count(DISTINCT position) AS different, max(position) FROM record GROUP BY shard
) AS held USING (shard)
-- Where a school was taken in, places were another school's in the installation that it came from.
CROSS JOIN LATERAL (
  SELECT coalesce(sum(taken_in.gone), 0)::bigint AS gone FROM taken_in WHERE taken_in.shard = shard_head.shard
) AS before ORDER BY shard_head.shard
"""
_CURSORS = """
SELECT name, reader_cursor.shard, reader_cursor.position FROM reader_cursor JOIN shard_head USING (shard)
WHERE reader_cursor.position > shard_head.position ORDER BY name, shard
"""
_WITHOUT_MARK = """
SELECT device, epoch, count(*) FROM record
WHERE NOT EXISTS (SELECT 1 FROM watermark WHERE watermark.device = record.device AND watermark.epoch = record.epoch)
GROUP BY device, epoch ORDER BY device, epoch
"""
_MARKS = "SELECT device, epoch, upto, digest FROM watermark ORDER BY device, epoch"
_LINKS = """
SELECT seq, digest, record FROM (
  SELECT seq, digest, record FROM record WHERE epoch = $2 AND device = $1
  UNION ALL
  SELECT seq, digest, record FROM quarantine WHERE epoch = $2 AND device = $1 AND reason = ANY($3::text[])
) AS links ORDER BY seq
"""
_LOSSES = "SELECT first_seq, last_seq, digest FROM loss WHERE device = $1 AND epoch = $2 ORDER BY last_seq"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it must be: where, and what."""

    place: str
    what: str


@dataclass(slots=True)
class Verified:
    """What was looked at, and what was found; `count` of findings may be more than are named."""

    records: int = 0
    epochs: int = 0
    count: int = 0
    findings: list[Finding] = field(default_factory=list)

    def find(self, place: str, what: str) -> None:
        """Note a finding."""
        self.count += 1
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(Finding(place, what))


@dataclass(frozen=True, slots=True)
class _Loss:
    first: int
    last: int
    digest: bytes


async def verify_log(services: Services, tell: Tell = lambda _done, _total: None) -> Verified:
    """Look at everything, across all schools; `tell` hears after each epoch how many records of how many that were."""
    verified = Verified()
    async with (
        services.database.pool.acquire(timeout=60.0) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        await _positions(connection, verified)
        total = await connection.fetchval(_TOTAL)
        async for mark in connection.cursor(_MARKS, prefetch=PREFETCH, timeout=HOURS_S):
            await _epoch(connection, mark, verified)
            tell(verified.records, max(verified.records, total))
    return verified


async def _positions(connection: asyncpg.Connection, verified: Verified) -> None:
    """Compare each shard's head with its records, its cursors, and its epochs' marks."""
    for shard, head, count, highest, different in await connection.fetch(_POSITIONS, timeout=HOURS_S):
        if (count, highest, different) != (head, head, head):
            verified.find(
                f"shard {shard:02d}",
                f"its head is {head}, but it has {count} records at {different} positions up to {highest}",
            )
    for name, shard, position in await connection.fetch(_CURSORS, timeout=HOURS_S):
        verified.find(f"shard {shard:02d}", f"the reader {name} stands at {position}, beyond the head")
    for device, epoch, count in await connection.fetch(_WITHOUT_MARK, timeout=HOURS_S):
        verified.find(f"{device} {epoch}", f"{count} records, and no mark of how far they were acknowledged")


async def _epoch(connection: asyncpg.Connection, mark: asyncpg.Record, verified: Verified) -> None:
    """Compute an epoch's chain from its first record to its mark."""
    device, epoch = mark["device"], mark["epoch"]
    losses = [_Loss(*row) for row in await connection.fetch(_LOSSES, device, epoch)]
    chain = _Chain(genesis(device, epoch), losses)
    rows = connection.cursor(_LINKS, device, epoch, list(CONSUMED), prefetch=PREFETCH, timeout=HOURS_S)
    problems = [problem async for problem in chain.walk(rows)] + chain.end(mark["upto"], mark["digest"])
    for problem in problems[:FINDINGS_MAX]:
        verified.find(f"{device} {epoch}", problem)
    verified.records += chain.records
    verified.epochs += 1


class _Chain:
    """Walks along an epoch; the digest is None inside a loss, until the chain is known again."""

    def __init__(self, start: bytes, losses: Iterable[_Loss]) -> None:
        self.records = 0
        self.seq = 0
        self.digest: bytes | None = start
        self._losses = list(losses)

    async def walk(self, rows: AsyncIterator[tuple[int, bytes, bytes]]) -> AsyncIterator[str]:
        """Go from record to record; yield what is wrong."""
        async for seq, digest, record in rows:
            self.records += 1
            if seq <= self.seq:
                yield f"record {seq} is there twice"
                continue
            if not self._skip_to(seq - 1):
                yield f"nothing between {self.seq} and {seq}, and no word of a loss"
            elif self.digest is not None and link(self.digest, record) != digest:
                yield f"record {seq} is not what the device wrote: its digest differs"
            self.seq, self.digest = seq, digest

    def end(self, upto: int, digest: bytes) -> list[str]:
        """Compare where the chain ends with what was acknowledged; return what is wrong."""
        if self.seq > upto:
            return [f"it ends at {self.seq}, but only {upto} were acknowledged"]
        if not self._skip_to(upto):
            return [f"it ends at {self.seq}, but {upto} were acknowledged"]
        return [] if self.digest is None or self.digest == digest else [f"the mark at {upto} has another digest"]

    def _skip_to(self, seq: int) -> bool:
        """Go over what the device said it lost; return whether that reaches `seq`."""
        while self.seq < seq:
            loss = next((each for each in self._losses if each.first <= self.seq + 1 <= each.last), None)
            if loss is None:
                return False
            if loss.last <= seq:
                self.seq, self.digest = loss.last, loss.digest
            else:
                self.seq, self.digest = seq, None
        return True
