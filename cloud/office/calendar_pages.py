"""Days of a school that are not what their weekday says: set ahead for all, a grade or a class, and taken back."""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.anew import reckon_day
from cloud.attendance.web import Desk, desk_of
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.messages import message
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.imports.cells import CellWrong, date_of_text
from cloud.menu.rules import minute_of, time_of
from cloud.office.person import Text
from cloud.schools.calendar import NOTE_MAX, days_ahead, set_day, set_days
from cloud.schools.errors import SchoolRefused
from cloud.schools.queries import classes_of
from cloud.schools.rules import EVERY_GRADE, EVERYBODY, Day, Whom

router = APIRouter(prefix="/schools/{code}/calendar", include_in_schema=False)
KeepersDesk = Annotated[Desk, Depends(desk_of(Right.SCHOOL_KEEP))]
WEEKDAYS = tuple(date.fromordinal(number) for number in range(1, 7))  # any week, from Monday to Saturday


class What(Enum):
    """What somebody says that a day is."""

    OFF = "off"  # no lessons
    OTHER = "other"  # other hours


@dataclass(frozen=True, slots=True)
class DayForm:
    """A day as somebody wrote it down; what is empty is as on any day."""

    first: Text = ""
    last: Text = ""
    whom: Annotated[str, Form(pattern=r"^(|(grade|class)-\d{1,18})$")] = ""
    what: Annotated[What, Form()] = What.OFF
    from_time: Text = ""
    until_time: Text = ""
    lessons: Text = ""
    lesson_min: Text = ""
    lessons_of: Annotated[str, Form(pattern=r"^[1-6]?$")] = ""
    note: Text = ""

    def days(self) -> tuple[date, date]:
        """Return the first and the last day. Raises SchoolRefused."""
        try:
            first_on = date_of_text(self.first)
            return first_on, date_of_text(self.last) if self.last.strip() else first_on
        except CellWrong as wrong:
            raise SchoolRefused(wrong.message) from None

    def day(self) -> Day:
        """Return what the days are. Raises Refused."""
        note = " ".join(self.note.split())
        if self.what is What.OFF:
            return Day.off(note)
        hours = _minute(self.from_time), _minute(self.until_time)
        return Day.other(_figure(self.lessons_of), _figure(self.lessons), _figure(self.lesson_min), hours, note)


@router.get("")
async def show(request: Request, desk: KeepersDesk, done: bool = False) -> Response:
    """Show the days to come that are not what their weekday says, and the form of another one."""
    return await _page(request, desk, DayForm(), is_done=done)


@router.post("")
async def put(request: Request, desk: KeepersDesk, form: Annotated[DayForm, Depends()]) -> Response:
    """Set a day, or several."""
    try:
        school = desk.school
        await set_days(
            desk.services, desk.actor, school.id, form.days(), form.day(), whom_of(form.whom), school.on
        )  # fmt: skip
    except (NotFound, NotAllowed):
        raise
    except Refused as refused:
        return await _page(request, desk, form, refused)
    return await _done(desk, form.days()[0])


@router.post("/undo")
async def undo(
    desk: KeepersDesk, on: Text, whom: Annotated[str, Form(pattern=r"^(|(grade|class)-\d{1,18})$")] = ""
) -> Response:
    """Let a day be what its weekday says."""
    try:
        day = date_of_text(on)
    except CellWrong:
        raise NotFound from None
    if day < desk.school.on:
        raise NotFound
    await set_day(desk.services, desk.actor, desk.school.id, day, None, whom_of(whom))
    return await _done(desk, day)


def whom_of(text: str) -> Whom:
    """Return for whom a day is, of what the page names it by: empty, `grade-5` or `class-12`."""
    kind, _, number = text.partition("-")
    if kind == "grade":
        return Whom(int(number))
    return Whom(class_id=int(number)) if kind == "class" else EVERYBODY


def named(whom: Whom) -> str:
    """Return what the page names somebody by; see `whom_of`."""
    if whom.class_id is not None:
        return f"class-{whom.class_id}"
    return "" if whom.grade == EVERY_GRADE else f"grade-{whom.grade}"


async def _done(desk: Desk, first_on: date) -> Response:
    """Return to the page; where it was about today, let who came already be reckoned by the new hours."""
    if first_on == desk.school.on:
        await reckon_day(desk.services, desk.school.id, first_on)
    return RedirectResponse(f"/schools/{desk.school.code}/calendar?done=true", HTTPStatus.SEE_OTHER)


async def _page(
    request: Request, desk: Desk, form: DayForm, refused: Refused | None = None, *, is_done: bool = False
) -> Response:
    classes = await classes_of(desk.services, desk.actor, desk.school.id)
    return pages_of(request).page(
        desk.visit, "office/calendar.html", status=refused.status if refused else HTTPStatus.OK, section="today",
        days=await days_ahead(desk.services, desk.actor, desk.school.id, desk.school.on), on=desk.school.on, form=form,
        classes=classes, grades=sorted({each.grade for each in classes}), named=named, time_of=time_of, is_done=is_done,
        weekdays=WEEKDAYS, note_max=NOTE_MAX,
        refused=translate(desk.visit.language, refused.message) if refused else "",
    )  # fmt: skip


def _figure(text: str) -> int | None:
    if not text.strip():
        return None
    if not text.strip().isdecimal() or len(text.strip()) > 3:
        raise SchoolRefused(message("Write a whole number."))
    return int(text)


def _minute(text: str) -> int | None:
    return minute_of(text) if text.strip() else None
