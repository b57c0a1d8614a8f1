"""The device API of photos, signed as schemas/requests.py says: of dishes, and of people for tills and guards only."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from cloud.core.errors import NotFound, Refused
from cloud.core.pictures import MEDIA_TYPE
from cloud.core.services import Services
from cloud.devices.guards import guards_of, serves_gate
from cloud.devices.registry import Registered
from cloud.devices.requests import authenticate, target_of
from cloud.menu.queries import dish_photo
from cloud.menu.tills import tills_of
from cloud.people.photos import face_of

DIGEST_LENGTH = 64
router = APIRouter(tags=["device"])
REFUSED: dict[int | str, dict[str, Any]] = {
    401: {"description": "Not signed as a device's request must be."},
    403: {"description": "The device was revoked."},
}
PHOTO: dict[str, Any] = {
    "content": {MEDIA_TYPE: {}},
    "description": "The photo: WebP of at most 20 kB, which never changes.",
}


@router.get(
    "/device/v1/dish-photo/{digest}",
    response_class=Response,
    responses={200: PHOTO, 404: {"description": "The school has no dish with this photo."}, **REFUSED},
)
async def photo(request: Request, digest: str) -> Response:
    """Give a device the photo of a dish of its school; a dish row of the roster names it by its SHA-256."""

    async def find(services: Services, device: Registered) -> bytes:
        return await dish_photo(services, device.school_id, digest)

    return await _answer(request, digest, find)


@router.get(
    "/device/v1/face/{digest}",
    response_class=Response,
    responses={
        200: PHOTO,
        404: {"description": "It is nobody's who consented to it, or the device is neither a till nor a guard's."},
        **REFUSED,
    },
)
async def face(request: Request, digest: str) -> Response:
    """Give a till or a guard's desk the photo of a person of its school; a face row names it by its SHA-256."""

    async def find(services: Services, device: Registered) -> bytes:
        if not await _may_show_faces(services, device):
            raise NotFound
        return await face_of(services, device.school_id, digest)

    return await _answer(request, digest, find)


async def _may_show_faces(services: Services, device: Registered) -> bool:
    """Tell whether a device is a till, or serves a gate of a school that has guards at desks."""
    pool, school_id = services.database.pool, device.school_id
    if device.name in {till.device for till in await tills_of(pool, school_id)}:
        return True
    return await serves_gate(pool, school_id, device.device_id) and bool(await guards_of(pool, school_id))


async def _answer(request: Request, digest: str, find: Callable[[Services, Registered], Awaitable[bytes]]) -> Response:
    services: Services = request.app.state.services
    try:
        device = await authenticate(services, request.method, target_of(request), request.headers)
        if len(digest) != DIGEST_LENGTH:
            raise NotFound
        webp = await find(services, device)
    except Refused as refused:
        return JSONResponse({"code": refused.code, "detail": str(refused)}, refused.status)
    return Response(webp, HTTPStatus.OK, media_type=MEDIA_TYPE, headers={"cache-control": "no-store"})
