"""Asks the cloud over HTTPS for a certificate by the same key, and believes only what the cloud has signed.

Rule: no client certificate is shown, since ours may have ended; the request is signed, and so is the answer.
"""

import asyncio
import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest
from random import Random

import httpx2

from edge_agent.sync.ports import Stamp
from edge_agent.sync.tls import check_dates
from schemas.requests import SIGNATURE, TIME, answer_headers, headers

PATH = "/device/v1/certificate"
ANSWER_BYTES_MAX = 64 * 1024
TIMEOUT_S = 30.0
ASK_S_MAX = 90.0  # for all of it, however slowly an answer drips
RETRY_S_MIN, RETRY_S_MAX = 60, 6 * 3_600
POOR = ("floor", "none")


class AnswerUnsigned(ConnectionError):
    """Something answered that does not hold our key: a proxy, a stranger, or a cloud that does not know us."""

    def __init__(self, status: int, retry_after_s: int | None) -> None:
        super().__init__(f"HTTP {status} without the cloud's signature")
        self.status = status
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Answer:
    """What the cloud said, and when: at `monotonic_ms` of our clock its own was `wall_ms`, give or take `error_ms`."""

    status: int
    body: bytes
    wall_ms: int
    monotonic_ms: int
    error_ms: int
    retry_after_s: int | None

    @property
    def code(self) -> str:
        """Return what a refusal is called; empty when nothing was refused."""
        if self.status == 200:
            return ""
        try:
            told = json.loads(self.body)
        except ValueError:
            return ""
        return str(told.get("code", "")) if isinstance(told, dict) else ""


class CertificateDesk:
    """The cloud's desk for certificates."""

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

    async def ask(self, csr: bytes) -> Answer:
        """Send a certification request (PEM). Raises AnswerUnsigned, httpx2.HTTPError or OSError."""
        nonce, began = f"{self._rng.getrandbits(64):016x}", self._stamp()
        signed = headers(self._http_key, self._device, "POST", PATH, nonce, began.wall_ms, csr)
        signed |= {"Content-Type": "application/pkcs10", "Accept-Encoding": "identity"}
        async with (
            asyncio.timeout(ASK_S_MAX),
            httpx2.AsyncClient(verify=self._tls(), timeout=TIMEOUT_S, trust_env=False) as client,
            client.stream("POST", self._url + PATH, content=csr, headers=signed) as answer,
        ):
            if began.quality in POOR:
                check_dates(peer_certificate(answer), self._floor_ms())
            body = await _limited(answer)
        ended_ms = self._stamp().monotonic_ms
        return self._believed(answer, body, nonce, began.monotonic_ms, ended_ms)

    def _believed(self, answer: httpx2.Response, body: bytes, nonce: str, began_ms: int, ended_ms: int) -> Answer:
        retry_s = _retry_s(answer)
        wall_ms = signed_at_ms(self._http_key, answer, nonce, body)
        if wall_ms is None:
            raise AnswerUnsigned(answer.status_code, retry_s)
        half_ms = (ended_ms - began_ms) // 2
        return Answer(answer.status_code, body, wall_ms, ended_ms - half_ms, half_ms, retry_s)


def signed_at_ms(key: bytes, answer: httpx2.Response, nonce: str, body: bytes) -> int | None:
    """Return the cloud's time of an answer that it has signed to this request; None when it has not."""
    said, time = answer.headers.get(SIGNATURE, ""), answer.headers.get(TIME, "")
    if not (said.isascii() and time.isascii() and time.isdigit() and len(time) <= 16):
        return None
    wanted = answer_headers(key, answer.status_code, nonce, int(time), body)
    return int(time) if compare_digest(said, wanted[SIGNATURE]) else None


def peer_certificate(answer: httpx2.Response) -> dict[str, object]:
    """Return the certificate of who answers, as ssl tells it; empty without TLS."""
    stream = answer.extensions.get("network_stream")
    shown = stream.get_extra_info("ssl_object") if stream is not None else None
    return dict(shown.getpeercert() or {}) if shown is not None else {}


async def _limited(answer: httpx2.Response) -> bytes:
    """Return the body as it was sent: one that unpacks itself could be of any length."""
    body = b""
    async for part in answer.aiter_raw():
        body += part
        if len(body) > ANSWER_BYTES_MAX:
            raise AnswerUnsigned(answer.status_code, None)
    return body


def _retry_s(answer: httpx2.Response) -> int | None:
    said = answer.headers.get("Retry-After", "")
    is_number = said.isascii() and said.isdigit() and len(said) <= 9
    return min(max(int(said), RETRY_S_MIN), RETRY_S_MAX) if is_number else None
