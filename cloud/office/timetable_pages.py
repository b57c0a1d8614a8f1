"""The timetable as the school sees it: a week of a class, a teacher or a room, by the lessons of its days."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response

from cloud.accounts.web import TheServices
from cloud.attendance.web import Desk, desk_of
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.studies.queries import own_person
from cloud.studies.rules import year_of
from cloud.timetable.feeds import calendar_of
from cloud.timetable.framing import Book, book_of
from cloud.timetable.lessons import lessons_between, on_days, week_of
from cloud.timetable.rules import weeks_of

router = APIRouter(prefix="/schools/{code}/timetable", include_in_schema=False)
feed = APIRouter(include_in_schema=False)
ReadersDesk = Annotated[Desk, Depends(desk_of(Right.TIMETABLE_READ))]
Count = Annotated[int, Query(ge=0, le=2**62)]
A_WEEK = timedelta(days=7)
CALENDAR = "text/calendar; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose week is shown: a class's, a teacher's or a room's."""

    class_id: int = 0
    teacher_id: int = 0
    room: str = ""

    @property
    def query(self) -> str:
        """Return it as an address asks for it."""
        told = {"class_id": self.class_id, "teacher": self.teacher_id, "room": self.room}
        return urlencode({key: value for key, value in told.items() if value})

    @property
    def wanted(self) -> dict[str, Any]:
        """Return it as lessons are asked for."""
        if self.teacher_id:
            return {"teacher_id": self.teacher_id}
        return {"room": self.room} if self.room else {"class_ids": [self.class_id]}


@router.get("")
async def show(
    request: Request, desk: ReadersDesk, class_id: Count = 0, teacher: Count = 0,
    room: Annotated[str, Query(max_length=20)] = "", week: Annotated[str, Query(max_length=10)] = "",
) -> Response:  # fmt: skip
    """Show a week: of whom is asked for, else of the reader's own lessons, else of the first class."""
    on = day_of(week, desk.school.on)
    book = await book_of(desk.services, desk.school.id, year_of(on), on)
    whose = await _whose(desk, book, Whose(class_id, teacher, room))
    monday, sunday = week_of(on)
    lessons = await lessons_between(desk.services, desk.school.id, monday, sunday, **whose.wanted)
    return pages_of(request).page(
        desk.visit, "office/timetable.html", section="timetable", book=book, whose=whose, days=on_days(lessons),
        monday=monday, sunday=sunday, earlier=monday - A_WEEK, later=monday + A_WEEK, on=desk.school.on,
        weeks=weeks_of(year_of(on), on), rooms=sorted({each.name for each in book.rooms} | {whose.room} - {""}),
        keeps=desk.actor.can(Right.TIMETABLE_KEEP, desk.school.id),
    )  # fmt: skip


@feed.get("/timetable/{token}.ics")
async def load(services: TheServices, token: Annotated[str, Path(max_length=60)]) -> Response:
    """Send the calendar behind a secret address."""
    headers = {"cache-control": "no-store", "content-disposition": 'inline; filename="timetable.ics"'}
    return Response(await calendar_of(services, token), media_type=CALENDAR, headers=headers)


def day_of(text: str, today: date) -> date:
    """Return the day that an address names, within a year of today; else today."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    return day if abs((day - today).days) <= 366 else today


async def _whose(desk: Desk, book: Book, asked: Whose) -> Whose:
    if asked.teacher_id or asked.room or asked.class_id in book.classes:
        return asked
    own = await own_person(desk.services, desk.actor, desk.school.id)
    if own is not None and own in book.teachers:
        return Whose(teacher_id=own)
    return Whose(class_id=next(iter(book.classes), 0))
