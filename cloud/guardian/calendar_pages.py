"""A guardian's calendar of a child: a month at a glance, and each of its days in full."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.core.errors import NotFound
from cloud.core.pages import pages_of
from cloud.guardian.calendar import FIRST_YEAR, LAST_YEAR, SHOWN, calendar_of, day_told, kinds_of, month_in, month_of
from cloud.guardian.queries import seen_of
from cloud.people.kinds import FamilyRight

router = APIRouter(prefix="/children/{ref}", include_in_schema=False)
A_DAY = timedelta(days=1)
WEEKDAYS = tuple(date.fromordinal(number) for number in range(1, 8))  # any week, from Monday on


@router.get("/calendar")
async def show_month(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str,
    month: Annotated[str, Query(max_length=10)] = "",
) -> Response:  # fmt: skip
    """Show a child's month."""
    child = await seen_of(services, actor, ref, FamilyRight.SEE)
    first_on, last_on = month_of(month_in(month, child.on))
    shown = await calendar_of(services, child, first_on)
    return pages_of(request).page(
        replace(visit, zone=child.zone), "guardian/calendar.html", section="children", child=child, month=shown,
        earlier=_within(first_on - A_DAY), later=_within(last_on + A_DAY), kinds=SHOWN, weekdays=WEEKDAYS,
        kinds_of=kinds_of,
    )  # fmt: skip


@router.get("/days/{on}")
async def show_day(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str, on: str
) -> Response:
    """Show one day of a child, up to today."""
    child = await seen_of(services, actor, ref, FamilyRight.SEE)
    day = _day_in(on)
    if day > child.on:
        raise NotFound
    told = await day_told(services, child, day)
    return pages_of(request).page(
        replace(visit, zone=child.zone), "guardian/day.html", section="children", child=child, on=day, told=told,
        earlier=_within(day - A_DAY), later=day + A_DAY if day < child.on else None,
    )  # fmt: skip


def _day_in(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise NotFound from None
    if _within(day) is None:
        raise NotFound
    return day


def _within(on: date) -> date | None:
    return on if FIRST_YEAR <= on.year <= LAST_YEAR else None
