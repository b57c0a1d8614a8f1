"""Documents of other sites, fetched for single sign-on: keys of tools, what an identity provider says of itself.

Rule: somebody of a school chose the address, so nothing inside our own network answers to it unless a setting names the
host; no redirect is followed, nothing large is read, nobody is waited for.
"""

import asyncio
import ipaddress
import json
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx2

from cloud.core.services import Services
from cloud.resources.addresses import is_address

BYTES_MAX = 262_144
TIMEOUT_S = 5.0


class NotFetched(Exception):
    """A document could not be had; the words say why and hold nothing of it."""


async def fetch_json(
    services: Services, address: str, *, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return a JSON object of another site, by GET or, with a form, by POST. Raises NotFetched."""
    await _check(services, address)
    try:
        async with asyncio.timeout(TIMEOUT_S), httpx2.AsyncClient(follow_redirects=False, trust_env=False) as client:
            method = "GET" if form is None else "POST"
            asked = {"accept": "application/json", **(headers or {})}
            async with client.stream(method, address, data=form, headers=asked) as answer:
                body = await _read(answer)
                status = answer.status_code
    except (TimeoutError, httpx2.HTTPError, OSError) as error:
        raise NotFetched(f"it did not answer ({type(error).__name__})") from None
    return _object(status, body)


async def _read(answer: httpx2.Response) -> bytes:
    body = b""
    async for part in answer.aiter_bytes():
        body += part
        if len(body) > BYTES_MAX:
            raise NotFetched("the answer is too long")
    return body


def _object(status: int, body: bytes) -> dict[str, Any]:
    if not 200 <= status < 300:
        raise NotFetched(f"it answered with status {status}")
    try:
        found = json.loads(body)
    except ValueError:
        raise NotFetched("the answer is no JSON") from None
    if not isinstance(found, dict):
        raise NotFetched("the answer is no object")
    return found


async def _check(services: Services, address: str) -> None:
    """Raise NotFetched for an address inside our own network. A demo without TLS asks its own machine."""
    is_demo = not services.settings.cookies_secure
    if not is_address(address, may_be_plain=is_demo):
        raise NotFetched("it has no address that begins with https")
    host = urlsplit(address).hostname or ""
    if is_demo or host in {each.strip() for each in services.settings.sign_on_hosts.split(",")}:
        return
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except OSError:
        raise NotFetched("its name is not known") from None
    if not all(ipaddress.ip_address(str(each[4][0]).partition("%")[0]).is_global for each in found):
        raise NotFetched("it stands inside the network: name its host in ESIK_SIGN_ON_HOSTS if it should")
