"""Photos of people: put and dropped by the office, shown to who works at the gate."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, UploadFile
from fastapi.responses import Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.errors import NotFound, Refused
from cloud.core.pictures import MEDIA_TYPE, UPLOAD_MAX
from cloud.core.rights import Right
from cloud.office.person import PREFIX, OfficeDesk, Outcome, ThePerson, back_to, person_page
from cloud.people.photos import drop_photo, photo_of, put_photo

router = APIRouter(prefix=PREFIX, include_in_schema=False)
FaceDesk = Annotated[Desk, Depends(desk_of(Right.PHOTOS_READ))]


@router.post("/photo")
async def put(request: Request, desk: OfficeDesk, person: ThePerson, file: UploadFile | None = None) -> Response:
    """Keep a photo."""
    upload = await file.read(UPLOAD_MAX + 1) if file is not None else b""
    try:
        await put_photo(desk.services, desk.actor, person.id, upload)
    except Refused as refused:
        return await person_page(request, desk, person, Outcome(refused))
    return back_to(desk, person)


@router.post("/photo/drop")
async def drop(desk: OfficeDesk, person: ThePerson) -> Response:
    """Delete a photo."""
    await drop_photo(desk.services, desk.actor, person.id)
    return back_to(desk, person)


@router.get("/photo/{digest}.webp")
async def show(desk: FaceDesk, ref: str, digest: str) -> Response:
    """Send a photo; no browser keeps it, so that none is left after a sign-out or a withdrawal."""
    if len(digest) != 64:
        raise NotFound
    photo = await photo_of(desk.services, desk.actor, ref, digest)
    return Response(photo, media_type=MEDIA_TYPE, headers={"cache-control": "no-store"})
