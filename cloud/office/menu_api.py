"""The JSON API of a school's published menus, for who works with them."""

from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from cloud.attendance.web import Desk, desk_of
from cloud.core.api import PREFIX, refusals
from cloud.core.rights import Right
from cloud.menu.api import MenuShown, menus_shown
from cloud.menu.queries import meals_of, menus_between

router = APIRouter(prefix=f"{PREFIX}/schools/{{code}}", tags=["menu"])
DAYS_MAX = 62
MenuDesk = Annotated[Desk, Depends(desk_of(Right.MENU_READ))]
YEARS = (2020, 2199)


@router.get("/menu", responses=refusals(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY))
async def menu(
    desk: MenuDesk, first_on: date | None = None, days: Annotated[int, Query(ge=1, le=DAYS_MAX)] = 7
) -> list[MenuShown]:
    """Return what is offered from a day on; from today when none is said."""
    first = first_on if first_on is not None and YEARS[0] <= first_on.year <= YEARS[1] else desk.school.on
    pool = desk.services.database.pool
    menus = await menus_between(pool, desk.school.id, first, first + timedelta(days=days - 1))
    return menus_shown(menus, await meals_of(pool, desk.school.id))
