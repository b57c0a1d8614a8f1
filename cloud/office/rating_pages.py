"""The canteen's page of what parents think of its dishes and its service."""

from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response

from cloud.meals.ratings import opinion_of
from cloud.office.canteen import CanteenDesk, shown

router = APIRouter(prefix="/schools/{code}/ratings", include_in_schema=False)
PAGE = "office/ratings.html"
DAYS_SHOWN = 30


@router.get("")
async def show(request: Request, desk: CanteenDesk) -> Response:
    """Show marks and words of the last month."""
    first_on = desk.school.on - timedelta(days=DAYS_SHOWN - 1)
    opinion = await opinion_of(desk.services, desk.actor, desk.school.id, first_on, desk.school.on)
    return shown(request, desk, PAGE, "dishes", opinion=opinion, days_shown=DAYS_SHOWN)
