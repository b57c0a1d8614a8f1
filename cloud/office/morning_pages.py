"""The class teacher's morning: one live page of a class, one touch to mark, one touch to ask the parents."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.absences.queries import waiting_at
from cloud.attendance.queries import school_or_classes_today
from cloud.attendance.silence import silent_gates
from cloud.attendance.web import Desk, reach_desk
from cloud.core.api import Counted
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.live import Quiet, stream
from cloud.core.messages import message
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.notifications.family import ask_family, asked_on
from cloud.office.morning import ASKED_OF, Morning, Where, morning_of
from cloud.office.offers import offers_of, to_be_said, told_in
from cloud.register.actions import mark, mark_rest
from cloud.register.kinds import BY_CODE
from cloud.register.queries import ClassDay, class_on, classes_on, hand_of
from cloud.schools.queries import day_plans
from cloud.schools.rules import DayPlan

router = APIRouter(prefix="/schools/{code}/morning", include_in_schema=False)
ReadersDesk = Annotated[Desk, Depends(reach_desk(Right.REGISTER_READ))]
KeepersDesk = Annotated[Desk, Depends(reach_desk(Right.REGISTER_KEEP))]
Seen = Annotated[int, Form(ge=0, le=2**62)]
Code = Annotated[str, Form(max_length=40)]
Shown = Annotated[list[str], Form(max_length=200)]
PAGE = "office/morning.html"
TOUCHES = [BY_CODE[code] for code in ("present", "absent_ill", "absent_family", "absent_other", "away")]


class NobodyTold(Refused):
    """No guardian of the child can be told here."""

    status = HTTPStatus.CONFLICT
    code = "nobody_told"


@dataclass(frozen=True, slots=True)
class Told:
    """What a touch came to."""

    refused: Refused | None = None


@router.get("")
async def choose(request: Request, desk: ReadersDesk) -> Response:
    """Show one's classes with what is to be found out; who has one class sees that class."""
    classes = await classes_on(desk.services, desk.actor, desk.school, desk.school.on)
    if len(classes) == 1:
        return _to(desk, classes[0].id)
    mornings = await _mornings(desk, classes)
    return pages_of(request).page(
        desk.visit, "office/mornings.html", section=_section(desk), mornings=mornings, on=desk.school.on,
        waiting=await waiting_at(desk.services, desk.actor, desk.school),
    )  # fmt: skip


@router.get("/{class_id}")
async def show(request: Request, desk: ReadersDesk, class_id: Counted) -> Response:
    """Show a class's morning."""
    return await _page(request, desk, class_id)


@router.get("/{class_id}/live")
async def live(request: Request, desk: ReadersDesk, class_id: Counted) -> Response:
    """Stream a class's morning."""

    async def draw() -> str:
        now = await _again(desk)
        return pages_of(request).block(now.visit, PAGE, "roll", **await _values(now, class_id, Told()))

    day = await class_on(desk.services, desk.actor, desk.school, class_id, desk.school.on)
    return stream(request, [(desk.school.id, child.ref) for child in day.children], draw, Quiet.DRAW)


@router.post("/{class_id}/mark")
async def touch(
    request: Request, desk: KeepersDesk, class_id: Counted, ref: Code = "", said: Code = "", seen: Seen = 0
) -> Response:
    """Say something of one child."""
    if said not in BY_CODE:
        return _to(desk, class_id)
    try:
        await mark(desk.services, desk.actor, desk.school, class_id, desk.school.on, ref, BY_CODE[said], seen)
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await _page(request, desk, class_id, Told(refused))
    return _to(desk, class_id, ref)


@router.post("/{class_id}/rest")
async def rest(
    request: Request, desk: KeepersDesk, class_id: Counted, seen: Seen = 0, told: Shown = []  # noqa: B006
) -> Response:  # fmt: skip
    """Say that everybody else is here, but for whom the page offered a family's word or a trip."""
    try:
        await mark_rest(desk.services, desk.actor, desk.school, class_id, desk.school.on, seen, told_in(told))
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await _page(request, desk, class_id, Told(refused))
    return _to(desk, class_id)


