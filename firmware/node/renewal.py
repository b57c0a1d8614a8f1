"""Renews a node's certificate: asks the cloud with the request that was made at enrolment, and believes signed answers.

Rule: a microcontroller signs no requests for certificates. The one that IT's computer made with the node's key, at
enrolment, says nothing that ages: it is sent each time.
"""

import json
from binascii import hexlify

from firmware.node.certificates import CertificateRefused
from firmware.node.http import Http
from firmware.node.uplink import Waits
from schemas.requests import SIGNATURE, answer_headers, headers
from schemas.seal import is_same

TARGET = "/device/v1/certificate"
CSR = "csr.pem"
ANSWER_MAX = 40_000
WAIT_MS_MIN, WAIT_MS_MAX, WAIT_MS_ENDED = 60_000, 6 * 3_600_000, 900_000
UNWELCOMED_MS = 300_000  # after which a node whose clock is at the floor asks for the time by asking for a certificate
URGENT = 3  # less than a third of its life is left
OK, UNAUTHORISED = 200, 401

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from firmware.node.certificates import Certificates
    from firmware.node.clock import Stamp
    from firmware.node.roster_fetch import Server


class RenewalFailed(Exception):
    """The cloud did not give a certificate; the text says what it answered."""


class Renewal:
    """One node's renewals, an errand at a time."""

    def __init__(
        self,
        server: "Server",
        device: str,
        http_key: bytes,
        csr_pem: str,
        certificates: "Certificates",
        stamp: "Callable[[], Stamp]",
        learn_time: "Callable[[int, int], object]",
        rng: "Random",
        draw: "Callable[[int], bytes]",
        tls: "Callable[[], object]",
    ) -> None:
        """`learn_time` hears the wall time that a signed answer tells, and when by the monotonic clock."""
        self.last_error = ""
        self._server = server
        self._device = device
        self._http_key = http_key
        self._csr = csr_pem.encode()
        self._certificates = certificates
        self._stamp = stamp
        self._learn_time = learn_time
        self._draw = draw
        self._tls = tls
        self._waits = Waits(rng, WAIT_MS_MIN, WAIT_MS_MAX)
        self._ask_at_ms = 0
        self._welcomed_ms = stamp().monotonic_ms

    def welcomed(self) -> None:
        """Note that the cloud has welcomed this node."""
        self._welcomed_ms = self._stamp().monotonic_ms

    def is_due(self) -> bool:
        """Tell whether to ask now."""
        now = self._stamp()
        if now.monotonic_ms < self._ask_at_ms:
            return False
        if not now.is_good:
            return now.monotonic_ms - self._welcomed_ms >= UNWELCOMED_MS
        papers, now_s = self._certificates.newest, now.wall_ms // 1000
        is_urgent = (papers.ends_s - now_s) * URGENT < papers.ends_s - papers.begins_s
        return is_urgent or now_s >= papers.renews_at_s()

    async def renew(self) -> None:
        """Ask, and go by what comes. Raises RenewalFailed, CertificateRefused, and what a connection raises."""
        self._wait(self._waits.next_ms())
        status, told = await self._ask()
        if status == UNAUTHORISED and told.get("code") == "time_off":
            status, told = await self._ask()  # by the time that the answer told
        if status != OK:
            self.last_error = f"{status} {told.get('code', '')}"
            raise RenewalFailed(self.last_error)
        certificate_pem, ca_pem = told.get("certificate_pem"), told.get("ca_pem")
        if not isinstance(certificate_pem, str) or not isinstance(ca_pem, str):
            raise CertificateRefused("the answer holds none")
        self._certificates.take(certificate_pem, ca_pem)
        self._waits.reset()
        self.last_error = ""

    async def _ask(self) -> "tuple[int, dict[str, object]]":
        """Return the status and the object of a signed answer."""
        http = Http(
            self._server.host, self._server.port, self._tls() if self._server.is_tls else None, self._server.names
        )
        nonce, began_ms = hexlify(self._draw(8)).decode(), self._stamp().monotonic_ms
        pieces: list[bytes] = []
        signed = headers(self._http_key, self._device, "POST", TARGET, nonce, self._stamp().wall_ms, self._csr)
        try:
            await http.open()
            answer = await http.post(TARGET, signed, self._csr, pieces.append, ANSWER_MAX)
        finally:
            await http.close()
        body = b"".join(pieces)
        wanted = answer_headers(self._http_key, answer.status, nonce, answer.time_ms, body)
        if not is_same(answer.signature, wanted[SIGNATURE]):
            raise RenewalFailed(f"{answer.status} without the cloud's signature")
        self._wait(answer.retry_after_s * 1000)
        now = self._stamp()
        if not now.is_good:
            self._learn_time(answer.time_ms + (now.monotonic_ms - began_ms) // 2, now.monotonic_ms)
        told = json.loads(body)
        return answer.status, told if isinstance(told, dict) else {}

    def _wait(self, wait_ms: int) -> None:
        """Ask again after so long, or sooner when the certificate has ended."""
        now = self._stamp()
        if now.is_good and self._certificates.newest.ends_s < now.wall_ms // 1000:
            wait_ms = min(wait_ms, WAIT_MS_ENDED)
        self._ask_at_ms = max(self._ask_at_ms, now.monotonic_ms + wait_ms)
