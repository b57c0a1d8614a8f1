"""Renews this device's certificate in time, and proves the new one, without anybody at the gate noticing.

Rule: a clock that is not to be trusted decides nothing: when nobody has told the time for minutes the cloud is asked
anyway, and its signed answer tells it. The old certificate is let go only when the cloud has welcomed us with the new.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import Protocol

import httpx2
import structlog

from edge_agent.certificates import CertificateRefused, Certificates, Urgency
from edge_agent.clock import Clock
from edge_agent.status.snapshot import LASTING, CertificateStatus
from edge_agent.sync.backoff import Backoff
from edge_agent.sync.renewal import Answer, AnswerUnsigned
from edge_agent.sync.signed_desk import POOR
from edge_agent.timekeeper import Stamp

LOOK_S = 30.0
SPREAD_MS = {Urgency.RESTS: 600_000, Urgency.DUE: 60_000, Urgency.URGENT: 300_000, Urgency.OVER: 30_000}
LOST_POOR_MS, LOST_MS = 180_000, 3_600_000  # without a welcome, with a clock that is poor or good
RESTS_MS = 6 * 3_600_000  # between two questions of a device that has no reason but to be lost
WAIT_MS_MIN, WAIT_MS_MAX, WAIT_OVER_MS_MAX = 60_000, 6 * 3_600_000, 900_000
TRY_MS, TRY_MS_MAX = 180_000, 3_600_000  # to be welcomed with one of two certificates
TOLD_AGAIN_MS = 86_400_000
log = structlog.get_logger()


class Linked(Protocol):
    """What is asked of the uplink."""

    @property
    def serial(self) -> str:
        """Return the serial number of the certificate that the connection was made with; empty without one."""
        ...

    @property
    def is_welcomed(self) -> bool: ...

    def reconnect(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Ways:
    """What a renewal acts upon. `ask` raises AnswerUnsigned, httpx2.HTTPError or OSError."""

    ask: Callable[[bytes], Awaitable[Answer]]
    link: Linked
    stamp: Callable[[], Stamp]
    learn_time: Callable[[int, int, int], None]
    proven: Callable[[], None]


class Renewal:
    """Looks at the certificate again and again, and asks for another when it is time."""

    def __init__(self, certificates: Certificates, ways: Ways, clock: Clock, rng: Random) -> None:
        self._certificates = certificates
        self._ways = ways
        self._clock = clock
        self._rng = rng
        self._backoff = Backoff(rng, WAIT_MS_MIN, WAIT_MS_MAX)
        self._trouble = ""
        self._wanted: Urgency | None = None  # what the next question is for, while there is one
        self._ask_at_ms = 0
        self._welcomed_ms = clock.monotonic_ms()
        self._turn_at_ms, self._try_ms = clock.monotonic_ms() + TRY_MS, TRY_MS
        self._told_ms = -TOLD_AGAIN_MS

    async def run(self) -> None:
        """Look until cancelled; without a certificate there is nothing to look at."""
        while True:
            await self._clock.sleep(LOOK_S)
            if self._certificates.newest is not None:
                await self.look()

    async def look(self) -> None:
        """Do what the moment asks for."""
        now = self._ways.stamp()
        await self._prove(now)
        if self._is_time(now):
            await self._renew()
        self._tell(self._ways.stamp())

    def status(self) -> CertificateStatus | None:
        """Return how it stands, for people; None without a certificate."""
        held, now = self._certificates.newest, self._ways.stamp()
        if held is None:
            return None
        is_late = held.urgency(now.wall_ms) >= Urgency.URGENT
        return CertificateStatus(held.days_left(now.wall_ms), self._trouble, is_late=is_late)

    # When

    def _is_time(self, now: Stamp) -> bool:
        """Tell whether to ask; a wish that is new waits for a moment of its own, so that not all ask in one."""
        wish = self._wish(now)
        if wish is None:
            self._rest()
            return False
        if self._wanted is None or wish > self._wanted:
            own_ms = now.monotonic_ms + int(self._rng.uniform(0, SPREAD_MS[wish]))
            later_or_sooner = max if self._wanted is None else min
            self._ask_at_ms = later_or_sooner(self._ask_at_ms, own_ms)
        self._wanted = wish
        return now.monotonic_ms >= self._ask_at_ms

    def _wish(self, now: Stamp) -> Urgency | None:
        """Return for how urgent a reason the cloud is to be asked; None for no reason at all."""
        held = self._certificates.newest
        assert held is not None, "looked at only while there is one"  # noqa: S101
        urgency = held.urgency(now.wall_ms)
        if urgency is not Urgency.RESTS:
            return urgency
        lost_ms = now.monotonic_ms - self._welcomed_ms
        if now.quality in POOR:
            return Urgency.OVER if lost_ms >= LOST_POOR_MS else None
        return Urgency.RESTS if lost_ms >= LOST_MS and self._certificates.is_proven else None

    # Asking

    async def _renew(self) -> None:
        try:
            answer = await self._ask()
            if answer.code == "time_off" and self._wish(self._ways.stamp()) is None:
                return  # the time was all that was wanting
            if answer.code == "time_off":
                answer = await self._ask()  # by the time that was just learned
        except AnswerUnsigned as error:
            self._failed("unknown" if error.status == 401 else "unreachable", str(error), error.retry_after_s)
        except (httpx2.HTTPError, OSError) as error:
            self._failed("unreachable", f"{type(error).__name__}: {error}")
        else:
            if answer.status == 200:
                await self._take(answer.body)
            else:
                self._failed(answer.code or "unreachable", f"HTTP {answer.status}", answer.retry_after_s)

    async def _ask(self) -> Answer:
        """Ask once, and take the time from the answer if ours is not to be trusted, or off."""
        answer = await self._ways.ask(self._certificates.request())
        if self._ways.stamp().quality in POOR or answer.code == "time_off":
            self._ways.learn_time(answer.wall_ms, answer.monotonic_ms, answer.error_ms)
        return answer

    async def _take(self, body: bytes) -> None:
        try:
            held = await asyncio.to_thread(self._certificates.take, body)
        except CertificateRefused as error:
            self._failed("unusable", str(error))
            return
        except OSError as error:
            self._failed("unwritten", str(error))
            return
        log.info("certificate.renewed", serial=held.serial, days=round(held.days_left(self._ways.stamp().wall_ms), 1))
        self._rest()
        self._begin_trial(TRY_MS)

    def _failed(self, trouble: str, error: str, retry_after_s: int | None = None) -> None:
        log.warning("certificate.not_renewed", trouble=trouble, error=error, retry_after_s=retry_after_s)
        self._trouble = trouble
        self._wait(RESTS_MS if trouble in LASTING else (retry_after_s or 0) * 1000)

    def _rest(self) -> None:
        """Want nothing."""
        self._wanted, self._trouble = None, ""
        self._backoff.reset()

    def _wait(self, least_ms: int = 0) -> None:
        """Ask again later: after a while that grows, but not beyond a quarter of an hour while nothing can be sent."""
        wait_ms = self._backoff.next_ms()
        if self._wanted is Urgency.OVER:
            wait_ms = min(wait_ms, int(self._rng.uniform(WAIT_OVER_MS_MAX // 2, WAIT_OVER_MS_MAX)))
        if self._wanted is Urgency.RESTS:
            wait_ms = RESTS_MS
        least_ms += int(self._rng.uniform(0, least_ms / 4))
        self._ask_at_ms = self._ways.stamp().monotonic_ms + max(wait_ms, least_ms)

    # Proving

    async def _prove(self, now: Stamp) -> None:
        """Let go of the old certificate once the new has worked; show each in turn while neither does."""
        link = self._ways.link
        if link.is_welcomed:
            self._welcomed_ms = now.monotonic_ms
        if self._certificates.is_proven:
            return
        if link.is_welcomed and self._certificates.is_tried(link.serial):
            await self._let_go(link.serial)
        elif link.is_welcomed:
            link.reconnect()  # it was made with the old one
        elif now.monotonic_ms >= self._turn_at_ms:
            await self._turn(now)

    async def _let_go(self, serial: str) -> None:
        try:
            is_newest = await asyncio.to_thread(self._certificates.worked, serial)
        except OSError as error:
            log.warning("certificate.not_kept", error=str(error))
            return
        log.info("certificate.proven", is_newest=is_newest)
        if is_newest:
            self._ways.proven()
        else:
            self._failed("unusable", "the cloud welcomed us with the old one only", RESTS_MS // 1000)

    async def _turn(self, now: Stamp) -> None:
        self._begin_trial(min(self._try_ms * 2, TRY_MS_MAX))
        try:
            has_turned = await asyncio.to_thread(self._certificates.turn, now.wall_ms)
        except OSError as error:
            log.warning("certificate.not_turned", error=str(error))
            return
        log.info("certificate.turned", has_turned=has_turned)

    def _begin_trial(self, try_ms: int) -> None:
        self._try_ms = try_ms
        self._turn_at_ms = self._ways.stamp().monotonic_ms + try_ms

    # Telling

    def _tell(self, now: Stamp) -> None:
        """Say in the log, once a day, that a renewal is late and fails; page and metrics say it all the time."""
        shown = self.status()
        if shown is None or not shown.is_late or not shown.trouble or now.monotonic_ms - self._told_ms < TOLD_AGAIN_MS:
            return
        self._told_ms = now.monotonic_ms
        log.error("certificate.late", days_left=round(shown.days_left, 1), trouble=shown.trouble)
