"""Fetches a newer roster of one kind over HTTP(S) with signed requests, and gives it to the two slots, which judge it.

Rule: what the slots refuse leaves the old roster standing and is reported; a delta that does not fit is followed by a
full snapshot.
"""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from random import Random
from typing import Protocol

import httpx2
import structlog

from edge_agent.sync.backoff import Backoff
from edge_agent.sync.ports import Stamp
from edge_agent.sync.signed_desk import POOR, peer_certificate
from edge_agent.sync.tls import check_dates
from schemas.requests import headers
from schemas.roster import RosterRefused

DOORS_PATH, CANTEEN_PATH, DESK_PATH = "/device/v1/roster", "/device/v1/roster/canteen", "/device/v1/roster/desk"
ROSTER_BYTES_MAX = 64 * 1024 * 1024
TIMEOUT_S = 60.0
_WAIT_MS_MIN, _WAIT_MS_MAX = 1_000, 300_000
log = structlog.get_logger()


class Slots(Protocol):
    """The two places for a roster; `offer` verifies, flips and returns the version, or raises RosterRefused.

    `now_ms` is the wall time, or 0 while the clock is no better than a floor: then the roster's age is not judged.
    """

    @property
    def version(self) -> int: ...
    async def offer(self, file: bytes, now_ms: int) -> int: ...


class RosterFetch:
    """Hears of newer rosters and brings them, one at a time."""

    def __init__(
        self,
        url: str,
        device: str,
        http_key: bytes,
        slots: Slots,
        stamp: Callable[[], Stamp],
        rng: Random,
        *,
        refused: Callable[[str], None],
        taken: Callable[[int], None],
        tls: Callable[[], ssl.SSLContext | None] = lambda: None,
        floor_ms: Callable[[], int] = lambda: 0,
        path: str = DOORS_PATH,
        is_needed: Callable[[], bool] = lambda: True,
    ) -> None:
        """`is_needed` says whether this device may have such a roster; while not, nothing is asked for."""
        self._url = url.rstrip("/")
        self._device = device
        self._http_key = http_key
        self._slots = slots
        self._stamp = stamp
        self._rng = rng
        self._refused = refused
        self._taken = taken
        self._tls = tls
        self._floor_ms = floor_ms
        self._path = path
        self._is_needed = is_needed
        self._wanted = 0
        self._is_again = False
        self._news = asyncio.Event()

    def want(self, version: int) -> None:
        """Note that the cloud has this version."""
        if version > max(self._wanted, self._slots.version):
            self._wanted = version
            self._news.set()

    def want_again(self) -> None:
        """Fetch what the cloud has, also when it is the version held."""
        self._is_again = True
        self._news.set()

    def look(self) -> None:
        """Ask whether there is a newer one than the one held."""
        self._news.set()

    async def run(self) -> None:
        """Fetch what is wanted, until cancelled; wait longer and longer while that does not come, or for news."""
        backoff = Backoff(self._rng, _WAIT_MS_MIN, _WAIT_MS_MAX)
        while True:
            await self._news.wait()
            self._news.clear()
            if not self._is_needed() or (await self._bring() and self._slots.version >= self._wanted):
                backoff.reset()
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(backoff.next_ms() / 1000):
                    await self._news.wait()
            self._news.set()

    async def _bring(self) -> bool:
        """Fetch by delta, and in full when that does not fit; return whether one was taken, or none is newer."""
        known = 0 if self._is_again else self._slots.version
        for base in dict.fromkeys((known, 0)):
            try:
                file = await self._get(base)
                if file is None:
                    return True
                now = self._stamp()
                version = await self._slots.offer(file, 0 if now.quality in ("floor", "none") else now.wall_ms)
            except RosterRefused as error:
                log.warning("roster.refused", base=base, reason=error.reason, error=str(error))
                self._refused(error.reason)
            except (httpx2.HTTPError, OSError) as error:
                log.warning("roster.unreachable", base=base, error=f"{type(error).__name__}: {error}")
                return False
            else:
                log.info("roster.taken", version=version, base=base)
                self._wanted, self._is_again = max(self._wanted, version), False
                self._taken(version)
                return True
        return False

    async def _get(self, base: int) -> bytes | None:
        """Return the file, or None when the one held is the newest.

        Raises httpx2.HTTPError, OSError; RosterRefused when it is too large.
        """
        target = f"{self._path}?base={base}"
        nonce = f"{self._rng.getrandbits(64):016x}"
        now = self._stamp()
        signed = headers(self._http_key, self._device, "GET", target, nonce, now.wall_ms)
        context = self._tls()
        verify = context if context is not None else True
        async with (
            httpx2.AsyncClient(verify=verify, timeout=TIMEOUT_S, trust_env=False) as client,
            client.stream("GET", self._url + target, headers=signed) as answer,
        ):
            if now.quality in POOR:
                check_dates(peer_certificate(answer), self._floor_ms())
            if answer.status_code == HTTPStatus.NOT_MODIFIED and base:
                return None
            answer.raise_for_status()
            return await _limited(answer)


async def _limited(answer: httpx2.Response) -> bytes:
    parts, length = [], 0
    async for part in answer.aiter_bytes():
        length += len(part)
        if length > ROSTER_BYTES_MAX:
            raise RosterRefused("malformed", f"longer than {ROSTER_BYTES_MAX} bytes")
        parts.append(part)
    return b"".join(parts)
