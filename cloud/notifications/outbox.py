"""The notices log and the outbox behind it, which channels read by a cursor of their own.

Rule: a notice and its place in the outbox are written in one transaction with whatever says that its fact was met.
Places are given under a lock that is held until the commit: who goes on after the last one it read misses none.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import asyncpg

from cloud.notifications.kinds import Detail, Kind, packed, right_to, unpacked
from cloud.notifications.rules import Fact, Notice, is_late, notices_of
from cloud.people.queries import guardian_accounts

AT_ONCE = 500
_LOCK = """
INSERT INTO outbox_head AS head (shard, position)
SELECT DISTINCT shard, 0 FROM school WHERE id = ANY($1::bigint[]) ORDER BY shard
ON CONFLICT (shard) DO UPDATE SET position = head.position
"""
_APPEND = """
WITH told AS (
  INSERT INTO notice (shard, school_id, person_id, account_id, kind, fact, corrects, at, told_at, is_late, detail)
  SELECT school.shard, school_id, person_id, account_id, kind, fact, corrects, at, $10, late, detail::jsonb
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
    $8::boolean[], $9::text[]) WITH ORDINALITY
    AS new (school_id, person_id, account_id, kind, fact, corrects, at, late, detail, place)
  JOIN school ON school.id = school_id ORDER BY place
  ON CONFLICT (account_id, fact) DO NOTHING RETURNING id, shard, fact, is_late
), moved AS (
  UPDATE outbox_head AS head SET position = head.position + added.count
  FROM (SELECT shard, count(*) AS count FROM told GROUP BY shard) AS added WHERE head.shard = added.shard
  RETURNING head.shard, head.position - added.count AS before
)
INSERT INTO outbox (shard, position, notice_id, may_push)
SELECT shard, before + row_number() OVER (PARTITION BY shard ORDER BY id), id,
  NOT is_late AND fact <> ALL($11::text[])
FROM told JOIN moved USING (shard)
RETURNING notice_id
"""
_WAS_TOLD = """
SELECT account_id, fact FROM notice JOIN unnest($1::bigint[], $2::text[]) AS asked (account_id, fact)
  USING (account_id, fact)
"""
_READ = """
SELECT box.shard, box.position, box.may_push, notice.id, notice.school_id, person.ref AS person, account_id, kind, fact,
  corrects, at, told_at, detail
FROM unnest($1::smallint[]) AS mine (shard)
LEFT JOIN channel_cursor AS reached ON reached.channel = $2 AND reached.shard = mine.shard
CROSS JOIN LATERAL (
  SELECT * FROM outbox WHERE outbox.shard = mine.shard AND outbox.position > coalesce(reached.position, 0)
  ORDER BY outbox.position LIMIT $3
) AS box
JOIN notice ON notice.id = notice_id JOIN person ON person.id = person_id
ORDER BY box.shard, box.position LIMIT $3
"""
_MOVE = """
INSERT INTO channel_cursor AS reached (channel, shard, position)
SELECT $1, * FROM unnest($2::smallint[], $3::bigint[])
ON CONFLICT (channel, shard) DO UPDATE SET position = greatest(reached.position, excluded.position)
"""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A notice as channels read it; what may not be pushed is for pages only."""

    shard: int
    position: int
    may_push: bool
    id: int
    school_id: int
    person: str  # the child's reference
    account_id: int
    kind: Kind
    fact: str
    corrects: str
    at: datetime
    told_at: datetime
    detail: Detail


class Channel(Protocol):
    """A way to a guardian: an open page, a phone."""

    @property
    def name(self) -> str:
        """Return the name of its cursor."""
        ...

    async def deliver(self, outgoing: Sequence[Outgoing]) -> None:
        """Deliver notices in the order of the outbox, outside of any transaction; raise to be given them again.

        They are given again too when the worker dies before its cursor moves: a channel that must not do a thing
        twice keeps what it did by the notice's id.
        """
        ...


async def tell(connection: asyncpg.Connection, facts: Sequence[Fact], now: datetime) -> int:
    """Tell guardians of facts, in the open transaction, and return how many notices are new.

    Who is told is who may see the child now and has an account that is in use; a fact is told to an account once, ever.
    A day is put right to who was told what was wrong of it.
    """
    if not facts:
        return 0
    accounts = await guardian_accounts(connection, sorted({fact.person_id for fact in facts}), now)
    guardians = {fact.key: accounts.get((fact.person_id, right_to(fact.kind)), ()) for fact in facts}
    notices = await _of_who_was_told(connection, notices_of(facts, guardians, now))
    return await _append(connection, notices, now)


async def tell_each(connection: asyncpg.Connection, told: Sequence[tuple[Fact, int]], now: datetime) -> int:
    """Tell each fact to the account beside it, if that is one that may be told of it; else as `tell`."""
    accounts = await guardian_accounts(connection, sorted({fact.person_id for fact, _ in told}), now)
    notices = [
        Notice(fact, account_id, is_late(fact.at, now))
        for fact, account_id in told
        if account_id in accounts.get((fact.person_id, right_to(fact.kind)), ())
    ]
    return await _append(connection, notices, now)


async def _append(connection: asyncpg.Connection, notices: Sequence[Notice], now: datetime) -> int:
    if not notices:
        return 0
    rows = [
        (
            each.fact.school_id, each.fact.person_id, each.account_id, each.fact.kind.value, each.fact.key,
            each.fact.corrects, each.fact.at, each.is_late, packed(each.fact.detail),
        )
        for each in notices
    ]  # fmt: skip
    columns = [list(column) for column in zip(*rows, strict=True)]
    await connection.execute(_LOCK, sorted(set(columns[0])))
    quiet = [each.fact.key for each in notices if each.fact.is_quiet]
    return len(await connection.fetch(_APPEND, *columns, now, quiet))


async def _of_who_was_told(connection: asyncpg.Connection, notices: Sequence[Notice]) -> list[Notice]:
    """Return notices without the corrections of what their accounts were never told."""
    asked = [(each.account_id, each.fact.corrects) for each in notices if each.fact.kind is Kind.DAY_CORRECTED]
    if not asked:
        return list(notices)
    rows = await connection.fetch(_WAS_TOLD, *(list(column) for column in zip(*asked, strict=True)))
    told = {(row["account_id"], row["fact"]) for row in rows}
    return [
        each
        for each in notices
        if each.fact.kind is not Kind.DAY_CORRECTED or (each.account_id, each.fact.corrects) in told
    ]


async def drain(pool: asyncpg.Pool, channel: Channel, shards: Collection[int], most: int = AT_ONCE) -> int:
    """Let a channel deliver what it has not seen, and return how many it was given, 0 when there is nothing left."""
    rows = await pool.fetch(_READ, sorted(shards), channel.name, most)
    if not rows:
        return 0
    outgoing = [Outgoing(**{**row, "kind": Kind(row["kind"]), "detail": unpacked(row["detail"])}) for row in rows]
    await channel.deliver(outgoing)
    reached = {each.shard: each.position for each in outgoing}
    await pool.execute(_MOVE, channel.name, list(reached), list(reached.values()))
    return len(outgoing)
