"""The device API, signed as schemas/requests.py says: rosters for doors and for tills, and certificates."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import asyncpg
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from cloud.core.errors import NotFound, Refused
from cloud.core.services import Services
from cloud.devices.errors import ApprovalNeeded, CertificatesTooMany, CsrRefused
from cloud.devices.guards import serves_gate
from cloud.devices.registry import Registered
from cloud.devices.requests import admit, authenticate, identify, target_of
from cloud.menu.tills import serves_canteen
from cloud.rosters.actions import compact_file_for, file_for, newest_version
from cloud.rosters.kinds import RosterKind
from cloud.rosters.ranges import ranged
from cloud.rosters.renewing import renew
from schemas.requests import NONCE, answer_headers
from schemas.seal import HTTP, derive

VERSION_MAX = 9_007_199_254_740_991
CSR_BYTES_MAX = 8_192
RETRY_S = 3_600  # when a person, or the next day, has to come first
_EPOCH_START = datetime(1970, 1, 1, tzinfo=UTC)
router = APIRouter(tags=["device"])
SIDE_ANSWERS: dict[int | str, dict[str, Any]] = {  # of a roster beside that of the doors; each says its own 404
    200: {"content": {"application/octet-stream": {}}, "description": "The signed file: a delta, or a snapshot."},
    304: {"description": "Version `base` is the newest."},
    401: {"description": "Not signed as a device's request must be."},
    403: {"description": "The device was revoked."},
}


@router.get(
    "/device/v1/roster",
    response_class=Response,
    responses={
        200: {"content": {"application/octet-stream": {}}, "description": "The signed file: a delta, or a snapshot."},
        206: {"content": {"application/octet-stream": {}}, "description": "A range of the compact form."},
        304: {"description": "The compact form of version `base` says the same. Signed, as answers are."},
        401: {"description": "Not signed as a device's request must be."},
        403: {"description": "The device was revoked."},
        404: {"description": "The school has no roster yet."},
        416: {"description": "The range begins behind the file's end."},
    },
)
async def roster(request: Request) -> Response:
    """Give a device its school's newest roster; `base` is the version it holds, 0 for none.

    `form=compact` gives the form for microcontrollers, under the device's own key, also a range of its bytes.
    """
    services: Services = request.app.state.services
    try:
        device = await authenticate(services, request.method, target_of(request), request.headers)
        if request.query_params.get("form") == "compact":
            return await _compact(services, device, request)
        file = await file_for(services, device.school_id, device.school, _base(request))
    except Refused as refused:
        return JSONResponse(_told(refused), refused.status)
    return _file(file)


@router.get(
    "/device/v1/roster/canteen",
    response_class=Response,
    responses={
        **SIDE_ANSWERS,
        404: {"description": "The device is neither a till nor the hub of a school with tills, or there is none yet."},
    },
)
async def canteen_roster(request: Request) -> Response:
    """Give a till what it sells by: dishes, balances, rights, cashiers; `base` is the version it holds, 0 for none."""
    return await _side(request, RosterKind.CANTEEN, serves_canteen)


@router.get(
    "/device/v1/roster/desk",
    response_class=Response,
    responses={
        **SIDE_ANSWERS,
        404: {"description": "The device serves no gate, or the school has no guards with PINs."},
    },
)
async def desk_roster(request: Request) -> Response:
    """Give a guard's desk faces, guards and who may collect a child; `base` is the version it holds, 0 for none."""
    return await _side(request, RosterKind.DESK, serves_gate)


