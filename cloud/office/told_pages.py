"""The office's page of what a child's guardians were told, and to whom; never whether they read it."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from cloud.core.formats import Formats
from cloud.core.pages import pages_of
from cloud.notifications.channels.queries import deliveries_of_child
from cloud.notifications.channels.words import told_of
from cloud.notifications.queries import OF_CHILD_MAX, told_of_child
from cloud.notifications.texts import told
from cloud.office.person import PREFIX, OfficeDesk, ThePerson

router = APIRouter(prefix=PREFIX, include_in_schema=False)


@router.get("/notices")
async def show(request: Request, desk: OfficeDesk, person: ThePerson) -> Response:
    """Show the last notices about a child."""
    rows = await told_of_child(desk.services, desk.actor, desk.school.id, person.id)
    ids = [notice.id for notice, _ in rows]
    went = await deliveries_of_child(desk.services, desk.actor, desk.school.id, ids)
    formats = Formats(desk.visit.language, desk.visit.zone)
    return pages_of(request).page(
        desk.visit, "office/told.html", section="today", person=person, most=OF_CHILD_MAX,
        went={key: [(name, told_of(each, formats)) for name, each in found] for key, found in went.items()},
        notices=[(notice, told(notice, desk.visit.language), names) for notice, names in rows],
    )  # fmt: skip
