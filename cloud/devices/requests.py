"""Requests of devices over HTTPS: whose they are, by the signature of schemas/requests.py.

Rule: a nonce is taken once. It is remembered for longer than a request's time may be wrong, so that a request heard
today is worth nothing tomorrow; a device whose clock is further off learns the time from the broker's welcome first.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hmac import compare_digest

from fastapi import Request

from cloud.core.services import Services
from cloud.devices import registry
from cloud.devices.errors import DeviceRevoked, RequestRefused, TimeOff
from cloud.devices.registry import Registered
from schemas.requests import DEVICE, NONCE, SIGNATURE, TIME, signature
from schemas.seal import HTTP, derive

WINDOW = timedelta(hours=24)
REMEMBERED = timedelta(hours=72)
_NONCE = re.compile(r"[0-9a-f]{16}")
_TIME = re.compile(r"[0-9]{1,15}")
_NAME = re.compile(r"[a-z0-9-]{3,24}")
_EPOCH_START = datetime(1970, 1, 1, tzinfo=UTC)
_TAKE_NONCE = """
INSERT INTO request_nonce (device, nonce, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING true
"""


async def authenticate(
    services: Services, method: str, target: str, headers: Mapping[str, str], body: bytes = b""
) -> Registered:
    """Return the device that signed a request; `target` is path and query as sent.

    Raises RequestRefused or DeviceRevoked.
    """
    device = await identify(services, method, target, headers, body)
    await admit(services, device, headers)
    return device


async def identify(
    services: Services, method: str, target: str, headers: Mapping[str, str], body: bytes = b""
) -> Registered:
    """Return whose signature a request bears, be it old, repeated, or of a revoked device. Raises RequestRefused."""
    name, nonce, time = headers.get(DEVICE, ""), headers.get(NONCE, ""), headers.get(TIME, "")
    if not (_NAME.fullmatch(name) and _NONCE.fullmatch(nonce) and _TIME.fullmatch(time)):
        raise RequestRefused(f"it needs {DEVICE}, {NONCE}, {TIME} and {SIGNATURE}")
    found = await registry.find(services.database.pool, services.vault, [name])
    key = derive(found[0].secret if found else bytes(32), HTTP)
    claimed = headers.get(SIGNATURE, "")
    fits = claimed.isascii() and compare_digest(claimed, signature(key, method, target, nonce, time, body))
    if not found or not fits:
        raise RequestRefused(f"{SIGNATURE} does not fit")
    return found[0]


async def admit(services: Services, device: Registered, headers: Mapping[str, str]) -> None:
    """Take the nonce of a request that `identify` has found the device of. Raises RequestRefused or DeviceRevoked."""
    if device.is_revoked:
        raise DeviceRevoked
    await _take_nonce(services, device.name, headers[NONCE], headers[TIME])


def target_of(request: Request) -> str:
    """Return path and query of a request as they were sent."""
    query = request.url.query
    return str(request.scope["raw_path"].decode("ascii", "replace")) + (f"?{query}" if query else "")


async def forget_nonces(services: Services) -> None:
    """Forget the nonces of requests whose time no longer fits anyway."""
    await services.database.pool.execute("DELETE FROM request_nonce WHERE at < $1", services.clock.now() - REMEMBERED)


async def _take_nonce(services: Services, name: str, nonce: str, time: str) -> None:
    now = services.clock.now()
    if abs(now - (_EPOCH_START + timedelta(milliseconds=min(int(time), 10**14)))) > WINDOW:
        raise TimeOff(f"{TIME} is more than {WINDOW // timedelta(hours=1)} hours off")
    if not await services.database.pool.fetchval(_TAKE_NONCE, name, nonce, now):
        raise RequestRefused(f"{NONCE} was used before")
