"""The nurse's way to a child: found by name or class, with whether something is forbidden, to the page of the diet."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from cloud.core.pages import pages_of
from cloud.menu.diets import held_of
from cloud.office.diet_pages import DietDesk
from cloud.people.kinds import PersonRole
from cloud.people.queries import people_of

router = APIRouter(prefix="/schools/{code}/diets", include_in_schema=False)
SHOWN_MAX = 100


@router.get("")
async def show(request: Request, desk: DietDesk, search: Annotated[str, Query(max_length=60)] = "") -> Response:
    """Show the children that fit; without a search those for whom something is forbidden."""
    held = await held_of(desk.services, desk.actor, desk.school.id)
    people = await people_of(desk.services, desk.actor, desk.school.id)
    sought = search.strip().casefold()
    fitting = [
        each for each in people
        if each.role is PersonRole.STUDENT and (sought in f"{each.name} {each.class_name}".casefold() if sought else
                                                each.id in held)
    ]  # fmt: skip
    return pages_of(request).page(
        desk.visit, "office/diets.html", section="diets", children=fitting[:SHOWN_MAX], found=len(fitting),
        held=held, search=search,
    )  # fmt: skip
