"""Verifying the audit journal: every chain is computed anew from its entries, and compared with its links and head.

Rule: it only reads, of one instant. A chain shows an entry that was changed, put in or taken out by who did not make
the rest anew; who did is found by the anchors.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import asyncpg

from cloud.audit.chain import NO_SCHOOL, Entry, genesis, link

HOURS_S = 6 * 3600.0  # a national journal takes its time
PREFETCH = 1_000
Tell = Callable[[str, str], None]  # where, and what is wrong there

_HEADS = """
SELECT chain, coalesce(head.number, 0) AS number, head.digest FROM (
  SELECT chain FROM audit_head UNION SELECT DISTINCT chain FROM audit_link
) AS chains LEFT JOIN audit_head AS head USING (chain) ORDER BY chain
"""
_ENTRIES = """
SELECT audit_link.number, audit_link.digest, audit_link.entry_id, entry.id, at, account_id, actor, school_id, verb,
  subject, detail::text
FROM audit_link LEFT JOIN audit_entry AS entry ON entry.id = entry_id WHERE chain = $1 ORDER BY number
"""
_UNLINKED = """
SELECT entry.id FROM audit_entry AS entry
WHERE NOT EXISTS (SELECT FROM audit_link WHERE entry_id = entry.id) ORDER BY entry.id LIMIT 100
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """How much was looked at."""

    entries: int
    chains: int


async def verify_audit(pool: asyncpg.Pool, tell: Tell) -> Counted:
    """Look at every chain of the audit journal; `tell` hears of each thing that is wrong."""
    async with (
        pool.acquire(timeout=60.0) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        heads = await connection.fetch(_HEADS, timeout=HOURS_S)
        entries = 0
        for head in heads:
            entries += await _chain(connection, head, tell)
        for row in await connection.fetch(_UNLINKED, timeout=HOURS_S):
            tell("audit journal", f"entry {row['id']} stands in no chain: somebody wrote around the database's guards")
    return Counted(entries, len(heads))


async def verify_chain(connection: asyncpg.Connection, chain: int, tell: Tell) -> int:
    """Look at one chain in the caller's transaction; return how many entries it has, none where there is no head."""
    head = await connection.fetchrow("SELECT chain, number, digest FROM audit_head WHERE chain = $1", chain)
    if head is not None:
        return await _chain(connection, head, tell)
    if await connection.fetchval("SELECT EXISTS (SELECT FROM audit_link WHERE chain = $1)", chain):
        tell(place_of(chain), "it has entries and no head")
    return 0


def place_of(chain: int) -> str:
    """Return what a chain is called in findings."""
    return "audit journal of no school" if chain == NO_SCHOOL else f"audit journal of school {chain}"


async def _chain(connection: asyncpg.Connection, head: asyncpg.Record, tell: Tell) -> int:
    """Compute one chain from its first entry to its head; return how many entries it has."""
    chain, digest, number = head["chain"], genesis(head["chain"]), 0
    rows = connection.cursor(_ENTRIES, chain, prefetch=PREFETCH, timeout=HOURS_S)
    async for row, problem in _walk(chain, rows):
        digest, number = row["digest"], row["number"]
        if problem:
            tell(place_of(chain), problem)
    if head["digest"] is None:
        tell(place_of(chain), f"it has {number} entries and no head")
    elif (head["number"], head["digest"]) != (number, digest):
        tell(place_of(chain), f"it ends at {number}, and its head says {head['number']}, or has another digest")
    return number


async def _walk(chain: int, rows: AsyncIterator[asyncpg.Record]) -> AsyncIterator[tuple[asyncpg.Record, str]]:
    """Go from link to link; yield each with what is wrong about it, if anything is."""
    digest, number = genesis(chain), 0
    async for row in rows:
        yield row, _problem(row, chain, digest, number)
        digest, number = row["digest"], row["number"]


def _problem(row: asyncpg.Record, chain: int, digest: bytes, number: int) -> str:
    if row["number"] != number + 1:
        return f"nothing between {number} and {row['number']}"
    if row["id"] is None:
        return f"number {row['number']} (entry {row['entry_id']}) was deleted"
    if (row["school_id"] or NO_SCHOOL) != chain:
        return f"entry {row['id']} was moved here from another school's"
    if link(digest, row["number"], entry_of(row)) != row["digest"]:
        return f"entry {row['id']} is not what was written: its digest differs"
    return ""


def entry_of(row: asyncpg.Record) -> Entry:
    """Return an entry as it is hashed; `detail` must have been asked for as text."""
    return Entry(
        row["id"], row["at"], row["account_id"], row["actor"], row["school_id"], row["verb"], row["subject"],
        row["detail"],
    )  # fmt: skip
