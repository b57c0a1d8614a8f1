"""Anchors are made once a night for each school, and for what belongs to none.

Rule: an anchor is kept in the transaction that reads what it tells of, and leaves afterwards (delivering.py).
"""

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.audit.chain import NO_SCHOOL
from cloud.core.errors import kinds_of
from cloud.core.nights import EVERY, LATEST, NIGHT
from cloud.core.services import Services
from cloud.integrity.anchor import Anchor, instant, sealed
from cloud.integrity.heads import audit_head, books_since, epoch_heads
from cloud.integrity.keys import signing_key

ZONE = "Asia/Almaty"  # of what belongs to no school
AT_ONCE = 1_000
_DUE = """
SELECT * FROM (
  SELECT id AS chain, code, zone FROM school UNION ALL SELECT 0, '', $4
) AS chains
WHERE NOT EXISTS (SELECT FROM anchor WHERE anchor.chain = chains.chain AND at > $1) AND (
  extract(hour FROM $2::timestamptz AT TIME ZONE zone) BETWEEN $5 AND $6
  OR NOT EXISTS (SELECT FROM anchor WHERE anchor.chain = chains.chain AND at > $3)
) ORDER BY chain LIMIT $7
"""
_LAST = "SELECT number, digest, books_upto FROM anchor WHERE chain = $1 ORDER BY number DESC LIMIT 1"
_KEEP = """
INSERT INTO anchor (chain, number, at, digest, books_upto, file_name, file) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (chain, number) DO NOTHING RETURNING true
"""
_HOLD = """
INSERT INTO anchor_epoch (device, epoch, upto) SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])
ON CONFLICT (device, epoch) DO UPDATE SET upto = excluded.upto
"""
log = structlog.get_logger()


async def anchor_due(services: Services) -> int:
    """Make the anchor of each school where it is night and none was made; return how many were made."""
    now, key = services.clock.now(), signing_key(services.settings)
    rows = await services.database.pool.fetch(
        _DUE, now - EVERY, now, now - LATEST, ZONE, NIGHT.start, NIGHT.stop - 1, AT_ONCE
    )
    count = 0
    for row in rows:
        try:
            count += await make_anchor(services, key, row["chain"], row["code"]) is not None
        except Exception as error:  # noqa: BLE001 - one school's trouble is not another's; the next look tries again
            log.warning("anchor.not_made", chain=row["chain"], error=kinds_of(error))
    return count


async def make_anchor(services: Services, key: Ed25519PrivateKey, chain: int, code: str) -> Anchor | None:
    """Make and keep the next anchor of a chain; None where another process made it meanwhile."""
    now = services.clock.now()
    async with (
        services.database.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read"),
    ):
        last = await connection.fetchrow(_LAST, chain)
        number, before = (last["number"] + 1, last["digest"]) if last else (1, "")
        records = await epoch_heads(connection, chain) if chain != NO_SCHOOL else []
        upto = last["books_upto"] if last else 0
        books = await books_since(connection, chain, upto + 1) if chain != NO_SCHOOL else None
        audit = await audit_head(connection, chain)
        anchor = Anchor(code, chain, number, instant(now), before, audit, records, books)
        kept = await connection.fetchval(
            _KEEP, chain, number, now, anchor.digest, books.last if books else upto, anchor.file_name,
            sealed(anchor, key),
        )  # fmt: skip
        if not kept:
            return None
        if records:
            columns = zip(*((each.device, each.epoch, each.seq) for each in records), strict=True)
            await connection.execute(_HOLD, *map(list, columns))
    return anchor
