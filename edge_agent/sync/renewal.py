"""Asks the cloud over HTTPS for a certificate by the same key, and believes only what the cloud has signed.

Rule: no client certificate is shown, since ours may have ended; the request is signed, and so is the answer.
"""

import json
from dataclasses import dataclass
from hmac import compare_digest

import httpx2

from edge_agent.sync.signed_desk import Answered, AnswerTooLong, Limits, SignedDesk
from schemas.requests import SIGNATURE, TIME, answer_headers

PATH = "/device/v1/certificate"
ANSWER_BYTES_MAX = 64 * 1024
TIMEOUT_S = 30.0
ASK_S_MAX = 90.0  # for all of it, however slowly an answer drips
RETRY_S_MIN, RETRY_S_MAX = 60, 6 * 3_600


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


class CertificateDesk(SignedDesk):
    """The cloud's desk for certificates."""

    async def ask(self, csr: bytes) -> Answer:
        """Send a certification request (PEM). Raises AnswerUnsigned, httpx2.HTTPError or OSError."""
        limits = Limits(ANSWER_BYTES_MAX, TIMEOUT_S, ASK_S_MAX)
        try:
            answered = await self._ask("POST", PATH, limits, more={"Content-Type": "application/pkcs10"}, content=csr)
        except AnswerTooLong as error:
            raise AnswerUnsigned(error.status, None) from error
        return self._believed(answered, self._stamp().monotonic_ms)

    def _believed(self, answered: Answered, ended_ms: int) -> Answer:
        answer, body = answered.response, answered.body
        retry_s = _retry_s(answer)
        wall_ms = signed_at_ms(self._http_key, answer, answered.nonce, body)
        if wall_ms is None:
            raise AnswerUnsigned(answer.status_code, retry_s)
        half_ms = (ended_ms - answered.began.monotonic_ms) // 2
        return Answer(answer.status_code, body, wall_ms, ended_ms - half_ms, half_ms, retry_s)


def signed_at_ms(key: bytes, answer: httpx2.Response, nonce: str, body: bytes) -> int | None:
    """Return the cloud's time of an answer that it has signed to this request; None when it has not."""
    said, time = answer.headers.get(SIGNATURE, ""), answer.headers.get(TIME, "")
    if not (said.isascii() and time.isascii() and time.isdigit() and len(time) <= 16):
        return None
    wanted = answer_headers(key, answer.status_code, nonce, int(time), body)
    return int(time) if compare_digest(said, wanted[SIGNATURE]) else None


def _retry_s(answer: httpx2.Response) -> int | None:
    said = answer.headers.get("Retry-After", "")
    is_number = said.isascii() and said.isdigit() and len(said) <= 9
    return min(max(int(said), RETRY_S_MIN), RETRY_S_MAX) if is_number else None
