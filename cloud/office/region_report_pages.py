"""The page of an authority about its schools' monthly reports: which came, are late or are missing."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.core.errors import Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.reports.months import Month
from cloud.reports.overview import PAGE_SIZE, Standing, counts, standings
from cloud.reports.subjects import SUBJECTS, Key, subject_of
from cloud.reports.wording import Wording

router = APIRouter(prefix="/region/reports", include_in_schema=False)


@router.get("")
async def show(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices,
    month: Annotated[str, Query(max_length=20)] = "", subject: Key = Key.MEALS, state: Standing | None = None,
    after: Annotated[str, Query(max_length=12)] = "",
) -> Response:  # fmt: skip
    """Show how the reports of a month stand at the schools that the actor reaches; of the last month unless asked."""
    last, refused = Month.of(visit.formats.local_day(services.clock.now())).before, ""
    try:
        asked = Month.parse(month.strip()) if month.strip() else last
    except Refused as wrong:
        asked, refused = last, translate(visit.language, wrong.message)
    of = subject_of(subject)
    schools = await standings(services, actor, of, asked, state, after)
    return pages_of(request).page(
        visit, "office/region_reports.html", section="region_reports", schools=schools, after=after, month=asked,
        month_name=Wording(visit.language, visit.zone).month, subject=of, subjects=SUBJECTS, state=state,
        counts=await counts(services, actor, of, asked), refused=refused,
        more=schools[-1].code if len(schools) == PAGE_SIZE else "",
    )  # fmt: skip
