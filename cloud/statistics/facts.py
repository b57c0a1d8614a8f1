"""What days of schools are counted of, read for many days at once: a handful of statements whatever their number.

Rule: everything that is read here notes its day when it changes (`cloud/migrations/0063_statistics.py`).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import asyncpg

from cloud.absences.kinds import REASON
from cloud.core.vault import Vault
from cloud.meals.rules import Payment
from cloud.register.kinds import Reason
from cloud.register.queries import said_in
from cloud.schools.many import SchoolOn, days_of
from cloud.statistics.kinds import NO_CLASS, Kind
from cloud.statistics.rules import Facts, Member, Rated, Seen, Sold

CALENDAR_OPEN = timedelta(days=35)  # a calendar may change what days of so long ago were; older ones stay as they were
_ASKED = 'WITH asked AS (SELECT * FROM unnest($1::bigint[], $2::date[]) AS asked (school_id, "on"))'
_MEMBERS = """
SELECT asked.school_id, asked."on", person_id, class_id, is_student, is_here, came_on < asked."on" AS is_expected
FROM asked CROSS JOIN LATERAL (
  SELECT DISTINCT ON (person_id) person_id, class_id, is_student, is_here, came_on FROM statistics_member AS own
  WHERE own.school_id = asked.school_id AND from_on <= asked."on" ORDER BY person_id, from_on DESC
) AS member
"""
_SEEN = """
SELECT asked.school_id, asked."on", person_id, first_in_at, last_out_at, is_inside, late_min FROM asked
JOIN presence ON presence.school_id = asked.school_id AND presence."on" = asked."on"
WHERE first_in_at IS NOT NULL OR last_out_at IS NOT NULL
"""
_SAID = """
SELECT DISTINCT ON (asked.school_id, asked."on", person_id) asked.school_id, asked."on", person_id, says, mark.number,
  reason_encrypted
FROM asked JOIN register_mark AS mark ON mark.school_id = asked.school_id AND mark."on" = asked."on"
LEFT JOIN register_reason AS why ON why.school_id = mark.school_id AND why.number = mark.number
ORDER BY asked.school_id, asked."on", person_id, mark.number DESC
"""
_TOLD = """
SELECT DISTINCT ON (asked.school_id, asked."on", person_id) asked.school_id, asked."on", person_id, id, reason_encrypted
FROM asked JOIN absence ON absence.school_id = asked.school_id AND first_on <= asked."on" AND last_on >= asked."on"
WHERE state IN ('told', 'accepted') ORDER BY asked.school_id, asked."on", person_id, id DESC
"""
_TRIPS = """
SELECT asked.school_id, asked."on", person_id FROM asked
JOIN trip ON trip.school_id = asked.school_id AND first_on <= asked."on" AND last_on >= asked."on" AND ended_at IS NULL
JOIN trip_member ON trip_id = trip.id
"""
_SOLD = """
SELECT asked.school_id, asked."on", person_id, meal, payment, count(*) AS count FROM asked
JOIN meal_sale AS sale ON sale.school_id = asked.school_id AND sale."on" = asked."on"
WHERE NOT is_void GROUP BY 1, 2, 3, 4, 5
"""
_RATED = """
SELECT asked.school_id, asked."on", count(*) AS count, sum(food)::int AS food, sum(service)::int AS service
FROM asked JOIN meal_rating AS rated ON rated.school_id = asked.school_id AND rated."on" = asked."on" GROUP BY 1, 2
"""
_TAUGHT_THEN = """
SELECT school_id, "on", class_id, taught > 0 AS was_taught FROM asked JOIN statistics_day USING (school_id, "on")
WHERE kind = $3
"""
Rows = Mapping[SchoolOn, Sequence[asyncpg.Record]]


async def facts_of(
    connection: asyncpg.Connection, vault: Vault, days: Sequence[SchoolOn], todays: Mapping[int, date]
) -> dict[SchoolOn, Facts]:
    """Return the facts of days of schools; `todays` are the schools' own."""
    asked = [list(column) for column in zip(*days, strict=True)]

    async def read(statement: str) -> Rows:
        rows: defaultdict[SchoolOn, list[asyncpg.Record]] = defaultdict(list)
        for row in await connection.fetch(_ASKED + statement, *asked):
            rows[row["school_id"], row["on"]].append(row)
        return rows

    members, seen, said = await read(_MEMBERS), await read(_SEEN), await read(_SAID)
    told, trips, sold, rated = await read(_TOLD), await read(_TRIPS), await read(_SOLD), await read(_RATED)
    taught = await _taught(connection, days, todays)
    return {
        day: Facts(
            [_member(row) for row in members.get(day, ())],
            {row["person_id"]: _seen(row) for row in seen.get(day, ())},
            {row["person_id"]: said_in(vault, row) for row in said.get(day, ())},
            {row["person_id"]: _reason(vault, row) for row in told.get(day, ())},
            frozenset(row["person_id"] for row in trips.get(day, ())), taught[day],
            [Sold(row["person_id"], row["meal"], Payment(row["payment"]), row["count"]) for row in sold.get(day, ())],
            next((Rated(row["count"], row["food"], row["service"]) for row in rated.get(day, ())), Rated()),
        )
        for day in days
    }  # fmt: skip


async def _taught(
    connection: asyncpg.Connection, days: Sequence[SchoolOn], todays: Mapping[int, date]
) -> Mapping[SchoolOn, frozenset[int]]:
    """Return which classes have lessons, NO_CLASS standing for the school; of old days as it was counted then."""
    plans = await days_of(connection, days)
    taught = {
        day: frozenset(class_id or NO_CLASS for class_id, plan in plans[day].plans.items() if plan.is_school_day)
        for day in days
    }
    old = [day for day in days if day[1] < todays[day[0]] - CALENDAR_OPEN]
    if old:
        columns = [list(column) for column in zip(*old, strict=True)]
        kept: defaultdict[SchoolOn, set[int]] = defaultdict(set)
        for row in await connection.fetch(_ASKED + _TAUGHT_THEN, *columns, Kind.CLASS.value):
            kept[row["school_id"], row["on"]].update((row["class_id"],) if row["was_taught"] else ())
        taught |= {day: frozenset(classes) for day, classes in kept.items()}
    return taught


def _member(row: Mapping[str, Any]) -> Member:
    return Member(row["person_id"], row["class_id"], row["is_student"], row["is_here"], row["is_expected"])


def _seen(row: Mapping[str, Any]) -> Seen:
    return Seen(row["first_in_at"], row["last_out_at"], row["is_inside"], row["late_min"])


def _reason(vault: Vault, row: Mapping[str, Any]) -> Reason:
    return Reason(vault.decrypt(row["reason_encrypted"], REASON, str(row["id"])))
