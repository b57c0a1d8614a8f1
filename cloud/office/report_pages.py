"""Pages of the monthly reports: a school's months, and one report: read, corrected, signed, sent, loaded."""

import re
import secrets
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field

from cloud.attendance.web import Desk, desk_of
from cloud.core.api import Counted
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import Language, translate
from cloud.core.messages import message
from cloud.core.money import tiyn_of
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.office.days import day_asked
from cloud.organisation.tree import authorities_of
from cloud.reports import actions, sending
from cloud.reports.actions import CorrectionGiven, sight_of
from cloud.reports.errors import CorrectionRefused
from cloud.reports.files import Form as FileForm
from cloud.reports.files import file_of
from cloud.reports.lateness import late_addresses, set_late_addresses
from cloud.reports.meals import MEALS
from cloud.reports.months import Month, Timing
from cloud.reports.queries import (
    Report,
    address_of,
    changed_since,
    corrections_of,
    named_lines,
    report_of,
    reports_of,
    sendings_of,
)
from cloud.reports.subjects import AnySubject, Key, subject_of, subjects_read
from cloud.reports.wording import REMARKS, Wording

router = APIRouter(prefix="/schools/{code}/reports", include_in_schema=False)
ReportDesk = Annotated[Desk, Depends(desk_of(Right.REPORTS_READ))]
WorkDesk = Annotated[Desk, Depends(desk_of(Right.REPORTS_KEEP))]
DirectorDesk = Annotated[Desk, Depends(desk_of(Right.REPORTS_SIGN))]
Text = Annotated[str, Form(max_length=400)]
ALL, ONE = "office/reports.html", "office/report.html"
LINES_MAX = 200


class CorrectionTyped(BaseModel):
    """A line of correction as somebody typed it: figures as texts, of which each subject has its own."""

    kind: str = Field("free", max_length=16)
    class_name: str = Field("", max_length=8)
    on: str = Field("", max_length=20)
    students: str = Field("", max_length=20)
    meals: str = Field("", max_length=20)
    parents: str = Field("", max_length=20)
    budget: str = Field("", max_length=20)
    came: str = Field("", max_length=20)
    late: str = Field("", max_length=20)
    not_seen: str = Field("", max_length=20)
    reason: str = Field("", max_length=400)
    once: str = Field("", max_length=400)


CorrectionForm = Annotated[CorrectionTyped, Form()]
_WHOLE = re.compile(r"[+-]?\d{1,6}", re.ASCII)
NO_NUMBER = message("This is no whole number. Write how many are added, or with a minus how many are taken.")
NO_AMOUNT = message("This is no amount. Write tenge, as 577 or -577.50.")


@router.get("")
async def show_all(request: Request, desk: ReportDesk, subject: Key = Key.MEALS) -> Response:
    """Show the reports of a school on a subject."""
    return await _all(request, desk, subject_of(subject))


@router.post("")
async def make(
    request: Request, desk: WorkDesk, month: Text = "", subject: Annotated[Key, Form()] = Key.MEALS
) -> Response:
    """Make the report of a month that has none yet."""
    of, today = subject_of(subject), desk.school.on
    try:
        report_id = await actions.make_asked(desk.services, desk.actor, desk.school.id, of, month.strip(), today)
    except Refused as refused:
        return await _all(request, desk, of, refused)
    return _to(desk, report_id)


@router.post("/address")
async def set_address(request: Request, desk: WorkDesk, address: Text = "") -> Response:
    """Say where the authority takes reports."""
    try:
        await actions.set_address(desk.services, desk.actor, desk.school.id, address)
    except Refused as refused:
        return await _all(request, desk, MEALS, refused)
    return RedirectResponse(f"/schools/{desk.school.code}/reports", HTTPStatus.SEE_OTHER)


@router.post("/late")
async def tell_late(
    request: Request, desk: WorkDesk, addresses: Annotated[str, Form(max_length=1_300)] = ""
) -> Response:
    """Say who is told when a report is late."""
    try:
        await set_late_addresses(desk.services, desk.actor, desk.school.id, addresses)
    except Refused as refused:
        return await _all(request, desk, MEALS, refused)
    return RedirectResponse(f"/schools/{desk.school.code}/reports", HTTPStatus.SEE_OTHER)


