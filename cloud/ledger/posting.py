"""Postings are written: once for each key, in the caller's transaction, under the lock of the school's ledger.

Rule: what was written is never changed. The database refuses it, and keeps each balance itself (migration `ledger`).
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.core.database import raw
from cloud.core.wakeups import notify
from cloud.ledger.errors import AccountUnknown, PostingConflict
from cloud.ledger.kinds import AccountKind
from cloud.ledger.rules import Account, Posting, fault_of

AT_ONCE = 5_000
MOVED = "esik_money"  # channel: a balance has moved; the payload is the school's id
_LOCK = """
INSERT INTO ledger_head AS head (school_id, entries) VALUES ($1, 0)
ON CONFLICT (school_id) DO UPDATE SET entries = head.entries RETURNING entries
"""
_ZONE = "SELECT zone FROM school WHERE id = $1"
_KNOWN = "SELECT key, school_id, digest FROM ledger_entry WHERE key = any($1)"
_ACCOUNTS = """
SELECT id, kind, part FROM ledger_account
WHERE school_id = $1 AND (kind, part) IN (SELECT * FROM unnest($2::text[], $3::text[]))
"""
_OPEN = """
INSERT INTO ledger_account (school_id, kind, part, person_id)
SELECT $1, kind, part, person.id FROM unnest($2::text[], $3::text[]) AS asked (kind, part)
LEFT JOIN person ON kind = 'child' AND person.school_id = $1 AND person.ref = part
WHERE kind <> 'child' OR person.id IS NOT NULL RETURNING id, kind, part
"""
_ENTRIES = """
INSERT INTO ledger_entry (school_id, number, key, kind, at, "on", recorded_at, total_tiyn, lines, digest)
SELECT $1, $2 + place, key, kind, at, coalesce(named_on, (at AT TIME ZONE $10)::date), $11, total, lines, digest
FROM unnest($3::text[], $4::text[], $5::timestamptz[], $6::date[], $7::bigint[], $8::smallint[], $9::bytea[])
  WITH ORDINALITY AS new (key, kind, at, named_on, total, lines, digest, place) RETURNING id, number
"""
_LINES = """
INSERT INTO ledger_line (entry_id, account_id, amount_tiyn)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])
"""
_ADVANCE = "UPDATE ledger_head SET entries = entries + $2 WHERE school_id = $1"


async def post(
    connection: BaseDBAsyncClient | asyncpg.Connection, school_id: int, posting: Posting, recorded_at: datetime
) -> bool:
    """Write a posting in the caller's transaction and tell whether it was new; a repeat changes nothing.

    Raises PostingConflict when the key was posted with other lines, and AccountUnknown; the transaction is lost then
    only if the caller lets the exception out of it.
    """
    return bool(await post_all(connection, school_id, [posting], recorded_at))


async def post_all(
    connection: BaseDBAsyncClient | asyncpg.Connection,
    school_id: int,
    postings: Sequence[Posting],
    recorded_at: datetime,
) -> list[Posting]:
    """Write postings of one school as `post` does, all of them or none, and return those that were new, in order."""
    assert len(postings) <= AT_ONCE, "a caller with more takes them in turn"  # noqa: S101
    for posting in postings:
        assert not (fault := fault_of(posting)), f"{posting.key} cannot be posted: {fault}"  # noqa: S101
    at = _plain(connection)
    entries = await lock(connection, school_id)
    new = await _new(at, school_id, postings)
    if not new:
        return []
    ids = await _accounts(at, school_id, sorted({account for posting in new for account in posting.lines}))
    numbers = await _write_entries(at, school_id, entries, new, recorded_at)
    rows = [
        (numbers[entries + place], ids[account], amount)
        for place, posting in enumerate(new, 1)
        for account, amount in posting.lines.items()
    ]
    await at.execute(_LINES, *(list(column) for column in zip(*rows, strict=True)))
    await at.execute(_ADVANCE, school_id, len(new))
    await notify(connection, MOVED, str(school_id))
    return new


async def lock(connection: BaseDBAsyncClient | asyncpg.Connection, school_id: int) -> int:
    """Let nobody else post at a school until the transaction ends, and return how many entries there are.

    Whoever posts only if a balance suffices locks first, and reads the balance after.
    """
    entries: int = await _plain(connection).fetchval(_LOCK, school_id)
    return entries


async def is_posted(connection: BaseDBAsyncClient | asyncpg.Connection, key: str) -> bool:
    """Tell whether a key was posted, at whatever school."""
    return bool(await _plain(connection).fetch(_KNOWN, [key]))


def _plain(connection: BaseDBAsyncClient | asyncpg.Connection) -> asyncpg.Connection:
    if isinstance(connection, BaseDBAsyncClient):
        return raw(connection)
    return connection


async def _new(at: asyncpg.Connection, school_id: int, postings: Sequence[Posting]) -> list[Posting]:
    """Return the postings whose keys were never posted, each once. Raises PostingConflict."""
    rows = await at.fetch(_KNOWN, [posting.key for posting in postings])
    known = {row["key"]: (row["school_id"], row["digest"]) for row in rows}
    new: list[Posting] = []
    for posting in postings:
        own = (school_id, posting.digest)
        if posting.key not in known:
            known[posting.key] = own
            new.append(posting)
        elif known[posting.key] != own:
            raise PostingConflict(posting.key)
    return new


async def _accounts(at: asyncpg.Connection, school_id: int, accounts: Sequence[Account]) -> dict[Account, int]:
    """Return the ids of accounts, opening those that are not there yet. Raises AccountUnknown."""
    kinds, parts = [each.kind.value for each in accounts], [each.part for each in accounts]
    found = {_account(row): row["id"] for row in await at.fetch(_ACCOUNTS, school_id, kinds, parts)}
    missing = [each for each in accounts if each not in found]
    if not missing:
        return found
    opened = await at.fetch(_OPEN, school_id, [each.kind.value for each in missing], [each.part for each in missing])
    found |= {_account(row): row["id"] for row in opened}
    if unknown := [each for each in missing if each not in found]:
        raise AccountUnknown(unknown[0].part)
    return found


def _account(row: asyncpg.Record) -> Account:
    return Account(AccountKind(row["kind"]), row["part"])


async def _write_entries(
    at: asyncpg.Connection, school_id: int, before: int, new: Sequence[Posting], recorded_at: datetime
) -> dict[int, int]:
    """Write entries numbered on from those before, and return the id of each number."""
    zone = ZoneInfo(await at.fetchval(_ZONE, school_id))
    try:
        rows = await at.fetch(
            _ENTRIES, school_id, before, [each.key for each in new], [each.kind.value for each in new],
            [each.at.astimezone(UTC) for each in new], [each.on for each in new], [each.total_tiyn for each in new],
            [len(each.lines) for each in new], [each.digest for each in new], zone.key, recorded_at,
        )  # fmt: skip
    except asyncpg.UniqueViolationError as error:  # another school posts the same key in this very instant
        raise PostingConflict(new[0].key) from error
    return {row["number"]: row["id"] for row in rows}
