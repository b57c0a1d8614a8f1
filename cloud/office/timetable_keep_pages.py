"""What a timetable is made by: rooms, what subjects ask, the school's limits, teachers' times; and calendar feeds."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.api import Counted
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.i18n import Language, translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.menu.rules import minute_of, time_of
from cloud.office.person import Text
from cloud.schools.queries import classes_of
from cloud.studies.queries import staff_of_school, subjects_of
from cloud.timetable.feeds import Of, add_feed, drop_feed, feeds_of
from cloud.timetable.framing import Asks, SchoolRule, asks_of, rooms_of, rule_of, times_of
from cloud.timetable.keeping import (
    POINTS_LIMIT,
    ROOM_MAX,
    SUMMATIVE_LIMIT,
    add_time,
    drop_time,
    end_room,
    put_asks,
    put_room,
    put_rule,
)
from cloud.timetable.kinds import ROOM_KINDS, WEEKDAYS, RoomKind

router = APIRouter(prefix="/schools/{code}/timetable", include_in_schema=False)
KeepersDesk = Annotated[Desk, Depends(desk_of(Right.TIMETABLE_KEEP))]
Number = Annotated[int, Form(ge=0, le=2**62)]
Kind = Annotated[str, Form(max_length=10)]
Yes = Annotated[bool, Form()]
ROOMS, TIMES, FEEDS = "office/timetable_rooms.html", "office/timetable_times.html", "office/timetable_feeds.html"


@dataclass(frozen=True, slots=True)
class TimeForm:
    """When somebody cannot teach, as it is written down."""

    person_id: Number = 0
    weekday: Annotated[int, Form(ge=0, le=7)] = 0
    from_time: Text = "00:00"
    until_time: Text = "23:59"
    wish: Yes = False


@router.get("/rooms")
async def show_rooms(request: Request, desk: KeepersDesk) -> Response:
    """Show rooms, what subjects ask, and limits."""
    return await _rooms(request, desk)


@router.post("/rooms")
async def add_room(
    request: Request, desk: KeepersDesk, name: Text = "", kind: Annotated[RoomKind, Form()] = RoomKind.CLASS
) -> Response:
    """Add a room, or change its kind."""
    try:
        await put_room(desk.services, desk.actor, desk.school.id, name, kind)
    except NotAllowed:
        raise
    except Refused as refused:
        return await _rooms(request, desk, refused)
    return _to(desk, "rooms")


@router.post("/rooms/{room_id}/end")
async def end(desk: KeepersDesk, room_id: Counted) -> Response:
    """Take a room out of use."""
    await end_room(desk.services, desk.actor, desk.school.id, room_id)
    return _to(desk, "rooms")


@router.post("/rooms/subject")
async def ask(desk: KeepersDesk, subject_id: Number = 0, kind: Kind = "", double: Yes = False) -> Response:
    """Say what a subject asks of the timetable."""
    asks = Asks(kind if kind in set(RoomKind) else "", double)
    await put_asks(desk.services, desk.actor, desk.school.id, subject_id, asks)
    return _to(desk, "rooms#subjects")


@router.post("/rooms/rule")
async def limit(request: Request, desk: KeepersDesk, points_max: Number = 0, summative_max: Number = 0) -> Response:
    """Set the school's limits."""
    try:
        await put_rule(desk.services, desk.actor, desk.school.id, SchoolRule(points_max, summative_max))
    except NotAllowed:
        raise
    except Refused as refused:
        return await _rooms(request, desk, refused)
    return _to(desk, "rooms")


@router.get("/times")
async def show_times(request: Request, desk: KeepersDesk) -> Response:
    """Show when teachers cannot teach, or would rather not."""
    return await _times(request, desk)


@router.post("/times")
async def note_time(request: Request, desk: KeepersDesk, form: Annotated[TimeForm, Depends()]) -> Response:
    """Note when somebody cannot teach, or would rather not."""
    try:
        minutes = minute_of(form.from_time), minute_of(form.until_time)
        await add_time(
            desk.services, desk.actor, desk.school.id, form.person_id, form.weekday, minutes, is_wish=form.wish
        )  # fmt: skip
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await _times(request, desk, refused)
    return _to(desk, "times")


@router.post("/times/{time_id}/drop")
async def forget_time(desk: KeepersDesk, time_id: Counted) -> Response:
    """Take it back."""
    await drop_time(desk.services, desk.actor, desk.school.id, time_id)
    return _to(desk, "times")


@router.get("/feeds")
async def show_feeds(request: Request, desk: KeepersDesk) -> Response:
    """Show the calendars that are open."""
    return await _feeds(request, desk)


@router.post("/feeds")
async def open_feed(
    request: Request, desk: KeepersDesk, of: Annotated[str, Form(pattern=r"^(class|person|room)-\d{1,18}$")],
    language: Annotated[Language, Form()] = Language.KK,
) -> Response:  # fmt: skip
    """Open a calendar; its address is on this answer and nowhere else."""
    kind, _, number = of.partition("-")
    try:
        token = await add_feed(
            desk.services, desk.actor, desk.school.id, Of(**{f"{kind}_id": int(number)}), language
        )  # fmt: skip
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await _feeds(request, desk, refused)
    return await _feeds(request, desk, address=f"{desk.services.settings.public_url}/timetable/{token}.ics")


@router.post("/feeds/{feed_id}/drop")
async def close_feed(desk: KeepersDesk, feed_id: Counted) -> Response:
    """Close a calendar."""
    await drop_feed(desk.services, desk.actor, desk.school.id, feed_id)
    return _to(desk, "feeds")


async def _rooms(request: Request, desk: Desk, refused: Refused | None = None) -> Response:
    subjects = [each for each in await subjects_of(desk.services, desk.school.id) if each.is_active]
    return _page(
        request, desk, ROOMS, refused, rooms=await rooms_of(desk.services, desk.school.id), kinds=ROOM_KINDS,
        subjects=subjects, asks=await asks_of(desk.services, desk.school.id), nothing=Asks(), room_max=ROOM_MAX,
        rule=await rule_of(desk.services, desk.school.id), limits=(POINTS_LIMIT, SUMMATIVE_LIMIT),
    )  # fmt: skip


async def _times(request: Request, desk: Desk, refused: Refused | None = None) -> Response:
    return _page(
        request, desk, TIMES, refused, times=await times_of(desk.services, desk.school.id), weekdays=WEEKDAYS,
        staff=await staff_of_school(desk.services, desk.school.id), time_of=time_of,
    )  # fmt: skip


async def _feeds(request: Request, desk: Desk, refused: Refused | None = None, address: str = "") -> Response:
    return _page(
        request, desk, FEEDS, refused, feeds=await feeds_of(desk.services, desk.actor, desk.school.id),
        address=address, classes=await classes_of(desk.services, desk.actor, desk.school.id),
        staff=await staff_of_school(desk.services, desk.school.id),
        rooms=await rooms_of(desk.services, desk.school.id),
    )  # fmt: skip


def _page(request: Request, desk: Desk, template: str, refused: Refused | None, **values: Any) -> Response:
    return pages_of(request).page(
        desk.visit, template, status=refused.status if refused else HTTPStatus.OK, section="timetable",
        refused=translate(desk.visit.language, refused.message) if refused else "", **values,
    )  # fmt: skip


def _to(desk: Desk, path: str) -> Response:
    return RedirectResponse(f"/schools/{desk.school.code}/timetable/{path}", HTTPStatus.SEE_OTHER)
