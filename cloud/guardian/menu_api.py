"""The JSON API of a guardian about the canteen: the week's menu, and what is not sold to the child."""

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path

from cloud.accounts.web import SignedIn, TheServices
from cloud.core.api import PREFIX, refusals
from cloud.guardian.menu_pages import DAYS_SHOWN
from cloud.guardian.queries import child_of, seen_of
from cloud.menu.api import MenuShown, RestrictionShown, menus_shown, restriction_shown
from cloud.menu.queries import meals_of, menus_between
from cloud.menu.restrictions import restrictions_of
from cloud.people.kinds import FamilyRight

router = APIRouter(prefix=f"{PREFIX}/children/{{ref}}", tags=["guardian"])
Ref = Annotated[str, Path(pattern="^[0-9a-z]{12}$")]
REFUSALS = refusals(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)


@router.get("/menu", responses=REFUSALS)
async def menu(actor: SignedIn, services: TheServices, ref: Ref) -> list[MenuShown]:
    """Return what is offered to a child today and the next days."""
    child = await seen_of(services, actor, ref, FamilyRight.MEALS, FamilyRight.LIMIT, FamilyRight.ORDER)
    pool, last_on = services.database.pool, child.on + timedelta(days=DAYS_SHOWN - 1)
    menus = await menus_between(pool, child.school_id, child.on, last_on)
    return menus_shown(menus, await meals_of(pool, child.school_id))


@router.get("/restrictions", responses=REFUSALS)
async def restrictions(actor: SignedIn, services: TheServices, ref: Ref) -> list[RestrictionShown]:
    """Return what is not sold to a child, what holds first, then what was lifted."""
    child = await child_of(services, actor, ref, FamilyRight.MEALS, FamilyRight.LIMIT, FamilyRight.ORDER)
    return [restriction_shown(each) for each in await restrictions_of(services, actor, child.ref)]
