"""The page of an authority: the day of its schools in numbers, without names."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.core.pages import pages_of
from cloud.organisation.statistics import PAGE_SIZE, counts_today

router = APIRouter(prefix="/region", include_in_schema=False)


@router.get("")
async def show(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices,
    after: Annotated[str, Query(max_length=12)] = "",
) -> Response:  # fmt: skip
    """Show the schools that the actor may count, a page of them after a code."""
    schools = await counts_today(services, actor, after)
    return pages_of(request).page(
        visit, "office/region.html", section="region", schools=schools, after=after,
        more=schools[-1].code if len(schools) == PAGE_SIZE else "",
    )  # fmt: skip
