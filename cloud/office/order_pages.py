"""The kitchen's page of what is ordered ahead for a day: by meal, how many of each dish, also within sets."""

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.menu.ordering import closes_at
from cloud.menu.preorders import kitchen_of
from cloud.menu.settings import rules_of
from cloud.office.days import day_asked

router = APIRouter(prefix="/schools/{code}/orders", include_in_schema=False)
PAGE = "office/orders.html"
OrderDesk = Annotated[Desk, Depends(desk_of(Right.ORDERS_READ))]


@router.get("")
async def show(request: Request, desk: OrderDesk, on: str = "") -> Response:
    """Show a day; tomorrow when none is named."""
    tomorrow = desk.school.on + timedelta(days=1)
    day, refused = day_asked(on, tomorrow)
    told = translate(desk.visit.language, refused.message) if refused else ""
    plans = desk.actor.can(Right.MENU_PLAN, desk.school.id)
    section = "menu" if plans else "orders"
    rules = await rules_of(desk.services.database.pool, desk.school.id)
    closing = closes_at(day, rules.preorder_cutoff_min, desk.school.zone)
    return pages_of(request).page(
        desk.visit, PAGE, status=refused.status if refused else HTTPStatus.OK, section=section,
        refused=told, on=day, plans=plans,
        meals=await kitchen_of(desk.services, desk.actor, desk.school.id, day), closes_at=closing,
        is_open=desk.visit.now < closing, before=day - timedelta(days=1), after=day + timedelta(days=1),
    )  # fmt: skip
