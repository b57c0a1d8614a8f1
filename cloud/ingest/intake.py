"""The intake: hears the broker, gathers messages into windows, commits them, and sends the answers.

Rule: answers leave after the commit. When the store fails the link is closed and nothing is answered: the devices keep
what they have and send it again, to this worker or to the next.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random

import msgspec
import structlog

from cloud.core.clock import Clock
from cloud.core.errors import kinds_of
from cloud.core.tracing import span
from cloud.ingest.accepting import accept
from cloud.ingest.admission import Admission
from cloud.ingest.messages import Address, Arrived, address_of
from cloud.ingest.plan import Plan, Reply
from cloud.ingest.store import Store, StoreRefused
from cloud.ingest.transport import BrokerAddress, BrokerLink, LinkLost
from cloud.ingest.waiting import Waiting
from schemas.seal import seal
from schemas.structs import Nack

# Up to so many messages a second a window lasts so long: short ones cost little while there are few messages.
WINDOWS_S = ((800.0, 0.005), (4_000.0, 0.010), (float("inf"), 0.020))
TURNED_MAX = 5_000
_EPOCH_START = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
log = structlog.get_logger()


class Intake:
    """Serves some shards over one link, from `run` until it is cancelled or something fails."""

    def __init__(
        self,
        store: Store,
        broker: BrokerAddress,
        clock: Clock,
        rng: Random,
        client_id: str,
        settled: Callable[[Plan], None] = lambda _plan: None,
    ) -> None:
        self.windows = 0
        self.records = 0
        self.dropped = 0
        self.is_listening = False
        self._store = store
        self._clock = clock
        self._settled = settled
        self._waiting = Waiting()
        self._admission = Admission(rng)
        self._turned: dict[str, tuple[Address, int]] = {}
        # A broker hangs up on a client when another one comes under its id: nobody may know ours.
        self._link = BrokerLink(broker, f"{client_id}-{rng.getrandbits(64):016x}", self._heard)
        self._loop = asyncio.get_running_loop()
        self._ahead_ms = 0.0  # by how much wall time is ahead of the loop's, looked at once a window
        self._something = asyncio.Event()
        self._full = asyncio.Event()

    async def run(self, shards: Collection[int]) -> None:
        """Serve until cancelled. Raises LinkLost or StoreFailed; the link is closed in any case."""
        try:
            self._now_ms()
            await self._link.open(shards)
            self.is_listening = True
            log.info("intake.began", shards=len(shards))
            async with asyncio.TaskGroup() as group:
                group.create_task(self._watch(), name="intake.link")
                group.create_task(self._settle(), name="intake.windows")
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from errors
        finally:
            self.is_listening = False
            await self._link.close()

    def take_flooding(self) -> Sequence[tuple[str, int]]:
        """Return who sent too many messages since the last call, and how many were turned away."""
        flooding = list(self._admission.flooding.items())
        self._admission.flooding.clear()
        return flooding

    @property
    def turned_away(self) -> int:
        return self._admission.turned_away

    def send(self, replies: Sequence[Reply]) -> None:
        """Send what is not an answer: notices and commands."""
        self._link.send(replies)

    def _heard(self, topic: str, payload: bytes) -> None:
        address = address_of(topic)
        if address is not None:
            retry_ms = self._admission.retry_ms(address, self._loop.time())
            if retry_ms:
                self._turn_away(address, retry_ms)
                return
        at_ms = int(self._loop.time() * 1_000 + self._ahead_ms)
        if not self._waiting.offer(Arrived(topic, payload, at_ms)):
            self.dropped += 1
            if address is not None:
                self._turn_away(address, 1_000)
            return
        self._something.set()
        if self._waiting.is_worth_a_window:
            self._full.set()

    def _turn_away(self, address: Address, retry_ms: int) -> None:
        if len(self._turned) < TURNED_MAX:
            self._turned[address.answers] = (address, retry_ms)
            self._something.set()

    def _now_ms(self) -> int:
        now_ms = (self._clock.now() - _EPOCH_START) // _MILLISECOND
        self._ahead_ms = now_ms - self._loop.time() * 1_000
        return now_ms

    async def _watch(self) -> None:
        await self._link.ended()
        raise LinkLost("the broker hung up")

    async def _settle(self) -> None:
        window_s = WINDOWS_S[0][1]
        while True:
            await self._something.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(window_s):
                    await self._full.wait()
            began_s = self._loop.time() - window_s
            arrived = self._take()
            if arrived:
                await self._accept(arrived)
            await self._tell_turned()
            per_s = len(arrived) / (self._loop.time() - began_s)
            window_s = next(length_s for most_per_s, length_s in WINDOWS_S if per_s < most_per_s)

    def _take(self) -> list[Arrived]:
        arrived = self._waiting.take()
        if not self._waiting.messages:
            self._something.clear()
        if not self._waiting.is_worth_a_window:
            self._full.clear()
        return arrived

    async def _accept(self, arrived: Sequence[Arrived]) -> None:
        """Commit messages; where they are refused together, halve them until the one that cannot be stored is alone."""
        try:
            with span("ingest window", messages=len(arrived)):
                plan = await accept(arrived, self._store, self._now_ms())
        except StoreRefused as error:
            if len(arrived) == 1:
                self.dropped += 1
                told = {"topic": arrived[0].topic[:80], "bytes": len(arrived[0].payload), "error": kinds_of(error)}
                log.error("message.unstorable", **told)  # noqa: TRY400 - the database's own words hold what was sent
                return
            middle = len(arrived) // 2
            await self._accept(arrived[:middle])
            await self._accept(arrived[middle:])
            return
        self._link.send(plan.replies)
        self.windows += 1
        self.records += len(plan.records)
        self._settled(plan)

    async def _tell_turned(self) -> None:
        """Tell those who were turned away when to come again."""
        if not self._turned:
            return
        turned, self._turned = list(self._turned.values()), {}
        senders = await self._store.senders([address.device for address, _ in turned])
        for address, retry_ms in turned:
            sender = senders.get(address.device)
            if sender is not None:
                frame = Nack(code="busy", retry_after_ms=retry_ms)
                self._link.send([Reply(address.answers, seal(sender.downlink_key, msgspec.json.encode(frame)))])
