"""The page of an authority: its schools in numbers without names, node by node, and compared with their like."""

from datetime import date
from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.office.region_view import SHIFTS, SIZES, WEEKS, Wanted, compared
from cloud.office.statistics_pages import day_of
from cloud.office.statistics_view import NOWHERE, figures_shown
from cloud.statistics.comparing import seen_above
from cloud.statistics.spans import By, stretch_of

router = APIRouter(prefix="/region", include_in_schema=False)


@router.get("")
async def show(request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices) -> Response:
    """Show a stretch of days over the schools that the actor may count, below a node if one is named."""
    wanted = Wanted.read(request.query_params)
    today = visit.formats.local_day(services.clock.now())
    stretch = stretch_of(wanted.by, day_of(wanted.on, today))
    above = await seen_above(services, actor, wanted.node, stretch)

    def to(by: By, on: date) -> str:
        return wanted.to(by=by, on=str(on))

    return pages_of(request).page(
        visit, "office/region.html", section="region", above=above, told=above, places=NOWHERE,
        compared=compared(above.schools, wanted), sizes=list(SIZES), weeks=WEEKS, shifts=SHIFTS,
        **figures_shown(above.parts, stretch, today, to, visit.formats, partial(translate, visit.language)),
    )  # fmt: skip
