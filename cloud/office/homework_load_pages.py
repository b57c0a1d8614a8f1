"""How much homework a class has by day, across subjects, and the norm that it is measured by."""

from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.days import day_of
from cloud.core.errors import NotAllowed, Refused
from cloud.core.i18n import translate
from cloud.core.messages import message
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.homework.errors import HomeworkRefused
from cloud.homework.norms import norms_of, put_norms
from cloud.homework.queries import loads_between
from cloud.homework.rules import GRADES, STATE_NORMS
from cloud.journal.diary import monday_of
from cloud.journal.reach import courses_within, reach_of
from cloud.office.homework import HomeworkDesk, Refs, here_of, norm_for, subject_names
from cloud.studies.queries import Course

router = APIRouter(prefix="/schools/{code}/homework", include_in_schema=False)
NormsDesk = Annotated[Desk, Depends(desk_of(Right.HOMEWORK_NORMS))]
WEEK, A_DAY = timedelta(days=7), timedelta(days=1)


@router.get("/load")
async def show(
    request: Request, desk: HomeworkDesk, class_id: Annotated[int, Query(ge=0, le=2**62)] = 0,
    week: Annotated[str, Query(max_length=10)] = "",
) -> Response:  # fmt: skip
    """Show a class's week: what is due on each day, by subject, and in all, against the norm."""
    reach = await reach_of(desk.services, desk.actor, desk.school)
    mine, others = await courses_within(desk.services, reach, desk.school, reach.year)
    classes = _classes([*mine, *others])
    chosen = class_id if class_id in classes else next(iter(classes), 0)
    monday = monday_of(day_of(week) or desk.school.on)
    sunday = monday + WEEK - A_DAY
    loads = await loads_between(desk.services, chosen, monday, sunday) if chosen else {}
    grade = classes[chosen].grade if chosen else 0
    return pages_of(request).page(
        desk.visit, "office/homework_load.html", section="homework", loads=loads, monday=monday, sunday=sunday,
        earlier=monday - WEEK, later=monday + WEEK, classes={key: each.class_name for key, each in classes.items()},
        chosen=chosen, norm=await norm_for(desk, grade), names=await subject_names(desk),
        days=[monday + A_DAY * number for number in range(7)],
        sets_norms=desk.actor.can(Right.HOMEWORK_NORMS, desk.school.id),
    )  # fmt: skip


@router.get("/norms")
async def show_norms(request: Request, desk: NormsDesk) -> Response:
    """Show the norms of grades."""
    return await _norms(request, desk, None, None)


@router.post("/norms")
async def keep_norms(request: Request, desk: NormsDesk, minutes: Refs = []) -> Response:  # noqa: B006
    """Set the norms of grades, one for each in their order."""
    try:
        await put_norms(desk.services, desk.actor, desk.school.id, _typed(minutes))
    except NotAllowed:
        raise
    except Refused as refused:
        return await _norms(request, desk, refused, minutes)
    return RedirectResponse(f"{here_of(desk)}/norms", HTTPStatus.SEE_OTHER)


def _typed(minutes: Sequence[str]) -> dict[int, int]:
    """Return minutes by grade. Raises HomeworkRefused."""
    if len(minutes) != len(GRADES) or not all(
        each.strip().isascii() and each.strip().isdigit() and len(each.strip()) < 5 for each in minutes
    ):
        raise HomeworkRefused(message("Write the minutes of each grade as a number."))
    return {grade: int(each) for grade, each in zip(GRADES, minutes, strict=True)}


async def _norms(request: Request, desk: Desk, refused: Refused | None, typed: Sequence[str] | None) -> Response:
    own = await norms_of(desk.services, desk.school.id)
    shown = typed if typed is not None and len(typed) == len(GRADES) else [
        str(own.get(grade, STATE_NORMS[grade])) for grade in GRADES
    ]  # fmt: skip
    return pages_of(request).page(
        desk.visit, "office/homework_norms.html", status=refused.status if refused else HTTPStatus.OK,
        section="homework", minutes=dict(zip(GRADES, shown, strict=True)), state=STATE_NORMS, own=own,
        refused=translate(desk.visit.language, refused.message) if refused else "",
    )  # fmt: skip


def _classes(courses: Sequence[Course]) -> dict[int, Course]:
    """Return one course of each class, by the class, in the order of classes."""
    ordered = sorted(courses, key=lambda each: (each.grade, each.class_name))
    classes: dict[int, Course] = {}
    for each in ordered:
        classes.setdefault(each.class_id, each)
    return classes
