"""Telling guardians that a child was not seen: as a notice, known to be told of the child's day.

Rule: the caller's transaction; the lock of the shard's days is taken here, so that a record that comes meanwhile is
told of after it, and puts right what was wrong.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime

import asyncpg

from cloud.alerts.expected import ClassSeen
from cloud.alerts.kinds import Round
from cloud.attendance.changes import Day
from cloud.notifications.day_rules import Told, absent_key
from cloud.notifications.days import keep_told, lock, told_of
from cloud.notifications.kinds import Detail, Kind
from cloud.notifications.outbox import tell
from cloud.notifications.rules import Fact
from cloud.schools.many import SchoolDay
from cloud.schools.queries import SchoolRow


async def tell_absent(
    connection: asyncpg.Connection, school: SchoolRow, rounds: Iterable[Round], seen: Mapping[int, ClassSeen],
    day: SchoolDay, now: datetime,
) -> int:  # fmt: skip
    """Tell guardians of the children of some classes who were not seen; return of how many children that is."""
    facts: dict[Day, Fact] = {
        (child.id, each.on): Fact(
            absent_key(child.id, each.on), Kind.ABSENT, school.id, child.id, each.due_at,
            Detail(lessons_at=day.plan_of(each.class_id).starts_at),
        )
        for each in rounds
        for child in seen[each.class_id].absent
    }  # fmt: skip
    if not facts:
        return 0
    await lock(connection, [school.shard])
    told = await told_of(connection, facts)
    new = {
        day_of: fact for day_of, fact in facts.items() if fact.key not in {each.key for each in told.get(day_of, ())}
    }
    kept = {
        day_of: (school.id, [*told.get(day_of, ()), Told(fact.key, fact.kind, fact.at)]) for day_of, fact in new.items()
    }
    await keep_told(connection, kept)
    await tell(connection, list(new.values()), now)
    return len(new)


async def told_absent(connection: asyncpg.Connection, person_ids: Collection[int], on: date) -> frozenset[int]:
    """Return of which of these children it was told that they were not seen on a day."""
    if not person_ids:
        return frozenset()
    told = await told_of(connection, [(person_id, on) for person_id in person_ids])
    return frozenset(person_id for (person_id, _), own in told.items() if any(each.is_absence for each in own))
