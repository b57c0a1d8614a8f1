"""Pages of guardians about the canteen: what is offered today and this week, and what a child is not to be sold."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.core.actor import Actor
from cloud.core.api import Counted
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import Visit, pages_of
from cloud.core.services import Services
from cloud.guardian.queries import Child, child_of, seen_of
from cloud.menu.kinds import ALLERGENS, CATEGORIES, SET, Limit
from cloud.menu.queries import DishRow, MealRow, MenuRow, meals_of, menus_between
from cloud.menu.restrictions import Limits, held_of, lift, restrict, restrictions_of
from cloud.menu.rules import time_of
from cloud.people.kinds import FamilyRight
from cloud.schools.queries import school_of_id

router = APIRouter(prefix="/children/{ref}", include_in_schema=False)
MENU, LIMITS = "guardian/menu.html", "guardian/limits.html"
DAYS_SHOWN = 7
Text = Annotated[str, Form(max_length=60)]


@dataclass(frozen=True, slots=True)
class DayOffered:
    """What is offered on a day: each meal with its menu."""

    on: date
    meals: Sequence[tuple[MealRow, MenuRow]]


@dataclass(frozen=True, slots=True)
class Offered:
    """What is offered to a child today and the days after."""

    today: DayOffered
    later: Sequence[DayOffered]
    limits: Limits

    def bans(self, dish: DishRow) -> bool:
        """Tell whether the till refuses to sell a dish to the child, or what a set has in it."""
        return self.limits.bans(dish)


@router.get("/menu")
async def menu(request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str) -> Response:
    """Show what the canteen offers to a child."""
    child = await seen_of(services, actor, ref, FamilyRight.MEALS, FamilyRight.LIMIT, FamilyRight.ORDER)
    school = await school_of_id(services, child.school_id)
    offered = await offered_to(services, child)
    return pages_of(request).page(
        _in_zone(visit, child), MENU, section="children", child=child, school=school.code, offered=offered,
        allergens=ALLERGENS, categories=CATEGORIES, time_of=time_of,
    )  # fmt: skip


@router.get("/limits")
async def limits(request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str) -> Response:
    """Show what a child is not to be sold."""
    return await _limits(request, visit, actor, services, ref)


@router.post("/limits")
async def set_limit(
    request: Request,
    visit: MemberVisit,
    actor: SignedIn,
    services: TheServices,
    ref: str,
    kind: Annotated[Limit, Form()],
    value: Text = "",
    other: Text = "",
) -> Response:
    """Set a restriction; `other` is an allergen that is not on the list."""
    try:
        await restrict(services, actor, ref, kind, other.strip() or value)
    except (NotFound, NotAllowed):
        raise
    except Refused as refused:
        return await _limits(request, visit, actor, services, ref, refused)
    return RedirectResponse(f"/children/{ref}/limits", HTTPStatus.SEE_OTHER)


@router.post("/limits/{restriction_id}/lift")
async def lift_limit(actor: SignedIn, services: TheServices, ref: str, restriction_id: Counted) -> Response:
    """Lift a restriction."""
    await lift(services, actor, ref, restriction_id)
    return RedirectResponse(f"/children/{ref}/limits", HTTPStatus.SEE_OTHER)


async def offered_to(services: Services, child: Child) -> Offered:
    """Return what the canteen of a child's school offers, for who may see the child."""
    pool, last_on = services.database.pool, child.on + timedelta(days=DAYS_SHOWN - 1)
    menus = await menus_between(pool, child.school_id, child.on, last_on)
    meals = {meal.key: meal for meal in await meals_of(pool, child.school_id)}
    days = [
        DayOffered(on, [(meals[each.meal], each) for each in menus if each.on == on and each.meal in meals])
        for on in (child.on + timedelta(days=number) for number in range(DAYS_SHOWN))
    ]
    return Offered(days[0], [day for day in days[1:] if day.meals], await held_of(pool, services.vault, child.id))


async def _limits(
    request: Request,
    visit: Visit,
    actor: Actor,
    services: Services,
    ref: str,
    refused: Refused | None = None,
) -> Response:
    child = await child_of(services, actor, ref, FamilyRight.MEALS, FamilyRight.LIMIT, FamilyRight.ORDER)
    held = await restrictions_of(services, actor, ref)
    told = translate(visit.language, refused.message) if refused else ""
    values: dict[str, Any] = {"allergens": ALLERGENS, "categories": {k: v for k, v in CATEGORIES.items() if k != SET}}
    return pages_of(request).page(
        _in_zone(visit, child), LIMITS, status=refused.status if refused else HTTPStatus.OK, section="children",
        child=child, holding=[each for each in held if each.lifted_at is None],
        lifted=[each for each in held if each.lifted_at is not None], dishes=await _dishes(services, child),
        refused=told, **values,
    )  # fmt: skip


async def _dishes(services: Services, child: Child) -> list[DishRow]:
    """Return what was and is offered lately, once each, newest version last, by name."""
    first_on, last_on = child.on - timedelta(days=30), child.on + timedelta(days=30)
    menus = await menus_between(services.database.pool, child.school_id, first_on, last_on)
    known = {dish.key: dish for each in menus for dish in each.dishes}
    return sorted(known.values(), key=lambda dish: dish.names.kk)


def _in_zone(visit: Visit, child: Child) -> Visit:
    return replace(visit, zone=child.zone)
