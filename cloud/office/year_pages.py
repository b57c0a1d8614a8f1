"""Beginning a new school year: what becomes of each class, who repeats, and the order; shown first, then done."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.office.person import day_typed
from cloud.people.school_year import Way, Year, begin_year, done_on, plan_of

router = APIRouter(prefix="/schools/{code}/new-year", include_in_schema=False)
YearDesk = Annotated[Desk, Depends(desk_of(Right.PEOPLE_KEEP))]
FIELDS_MAX = 12_000  # a way for each class, and whoever repeats
CLASS = "class:"


@router.get("")
async def show(request: Request, desk: YearDesk) -> Response:
    """Show the classes and what usually becomes of them."""
    return await _page(request, desk)


@router.post("")
async def begin(request: Request, desk: YearDesk) -> Response:
    """Move all classes as it was said."""
    async with request.form(max_fields=FIELDS_MAX, max_files=0) as form:
        typed = {key: value for key, value in form.multi_items() if isinstance(value, str) and key != "kept"}
        kept = frozenset(
            int(value)
            for value in form.getlist("kept")
            if isinstance(value, str) and value.isascii() and value.isdigit()
        )
    ways = {
        int(key.removeprefix(CLASS)): Way(value)
        for key, value in typed.items()
        if key.startswith(CLASS) and key.removeprefix(CLASS).isdigit() and value in set(Way)
    }
    try:
        year = Year(day_typed(typed.get("on", "")), ways, kept, typed.get("paper", ""))
        await begin_year(desk.services, desk.actor, desk.school.id, year, desk.school.on)
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await _page(request, desk, refused, typed, kept)
    return RedirectResponse(f"/schools/{desk.school.code}/transfers", HTTPStatus.SEE_OTHER)


async def _page(
    request: Request, desk: Desk, refused: Refused | None = None, typed: dict[str, str] | None = None,
    kept: frozenset[int] = frozenset(),
) -> Response:  # fmt: skip
    return pages_of(request).page(
        desk.visit, "office/new_year.html", status=refused.status if refused else HTTPStatus.OK, section="today",
        refused=translate(desk.visit.language, refused.message) if refused else "", typed=typed or {}, kept=kept,
        plan=await plan_of(desk.services, desk.actor, desk.school.id), ways=list(Way), on=desk.school.on,
        done=await done_on(desk.services, desk.actor, desk.school.id, desk.school.on),
    )  # fmt: skip