@router.post(
    "/device/v1/certificate",
    response_class=Response,
    responses={
        200: {"content": {"application/json": {}}, "description": "The new certificate with its chain, and the CA."},
        202: {"description": "It ended more than 180 days ago: IT has to approve first. Ask again later."},
        400: {"description": "No certification request of this device."},
        401: {"description": "Not signed as a device's request must be, or its time is off."},
        403: {"description": "The device was revoked, or the key is not the registered one."},
        409: {"description": "The device was added without a certificate."},
        429: {"description": "Too many in a day."},
    },
)
async def certificate(request: Request) -> Response:
    """Renew a device's certificate by a certification request (PEM); whose request it is hears a signed answer."""
    services: Services = request.app.state.services
    try:
        csr = await _csr(request)
        device = await identify(services, request.method, target_of(request), request.headers, csr)
    except Refused as refused:
        return JSONResponse(_told(refused), refused.status)
    try:
        await admit(services, device, request.headers)
        renewed = await renew(services, device, csr)
    except Refused as refused:
        return _signed(services, device, request.headers[NONCE], refused.status, _told(refused))
    told = {"certificate_pem": renewed.certificate_pem, "ca_pem": renewed.ca_pem}
    return _signed(services, device, request.headers[NONCE], HTTPStatus.OK, told)


async def _side(
    request: Request, kind: RosterKind, is_for: Callable[[asyncpg.Pool, int, int], Awaitable[bool]]
) -> Response:
    """Give a device a roster besides the doors', if it is for it."""
    services: Services = request.app.state.services
    try:
        device = await authenticate(services, request.method, target_of(request), request.headers)
        if not await is_for(services.database.pool, device.school_id, device.device_id):
            raise NotFound
        base = _base(request)
        if base and base == await newest_version(services, device.school_id, kind):
            return _unchanged(services, device, request)
        file = await file_for(services, device.school_id, device.school, base, kind)
    except Refused as refused:
        return JSONResponse(_told(refused), refused.status)
    return _file(file)


async def _compact(services: Services, device: Registered, request: Request) -> Response:
    """Answer with the compact form, or that what the device holds says the same. Raises NotFound."""
    key = derive(device.secret, HTTP)
    compact = await compact_file_for(services, device.school_id, device.school, key, _base(request))
    if compact is None:
        return _unchanged(services, device, request)
    return ranged(compact, request.headers.get("range", ""))


def _base(request: Request) -> int:
    """Return the version that a device says it holds; 0 for none, and for what is no version."""
    base = request.query_params.get("base", "0")
    number = int(base) if base.isascii() and base.isdigit() and len(base) <= 16 else 0
    return min(number, VERSION_MAX)


def _file(file: bytes) -> Response:
    return Response(file, HTTPStatus.OK, media_type="application/octet-stream", headers={"cache-control": "no-store"})


def _unchanged(services: Services, device: Registered, request: Request) -> Response:
    """Return a signed 304: a way that is not to be trusted must not keep a device at what it has."""
    status = HTTPStatus.NOT_MODIFIED
    headers = answer_headers(derive(device.secret, HTTP), status.value, request.headers[NONCE], _now_ms(services))
    return Response(status_code=status, headers=headers | {"cache-control": "no-store"})


async def _csr(request: Request) -> bytes:
    """Return a body that is no longer than a certification request. Raises CsrRefused."""
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > CSR_BYTES_MAX:
        raise CsrRefused(f"it is longer than {CSR_BYTES_MAX} bytes")
    return await request.body()


def _told(refused: Refused) -> dict[str, str]:
    return {"code": refused.code, "detail": str(refused)}


def _signed(services: Services, device: Registered, nonce: str, status: HTTPStatus, told: dict[str, str]) -> Response:
    """Return an answer that the device can believe, also over a way that is not to be trusted."""
    body = json.dumps(told, ensure_ascii=False).encode()
    headers = answer_headers(derive(device.secret, HTTP), status.value, nonce, _now_ms(services), body)
    if told.get("code") in {ApprovalNeeded.code, CertificatesTooMany.code}:
        headers["Retry-After"] = str(RETRY_S)
    return Response(body, status, headers | {"cache-control": "no-store"}, media_type="application/json")


def _now_ms(services: Services) -> int:
    return (services.clock.now() - _EPOCH_START) // timedelta(milliseconds=1)
