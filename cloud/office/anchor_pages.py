"""A school's anchors: its own proof of what was, to be kept where the service's operator cannot reach it."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.api import Counted
from cloud.core.errors import Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.integrity.keeping import AddressRefused, anchor_file, anchored_of, set_address

router = APIRouter(prefix="/schools/{code}/audit/anchors", include_in_schema=False)
AuditDesk = Annotated[Desk, Depends(desk_of(Right.AUDIT_READ))]
OwnersDesk = Annotated[Desk, Depends(desk_of(Right.SCHOOL_EXPORT))]


@router.get("")
async def show(request: Request, desk: AuditDesk) -> Response:
    """Show the anchors of a school."""
    return await _page(request, desk)


@router.post("/address")
async def send_to(request: Request, desk: OwnersDesk, email: Annotated[str, Form(max_length=200)] = "") -> Response:
    """Say where anchors are sent from now on."""
    try:
        await set_address(desk.services, desk.actor, desk.school.id, email)
    except AddressRefused as refused:
        return await _page(request, desk, refused)
    return RedirectResponse(f"/schools/{desk.school.code}/audit/anchors", HTTPStatus.SEE_OTHER)


@router.get("/{number}.anchor")
async def download(desk: AuditDesk, number: Counted) -> Response:
    """Send an anchor."""
    name, content = await anchor_file(desk.services, desk.actor, desk.school.id, number)
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(content, media_type="application/octet-stream", headers=headers)


async def _page(request: Request, desk: Desk, refused: Refused | None = None) -> Response:
    return pages_of(request).page(
        desk.visit, "office/anchors.html", status=refused.status if refused else HTTPStatus.OK, section="audit",
        may_set=desk.actor.can(Right.SCHOOL_EXPORT, desk.school.id),
        found=await anchored_of(desk.services, desk.actor, desk.school.id),
        refused=translate(desk.visit.language, refused.message) if refused else "",
    )  # fmt: skip
