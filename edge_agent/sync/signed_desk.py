"""A desk of the cloud over HTTPS: requests that are signed, answers whose length and time are bounded.

Rule: a body is taken as it was sent: one that unpacks itself could be of any length.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

import httpx2

from edge_agent.sync.ports import Stamp
from edge_agent.sync.tls import check_dates
from schemas.requests import headers

POOR = ("floor", "none")


class AnswerTooLong(ConnectionError):
    """An answer goes on after the bytes that it may have."""

    def __init__(self, status: int, bytes_max: int) -> None:
        super().__init__(f"HTTP {status} with more than {bytes_max} bytes")
        self.status = status


@dataclass(frozen=True, slots=True)
class Limits:
    """What an answer may take: bytes, seconds for a step on its way, and seconds in all, however slowly it drips."""

    bytes_max: int
    timeout_s: float
    whole_s: float


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, unbelieved: its body as sent, the request's nonce, and when that was begun."""

    response: httpx2.Response
    body: bytes
    nonce: str
    began: Stamp


class SignedDesk:
    """What the desks share: who asks, with what key, and how the connection is made."""

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

    async def _ask(
        self, method: str, target: str, limits: Limits, *, more: Mapping[str, str] | None = None, content: bytes = b""
    ) -> Answered:
        """Ask once, with these headers more. Raises AnswerTooLong, httpx2.HTTPError or OSError."""
        nonce, began = f"{self._rng.getrandbits(64):016x}", self._stamp()
        signed = headers(self._http_key, self._device, method, target, nonce, began.wall_ms, content)
        sent = {**signed, **(more or {}), "Accept-Encoding": "identity"}
        async with (
            asyncio.timeout(limits.whole_s),
            httpx2.AsyncClient(verify=self._tls(), timeout=limits.timeout_s, trust_env=False) as client,
            client.stream(method, self._url + target, content=content or None, headers=sent) as response,
        ):
            if began.quality in POOR:
                check_dates(peer_certificate(response), self._floor_ms())
            body = b""
            async for part in response.aiter_raw():
                body += part
                if len(body) > limits.bytes_max:
                    raise AnswerTooLong(response.status_code, limits.bytes_max)
        return Answered(response, body, nonce, began)


def peer_certificate(answer: httpx2.Response) -> dict[str, object]:
    """Return the certificate of who answers, as ssl tells it; empty without TLS."""
    stream = answer.extensions.get("network_stream")
    shown = stream.get_extra_info("ssl_object") if stream is not None else None
    return dict(shown.getpeercert() or {}) if shown is not None else {}
