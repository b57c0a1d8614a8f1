"""The office's page of what must not be sold to a child by a doctor's paper: set and lifted, with the document."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.api import Counted
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.menu.diets import DOCUMENT_MAX, allow, diets_of, forbid
from cloud.menu.kinds import ALLERGENS
from cloud.office.person import PREFIX, Text, person_at
from cloud.people.queries import PersonRow

router = APIRouter(prefix=f"{PREFIX}/diet", include_in_schema=False)
PAGE = "office/diet.html"
DietDesk = Annotated[Desk, Depends(desk_of(Right.DIETS_KEEP))]


async def person_of(desk: DietDesk, ref: str) -> PersonRow:
    """Return the person of the path. Raises NotFound."""
    return await person_at(desk, ref)


DietPerson = Annotated[PersonRow, Depends(person_of)]


@router.get("")
async def show(request: Request, desk: DietDesk, person: DietPerson) -> Response:
    """Show what the school has set."""
    return await _page(request, desk, person)


@router.post("")
async def set_allergen(
    request: Request, desk: DietDesk, person: DietPerson, value: Text = "", other: Text = "", document: Text = ""
) -> Response:
    """Forbid an allergen; `other` is one that is not on the list."""
    try:
        await forbid(desk.services, desk.actor, desk.school.id, person.id, other.strip() or value, document)
    except (NotFound, NotAllowed):
        raise
    except Refused as refused:
        return await _page(request, desk, person, refused)
    return _back(desk, person)


@router.post("/{restriction_id}/lift")
async def lift_allergen(desk: DietDesk, person: DietPerson, restriction_id: Counted) -> Response:
    """Allow it again."""
    await allow(desk.services, desk.actor, desk.school.id, person.id, restriction_id)
    return _back(desk, person)


async def _page(request: Request, desk: Desk, person: PersonRow, refused: Refused | None = None) -> Response:
    diets = await diets_of(desk.services, desk.actor, desk.school.id, person.id)
    told = translate(desk.visit.language, refused.message) if refused else ""
    return pages_of(request).page(
        desk.visit, PAGE, status=refused.status if refused else HTTPStatus.OK, section="today", person=person,
        holding=[each for each in diets if each.lifted_at is None], allergens=ALLERGENS, document_max=DOCUMENT_MAX,
        lifted=[each for each in diets if each.lifted_at is not None], refused=told,
        opens_people=desk.actor.can(Right.PEOPLE_KEEP, desk.school.id),
    )  # fmt: skip


def _back(desk: Desk, person: PersonRow) -> Response:
    return RedirectResponse(f"/schools/{desk.school.code}/people/{person.ref}/diet", HTTPStatus.SEE_OTHER)