@router.post("/{class_id}/ask")
async def ask(request: Request, desk: KeepersDesk, class_id: Counted, ref: Code = "") -> Response:
    """Ask the parents of a child where it is, once a day."""
    hand_of(desk.actor, desk.school.id, class_id)
    day = await class_on(desk.services, desk.actor, desk.school, class_id, desk.school.on)
    child = next((each for each in day.children if each.ref == ref), None)
    if child is None:
        raise NotFound
    if not await ask_family(desk.services, desk.actor, desk.school.id, child.id, desk.school.on):
        nobody = NobodyTold(message("No parent of this child gets notices here. Call them; the office has the phone."))
        return await _page(request, desk, class_id, Told(nobody))
    return _to(desk, class_id, ref)


async def _again(desk: Desk) -> Desk:
    """Return the desk as it is now: a live page outlasts midnight."""
    services = desk.services
    school = await school_or_classes_today(services, desk.actor, desk.school.code, *desk.allowed)
    return replace(desk, school=school, visit=replace(desk.visit, now=services.clock.now()))


async def _mornings(desk: Desk, days: Sequence[ClassDay]) -> list[Morning]:
    services, on = desk.services, desk.school.on
    offers = await offers_of(desk, days, on)
    asked = await asked_on(services, [child.id for day in days for child in day.children], on)
    plans, now = await day_plans(services, desk.school.id, on), services.clock.now()
    off = DayPlan(on, is_school_day=False)
    return [morning_of(day, offers, asked, plans.get(day.id, off), now) for day in days]


async def _morning(desk: Desk, class_id: int) -> Morning:
    day = await class_on(desk.services, desk.actor, desk.school, class_id, desk.school.on)
    return (await _mornings(desk, [day]))[0]


async def _values(desk: Desk, class_id: int, told: Told) -> dict[str, object]:
    morning = await _morning(desk, class_id)
    silent = await silent_gates(desk.services, [desk.school.id])
    return {
        "morning": morning, "day": morning.day, "on": desk.school.on, "touches": TOUCHES, "where": Where,
        "asked_of": ASKED_OF,
        "is_taught": morning.is_taught, "may_mark": _may(desk, Right.REGISTER_KEEP, class_id),
        "may_write": _may(desk, Right.MESSAGES_WRITE, class_id),
        "to_be_said": to_be_said(morning.day, morning.offers),
        "waiting": await waiting_at(desk.services, desk.actor, desk.school),
        "silent": silent.get(desk.school.id, ()),
        "refused": translate(desk.visit.language, told.refused.message) if told.refused else "",
    }  # fmt: skip


async def _page(request: Request, desk: Desk, class_id: int, told: Told | None = None) -> Response:
    came = told or Told()
    right, school_id = Right.REGISTER_READ, desk.school.id
    return pages_of(request).page(
        desk.visit, PAGE, status=came.refused.status if came.refused else HTTPStatus.OK, section=_section(desk),
        has_more=desk.actor.can(right, school_id) or len(desk.actor.classes(right, school_id)) > 1,
        **await _values(desk, class_id, came),
    )  # fmt: skip


def _section(desk: Desk) -> str:
    """Return the entry of the menu that leads here: the office's is the register's."""
    return "register" if desk.actor.can(Right.REGISTER_READ, desk.school.id) else "morning"


def _may(desk: Desk, right: Right, class_id: int) -> bool:
    school_id = desk.school.id
    return desk.actor.can(right, school_id) or class_id in desk.actor.classes(right, school_id)


def _to(desk: Desk, class_id: int, ref: str = "") -> Response:
    place = f"#c-{ref}" if ref else ""
    return RedirectResponse(f"/schools/{desk.school.code}/morning/{class_id}{place}", HTTPStatus.SEE_OTHER)