@router.get("/{report_id}")
async def show(
    request: Request, desk: ReportDesk, report_id: Counted, what: str = "",
    of: Annotated[str, Query(max_length=8)] = "",
) -> Response:  # fmt: skip
    """Show a report; with `what`, only remarks of one kind; with `of`, the days of a class."""
    return await _one(request, desk, report_id, what=what, of=of)


@router.get("/{report_id}/file.{form}")
async def load(desk: ReportDesk, report_id: Counted, form: FileForm, language: Language | None = None) -> Response:
    """Send a file of a report, in the reader's language unless another is named."""
    file = await file_of(
        desk.services, desk.actor, desk.school.id, report_id, form, language or desk.visit.language
    )  # fmt: skip
    disposition = f'attachment; filename="{file.name}"'
    headers = {"content-disposition": disposition, "cache-control": "no-store"}
    return Response(file.body, media_type=file.media_type, headers=headers)


@router.post("/{report_id}/correct")
async def correct(request: Request, desk: WorkDesk, report_id: Counted, typed: CorrectionForm) -> Response:
    """Add a line of correction."""
    try:
        given = CorrectionGiven(
            typed.kind, _day(typed.on, desk.school.on), _count(typed.students), _count(typed.meals),
            _amount(typed.parents), _amount(typed.budget), typed.reason, typed.class_name.strip(), _count(typed.came),
            _count(typed.late), _count(typed.not_seen),
        )  # fmt: skip
        await actions.correct(desk.services, desk.actor, desk.school.id, report_id, given, typed.once)
    except NotFound:
        raise
    except Refused as refused:
        return await _one(request, desk, report_id, refused, typed=typed.model_dump())
    return _to(desk, report_id)


@router.post("/{report_id}/renew")
async def renew(request: Request, desk: WorkDesk, report_id: Counted) -> Response:
    """Make an open report anew."""
    return await _done(request, desk, report_id, actions.renew(desk.services, desk.actor, desk.school.id, report_id))


@router.post("/{report_id}/sign")
async def sign(request: Request, desk: DirectorDesk, report_id: Counted, seen: Text = "") -> Response:
    """Sign a report as it was seen."""
    signing = actions.sign(desk.services, desk.actor, desk.school.id, report_id, seen)
    return await _done(request, desk, report_id, signing)


@router.post("/{report_id}/supplement")
async def supplement(request: Request, desk: WorkDesk, report_id: Counted) -> Response:
    """Make a report that follows a signed one."""
    try:
        made = await actions.supplement(desk.services, desk.actor, desk.school.id, report_id)
    except NotFound:
        raise
    except Refused as refused:
        return await _one(request, desk, report_id, refused)
    return _to(desk, made)


@router.post("/{report_id}/send")
async def send(
    request: Request,
    desk: WorkDesk,
    report_id: Counted,
    address: Text = "",
    language: Annotated[Language, Form()] = Language.KK,
    once: Text = "",
) -> Response:
    """Send a signed report by e-mail."""
    asked = sending.ask_to_send(desk.services, desk.actor, desk.school.id, report_id, address, language, once)
    return await _done(request, desk, report_id, asked)


@router.post("/{report_id}/hand")
async def hand(request: Request, desk: WorkDesk, report_id: Counted, note: Text = "", once: Text = "") -> Response:
    """Note that a report was handed over another way."""
    noted = sending.note_handed_over(desk.services, desk.actor, desk.school.id, report_id, note, once)
    return await _done(request, desk, report_id, noted)


@router.post("/{report_id}/account")
async def give_to_account(request: Request, desk: WorkDesk, report_id: Counted) -> Response:
    """Let the authorities above the school have a report in their accounts."""
    given = sending.give_to_account(desk.services, desk.actor, desk.school.id, report_id)
    return await _done(request, desk, report_id, given)


async def _done(request: Request, desk: Desk, report_id: int, doing: Any) -> Response:
    """Do something with a report and show it again; why it was refused is told there."""
    try:
        await doing
    except NotFound:
        raise
    except Refused as refused:
        return await _one(request, desk, report_id, refused)
    return _to(desk, report_id)


