"""A pass for the rest of a day, printed by the office for who forgot the card."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from cloud.core.codes import code_svg
from cloud.core.errors import Refused
from cloud.core.i18n import N_, translations
from cloud.core.pages import pages_of
from cloud.office.person import PREFIX, OfficeDesk, Outcome, ThePerson, person_page
from cloud.rosters.passes import day_pass

TITLE = N_("A pass for the day")
router = APIRouter(prefix=PREFIX, include_in_schema=False)


@router.post("/pass")
async def give(request: Request, desk: OfficeDesk, person: ThePerson) -> Response:
    """Show a pass to print, this once."""
    try:
        issued = await day_pass(desk.services, desk.actor, person.ref)
    except Refused as refused:
        return await person_page(request, desk, person, Outcome(refused))
    code = code_svg(issued.text, translations(desk.visit.language).gettext(TITLE))
    return pages_of(request).page(
        desk.visit, "office/day_pass.html", section="today", person=person, code=code, ends_at=issued.ends_at
    )
