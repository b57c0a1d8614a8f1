"""The device API of releases, signed as schemas/requests.py says: `GET /device/v1/release?...`, and payloads by ranges.

Rule: the answer that names a release is signed for the one device that asked. A payload is nothing without it.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from cloud.core.errors import Refused
from cloud.core.services import Services
from cloud.devices.registry import Registered
from cloud.devices.requests import admit, authenticate, identify, target_of
from cloud.releases.offering import Asked, offer
from cloud.releases.store import piece_of
from schemas.requests import NONCE, answer_headers
from schemas.seal import HTTP, derive

_EPOCH_START = datetime(1970, 1, 1, tzinfo=UTC)
_RANGE = re.compile(r"bytes=([0-9]{1,12})-([0-9]{1,12})")
_KEPT = {"cache-control": "no-store"}
router = APIRouter(tags=["device"])


@router.get(
    "/device/v1/release",
    response_class=Response,
    responses={
        200: {"content": {"application/octet-stream": {}}, "description": "The manifest of a release for this device."},
        204: {"description": "Nothing new."},
        400: {"description": "No question that there can be."},
        401: {"description": "Not signed as a device's request must be."},
        403: {"description": "The device was revoked."},
        409: {"description": "This cloud trusts no release key."},
    },
)
async def release(request: Request) -> Response:
    """Tell a device of the release that is meant for it now; hear what came of the last one."""
    services: Services = request.app.state.services
    try:
        device = await identify(services, request.method, target_of(request), request.headers)
    except Refused as refused:
        return JSONResponse(_told(refused), refused.status)
    try:
        await admit(services, device, request.headers)
        manifest = await offer(services, device, Asked.of(request.query_params))
    except Refused as refused:
        body = json.dumps(_told(refused), ensure_ascii=False).encode()
        return _signed(services, device, request.headers[NONCE], refused.status, body)
    status = HTTPStatus.OK if manifest else HTTPStatus.NO_CONTENT
    return _signed(services, device, request.headers[NONCE], status, manifest or b"")


@router.get(
    "/device/v1/release/{product}/{board}/{counter}",
    response_class=Response,
    responses={
        206: {
            "content": {"application/octet-stream": {}},
            "description": "The bytes of the range, a megabyte at most.",
        },
        401: {"description": "Not signed as a device's request must be."},
        403: {"description": "The device was revoked."},
        404: {"description": "No such release, or a range beyond its end."},
        416: {"description": "No range of bytes was asked for."},
    },
)
async def payload(request: Request, product: str, board: str, counter: int) -> Response:
    """Give a device some bytes of a release's payload."""
    services: Services = request.app.state.services
    try:
        await authenticate(services, request.method, target_of(request), request.headers)
        asked = _RANGE.fullmatch(request.headers.get("range", ""))
        if asked is None:
            return Response(status_code=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
        piece = await piece_of(services, product, board, min(counter, 2**62), int(asked[1]), int(asked[2]))
    except Refused as refused:
        return JSONResponse(_told(refused), refused.status)
    last = piece.first + len(piece.content) - 1
    headers = _KEPT | {"content-range": f"bytes {piece.first}-{last}/{piece.size}"}
    return Response(piece.content, HTTPStatus.PARTIAL_CONTENT, headers, media_type="application/octet-stream")


def _told(refused: Refused) -> dict[str, str]:
    return {"code": refused.code, "detail": str(refused)}


def _signed(services: Services, device: Registered, nonce: str, status: HTTPStatus, body: bytes) -> Response:
    """Return an answer that the device can believe, also over a way that is not to be trusted."""
    now_ms = (services.clock.now() - _EPOCH_START) // timedelta(milliseconds=1)
    headers = answer_headers(derive(device.secret, HTTP), status.value, nonce, now_ms, body)
    return Response(body, status, headers | _KEPT, media_type="application/octet-stream")