async def _all(request: Request, desk: Desk, subject: AnySubject, refused: Refused | None = None) -> Response:
    rows = await reports_of(desk.services, desk.actor, desk.school.id, subject)
    words = Wording(desk.visit.language, desk.school.zone)
    open_rows = [row for row in rows if row.timing(desk.school.on) is not Timing.EARLY]
    return pages_of(request).page(
        desk.visit, ALL, status=refused.status if refused else HTTPStatus.OK, section="reports",
        refused=_told(desk, refused), rows=rows, month_name=words.month, on=desk.school.on, open_rows=open_rows,
        subject=subject, subjects=subjects_read(desk.actor, desk.school.id),
        address=await address_of(desk.services, desk.school.id), may_work=_may_work(desk),
        may_build=desk.actor.can(Right.REPORTS_BUILD, desk.school.id),
        late_to=await late_addresses(desk.services, desk.school.id),
        last_month=str(Month.of(desk.school.on).before), sends=bool(desk.services.settings.smtp_url),
    )  # fmt: skip


async def _one(
    request: Request, desk: Desk, report_id: int, refused: Refused | None = None, *, what: str = "", of: str = "",
    typed: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    report = await report_of(desk.services, desk.actor, desk.school.id, report_id)
    return pages_of(request).page(
        desk.visit, ONE, status=refused.status if refused else HTTPStatus.OK, section="reports",
        refused=_told(desk, refused), typed=typed or {}, what=what if what in REMARKS else "", of=of,
        **await _values(desk, report, what),
    )  # fmt: skip


async def _values(desk: Desk, report: Report, what: str) -> dict[str, Any]:
    told = await corrections_of(desk.services.database.pool, report.id)
    words, subject = Wording(desk.visit.language, desk.school.zone), report.subject
    chosen = [each for each in report.content.remarks.lines if what in ("", each.what)]
    document = report.document or subject.signed(report.content, report.digest, told, "", "")
    return {
        "report": report, "content": report.content, "corrections": told, "month_name": words.month,
        "after": document.corrected if told else None, "seen": sight_of(report.digest, told),
        "lines": await named_lines(desk.services, desk.actor, report, chosen[:LINES_MAX]),
        "line_count": len(chosen), "remark_words": REMARKS, "timing": report.timing(desk.school.on),
        "on": desk.school.on, "changed": await changed_since(desk.services, report),
        "sendings": await sendings_of(desk.services, report.id),
        "authorities": [
            each.name(desk.visit.language.value) for each in await authorities_of(desk.services, desk.school.id)
        ],
        "address": await address_of(desk.services, desk.school.id),
        "sends": bool(desk.services.settings.smtp_url), "may_work": _may_work(desk),
        "may_sign": desk.actor.can(Right.REPORTS_SIGN, desk.school.id), "forms": list(FileForm),
        "once": secrets.token_hex(16),
    }  # fmt: skip


def _may_work(desk: Desk) -> bool:
    return desk.actor.can(Right.REPORTS_KEEP, desk.school.id)


def _told(desk: Desk, refused: Refused | None) -> str:
    return translate(desk.visit.language, refused.message) if refused else ""


def _to(desk: Desk, report_id: int) -> Response:
    return RedirectResponse(f"/schools/{desk.school.code}/reports/{report_id}", HTTPStatus.SEE_OTHER)


def _day(typed: str, today: date) -> date | None:
    if not typed.strip():
        return None
    on, wrong = day_asked(typed.strip(), today)
    if wrong is not None:
        raise wrong
    return on


def _count(typed: str) -> int:
    text = typed.strip().replace("\u2212", "-")
    if text and _WHOLE.fullmatch(text) is None:
        raise CorrectionRefused(NO_NUMBER)
    return int(text or "0")


def _amount(typed: str) -> int:
    text = typed.strip().replace("\u2212", "-")
    tiyn = tiyn_of(text.lstrip("+-")) if text else 0
    if tiyn is None or len(text) - len(text.lstrip("+-")) > 1:
        raise CorrectionRefused(NO_AMOUNT)
    return -tiyn if text.startswith("-") else tiyn
