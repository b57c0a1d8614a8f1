"""What is offered to whoever marks a class: the families' words and trips of the day, beside what the gates saw.

Rule: an offer marks nobody. A child that came through a gate is offered nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from cloud.absences.kinds import Why
from cloud.absences.queries import Told, excused_on, told_on
from cloud.absences.trips import trips_on
from cloud.attendance.web import Desk
from cloud.register.kinds import BY_CODE, Said, Says
from cloud.register.queries import ChildMarked, ClassDay


@dataclass(frozen=True, slots=True)
class Offer:
    """Why a child is away, before anybody marked it; `told` is there for who may read it, `trip` where it is one."""

    is_excused: bool
    told: Told | None = None
    trip: tuple[str, str] | None = None  # title and place

    @property
    def said(self) -> Said | None:
        """Return the mark that it offers, if the reader may know enough for one."""
        if self.trip is not None:
            return Said(Says.AWAY)
        return Said(Says.ABSENT, self.told.reason) if self.told is not None and self.is_excused else None


async def offers_of(desk: Desk, days: Sequence[ClassDay], on: date) -> dict[str, Offer]:
    """Return what is offered of the children of some classes on a day, by reference."""
    services = desk.services
    classes = {day.id: [child.id for child in day.children] for day in days}
    ids = [each for of_class in classes.values() for each in of_class]
    told = await told_on(services, desk.actor, desk.school.id, classes, on)
    async with services.database.pool.acquire() as connection:
        excused = await excused_on(connection, ids, on)
        trips = await trips_on(connection, {each.trip_id for each in excused.values() if each.trip_id is not None})
    offers: dict[str, Offer] = {}
    for child in (child for day in days for child in day.children):
        excuse = excused.get(child.id)
        if excuse is not None or child.id in told:
            is_trip = excuse is not None and excuse.why is Why.TRIP and excuse.trip_id is not None
            trip = trips.get(excuse.trip_id or 0) if is_trip and excuse is not None else None
            offers[child.ref] = Offer(excuse is not None, None if is_trip else told.get(child.id), trip)
    return offers


def to_be_said(day: ClassDay, offers: Mapping[str, Offer]) -> dict[str, Said]:
    """Return which marks one touch writes as they are offered: of whom nothing was said, and no gate saw."""
    return {
        child.ref: said
        for child in day.children
        if is_open(child) and (offer := offers.get(child.ref)) is not None and (said := offer.said) is not None
    }


def is_open(child: ChildMarked) -> bool:
    """Tell whether something can be offered of a child: nothing was said, and no gate saw it come."""
    return child.said.says is Says.UNSAID and child.first_in_at is None


def told_in(form: list[str]) -> dict[str, Said]:
    """Return what the marks that were shown are, as a form sends them back: `<ref>=<code>`; others are passed over."""
    pairs = [each.partition("=") for each in form]
    return {ref: BY_CODE[code] for ref, _, code in pairs if code in BY_CODE and BY_CODE[code].says is not Says.UNSAID}
