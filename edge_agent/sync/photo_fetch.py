"""Fetches photos of dishes over HTTPS, each by its SHA-256.

Rule: what comes is believed only when its digest is the name that the roster gave it.
"""

import asyncio
import hashlib
import ssl
from collections.abc import Callable
from random import Random

import httpx2

from edge_agent.sync.ports import Stamp
from edge_agent.sync.renewal import POOR, peer_certificate
from edge_agent.sync.tls import check_dates
from schemas.requests import headers

PATH = "/device/v1/dish-photo"
PHOTO_BYTES_MAX = 64 * 1024
TIMEOUT_S = 15.0
WHOLE_S = 60.0


class PhotoDesk:
    """The cloud's desk for photos."""

    def __init__(
        self,
        url: str,
        device: str,
        http_key: bytes,
        stamp: Callable[[], Stamp],
        rng: Random,
        *,
        tls: Callable[[], ssl.SSLContext | bool],
        floor_ms: Callable[[], int] = lambda: 0,
    ) -> None:
        self._url = url.rstrip("/")
        self._device = device
        self._http_key = http_key
        self._stamp = stamp
        self._rng = rng
        self._tls = tls
        self._floor_ms = floor_ms

    async def bring(self, digest: str) -> bytes:
        """Return a photo by its SHA-256 in hex. Raises httpx2.HTTPError or OSError, also when it is another one."""
        target, now = f"{PATH}/{digest}", self._stamp()
        nonce = f"{self._rng.getrandbits(64):016x}"
        signed = headers(self._http_key, self._device, "GET", target, nonce, now.wall_ms)
        async with (
            asyncio.timeout(WHOLE_S),
            httpx2.AsyncClient(verify=self._tls(), timeout=TIMEOUT_S, trust_env=False) as client,
            client.stream("GET", self._url + target, headers=signed | {"Accept-Encoding": "identity"}) as answer,
        ):
            if now.quality in POOR:
                check_dates(peer_certificate(answer), self._floor_ms())
            answer.raise_for_status()
            body = b""
            async for part in answer.aiter_raw():
                body += part
                if len(body) > PHOTO_BYTES_MAX:
                    raise ConnectionError(f"a photo of more than {PHOTO_BYTES_MAX} bytes")
        if hashlib.sha256(body).hexdigest() != digest:
            raise ConnectionError("a photo that is not the one asked for")
        return body
