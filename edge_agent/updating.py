"""Brings this agent newer releases: asks, fetches, checks, gives way at a quiet moment; and proves itself after one.

Rule: a release proves itself by what it does, with the cloud's word at the end: its journal takes records, the readers
that worked before work, the roster is there, the connection stands, and one record of this start was acknowledged.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Protocol

import httpx2
import structlog

from edge_agent.clock import Clock
from edge_agent.journal.entry import JournalBroken, JournalUnavailable
from edge_agent.journal.migrations import VERSION as JOURNAL
from edge_agent.status.snapshot import Snapshot
from edge_agent.sync.backoff import Backoff
from edge_agent.sync.release_fetch import BLOCK_BYTES
from edge_agent.updating_place import Before, Place
from schemas.release import Manifest, ReleaseRefused, check_fits

AGENT = "agent"
PROVE_S = 0.5
FIRST_S_MAX = 60.0  # after a start, by chance, so that a town's agents do not ask in one instant
NOTICE_S_MAX = 3.0
ASK_S = 6 * 3_600.0
WAIT_MS_MIN, WAIT_MS_MAX = 30_000, 6 * 3_600_000
QUIET_S, QUIET_LOOK_S, QUIET_S_MAX = 120.0, 5.0, 12 * 3_600.0
TOLD = "updates_told"  # a note of the journal: what was told of failures
TOLD_MAX = 64
log = structlog.get_logger()


class Notes(Protocol):
    """The journal's small durable values."""

    async def remember(self, name: str, value: str) -> None: ...
    async def recall(self, name: str) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Ways:
    """What updates act upon. `ask` and `block` raise OSError or httpx2.HTTPError."""

    ask: Callable[[str], Awaitable[bytes | None]]
    block: Callable[[int, str, int, int], Awaitable[bytes]]
    snapshot: Callable[[], Snapshot]
    alarm: Callable[[str, str], None]
    notes: Notes
    restart: Callable[[], None]
    quiet_s: Callable[[], float]  # since somebody stood at a gate


