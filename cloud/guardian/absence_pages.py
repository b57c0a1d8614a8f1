"""A guardian's page of a child's absences: told with days, reason and a paper, answered by the school, taken back."""

from dataclasses import dataclass, replace
from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from cloud.absences.errors import AbsenceRefused
from cloud.absences.kinds import Absence
from cloud.absences.papers import own_paper
from cloud.absences.queries import absences_of
from cloud.absences.telling import reply, take_back, tell_absence
from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.consents.scans import PDF, SCAN_MAX, Scan, checked_scan
from cloud.core.actor import Actor
from cloud.core.api import Counted
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.messages import message
from cloud.core.pages import Visit, pages_of
from cloud.core.services import Services
from cloud.guardian.queries import child_of
from cloud.imports.cells import CellWrong, date_of_text
from cloud.notifications.family import tell_of_absence
from cloud.people.kinds import FamilyRight
from cloud.register.kinds import Reason

router = APIRouter(prefix="/children/{ref}/absences", include_in_schema=False)
PAGE = "guardian/absences.html"
Typed = Annotated[str, Form(max_length=20)]
Words = Annotated[str, Form(max_length=1_000)]


@dataclass(frozen=True, slots=True)
class AbsenceForm:
    """What the form of an absence says."""

    first: Typed = ""
    last: Typed = ""
    reason: Typed = ""
    words: Words = ""

    def absence(self) -> Absence:
        """Return what was meant; without a last day it is one day. Raises AbsenceRefused."""
        first_on = _day(self.first)
        last_on = _day(self.last) if self.last.strip() else first_on
        if self.reason not in set(Reason):
            raise AbsenceRefused(message("Choose why the child is away."))
        return Absence(first_on, last_on, Reason(self.reason), self.words)


@router.get("")
async def show(request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str) -> Response:
    """Show what was told of a child."""
    return await _page(request, visit, actor, services, ref)


@router.post("")
async def tell(
    request: Request,
    visit: MemberVisit,
    actor: SignedIn,
    services: TheServices,
    ref: str,
    form: Annotated[AbsenceForm, Depends()],
    file: UploadFile | None = None,
) -> Response:
    """Tell an absence."""
    try:
        await tell_absence(services, actor, ref, form.absence(), await _scan(file), tell_of_absence)
    except NotFound:
        raise
    except Refused as refused:
        return await _page(request, visit, actor, services, ref, refused, form)
    return _back(ref)


@router.post("/{absence_id}/reply")
async def say_more(
    request: Request,
    visit: MemberVisit,
    actor: SignedIn,
    services: TheServices,
    ref: str,
    absence_id: Counted,
    words: Words = "",
    file: UploadFile | None = None,
) -> Response:
    """Say more of an absence, or add a paper."""
    try:
        await reply(services, actor, ref, absence_id, words, await _scan(file))
    except NotFound:
        raise
    except Refused as refused:
        return await _page(request, visit, actor, services, ref, refused)
    return _back(ref)


@router.post("/{absence_id}/back")
async def take(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str, absence_id: Counted
) -> Response:
    """Take an absence back."""
    try:
        await take_back(services, actor, ref, absence_id, tell_of_absence)
    except NotFound:
        raise
    except Refused as refused:
        return await _page(request, visit, actor, services, ref, refused)
    return _back(ref)


@router.get("/{absence_id}/papers/{paper_id}")
async def paper(actor: SignedIn, services: TheServices, ref: str, absence_id: Counted, paper_id: Counted) -> Response:
    """Hand out a paper to who gave it."""
    return as_file(await own_paper(services, actor, ref, absence_id, paper_id), paper_id)


def as_file(found: Scan, paper_id: int) -> Response:
    """Return a paper as a file; a browser shows none of it in a page of ours."""
    name = f"paper-{paper_id}.{'pdf' if found.media == PDF else 'jpg'}"
    return Response(
        found.content, media_type=found.media,
        headers={"content-disposition": f'attachment; filename="{name}"', "content-security-policy": "sandbox"},
    )  # fmt: skip


def _back(ref: str) -> Response:
    return RedirectResponse(f"/children/{ref}/absences", HTTPStatus.SEE_OTHER)


def _day(text: str) -> date:
    try:
        return date_of_text(text)
    except CellWrong as wrong:
        raise AbsenceRefused(wrong.message) from None


async def _scan(file: UploadFile | None) -> Scan | None:
    upload = await file.read(SCAN_MAX + 1) if file is not None else b""
    return await checked_scan(upload) if upload else None


async def _page(
    request: Request, visit: Visit, actor: Actor, services: Services, ref: str, refused: Refused | None = None,
    typed: AbsenceForm | None = None,
) -> Response:  # fmt: skip
    child = await child_of(services, actor, ref, FamilyRight.SEE)
    return pages_of(request).page(
        replace(visit, zone=child.zone), PAGE, status=refused.status if refused else HTTPStatus.OK,
        section="children", child=child, told=await absences_of(services, actor, ref, child.id), scan_max=SCAN_MAX,
        reasons=list(Reason), typed=typed, refused=translate(visit.language, refused.message) if refused else "",
    )  # fmt: skip
