"""What gates, register and families say of who is at a lesson, before its teacher says anything.

Rule: an offer is no word: it stands beside the cell, and in it only once the teacher took it. What the day's register
says counts before a family's word or a trip, and that before the gates; where no gate saw anybody, none says anything.
Who came after the lesson or left before it was seen that day, and not at the lesson: gates say nothing of it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from cloud.absences.kinds import Excuse, Why
from cloud.absences.queries import excused_on
from cloud.core.services import Services
from cloud.core.vault import Vault
from cloud.journal.kinds import Here
from cloud.register.kinds import Said, Says
from cloud.register.queries import said_on
from cloud.schools.queries import calendar_between, times_of_classes
from cloud.timetable.lessons import DayClock

_SEEN = """
SELECT person_id, first_in_at, last_out_at, is_inside FROM presence WHERE person_id = ANY($1) AND "on" = $2 LIMIT 1000
"""
_HEARD = 'SELECT EXISTS (SELECT FROM presence WHERE school_id = $1 AND "on" = $2 AND first_in_at IS NOT NULL)'


Hours = tuple[datetime, datetime]  # when a lesson begins and ends


@dataclass(frozen=True, slots=True)
class Offer:
    """What is known of a student's day: what was said of it, and how the gates saw it come and go."""

    said: Said
    excuse: Excuse | None
    heard: bool  # the gates saw somebody that day
    came_at: datetime | None
    left_at: datetime | None
    is_inside: bool

    def at(self, hours: Hours | None) -> Here:
        """Return what is offered for a lesson between two instants; None: for one without bells, by the day."""
        came = self.came_at is not None
        return offered(self.said, self.excuse, came=came, was_in=self._was_in(hours), heard=self.heard)

    def clashes(self, said: Here, hours: Hours | None) -> bool:
        """Tell whether the student is in the building, and not in class."""
        return said is Here.ABSENT and self.is_inside and self._was_in(hours)

    def _was_in(self, hours: Hours | None) -> bool:
        if self.came_at is None or hours is None:
            return self.came_at is not None
        starts_at, ends_at = hours
        return self.came_at < ends_at and (self.left_at is None or self.left_at > starts_at)


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
        is_inside = bool(row and row["is_inside"])
        left_at = row["last_out_at"] if row and not is_inside else None
        offers[person_id] = Offer(
            said.get((person_id, on), Said()), excused.get(person_id), heard, came_at, left_at, is_inside
        )
    return offers


async def hours_on(services: Services, school_id: int, class_id: int, on: date) -> Mapping[int, Hours]:
    """Return when each lesson that a class has on a day begins and ends, by number; none where there are no bells."""
    calendar = await calendar_between(services, school_id, on, on)
    return DayClock(calendar, await times_of_classes(services, school_id, class_id)).hours(class_id, on)


def offered(said: Said, excuse: Excuse | None, *, came: bool, was_in: bool, heard: bool) -> Here:
    """Return what is offered of a student who came that day, or was in the building at the lesson. Pure."""
    match said.says:
        case Says.PRESENT:
            return Here.PRESENT
        case Says.ABSENT:
            return Here.ABSENT
        case Says.AWAY:
            return Here.AWAY
        case Says.UNSAID:
            pass
    if was_in:
        return Here.PRESENT
    if excuse is not None:
        return Here.AWAY if excuse.why is Why.TRIP else Here.ABSENT
    unseen = Here.UNSAID if came else Here.ABSENT
    return unseen if heard else Here.PRESENT
