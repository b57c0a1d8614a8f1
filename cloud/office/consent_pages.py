"""The office's page of a person's consents: who answered what, papers with their scans, and courts' limits."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, desk_of
from cloud.consents.answering import note_paper
from cloud.consents.scans import PDF, SCAN_MAX, checked_scan, scan_of
from cloud.core.api import Counted
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.erasure.queries import certificate_of
from cloud.office.person import PREFIX, Text, day_typed, person_at
from cloud.people.consents import Answer
from cloud.people.family import lift_limit, limits_of, note_limit
from cloud.people.kinds import FamilyRight, Purpose, Says, Way
from cloud.people.queries import PersonRow, consents_of, guardians_of

router = APIRouter(prefix=PREFIX, include_in_schema=False)
PAGE = "office/consents.html"
ConsentDesk = Annotated[Desk, Depends(desk_of(Right.CONSENTS_KEEP))]
FamilyDesk = Annotated[Desk, Depends(desk_of(Right.FAMILY_KEEP))]


@dataclass(frozen=True, slots=True)
class PaperForm:
    """What the form of a paper says."""

    purpose: Annotated[Purpose, Form()]
    says: Annotated[Says, Form()] = Says.NO
    guardian: Annotated[int, Form(ge=0, le=2**62)] = 0
    on: Text = ""
    source: Text = ""


@router.get("/consents")
async def show(request: Request, desk: ConsentDesk, ref: str) -> Response:
    """Show a person's consents."""
    return await _page(request, desk, await person_at(desk, ref))


@router.post("/consents/paper")
async def note(
    request: Request, desk: ConsentDesk, ref: str, form: Annotated[PaperForm, Depends()], file: UploadFile | None = None
) -> Response:
    """Note an answer on paper, with its scan if one is given."""
    person = await person_at(desk, ref)
    upload = await file.read(SCAN_MAX + 1) if file is not None else b""
    try:
        scan = await checked_scan(upload) if upload else None
        given = Answer(
            person_id=person.id, purpose=form.purpose, says=form.says, on=day_typed(form.on), way=Way.PAPER,
            source=form.source.strip(), guardian_id=form.guardian or None,
        )  # fmt: skip
        await note_paper(desk.services, desk.actor, given, scan)
    except NotFound:
        raise
    except Refused as refused:
        return await _page(request, desk, person, refused)
    return _back(desk, person)


@router.get("/consents/scans/{scan_id}")
async def scan(desk: ConsentDesk, ref: str, scan_id: Counted) -> Response:
    """Hand out a scan as a file; a browser shows none of it in a page of ours."""
    person = await person_at(desk, ref)
    found = await scan_of(desk.services, desk.actor, person.ref, scan_id)
    name = f"paper-{scan_id}.{'pdf' if found.media == PDF else 'jpg'}"
    return Response(
        found.content, media_type=found.media,
        headers={"content-disposition": f'attachment; filename="{name}"', "content-security-policy": "sandbox"},
    )  # fmt: skip


@router.get("/certificate")
async def certificate(request: Request, desk: ConsentDesk, ref: str) -> Response:
    """Show what was removed of a person, and what is kept."""
    person = await person_at(desk, ref)
    found = await certificate_of(desk.services, desk.actor, person.ref)
    return pages_of(request).page(desk.visit, "erasure/certificate.html", section="today", certificate=found)


@router.post("/guardians/{guardian_id}/limit")
async def limit(
    request: Request,
    desk: FamilyDesk,
    ref: str,
    guardian_id: Counted,
    takes: Annotated[list[FamilyRight], Form(max_length=len(FamilyRight))] = [],  # noqa: B006 (FastAPI copies it)
    document: Text = "",
    until: Text = "",
) -> Response:
    """Note what a court has taken from a guardian; it works at once."""
    person = await person_at(desk, ref)
    try:
        until_on = day_typed(until) if until.strip() else None
        await note_limit(desk.services, desk.actor, guardian_id, person.id, takes, document, until_on)
    except NotFound:
        raise
    except Refused as refused:
        return await _page(request, desk, person, refused)
    return _back(desk, person)


@router.post("/limits/{limit_id}/lift")
async def lift(request: Request, desk: FamilyDesk, ref: str, limit_id: Counted, document: Text = "") -> Response:
    """Give back what a limit took."""
    person = await person_at(desk, ref)
    if limit_id not in {each.id for each in await limits_of(desk.services, desk.actor, ref)}:
        raise NotFound
    try:
        await lift_limit(desk.services, desk.actor, limit_id, document)
    except NotFound:
        raise
    except Refused as refused:
        return await _page(request, desk, person, refused)
    return _back(desk, person)


def _back(desk: Desk, person: PersonRow) -> Response:
    return RedirectResponse(f"/schools/{desk.school.code}/people/{person.ref}/consents", HTTPStatus.SEE_OTHER)


async def _page(request: Request, desk: Desk, person: PersonRow, refused: Refused | None = None) -> Response:
    services, actor = desk.services, desk.actor
    answers = await consents_of(services, actor, person.ref)
    values: dict[str, Any] = {
        "answers": answers,
        "purposes": list(Purpose),
        "guardians": [each for each in await guardians_of(services, actor, person.ref) if each.ended_on is None],
        "limits": await limits_of(services, actor, person.ref),
        "rights": list(FamilyRight),
        "on": desk.school.on,
        "scan_max": SCAN_MAX,
        "refused": translate(desk.visit.language, refused.message) if refused else "",
    }
    return pages_of(request).page(
        desk.visit, PAGE, status=refused.status if refused else HTTPStatus.OK, section="today", person=person, **values
    )
