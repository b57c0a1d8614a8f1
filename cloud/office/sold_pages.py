"""What the canteen sold on a day: by meal and way of paying, by shift, what is odd, and what waits for a decision."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.errors import Refused
from cloud.core.i18n import translate
from cloud.core.live import Quiet, stream
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.core.wakeups import EVERYTHING
from cloud.meals.deciding import Decision, decide
from cloud.meals.odd import PAGE, Apart, Kind, Odd, apart_counts, apart_of, odd_counts, odd_of
from cloud.meals.queries import day_of, shifts_of
from cloud.meals.reconciliation import reconciliation_of
from cloud.meals.rules import Oddness, Place
from cloud.office.days import day_asked
from cloud.office.person import Text

TEMPLATE = "office/sold.html"
PAGES_MAX = 1_000
PLACE = re.compile(r"[a-z0-9-]{1,24}:[a-z0-9]{1,32}:[0-9]{1,16}")
router = APIRouter(prefix="/schools/{code}/sold", include_in_schema=False)
SoldDesk = Annotated[Desk, Depends(desk_of(Right.SALES_READ))]
DecidersDesk = Annotated[Desk, Depends(desk_of(Right.SALES_DECIDE))]


@dataclass(frozen=True, slots=True)
class Opened:
    """Which list of odd sales is open, and at which page."""

    what: str = ""
    page: int = 1


def opened(odd: str = "", page: Annotated[int, Query(ge=1, le=PAGES_MAX)] = 1) -> Opened:
    """Return the list that is asked for; none where there is no such list."""
    return Opened(odd, page) if odd in {*Kind, *Oddness} else Opened()


TheOpened = Annotated[Opened, Depends(opened)]


@router.get("")
async def show(request: Request, desk: SoldDesk, lists: TheOpened, on: str = "") -> Response:
    """Show a day; today when none is named."""
    return await _page(request, desk, lists, on)


@router.get("/live")
async def live(request: Request, desk: SoldDesk, lists: TheOpened) -> Response:
    """Stream today."""

    async def draw() -> str:
        now = await desk.again()
        return pages_of(request).block(now.visit, TEMPLATE, "sold", **await _values(now, now.school.on, lists))

    return stream(request, [(desk.school.id, EVERYTHING)], draw, Quiet.DRAW)


@router.get("/outage")
async def show_outage(request: Request, desk: SoldDesk, on: str = "") -> Response:
    """Show what an outage of a day came to."""
    day, refused = day_asked(on, desk.school.on)
    return pages_of(request).page(
        desk.visit, "office/outage.html", status=refused.status if refused else HTTPStatus.OK, section="sold", on=day,
        refused=translate(desk.visit.language, refused.message) if refused else "", before=day - timedelta(days=1),
        after=day + timedelta(days=1) if day < desk.school.on else None,
        found=await reconciliation_of(desk.services, desk.actor, desk.school.id, day),
    )  # fmt: skip


@router.post("/decide")
async def decide_about(
    request: Request,
    desk: DecidersDesk,
    decision: Annotated[Decision, Form()],
    place: Annotated[list[str], Form(max_length=PAGE)] = [],  # noqa: B006 - FastAPI copies it
    why: Text = "",
    odd: Text = "",
    on: Text = "",
) -> Response:
    """Let what was ticked count, or not."""
    places = [found for each in place if (found := place_of(each)) is not None]
    try:
        await decide(desk.services, desk.actor, desk.school.id, places, decision, why)
    except Refused as refused:
        return await _page(request, desk, opened(odd), on, refused)
    address = f"/schools/{desk.school.code}/sold?on={on}&odd={opened(odd).what}#odd"
    return RedirectResponse(address, HTTPStatus.SEE_OTHER)


def place_of(text: str) -> Place | None:
    """Return the place that a form names, or None."""
    device, _, rest = text.partition(":")
    epoch, _, seq = rest.partition(":")
    return Place(device, epoch, int(seq)) if PLACE.fullmatch(text) else None


async def _page(request: Request, desk: Desk, lists: Opened, on: str, refused: Refused | None = None) -> Response:
    day, wrong = day_asked(on, desk.school.on)
    refused = refused or wrong
    told = translate(desk.visit.language, refused.message) if refused else ""
    status = refused.status if refused else HTTPStatus.OK
    values = await _values(desk, day, lists)
    return pages_of(request).page(desk.visit, TEMPLATE, status=status, section="sold", refused=told, **values)


async def _values(desk: Desk, day: date, lists: Opened) -> dict[str, object]:
    today, services, actor, school_id = desk.school.on, desk.services, desk.actor, desk.school.id
    odd, apart = await odd_counts(services, actor, school_id, day), await apart_counts(services, actor, school_id)
    counts: dict[str, int] = {what.value: count for what, count in [*odd, *apart]}
    return {
        "on": day,
        "is_today": day == today,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1) if day < today else None,
        "sold": await day_of(services, actor, school_id, day),
        "shifts": await shifts_of(services, actor, school_id, day),
        "odd": odd,
        "apart": apart,
        "opened": lists,
        "rows": await _rows(desk, day, lists),
        "pages": -(-counts.get(lists.what, 0) // PAGE),
        "may_decide": actor.can(Right.SALES_DECIDE, school_id),
    }


async def _rows(desk: Desk, day: date, lists: Opened) -> Sequence[Odd] | Sequence[Apart]:
    """Return the rows of the list that is open."""
    services, actor, school_id = desk.services, desk.actor, desk.school.id
    if lists.what in {*Oddness}:
        return await apart_of(services, actor, school_id, Oddness(lists.what), lists.page)
    if lists.what:
        return await odd_of(services, actor, school_id, day, Kind(lists.what), lists.page)
    return []
