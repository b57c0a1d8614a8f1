"""What gates, register and families say of who is at a lesson, before its teacher says anything.

Rule: an offer is no word: it stands beside the cell, and in it only once the teacher took it. What the day's register
says counts before a family's word or a trip, and that before the gates; where no gate saw anybody, none says anything.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from cloud.absences.kinds import Excuse, Why
from cloud.absences.queries import excused_on
from cloud.core.vault import Vault
from cloud.journal.kinds import Here
from cloud.register.kinds import Said, Says
from cloud.register.queries import said_on

_SEEN = """
SELECT person_id, first_in_at, last_out_at, is_inside FROM presence WHERE person_id = ANY($1) AND "on" = $2 LIMIT 1000
"""
_HEARD = 'SELECT EXISTS (SELECT FROM presence WHERE school_id = $1 AND "on" = $2 AND first_in_at IS NOT NULL)'


@dataclass(frozen=True, slots=True)
class Offer:
    """What is known of a student's day: what it offers, and how the gates saw it come and go."""

    here: Here
    came_at: datetime | None = None
    left_at: datetime | None = None
    is_inside: bool = False

    def clashes(self, said: Here) -> bool:
        """Tell whether the student is in the building, and not in class."""
        return said is Here.ABSENT and self.is_inside


async def offers_on(
    connection: asyncpg.Connection, vault: Vault, school_id: int, person_ids: Collection[int], on: date
) -> dict[int, Offer]:
    """Return what is offered of people on a day, by their ids."""
    said = await said_on(connection, vault, person_ids, on, on)
    excused = await excused_on(connection, list(person_ids), on)
    seen = {row["person_id"]: row for row in await connection.fetch(_SEEN, list(person_ids), on)}
    heard = bool(await connection.fetchval(_HEARD, school_id, on))
    offers = {}
    for person_id in person_ids:
        row = seen.get(person_id)
        came_at = row["first_in_at"] if row else None
        here = offered(said.get((person_id, on), Said()), excused.get(person_id), came=came_at is not None, heard=heard)
        is_inside = bool(row and row["is_inside"])
        offers[person_id] = Offer(here, came_at, row["last_out_at"] if row and not is_inside else None, is_inside)
    return offers


def offered(said: Said, excuse: Excuse | None, *, came: bool, heard: bool) -> Here:
    """Return what is offered of a student. Pure."""
    match said.says:
        case Says.PRESENT:
            return Here.PRESENT
        case Says.ABSENT:
            return Here.ABSENT
        case Says.AWAY:
            return Here.AWAY
        case Says.UNSAID:
            pass
    if came:
        return Here.PRESENT
    if excuse is not None:
        return Here.AWAY if excuse.why is Why.TRIP else Here.ABSENT
    return Here.ABSENT if heard else Here.PRESENT
