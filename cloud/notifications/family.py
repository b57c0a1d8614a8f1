"""Notices of what a family and its school say to one another: absences, who may collect a child, a teacher's question.

Rule: each is told in the transaction of the deed, to every guardian who sees the child's days, whoever did it: what one
parent does about a child, the other one knows.
"""

from collections.abc import Collection
from datetime import date, datetime

import asyncpg

from cloud.absences.kinds import Happened
from cloud.accounts.actions import audit
from cloud.collectors.actions import Done
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.services import Services
from cloud.notifications.kinds import Detail, Kind
from cloud.notifications.outbox import tell
from cloud.notifications.rules import Fact

CHILDREN_MAX = 1_000
_ASKED = """
SELECT person_id, min(told_at) AS at FROM notice WHERE person_id = ANY($1) AND kind = 'teacher_asks' AND fact = ANY($2)
GROUP BY person_id LIMIT $3
"""


async def tell_of_absence(connection: asyncpg.Connection, happened: Happened) -> int:
    """Tell guardians that an absence was told, taken back, accepted or asked about."""
    detail = Detail(way=happened.state.value, on=happened.first_on, last_on=happened.last_on)
    fact = Fact(
        happened.key, Kind.ABSENCE_CHANGED, happened.school_id, happened.person_id, happened.at, detail
    )  # fmt: skip
    return await tell(connection, [fact], happened.at)


async def tell_of_collector(connection: asyncpg.Connection, done: Done) -> int:
    """Tell guardians who may collect the child, or may no more, and by whose word."""
    detail = Detail(way=done.deed.value, who=done.name, by=done.by, on=done.first_on, last_on=done.last_on)
    fact = Fact(done.key, Kind.COLLECTOR_CHANGED, done.school_id, done.person_id, done.at, detail)
    return await tell(connection, [fact], done.at)


async def ask_family(services: Services, actor: Actor, school_id: int, person_id: int, on: date) -> bool:
    """Ask a child's guardians where it is, once a day; tell whether anybody is asked. The caller has asked who may."""
    async with services.database.transaction() as transaction:
        now = services.clock.now()
        key = _asking(person_id, on)
        fact = Fact(key, Kind.TEACHER_ASKS, school_id, person_id, now, Detail(by=actor.name, on=on))
        if await tell(raw(transaction), [fact], now):
            await audit(
                transaction, actor, "family.asked", f"person:{person_id}", {"on": on.isoformat()},
                school_id=school_id, at=now,
            )  # fmt: skip
            return True
        return bool(await raw(transaction).fetch(_ASKED, [person_id], [key], 1))


async def asked_on(services: Services, person_ids: Collection[int], on: date) -> dict[int, datetime]:
    """Return whose guardians were asked on a day, and when. Who may know is the caller's to check."""
    keys = [_asking(person_id, on) for person_id in person_ids]
    rows = await services.database.pool.fetch(_ASKED, list(person_ids), keys, CHILDREN_MAX)
    return {row["person_id"]: row["at"] for row in rows}


def _asking(person_id: int, on: date) -> str:
    return f"asks:{person_id}:{on.isoformat()}"
