"""The page of attempts that failed at a school: wrong passwords and codes, and cards that opened nothing."""

from datetime import UTC, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from cloud.accounts.failures import failures_at
from cloud.attendance.refusals import refused_at
from cloud.attendance.web import Desk, desk_of
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.office.audit_view import Filters

router = APIRouter(prefix="/schools/{code}/attempts", include_in_schema=False)
WatchDesk = Annotated[Desk, Depends(desk_of(Right.ACCOUNTS_READ))]


@router.get("")
async def show(request: Request, desk: WatchDesk) -> Response:
    """Show who tried in vain, in a period."""
    filters = Filters.read(request.query_params, desk.school.on)
    midnight = time(tzinfo=desk.visit.zone)
    since = datetime.combine(filters.first_on, midnight).astimezone(UTC)
    until = datetime.combine(filters.last_on + timedelta(days=1), midnight).astimezone(UTC)
    asked = desk.services, desk.actor, desk.school.id, since, until, filters.person
    return pages_of(request).page(
        desk.visit, "office/attempts.html", section="attempts", filters=filters,
        sign_ins=await failures_at(*asked), cards=await refused_at(*asked),
        may_read_people=desk.actor.can(Right.PEOPLE_READ, desk.school.id),
    )  # fmt: skip
