"""The canteen's page of what parents think of its dishes and its service, by dish and by week."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.charts import share_of
from cloud.core.rights import Right
from cloud.meals.ratings import opinion_of, weeks_of
from cloud.office.canteen import monday_of, shown

router = APIRouter(prefix="/schools/{code}/ratings", include_in_schema=False)
PAGE = "office/ratings.html"
RatingsDesk = Annotated[Desk, Depends(desk_of(Right.RATINGS_READ))]
WEEKS_SHOWN = 8
BEST = 50  # in tenths


@router.get("")
async def show(request: Request, desk: RatingsDesk, dish: Annotated[str, Query(max_length=16)] = "") -> Response:
    """Show marks and words of the last weeks; of one dish by week when it is named."""
    first_on = monday_of(desk.school.on) - timedelta(weeks=WEEKS_SHOWN - 1)
    asked = (desk.services, desk.actor, desk.school.id, first_on, desk.school.on)
    opinion = await opinion_of(*asked)
    named = next((each.names for each in opinion.dishes if each.key == dish), None)
    return shown(
        request, desk, PAGE, "dishes", opinion=opinion, weeks=await weeks_of(*asked, dish if named else ""),
        named=named, weeks_shown=WEEKS_SHOWN, share_of=share_of, best=BEST,
    )  # fmt: skip
