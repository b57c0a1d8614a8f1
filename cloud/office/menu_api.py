"""The JSON API of a school's published menus, for who plans them."""

from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from cloud.core.api import PREFIX, refusals
from cloud.menu.api import MenuShown, menus_shown
from cloud.menu.queries import meals_of, menus_between
from cloud.office.canteen import CanteenDesk

router = APIRouter(prefix=f"{PREFIX}/schools/{{code}}", tags=["menu"])
DAYS_MAX = 62
YEARS = (2020, 2199)


@router.get("/menu", responses=refusals(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY))
async def menu(
    desk: CanteenDesk, first_on: date | None = None, days: Annotated[int, Query(ge=1, le=DAYS_MAX)] = 7
) -> list[MenuShown]:
    """Return what is offered from a day on; from today when none is said."""
    first = first_on if first_on is not None and YEARS[0] <= first_on.year <= YEARS[1] else desk.school.on
    pool = desk.services.database.pool
    menus = await menus_between(pool, desk.school.id, first, first + timedelta(days=days - 1))
    return menus_shown(menus, await meals_of(pool, desk.school.id))
