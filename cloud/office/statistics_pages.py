"""Pages of statistics of a school and of its classes: by day, week, month and school year."""

from datetime import date
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, reach_desk
from cloud.core.api import Counted
from cloud.core.errors import NotFound
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.office.statistics_view import class_rows, figures_shown, places_of, places_of_class
from cloud.statistics.queries import Told, class_told, classes_named, school_told
from cloud.statistics.spans import By, stretch_of

router = APIRouter(prefix="/schools/{code}/statistics", include_in_schema=False)
ReadersDesk = Annotated[Desk, Depends(reach_desk(Right.STATISTICS_READ))]
Asked = Annotated[str, Query(max_length=10)]


@router.get("")
async def show(request: Request, desk: ReadersDesk, by: By = By.DAY, on: Asked = "") -> Response:
    """Show a school's stretch of days; who reads of own classes only is led to the first of them."""
    stretch = stretch_of(by, day_of(on, desk.school.on))
    if not desk.actor.can(Right.STATISTICS_READ, desk.school.id):
        classes = await classes_named(desk.services, desk.actor, desk.school.id)
        return RedirectResponse(f"{_here(desk)}/classes/{min(classes)}", HTTPStatus.SEE_OTHER)
    of_school = await school_told(desk.services, desk.actor, desk.school.id, stretch)
    places = places_of(
        desk.actor, desk.school.id, desk.school.code, stretch, is_today=stretch.first_on == desk.school.on
    )  # fmt: skip
    return pages_of(request).page(
        desk.visit, "office/statistics.html", section="statistics", told=of_school.told, staff=of_school.staff,
        classes=class_rows(of_school.classes, desk.visit.formats), has_class_reasons=of_school.has_class_reasons,
        meals=of_school.meals, places=places,
        **_shown(desk, of_school.told, _here(desk)),
    )  # fmt: skip


@router.get("/classes/{class_id}")
async def show_class(
    request: Request, desk: ReadersDesk, class_id: Counted, by: By = By.DAY, on: Asked = ""
) -> Response:
    """Show a class's stretch of days."""
    actor, school_id = desk.actor, desk.school.id
    names = await classes_named(desk.services, actor, school_id)
    if class_id not in names:
        raise NotFound
    stretch = stretch_of(by, day_of(on, desk.school.on))
    told = await class_told(desk.services, actor, school_id, class_id, stretch)
    opens = actor.can(Right.REGISTER_READ, school_id) or class_id in actor.classes(Right.REGISTER_READ, school_id)
    return pages_of(request).page(
        desk.visit, "office/statistics_class.html", section="statistics", told=told, name=names[class_id],
        names=names, class_id=class_id,
        of_school=actor.can(Right.STATISTICS_READ, school_id),
        places=places_of_class(desk.school.code, class_id, stretch, opens=opens),
        **_shown(desk, told, f"{_here(desk)}/classes/{class_id}"),
    )  # fmt: skip


def day_of(text: str, today: date) -> date:
    """Return the day that an address names; today where it names none that has come."""
    try:
        return min(date.fromisoformat(text), today)
    except ValueError:
        return today


def _shown(desk: Desk, told: Told, here: str) -> dict[str, Any]:
    def to(by: By, on: date) -> str:
        return f"{here}?by={by.value}&on={on}"

    return figures_shown(
        told.parts, told.stretch, desk.school.on, to, desk.visit.formats, partial(translate, desk.visit.language)
    )  # fmt: skip


def _here(desk: Desk) -> str:
    return f"/schools/{desk.school.code}/statistics"
