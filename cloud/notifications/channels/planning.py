"""The channel of the outbox that turns notices into deliveries, one for each address that they go to.

Rule: a notice is planned once, ever: whatever of it stands in the queue already, nothing is added.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import timedelta
from operator import attrgetter
from zoneinfo import ZoneInfo

import asyncpg

from cloud.core.services import Services
from cloud.core.wakeups import notify
from cloud.notifications.channels.choices import scope_for, scopes_of
from cloud.notifications.channels.rules import Planned, Wanted, planned
from cloud.notifications.kinds import Kind
from cloud.notifications.outbox import Outgoing

# That a guardian chooses for: a correction goes the way of what it puts right.
KINDS = tuple(kind for kind in Kind if kind is not Kind.DAY_CORRECTED)
DELIVERIES = "esik_deliveries"  # channel of wake-ups: there is something to deliver
WAIT_S = 60.0
ADDRESSES_MAX = 100_000
_ADDRESSES = """
SELECT address.account_id, channel, array_agg(address.id ORDER BY address.id) AS ids FROM channel_address AS address
LEFT JOIN sign_in ON sign_in.id = sign_in_id
WHERE address.account_id = ANY($1) AND gone_at IS NULL AND (sign_in_id IS NULL OR sign_in.expires_at > $2)
GROUP BY address.account_id, channel LIMIT $3
"""
_PLACES = """
SELECT person.ref, person.id, school.zone FROM person JOIN school ON school.id = school_id WHERE ref = ANY($1)
"""
_INSERT = """
INSERT INTO delivery (notice_id, school_id, channel, address_id, state, why, step, next_at, held_until, expires_at,
  wait_s, is_urgent, made_at)
SELECT new.*, $13 FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::text[],
  $7::smallint[], $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::integer[], $12::boolean[])
  AS new (notice_id, school_id, channel, address_id, state, why, step, next_at, held_until, expires_at, wait_s,
    is_urgent)
WHERE NOT EXISTS (SELECT FROM delivery WHERE delivery.notice_id = new.notice_id)
  AND EXISTS (SELECT FROM notice WHERE notice.id = new.notice_id)
ON CONFLICT (notice_id, channel, address_id) DO NOTHING
"""


_COLUMNS = attrgetter(*(each.name for each in fields(Planned)))  # in the order of the statement


class Deliveries:
    """Plans what is delivered of notices; the deliverer does the rest."""

    name = "deliveries"

    def __init__(self, services: Services, lasts: Mapping[str, timedelta]) -> None:
        """Plan for the channels that there are, each with how long its messages last."""
        self._services, self._lasts = services, lasts

    async def deliver(self, outgoing: Sequence[Outgoing]) -> None:
        """Plan, in one transaction, and wake the deliverer."""
        pool = self._services.database.pool
        if not self._lasts:
            return
        async with pool.acquire(timeout=WAIT_S) as connection, connection.transaction():
            made = await self._planned(connection, outgoing)
            if made:
                columns = [list(column) for column in zip(*map(_COLUMNS, made), strict=True)]
                await connection.execute(_INSERT, *columns, self._services.clock.now())
                await notify(connection, DELIVERIES, "")

    async def _planned(self, connection: asyncpg.Connection, outgoing: Sequence[Outgoing]) -> list[Planned]:
        now, accounts = self._services.clock.now(), {each.account_id for each in outgoing}
        addresses = await _addresses(connection, accounts, now)
        told = [each for each in outgoing if each.account_id in addresses]
        if not told:
            return []
        scopes = await scopes_of(connection, addresses)
        rows = await connection.fetch(_PLACES, sorted({each.person for each in told}))
        places = {row["ref"]: (row["id"], ZoneInfo(row["zone"])) for row in rows}
        made: list[Planned] = []
        for each in told:
            person_id, zone = places[each.person]
            scope = scope_for(scopes, each.account_id, person_id)
            wanted = Wanted(
                each.id, each.school_id, chosen_as(each), each.may_push, scope, addresses[each.account_id], zone
            )  # fmt: skip
            made += planned(wanted, self._lasts, now)
        return made


def chosen_as(outgoing: Outgoing) -> str:
    """Return the kind whose choices a notice goes by: of a correction, what was told wrongly."""
    return outgoing.detail.was if outgoing.kind is Kind.DAY_CORRECTED and outgoing.detail.was else outgoing.kind.value


async def _addresses(
    connection: asyncpg.Connection, account_ids: Collection[int], now: object
) -> dict[int, dict[str, Sequence[int]]]:
    found: dict[int, dict[str, Sequence[int]]] = {}
    for row in await connection.fetch(_ADDRESSES, sorted(account_ids), now, ADDRESSES_MAX):
        found.setdefault(row["account_id"], {})[row["channel"]] = row["ids"]
    return found
