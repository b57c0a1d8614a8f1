"""Documents of other sites, fetched for single sign-on: keys of tools, what an identity provider says of itself.

Rule: somebody of a school chose the address, so nothing inside our own network answers to it unless a setting names the
host; no redirect is followed, nothing large is read, nobody is waited for.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx2

from cloud.core.reaching import Resolve, may_reach, resolve_by_system
from cloud.core.services import Services
from cloud.resources.addresses import is_address

BYTES_MAX = 262_144
TIMEOUT_S = 5.0


class NotFetched(Exception):
    """A document could not be had; the words say why and hold nothing of it."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is connected to: an address whose host is a number that was checked, or one that needs no check."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    extensions: Mapping[str, str] = field(default_factory=dict)


async def fetch_json(
    services: Services, address: str, *, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return a JSON object of another site, by GET or, with a form, by POST. Raises NotFetched."""
    try:
        async with asyncio.timeout(TIMEOUT_S), httpx2.AsyncClient(follow_redirects=False, trust_env=False) as client:
            target = await target_of(services, address)
            method = "GET" if form is None else "POST"
            asked = {"accept": "application/json", **target.headers, **(headers or {})}
            extensions = dict(target.extensions)
            async with client.stream(method, target.url, data=form, headers=asked, extensions=extensions) as answer:
                body = await _read(answer)
                status = answer.status_code
    except (TimeoutError, httpx2.HTTPError, OSError) as error:
        raise NotFetched(f"it did not answer ({type(error).__name__})") from None
    return _object(status, body)


async def target_of(services: Services, address: str, resolve: Resolve = resolve_by_system) -> Target:
    """Return what is connected to. Raises NotFetched for what stands inside; a demo asks its own machine."""
    is_demo = not services.settings.cookies_secure
    if not is_address(address, may_be_plain=is_demo):
        raise NotFetched("it has no address that begins with https")
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port or 443
    if is_demo or host in {each.strip() for each in services.settings.sign_on_hosts.split(",")}:
        return Target(address)
    try:
        found = [ip_address(each) for each in await resolve(host, port)]
    except (OSError, ValueError):
        raise NotFetched("its name is not known") from None
    if not found or not all(may_reach(each, "", is_secure=True) for each in found):
        raise NotFetched("it stands inside the network: name its host in ESIK_SIGN_ON_HOSTS if it should")
    number = f"[{found[0]}]" if found[0].version == 6 else str(found[0])
    url = urlunsplit((parts.scheme, f"{number}:{port}", parts.path, parts.query, ""))
    return Target(url, {"host": parts.netloc.rpartition("@")[2]}, {"sni_hostname": host})


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
