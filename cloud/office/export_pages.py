"""The page where a school takes everything out that it has here: ordering, how far it is, and the file."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from cloud.attendance.web import Desk, desk_of
from cloud.core.api import Counted
from cloud.core.errors import Refused
from cloud.core.i18n import translate
from cloud.core.live import stream
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.exports.jobs import LIVE, download, drop_export, jobs_of, order_export
from cloud.exports.shapes import Secret

router = APIRouter(prefix="/schools/{code}/export", include_in_schema=False)
PAGE = "office/export.html"
OwnersDesk = Annotated[Desk, Depends(desk_of(Right.SCHOOL_EXPORT))]
Secrets = Annotated[list[Secret], Form(max_length=len(Secret))]


@router.get("")
async def show(request: Request, desk: OwnersDesk) -> Response:
    """Show the exports of the last time."""
    return await _page(request, desk)


@router.get("/live")
async def live(request: Request, desk: OwnersDesk) -> Response:
    """Stream how far they are."""

    async def draw() -> str:
        now = await desk.again()
        jobs = await jobs_of(now.services, now.actor, now.school.id)
        return pages_of(request).block(now.visit, PAGE, "jobs", jobs=jobs)

    return stream(request, [(desk.school.id, LIVE)], draw)


@router.post("")
async def order(request: Request, desk: OwnersDesk, secret: Secrets = []) -> Response:  # noqa: B006 (FastAPI copies it)
    """Order an export; the passphrase is on this answer and nowhere else."""
    try:
        passphrase = await order_export(desk.services, desk.actor, desk.school.id, secret)
    except Refused as refused:
        return await _page(request, desk, refused=refused)
    return await _page(request, desk, passphrase=passphrase)


@router.get("/{job_id}.zip")
async def take(desk: OwnersDesk, job_id: Counted) -> Response:
    """Send the file."""
    file = await download(desk.services, desk.actor, desk.school.id, job_id)
    headers = {
        "content-disposition": f'attachment; filename="{file.name}"', "cache-control": "no-store",
        "content-length": str(file.size),
    }  # fmt: skip
    return StreamingResponse(file.chunks, media_type="application/zip", headers=headers)


@router.post("/{job_id}/drop")
async def drop(desk: OwnersDesk, job_id: Counted) -> Response:
    """Delete the file before its time."""
    await drop_export(desk.services, desk.actor, desk.school.id, job_id)
    return RedirectResponse(f"/schools/{desk.school.code}/export", HTTPStatus.SEE_OTHER)


async def _page(request: Request, desk: Desk, *, passphrase: str = "", refused: Refused | None = None) -> Response:
    return pages_of(request).page(
        desk.visit, PAGE, status=refused.status if refused else HTTPStatus.OK, section="export",
        jobs=await jobs_of(desk.services, desk.actor, desk.school.id), passphrase=passphrase,
        secrets=[secret.value for secret in Secret],
        refused=translate(desk.visit.language, refused.message) if refused else "",
    )  # fmt: skip
