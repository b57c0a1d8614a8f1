"""The page of physical fitness: a course of the teacher's own on a day, students down, what is measured across."""

from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, own_desk
from cloud.core.days import day_of
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.progress.fitness import Sheet, courses_for, put_values, sheet_of
from cloud.progress.kinds import BY_KEY, INDICATORS
from cloud.progress.rules import written

router = APIRouter(prefix="/schools/{code}/fitness", include_in_schema=False)
FitnessDesk = Annotated[Desk, Depends(own_desk(Right.FITNESS_KEEP, Right.FITNESS_KEEP))]
TYPED_MAX, APART = 12, "."  # letters of a value; between a student and what is measured in a field's name
Course = Annotated[int, Query(ge=0, le=2**62)]
Day = Annotated[str, Query(max_length=20)]
What = Annotated[str, Query(max_length=20)]


@router.get("")
async def show(request: Request, desk: FitnessDesk, course: Course = 0, on: Day = "", what: What = "") -> Response:
    """Show a course on a day, that of today if none is named; one thing that is measured, or all of them."""
    return await _page(request, desk, course, on, what)


@router.post("")
async def put(request: Request, desk: FitnessDesk, course: Course = 0, on: Day = "", what: What = "") -> Response:
    """Keep what was typed."""
    form = await request.form()
    typed = {
        (ref, key): str(value)[:TYPED_MAX]
        for name, value in form.items() for ref, _, key in [name.partition(APART)] if key in BY_KEY
    }  # fmt: skip
    sheet = await sheet_of(desk.services, desk.actor, desk.school, course, day_of(on) or desk.school.on)
    try:
        await put_values(desk.services, desk.actor, desk.school, sheet, typed)
    except (NotFound, NotAllowed):
        raise
    except Refused as refused:
        return await _page(request, desk, course, on, what, refused, typed)
    address = f"/schools/{desk.school.code}/fitness?course={course}&on={sheet.on}&what={what if what in BY_KEY else ''}"
    return RedirectResponse(address, HTTPStatus.SEE_OTHER)


async def _page(
    request: Request, desk: Desk, course_id: int, on: str, what: str, refused: Refused | None = None,
    typed: dict[tuple[str, str], str] | None = None,
) -> Response:  # fmt: skip
    courses = await courses_for(desk.services, desk.actor, desk.school)
    day: date = day_of(on) or desk.school.on
    chosen = course_id or (courses[0].id if courses else 0)
    sheet: Sheet | None = None
    if chosen:
        try:
            sheet = await sheet_of(desk.services, desk.actor, desk.school, chosen, day)
        except NotFound:
            raise
        except Refused as told:
            refused = refused or told
    return pages_of(request).page(
        desk.visit, "office/fitness.html", status=refused.status if refused else HTTPStatus.OK, section="journal",
        courses=courses, chosen=chosen, sheet=sheet, on=day, what=what if what in BY_KEY else "",
        indicators=INDICATORS, shown=[BY_KEY[what]] if what in BY_KEY else INDICATORS, written=written,
        typed=typed or {}, apart=APART, refused=translate(desk.visit.language, refused.message) if refused else "",
    )  # fmt: skip
