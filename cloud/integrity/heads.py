"""The ends of a school's chains, read of one instant: the audit journal's, the epochs' that grew, and the new books.

Rule: it only reads; what was anchored before stands in `anchor_epoch` and in the last anchor.
"""

import json
from collections.abc import AsyncIterator, Sequence
from hashlib import sha256

import asyncpg

from cloud.integrity.anchor import AuditHead, Books, EpochHead

EPOCHS_MAX = 20_000  # in one anchor; the rest stands in the next
BOOKS_MAX = 200_000  # entries in one anchor
PREFETCH, BOOKS_S = 1_000, 600.0
_AUDIT = "SELECT number, digest FROM audit_head WHERE chain = $1"
_EPOCHS = """
SELECT watermark.device, watermark.epoch, watermark.upto AS seq, watermark.digest, (
  SELECT coalesce(sum(last_seq - first_seq + 1), 0)::bigint FROM loss
  WHERE loss.device = watermark.device AND loss.epoch = watermark.epoch AND last_seq <= watermark.upto
) AS lost FROM watermark
JOIN device ON device.name = watermark.device
LEFT JOIN anchor_epoch AS held ON held.device = watermark.device AND held.epoch = watermark.epoch
WHERE device.school_id = $1 AND watermark.upto > coalesce(held.upto, 0)
ORDER BY watermark.device, watermark.epoch LIMIT $2
"""
_LAST_BOOK = "SELECT coalesce(max(number), 0) FROM ledger_entry WHERE school_id = $1"
_BOOKS = """
SELECT number, entry.key, entry.kind, extract(epoch FROM at)::text AS at, "on"::text AS "on", total_tiyn, (
  SELECT string_agg(account.kind || ':' || account.part || '=' || amount_tiyn, ' ' ORDER BY account.kind, account.part)
  FROM ledger_line JOIN ledger_account AS account ON account.id = account_id WHERE entry_id = entry.id
) AS lines
FROM ledger_entry AS entry WHERE school_id = $1 AND number BETWEEN $2 AND $3 ORDER BY number
"""


async def audit_head(connection: asyncpg.Connection, chain: int) -> AuditHead | None:
    """Return where the audit journal of a chain ends; None before its first entry."""
    row = await connection.fetchrow(_AUDIT, chain)
    return AuditHead(row["number"], row["digest"].hex()) if row else None


async def epoch_heads(connection: asyncpg.Connection, school_id: int) -> Sequence[EpochHead]:
    """Return where those epochs of a school's devices end that grew since they were anchored."""
    rows = await connection.fetch(_EPOCHS, school_id, EPOCHS_MAX)
    return [EpochHead(row["device"], row["epoch"], row["seq"], row["digest"].hex(), row["lost"]) for row in rows]


async def books_since(connection: asyncpg.Connection, school_id: int, first: int) -> Books | None:
    """Return the ledger's entries of a school from a number on; None where there is none."""
    last = min(await connection.fetchval(_LAST_BOOK, school_id), first + BOOKS_MAX - 1)
    return Books(first, last, await books_digest(connection, school_id, first, last)) if last >= first else None


async def books_digest(connection: asyncpg.Connection, school_id: int, first: int, last: int) -> str:
    """Return a digest, in hex, of all that the entries from one number to another say."""
    digest = sha256()
    rows: AsyncIterator[asyncpg.Record] = connection.cursor(
        _BOOKS, school_id, first, last, prefetch=PREFETCH, timeout=BOOKS_S
    )
    async for row in rows:
        digest.update(json.dumps(list(row.values()), ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    return digest.hexdigest()
