"""Handovers of children: whom the list names by a record's key, and telling guardians who took the child.

Rule: a key counts only of a child whose list has it. Who may collect no more is told so: a gate that was away had not
heard.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from cloud.ingest.instants import DOUBTED
from cloud.notifications.kinds import Detail, Kind, Named
from cloud.notifications.outbox import tell
from cloud.notifications.rules import Fact

EXCEPTION, LISTED, ENDED = "exception", "listed", "ended"  # `way` of a notice
_KEY = re.compile(r"([cg])(\d{1,18})")
# Of each handover: its place, the child, the key's letter and number, and the instant.
_NAMES = """
SELECT place, collector.name,
  coalesce(ended_at <= at, false) OR last_on < (at AT TIME ZONE zone)::date AS is_ended
FROM unnest($1::int[], $2::bigint[], $3::text[], $4::bigint[], $5::timestamptz[])
  AS asked (place, child_id, letter, number, at)
JOIN collector ON letter = 'c' AND collector.id = number AND collector.person_id = child_id
JOIN school ON school.id = collector.school_id
UNION ALL
SELECT place, guardian.name, false
FROM unnest($1::int[], $2::bigint[], $3::text[], $4::bigint[], $5::timestamptz[])
  AS asked (place, child_id, letter, number, at)
JOIN guardianship ON letter = 'g' AND guardian_id = number AND guardianship.person_id = child_id
JOIN guardian ON guardian.id = guardian_id
"""
_GATES = """
SELECT school_id, key, name_kk, name_ru, name_en FROM gate
JOIN unnest($1::bigint[], $2::text[]) AS asked (school_id, key) USING (school_id, key)
"""
_STAFF = """
SELECT ref, concat_ws(' ', surname, given_name) AS name, school_id FROM person WHERE ref = ANY($1) AND role = 'staff'
"""


@dataclass(frozen=True, slots=True)
class Handover:
    """A child was handed over: to who stands in the list under `collector`, or, that being empty, by an exception."""

    key: str
    school_id: int
    person_id: int
    at: datetime
    collector: str
    reason: str
    allowed_by: str
    gate: str
    clock: str


@dataclass(frozen=True, slots=True)
class Taker:
    """Who took a child, by the list; `is_ended` when the school's list had it no more at that instant."""

    name: str
    is_ended: bool


async def takers_of(
    connection: asyncpg.Connection | asyncpg.Pool, asked: Sequence[tuple[int, str, datetime]]
) -> Mapping[int, Taker]:
    """Return who took children, by place in `asked`: (child's id, key, instant). Who is known no more is missing.

    For slices above, after their own check.
    """
    read = [(place, child, _KEY.fullmatch(key), at) for place, (child, key, at) in enumerate(asked)]
    rows = [(place, child, key[1], int(key[2]), at) for place, child, key, at in read if key is not None]
    if not rows:
        return {}
    found = await connection.fetch(_NAMES, *(list(column) for column in zip(*rows, strict=True)))
    return {row["place"]: Taker(row["name"], row["is_ended"]) for row in found if row["name"]}


async def tell_of_handovers(connection: asyncpg.Connection, handovers: Sequence[Handover], now: datetime) -> int:
    """Tell guardians who took their child, in the open transaction; return how many notices are new."""
    if not handovers:
        return 0
    takers = await takers_of(connection, [(each.person_id, each.collector, each.at) for each in handovers])
    gates = await _gates(connection, handovers)
    staff = await _staff(connection, handovers)
    facts = [
        Fact(
            each.key, Kind.COLLECTED, each.school_id, each.person_id, each.at,
            Detail(
                way=_way(each, takers.get(place)), who=taker.name if (taker := takers.get(place)) else "",
                reason=each.reason, by=staff.get((each.school_id, each.allowed_by), ""),
                gate=gates.get((each.school_id, each.gate)), is_rough=each.clock in DOUBTED,
            ),
        )
        for place, each in enumerate(handovers)
    ]  # fmt: skip
    return await tell(connection, facts, now)


def _way(handover: Handover, taker: Taker | None) -> str:
    if not handover.collector:
        return EXCEPTION
    return ENDED if taker is not None and taker.is_ended else LISTED


async def _gates(
    connection: asyncpg.Connection, handovers: Sequence[Handover]
) -> Mapping[tuple[int, str], Named]:  # fmt: skip
    asked = sorted({(each.school_id, each.gate) for each in handovers})
    rows = await connection.fetch(_GATES, *(list(column) for column in zip(*asked, strict=True)))
    return {
        (row["school_id"], row["key"]): Named(row["name_kk"], row["name_ru"], row["name_en"]) for row in rows
    }  # fmt: skip


async def _staff(
    connection: asyncpg.Connection, handovers: Sequence[Handover]
) -> Mapping[tuple[int, str], str]:  # fmt: skip
    rows = await connection.fetch(_STAFF, sorted({each.allowed_by for each in handovers if each.allowed_by}))
    return {(row["school_id"], row["ref"]): row["name"] for row in rows}
