"""Asks the cloud over HTTPS whether there is a release for this agent, and fetches it block by block.

Rule: an answer is believed only with the cloud's signature; a block is nothing by itself, and is checked when all are
there.
"""

import asyncio
import ssl
from collections.abc import Callable
from random import Random

import httpx2

from edge_agent.sync.ports import Stamp
from edge_agent.sync.renewal import POOR, AnswerUnsigned, peer_certificate, signed_at_ms
from edge_agent.sync.tls import check_dates
from schemas.release import BODY_BYTES_MAX
from schemas.requests import headers

PATH = "/device/v1/release"
BLOCK_BYTES = 1 << 20
ANSWER_BYTES_MAX = BODY_BYTES_MAX + 256
TIMEOUT_S = 30.0
WHOLE_S = 300.0  # for one answer, however slowly it drips


class ReleaseDesk:
    """The cloud's desk for releases."""

    def __init__(
        self,
        url: str,
        device: str,
        http_key: bytes,
        stamp: Callable[[], Stamp],
        rng: Random,
        *,
        tls: Callable[[], ssl.SSLContext],
        floor_ms: Callable[[], int] = lambda: 0,
    ) -> None:
        self._url = url.rstrip("/")
        self._device = device
        self._http_key = http_key
        self._stamp = stamp
        self._rng = rng
        self._tls = tls
        self._floor_ms = floor_ms

    async def ask(self, query: str) -> bytes | None:
        """Return the manifest file that is meant for us now, if there is one.

        Raises AnswerUnsigned, httpx2.HTTPError or OSError.
        """
        nonce, answer, body = await self._get(f"{PATH}?{query}", {}, ANSWER_BYTES_MAX)
        if signed_at_ms(self._http_key, answer, nonce, body) is None:
            raise AnswerUnsigned(answer.status_code, None)
        answer.raise_for_status()
        return body if answer.status_code == 200 else None

    async def block(self, counter: int, board: str, first: int, size: int) -> bytes:
        """Return so many bytes of a payload. Raises httpx2.HTTPError or OSError."""
        asked = {"Range": f"bytes={first}-{first + size - 1}"}
        _, answer, body = await self._get(f"{PATH}/agent/{board}/{counter}", asked, size)
        answer.raise_for_status()
        if answer.status_code != 206 or len(body) != size:
            raise ConnectionError(f"HTTP {answer.status_code} with {len(body)} bytes, asked for {size}")
        return body

    async def _get(self, target: str, more: dict[str, str], bytes_max: int) -> tuple[str, httpx2.Response, bytes]:
        nonce, now = f"{self._rng.getrandbits(64):016x}", self._stamp()
        signed = headers(self._http_key, self._device, "GET", target, nonce, now.wall_ms)
        async with (
            asyncio.timeout(WHOLE_S),
            httpx2.AsyncClient(verify=self._tls(), timeout=TIMEOUT_S, trust_env=False) as client,
            client.stream("GET", self._url + target, headers=signed | more | {"Accept-Encoding": "identity"}) as answer,
        ):
            if now.quality in POOR:
                check_dates(peer_certificate(answer), self._floor_ms())
            body = b""
            async for part in answer.aiter_raw():
                body += part
                if len(body) > bytes_max:
                    raise ConnectionError(f"HTTP {answer.status_code} with more than {bytes_max} bytes")
        return nonce, answer, body
