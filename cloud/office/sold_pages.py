"""What the canteen sold on a day: by meal and way of paying, by shift, and the sales that somebody should look at."""

from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.actor import Role
from cloud.core.i18n import translate
from cloud.core.live import Quiet, stream
from cloud.core.pages import pages_of
from cloud.core.wakeups import EVERYTHING
from cloud.meals.queries import day_of, odd_of, shifts_of
from cloud.office.days import day_asked

TEMPLATE = "office/sold.html"
router = APIRouter(prefix="/schools/{code}/sold", include_in_schema=False)
SoldDesk = Annotated[Desk, Depends(desk_of(Role.CANTEEN, Role.OFFICE, Role.DIRECTOR))]


@router.get("")
async def show(request: Request, desk: SoldDesk, on: str = "") -> Response:
    """Show a day; today when none is named."""
    day, refused = day_asked(on, desk.school.on)
    told = translate(desk.visit.language, refused.message) if refused else ""
    status = refused.status if refused else HTTPStatus.OK
    values = await _values(desk, day)
    return pages_of(request).page(desk.visit, TEMPLATE, status=status, section="sold", refused=told, **values)


@router.get("/live")
async def live(request: Request, desk: SoldDesk) -> Response:
    """Stream today."""

    async def draw() -> str:
        now = await desk.again()
        return pages_of(request).block(now.visit, TEMPLATE, "sold", **await _values(now, now.school.on))

    return stream(request, [(desk.school.id, EVERYTHING)], draw, Quiet.DRAW)


async def _values(desk: Desk, day: date) -> dict[str, object]:
    today = desk.school.on
    return {
        "on": day,
        "is_today": day == today,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1) if day < today else None,
        "sold": await day_of(desk.services, desk.actor, desk.school.id, day),
        "shifts": await shifts_of(desk.services, desk.actor, desk.school.id, day),
        "odd": await odd_of(desk.services, desk.actor, desk.school.id, day),
    }
