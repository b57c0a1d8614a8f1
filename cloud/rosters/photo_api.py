"""The device API of dishes' photos, signed as schemas/requests.py says: `GET /device/v1/dish-photo/{digest}`."""

from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from cloud.core.errors import NotFound, Refused
from cloud.core.pictures import MEDIA_TYPE
from cloud.core.services import Services
from cloud.devices.requests import authenticate, target_of
from cloud.menu.queries import dish_photo

DIGEST_LENGTH = 64
router = APIRouter(tags=["device"])


@router.get(
    "/device/v1/dish-photo/{digest}",
    response_class=Response,
    responses={
        200: {"content": {MEDIA_TYPE: {}}, "description": "The photo: WebP of at most 20 kB, which never changes."},
        401: {"description": "Not signed as a device's request must be."},
        403: {"description": "The device was revoked."},
        404: {"description": "The school has no dish with this photo."},
    },
)
async def photo(request: Request, digest: str) -> Response:
    """Give a device the photo of a dish of its school; a dish row of the roster names it by its SHA-256."""
    services: Services = request.app.state.services
    try:
        device = await authenticate(services, request.method, target_of(request), request.headers)
        if len(digest) != DIGEST_LENGTH:
            raise NotFound
        webp = await dish_photo(services, device.school_id, digest)
    except Refused as refused:
        return JSONResponse({"code": refused.code, "detail": str(refused)}, refused.status)
    return Response(webp, HTTPStatus.OK, media_type=MEDIA_TYPE, headers={"cache-control": "no-store"})
