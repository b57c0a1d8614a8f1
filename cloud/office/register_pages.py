"""The class register on a phone: a class with who came through the gate, and one touch to say who is not in class."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, reach_desk
from cloud.core.api import Counted
from cloud.core.errors import NotAllowed, Refused
from cloud.core.i18n import translate
from cloud.core.messages import message
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.office.days import day_asked
from cloud.office.offers import offers_of, to_be_said, told_in
from cloud.office.person import Text
from cloud.register.actions import mark, mark_rest
from cloud.register.errors import RegisterClosed
from cloud.register.kinds import BY_CODE, CHOICES, Says
from cloud.register.queries import ClassDay, class_on, classes_on, hand_of, history_of
from cloud.register.rules import check_day
from cloud.schools.queries import day_plans

router = APIRouter(prefix="/schools/{code}/register", include_in_schema=False)
ReadersDesk = Annotated[Desk, Depends(reach_desk(Right.REGISTER_READ))]
KeepersDesk = Annotated[Desk, Depends(reach_desk(Right.REGISTER_KEEP))]
Seen = Annotated[int, Form(ge=0, le=2**62)]
Shown = Annotated[list[str], Form(max_length=200)]
Write = Callable[[date], Awaitable[None]]
MARKS = [each for each in CHOICES if each.says is not Says.UNSAID]


@router.get("")
async def show(request: Request, desk: ReadersDesk, on: str = "") -> Response:
    """Show one's classes on a day, today when none is named; who has one class sees that class."""
    day, refused = day_asked(on, desk.school.on)
    classes = await classes_on(desk.services, desk.actor, desk.school, day)
    if len(classes) == 1 and not refused:
        return _to_class(desk, classes[0].id, day)
    plans = await day_plans(desk.services, desk.school.id, day)
    taught = {each.id for each in classes if plans[each.id].is_school_day}
    return pages_of(request).page(
        desk.visit, "office/register.html", status=refused.status if refused else HTTPStatus.OK, section="register",
        refused=_told(desk, refused), classes=classes, taught=taught, **_days(desk, day),
    )  # fmt: skip


@router.get("/{class_id}")
async def show_class(request: Request, desk: ReadersDesk, class_id: Counted, on: str = "") -> Response:
    """Show a class on a day, today when none is named."""
    day, refused = day_asked(on, desk.school.on)
    return await _page(request, desk, class_id, day, refused)


@router.post("/{class_id}/mark")
async def mark_child(
    request: Request, desk: KeepersDesk, class_id: Counted, on: Text = "", ref: Text = "", said: Text = "",
    seen: Seen = 0,
) -> Response:  # fmt: skip
    """Say something of one child."""

    async def write(day: date) -> None:
        await mark(desk.services, desk.actor, desk.school, class_id, day, ref, BY_CODE[said], seen)

    return await _written(request, desk, class_id, on, write if said in BY_CODE else None, f"#c-{ref}")


@router.post("/{class_id}/rest")
async def mark_others(
    request: Request, desk: KeepersDesk, class_id: Counted, on: Text = "", seen: Seen = 0, told: Shown = [],  # noqa: B006
) -> Response:  # fmt: skip
    """Say that everybody else is here, but for whom the page offered a family's word or a trip."""

    async def write(day: date) -> None:
        await mark_rest(desk.services, desk.actor, desk.school, class_id, day, seen, told_in(told))

    return await _written(request, desk, class_id, on, write)


async def _written(
    request: Request, desk: Desk, class_id: int, on: str, write: Write | None, place: str = ""
) -> Response:  # fmt: skip
    """Write and lead back to the class, to the child of whom something was said; what is refused is told there."""
    day, refused = day_asked(on, desk.school.on)
    if refused is None and write is not None:
        try:
            await write(day)
        except NotAllowed:
            raise
        except Refused as told:
            refused = told
    if refused is not None:
        return await _page(request, desk, class_id, day, refused)
    return _to_class(desk, class_id, day, place)


async def _page(request: Request, desk: Desk, class_id: int, on: date, refused: Refused | None) -> Response:
    day = await class_on(desk.services, desk.actor, desk.school, class_id, on)
    offers = await offers_of(desk, [day], on)
    return pages_of(request).page(
        desk.visit, "office/register_class.html", status=refused.status if refused else HTTPStatus.OK,
        section="register", refused=_told(desk, refused), day=day, marks=MARKS, has_more=_has_more(desk),
        closed=_told(desk, await _closed(desk, day, on)),
        history=await history_of(desk.services, day, on), offers=offers, to_be_said=to_be_said(day, offers),
        **_days(desk, on),
    )  # fmt: skip


async def _closed(desk: Desk, day: ClassDay, on: date) -> Refused | None:
    """Return why nothing can be said of a class's day here, or None."""
    plan = (await day_plans(desk.services, desk.school.id, on))[day.id]
    try:
        check_day(hand_of(desk.actor, desk.school.id, day.id), on, desk.school.on, is_taught=plan.is_school_day)
    except NotAllowed:
        return RegisterClosed(message("Teachers of the class, the office and deputy directors mark. You can look."))
    except Refused as refused:
        return refused
    return None


def _has_more(desk: Desk) -> bool:
    """Tell whether there are other classes to go back to."""
    right, school_id = Right.REGISTER_READ, desk.school.id
    return desk.actor.can(right, school_id) or len(desk.actor.classes(right, school_id)) > 1


def _days(desk: Desk, on: date) -> dict[str, object]:
    today = desk.school.on
    after = on + timedelta(days=1) if on < today else None
    right, school_id = Right.ABSENCES_READ, desk.school.id
    return {
        "on": on, "is_today": on == today, "before": on - timedelta(days=1), "after": after,
        "reads_absences": desk.actor.can(right, school_id) or bool(desk.actor.classes(right, school_id)),
    }  # fmt: skip


def _told(desk: Desk, refused: Refused | None) -> str:
    return translate(desk.visit.language, refused.message) if refused else ""


def _to_class(desk: Desk, class_id: int, on: date, place: str = "") -> Response:
    asked = "" if on == desk.school.on else f"?on={on.isoformat()}"
    address = f"/schools/{desk.school.code}/register/{class_id}{asked}{place}"
    return RedirectResponse(address, HTTPStatus.SEE_OTHER)
