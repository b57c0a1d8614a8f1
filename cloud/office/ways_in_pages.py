"""Ways in for many at once: students of a class, and guardians of a class or the school, printed or sent."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response

from cloud.accounts.granting import may_give
from cloud.attendance.web import Desk, desk_of
from cloud.core.errors import NotFound
from cloud.core.i18n import Language
from cloud.core.navigation import SIGN_IN
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.core.roles import Role
from cloud.core.services import Services
from cloud.core.sms import SmsGateway
from cloud.core.sms_gateways import gateway_of
from cloud.people.inviting import send_ways_in
from cloud.people.opening import AT_ONCE, Slip, open_guardians, open_students, waiting_of
from cloud.people.texting import Outcome, Texted, Wording, plan_of, text_ways_in
from cloud.reports.sending import post_of
from cloud.schools.queries import classes_of

router = APIRouter(prefix="/schools/{code}/ways-in", include_in_schema=False)
PAGE, SHEET, TEXTS = "office/ways_in.html", "office/ways_in_sheet.html", "office/ways_in_sms.html"
KeepingDesk = Annotated[Desk, Depends(desk_of(Right.ACCOUNTS_KEEP))]
InvitingDesk = Annotated[Desk, Depends(desk_of(Right.FAMILY_INVITE))]
ClassNumber = Annotated[int, Form(ge=0, le=2**53)]


class Carried(StrEnum):
    """How a way in comes to a guardian."""

    PRINT = "print"
    MAIL = "mail"


@router.get("")
async def show(request: Request, desk: KeepingDesk) -> Response:
    """Show which classes wait for accounts."""
    services, actor, school_id = desk.services, desk.actor, desk.school.id
    waiting = await waiting_of(services, actor, school_id)
    return pages_of(request).page(
        desk.visit, PAGE, section="accounts", classes=waiting, at_once=AT_ONCE,
        guardians_left=sum(each.guardians_left for each in waiting),
        may_students=may_give(actor, Role.STUDENT, school_id), may_invite=actor.can(Right.FAMILY_INVITE, school_id),
        has_mail=bool(services.settings.smtp_url), has_sms=bool(services.settings.sms_url),
    )  # fmt: skip


@router.post("/students")
async def students(request: Request, desk: KeepingDesk, class_id: ClassNumber = 0) -> Response:
    """Open accounts for a class; the first passwords are on this answer and nowhere else."""
    await _class_at(desk, class_id)
    slips = await open_students(desk.services, desk.actor, desk.school.id, class_id)
    return _sheet(request, desk, slips, are_students=True)


@router.post("/guardians")
async def guardians(
    request: Request, desk: InvitingDesk, class_id: ClassNumber = 0, by: Annotated[Carried, Form()] = Carried.PRINT
) -> Response:
    """Open accounts for guardians, of a class or of all; who is sent a letter does not stand on the sheet."""
    if class_id:
        await _class_at(desk, class_id)
    slips = await open_guardians(desk.services, desk.actor, desk.school.id, class_id or None)
    if by is Carried.PRINT:
        return _sheet(request, desk, slips)
    printed = await send_ways_in(
        post_of(desk.services.settings), slips, desk.school.names, _address(desk.services), desk.services.clock.now()
    )
    return _sheet(request, desk, printed, sent=len(slips) - len(printed))


@router.get("/sms")
async def show_texts(
    request: Request, desk: InvitingDesk, class_id: Annotated[int, Query(ge=0, le=2**53)] = 0
) -> Response:
    """Show how many messages would be sent to guardians of a class or of all, and what they cost."""
    _gateway(desk.services)
    name = await _class_at(desk, class_id) if class_id else ""
    plan = await plan_of(desk.services, desk.actor, desk.school.id, class_id or None, _wording(desk))
    return pages_of(request).page(
        desk.visit, TEXTS, section="accounts", plan=plan, class_id=class_id, class_name=name, languages=[*Language],
        parts_per_day=desk.services.settings.sms_parts_per_day,
    )  # fmt: skip


@router.post("/sms")
async def texts(
    request: Request, desk: InvitingDesk, class_id: ClassNumber = 0,
    language: Annotated[Language, Form()] = Language.KK,
) -> Response:  # fmt: skip
    """Open accounts and send the ways in by SMS; who was sent none stands on the sheet, with the reason."""
    gateway = _gateway(desk.services)
    if class_id:
        await _class_at(desk, class_id)
    wording = _wording(desk, language)
    texted = await text_ways_in(desk.services, desk.actor, gateway, desk.school.id, class_id or None, wording)
    return _sheet(request, desk, [slip for slip, _ in texted.others], texted=texted)


async def _class_at(desk: Desk, class_id: int) -> str:
    """Return the name of a class of the school. Raises NotFound."""
    for each in await classes_of(desk.services, desk.actor, desk.school.id):
        if each.id == class_id:
            return each.name
    raise NotFound


def _gateway(services: Services) -> SmsGateway:
    gateway = gateway_of(services.settings)
    if gateway is None:
        raise NotFound
    return gateway


def _wording(desk: Desk, language: Language = Language.KK) -> Wording:
    return Wording(desk.school.names, _address(desk.services), language)


def _sheet(
    request: Request, desk: Desk, slips: Sequence[Slip], *, are_students: bool = False, sent: int = 0,
    texted: Texted | None = None,
) -> Response:  # fmt: skip
    became: Mapping[int, Outcome] = {slip.guardian_id: outcome for slip, outcome in texted.others} if texted else {}
    return pages_of(request).page(
        desk.visit, SHEET, section="accounts", slips=slips, are_students=are_students, sent=sent, at_once=AT_ONCE,
        address=_address(desk.services), texts_sent=texted.sent if texted else 0, became=became,
    )  # fmt: skip


def _address(services: Services) -> str:
    return f"{services.settings.public_url}{SIGN_IN}"
