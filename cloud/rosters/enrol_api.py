"""The device API for who has no bundle yet: `GET /device/v1/ca` and `POST /device/v1/enrol`, by a code."""

import re
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from cloud.core.errors import Refused
from cloud.core.services import Services
from cloud.devices.ca import read_root
from cloud.devices.enrolment_errors import EnrolmentMalformed
from cloud.devices.errors import RequestRefused
from cloud.rosters.enrolling import Asked, answer
from schemas.enrolment import CA_PATH, INVITATION_DIGITS, PATH
from schemas.requests import DEVICE, NONCE, SIGNATURE, TIME

BODY_BYTES_MAX = 16_384
_FORMS = {
    DEVICE: re.compile(rf"[0-9a-f]{{{INVITATION_DIGITS}}}"),
    NONCE: re.compile(r"[0-9a-f]{16}"),
    TIME: re.compile(r"[0-9]{1,15}"),
    SIGNATURE: re.compile(r"[0-9a-f]{64}"),
}
router = APIRouter(tags=["device"])


@router.get(
    CA_PATH,
    response_class=PlainTextResponse,
    responses={409: {"description": "This cloud has no certification authority yet."}},
)
async def ca(request: Request) -> Response:
    """Give the root certificate, PEM, which a device checks by the pin of its code before it says anything else."""
    services: Services = request.app.state.services
    try:
        root = read_root(services.settings.data / "ca")
    except Refused as refused:
        return JSONResponse({"code": refused.code}, refused.status)
    return PlainTextResponse(root, headers={"cache-control": "no-store"})


@router.post(
    PATH,
    response_class=Response,
    responses={
        200: {"content": {"application/octet-stream": {}}, "description": "The bundle, sealed for who has the code."},
        400: {"description": "Not such a request, or no certification request of this device."},
        401: {"description": "Not signed as such a request must be."},
        403: {"description": "The code is not known, not the one it was signed with, or another school's."},
        409: {"description": "Another device used the code."},
        410: {"description": "The code is older than 24 hours, or was cancelled."},
        429: {"description": "Too many failures from this address, or of this code."},
    },
)
async def enrol(request: Request) -> Response:
    """Enrol a device by a code that was made for it."""
    services: Services = request.app.state.services
    try:
        asked = await _asked(request)
    except Refused as refused:
        return JSONResponse({"code": refused.code, "detail": str(refused)}, refused.status)
    answered = await answer(services, asked)
    kind = "application/octet-stream" if answered.status is HTTPStatus.OK else "application/json"
    headers = answered.headers | {"cache-control": "no-store"}
    return Response(answered.body, answered.status, headers, media_type=kind)


async def _asked(request: Request) -> Asked:
    """Return a request that has the right form. Raises RequestRefused or EnrolmentMalformed."""
    for name, form in _FORMS.items():
        if not form.fullmatch(request.headers.get(name, "")):
            raise RequestRefused(f"the header {name} is missing or of another form")
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > BODY_BYTES_MAX:
        raise EnrolmentMalformed(f"it is longer than {BODY_BYTES_MAX} bytes")
    invitation, nonce, time, signature = (request.headers[name] for name in _FORMS)
    address = request.client.host if request.client else ""
    return Asked(invitation, nonce, time, signature, await request.body(), address)
