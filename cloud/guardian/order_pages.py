"""A guardian's page of what is ordered ahead: choose dishes for a meal of a day, change or cancel until it closes."""

from dataclasses import replace
from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import Visit, pages_of
from cloud.core.services import Services
from cloud.guardian.ordering import ahead_of
from cloud.guardian.queries import child_of
from cloud.menu.kinds import ALLERGENS
from cloud.menu.preorders import cancel, order
from cloud.menu.rules import time_of
from cloud.people.kinds import FamilyRight
from cloud.schools.queries import school_of_id

router = APIRouter(prefix="/children/{ref}/orders", include_in_schema=False)
PAGE = "guardian/orders.html"
MealKey = Annotated[str, Form(max_length=16)]
Day = Annotated[date, Form()]


@router.get("")
async def show(request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str) -> Response:
    """Show what can be ordered, and what is."""
    return await _page(request, visit, actor, services, ref)


@router.post("")
async def make(
    request: Request,
    visit: MemberVisit,
    actor: SignedIn,
    services: TheServices,
    ref: str,
    on: Day,
    meal: MealKey,
    dish: Annotated[list[str] | None, Form(max_length=64)] = None,
) -> Response:
    """Order, or change an order."""
    try:
        await order(services, actor, ref, on, meal, dish or [])
    except (NotFound, NotAllowed):
        raise
    except Refused as refused:
        return await _page(request, visit, actor, services, ref, refused)
    return _back(ref, on)


@router.post("/cancel")
async def take_back(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str, on: Day, meal: MealKey
) -> Response:
    """Cancel an order."""
    try:
        await cancel(services, actor, ref, on, meal)
    except (NotFound, NotAllowed):
        raise
    except Refused as refused:
        return await _page(request, visit, actor, services, ref, refused)
    return _back(ref, on)


async def _page(
    request: Request, visit: Visit, actor: Actor, services: Services, ref: str, refused: Refused | None = None
) -> Response:
    child = await child_of(services, actor, ref, FamilyRight.ORDER, FamilyRight.MEALS)
    school = await school_of_id(services, child.school_id)
    return pages_of(request).page(
        replace(visit, zone=child.zone), PAGE, status=refused.status if refused else HTTPStatus.OK,
        section="children", child=child, school=school.code, ahead=await ahead_of(services, child, visit.now),
        allergens=ALLERGENS, time_of=time_of, refused=translate(visit.language, refused.message) if refused else "",
    )  # fmt: skip


def _back(ref: str, on: date) -> Response:
    return RedirectResponse(f"/children/{ref}/orders#d-{on}", HTTPStatus.SEE_OTHER)
