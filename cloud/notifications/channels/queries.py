"""What is seen of deliveries: a guardian's own, a child's at the office, and what a school's could not deliver.

Rule: nobody but its owner sees an address; the office sees channels, states and reasons.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg

from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.notifications.channels.rules import State
from cloud.notifications.channels.spending import limit_of, month_of, spent
from cloud.notifications.kinds import Kind

SHOWN_DAYS = 7
DEAD_MAX = 100
OF_NOTICES_MAX = 1_000
_COLUMNS = """
delivery.channel, delivery.state, delivery.why, delivery.step, delivery.tries, delivery.next_at, delivery.held_until,
delivery.sent_at, delivery.confirmed_at, delivery.doubled > 0 AS may_be_doubled
"""
_OWN = f"""
SELECT notice_id, {_COLUMNS} FROM delivery JOIN notice ON notice.id = notice_id
WHERE notice_id = ANY($1) AND notice.account_id = $2 ORDER BY delivery.step, delivery.id LIMIT {OF_NOTICES_MAX}
"""  # noqa: S608 (text of ours)
_OF_CHILD = f"""
SELECT shown.id AS shown_id, account.name, {_COLUMNS}
FROM notice AS shown JOIN notice AS told ON told.person_id = shown.person_id AND told.fact = shown.fact
JOIN account ON account.id = told.account_id JOIN delivery ON delivery.notice_id = told.id
WHERE shown.id = ANY($1) AND shown.school_id = $2 AND told.school_id = $2
ORDER BY account.name, delivery.step, delivery.id LIMIT {OF_NOTICES_MAX}
"""  # noqa: S608 (text of ours)
_COUNTS = """
SELECT channel, state, count(*) AS count, sum(doubled)::int AS doubled FROM delivery
WHERE school_id = $1 AND made_at > $2 GROUP BY channel, state ORDER BY 1, 2 LIMIT 500
"""
_DEAD = """
SELECT delivery.id, delivery.channel, delivery.why, delivery.tries, delivery.made_at, account.name AS guardian,
  notice.kind, notice.at, person.ref AS child, concat_ws(' ', surname, given_name) AS child_name,
  delivery.why = 'unknown' AS may_have_come
FROM delivery JOIN notice ON notice.id = notice_id JOIN person ON person.id = person_id
JOIN account ON account.id = notice.account_id
WHERE delivery.school_id = $1 AND delivery.state = 'dead' ORDER BY delivery.id DESC LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """How a notice went by one channel to one address."""

    channel: str
    state: State
    why: str
    step: int
    tries: int
    next_at: datetime | None
    held_until: datetime | None
    sent_at: datetime | None
    confirmed_at: datetime | None
    may_be_doubled: bool


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A delivery that was given up."""

    id: int
    channel: str
    why: str
    tries: int
    made_at: datetime
    guardian: str
    kind: Kind
    at: datetime
    child: str
    child_name: str
    may_have_come: bool


@dataclass(frozen=True, slots=True)
class Went:
    """How a school's deliveries of some days went: how many by channel and state, and what SMS cost this month."""

    counts: dict[str, dict[State, int]]
    doubled: int
    dead: Sequence[DeadLetter]
    sms_parts: int
    sms_limit: int


async def own_deliveries(services: Services, actor: Actor, notice_ids: Sequence[int]) -> dict[int, list[DeliveryRow]]:
    """Return how the actor's own notices went, by the notice."""
    found: dict[int, list[DeliveryRow]] = {}
    if actor.account_id is None:
        return found
    for row in await services.database.pool.fetch(_OWN, list(notice_ids), actor.account_id):
        found.setdefault(row["notice_id"], []).append(_row(row))
    return found


async def deliveries_of_child(
    services: Services, actor: Actor, school_id: int, notice_ids: Sequence[int]
) -> dict[int, list[tuple[str, DeliveryRow]]]:
    """Return how facts about a child went to each guardian, by the notice that shows the fact. Raises NotAllowed."""
    actor.require(Right.NOTICES_CHECK, school_id)
    found: dict[int, list[tuple[str, DeliveryRow]]] = {}
    for row in await services.database.pool.fetch(_OF_CHILD, list(notice_ids), school_id):
        found.setdefault(row["shown_id"], []).append((row["name"], _row(row)))
    return found


async def went_at(services: Services, actor: Actor, school_id: int, zone: ZoneInfo) -> Went:
    """Return how a school's deliveries went, with the last that were given up. Raises NotAllowed."""
    actor.require(Right.NOTICES_CHECK, school_id)
    pool, now = services.database.pool, services.clock.now()
    counts: dict[str, dict[State, int]] = {}
    rows = await pool.fetch(_COUNTS, school_id, now - timedelta(days=SHOWN_DAYS))
    for row in rows:
        counts.setdefault(row["channel"], {})[State(row["state"])] = row["count"]
    dead = [DeadLetter(**{**row, "kind": Kind(row["kind"])}) for row in await pool.fetch(_DEAD, school_id, DEAD_MAX)]
    month = month_of(now, zone)
    return Went(
        counts, sum(row["doubled"] for row in rows), dead, await spent(pool, school_id, month),
        await limit_of(services, school_id),
    )  # fmt: skip


def _row(row: asyncpg.Record) -> DeliveryRow:
    columns = {each.name: row[each.name] for each in fields(DeliveryRow)}
    return DeliveryRow(**{**columns, "state": State(row["state"])})