class Updates:
    """Looks for releases until cancelled."""

    def __init__(self, place: Place, ways: Ways, clock: Clock, rng: Random) -> None:
        self._place = place
        self._ways = ways
        self._clock = clock
        self._rng = rng
        self._installed = place.installed()
        self._news = asyncio.Event()
        self._refused: tuple[int, str] | None = None
        self._spoiled = 0  # the counter of what did not come as it was signed, and is fetched once more
        self._backoff = Backoff(rng, WAIT_MS_MIN, WAIT_MS_MAX)

    def hear(self) -> None:
        """Note that the cloud has news."""
        self._news.set()

    async def run(self) -> None:
        """Tell what failed, prove this release if it is on trial, then look for newer ones."""
        await self._tell_failures()
        if self._installed.is_trial:
            await self._prove()
        wait_s = 0.0 if self._news.is_set() else self._rng.uniform(0, FIRST_S_MAX)
        while self._place.has_key:
            await self._wait(wait_s)
            wait_s = await self._turn()
        log.info("updates.off", reason="no release key is pinned on this machine", root=str(self._place.root))
        await asyncio.Event().wait()

    async def _turn(self) -> float:
        """Look once; return after how many seconds to look again."""
        try:
            await self.look()
        except (httpx2.HTTPError, OSError) as error:
            log.warning("release.unreachable", error=f"{type(error).__name__}: {error}")
            return self._backoff.next_ms() / 1000
        self._backoff.reset()
        return self._rng.uniform(ASK_S / 2, ASK_S * 3 / 2)

    async def _wait(self, wait_s: float) -> None:
        """Wait so long, or until there are news."""
        waiting = asyncio.ensure_future(self._clock.sleep(wait_s))
        hearing = asyncio.ensure_future(self._news.wait())
        try:
            await asyncio.wait((waiting, hearing), return_when=asyncio.FIRST_COMPLETED)
            is_told = hearing.done()
        finally:
            waiting.cancel()
            hearing.cancel()
        self._news.clear()
        if is_told:
            await self._clock.sleep(self._rng.uniform(0, NOTICE_S_MAX))

    # A trial

    async def _prove(self) -> None:
        """Wait until there is nothing left to prove, and say so; the launcher's patience ends this, not ours."""
        counter, before, told = self._installed.counter, self._place.before(), ""
        while missing := lacking(self._ways.snapshot(), before):
            if missing != told:
                log.info("trial.waits", counter=counter, lacks=missing)
            told = missing
            await self._clock.sleep(PROVE_S)
        await asyncio.to_thread(self._place.prove, counter)
        log.info("trial.passed", counter=counter)
        self._news.set()  # the cloud should hear of it at once

    async def _tell_failures(self) -> None:
        """Write an alarm for each failure that none was written for."""
        failures = [("update_failed", f"{counter} {why}") for counter, why in sorted(self._installed.bad.items())]
        failures += [("files_changed", str(counter)) for counter in self._installed.changed]
        for reason, detail in failures:
            await self._alarm_once(reason, detail)

    async def _alarm_once(self, reason: str, detail: str) -> None:
        with suppress(JournalUnavailable, JournalBroken):
            told = (await self._ways.notes.recall(TOLD) or "").split(",")
            if f"{reason} {detail}" in told:
                return
            self._ways.alarm(reason, detail)
            await self._ways.notes.remember(TOLD, ",".join([*told, f"{reason} {detail}"][-TOLD_MAX:]))

    # A newer one

    async def look(self) -> None:
        """Ask once, and do what comes of it. Raises what `ask` and `block` raise."""
        file = await self._ways.ask(self._query())
        if file is None or self._place.is_staged():
            return
        try:
            manifest = self._place.opened(file)
            check_fits(manifest, AGENT, self._place.board, self._installed.counter, JOURNAL)
            if manifest.counter in self._installed.bad:
                return  # it was told why
            await self._bring(manifest, file)
        except ReleaseRefused as refused:
            await self._refuse(refused, file)
            return
        log.info("release.staged", counter=manifest.counter, version=manifest.version)
        await self._until_quiet()
        with suppress(httpx2.HTTPError, OSError):
            await self._ways.ask(f"{self._query()}&trying={manifest.counter}")
        self._ways.restart()

    def _query(self) -> str:
        held = self._installed
        query = f"product={AGENT}&board={self._place.board}&have={held.counter}"
        failed = max(((c, why) for c, why in held.bad.items() if c > held.counter), default=self._refused)
        return query if failed is None else f"{query}&bad={failed[0]}&why={failed[1]}"

    async def _bring(self, manifest: Manifest, file: bytes) -> None:
        """Fetch what is not here yet, and leave it to the launcher. Raises ReleaseRefused, and what `block` raises."""
        have = await asyncio.to_thread(self._place.begin, file)
        while have < manifest.size:
            size = min(BLOCK_BYTES, manifest.size - have)
            block = await self._ways.block(manifest.counter, manifest.board, have, size)
            await asyncio.to_thread(self._place.add, block)
            have += len(block)
        found = self._ways.snapshot()
        readers = tuple(reader.name for reader in found.readers if reader.health == "ready")
        try:
            await asyncio.to_thread(self._place.stage, manifest, Before(readers, found.roster.version))
        except ReleaseRefused as refused:
            self._place.drop()
            if self._spoiled != manifest.counter:  # by a power cut or on the way, perhaps: fetched once more
                self._spoiled = manifest.counter
                raise ConnectionError(f"release {manifest.counter}: {refused}") from refused
            raise

    async def _refuse(self, refused: ReleaseRefused, file: bytes) -> None:
        """Tell people and the cloud, once each, that a release is not taken, and why."""
        try:
            counter = self._place.opened(file).counter
        except ReleaseRefused:
            counter = 0  # what is not signed may call itself as it likes
        log.warning("release.refused", counter=counter, reason=refused.reason, error=str(refused))
        await self._alarm_once("update_failed", f"{counter} {refused.reason}")
        if self._refused != (counter, "refused"):
            self._refused = (counter, "refused")
            await self._ways.ask(self._query())

    async def _until_quiet(self) -> None:
        """Wait until nobody has stood at a gate for a while; a gate that is never quiet waits half a day at most."""
        left_s = QUIET_S_MAX
        while self._ways.quiet_s() < QUIET_S and left_s > 0:
            await self._clock.sleep(QUIET_LOOK_S)
            left_s -= QUIET_LOOK_S


def lacking(now: Snapshot, before: Before) -> str:
    """Return what a release on trial has not shown yet; nothing when it may stay."""
    ready = {reader.name for reader in now.readers if reader.health == "ready"}
    if now.journal.unavailable:
        return "journal"
    if now.roster.version < before.roster:
        return "roster"
    if lost := sorted(set(before.readers) - ready):
        return f"reader {lost[0]}"
    if now.link.phase != "flowing":
        return "connection"
    return "" if now.link.counters.get("acks_accepted", 0) > 0 else "ack"
