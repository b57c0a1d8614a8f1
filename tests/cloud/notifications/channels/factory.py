"""Guardians with addresses, facts to tell, and senders that keep what they were given, for tests."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import asyncpg

from cloud.core.services import Services
from cloud.notifications.channels.addresses import add_address
from cloud.notifications.channels.delivering import Deliverer
from cloud.notifications.channels.planning import Deliveries
from cloud.notifications.channels.registry import lasts_of
from cloud.notifications.channels.sender import Address, Message, Outcome, Sender, Sent, Traits
from cloud.notifications.kinds import Detail, Kind
from cloud.notifications.outbox import drain, tell
from cloud.notifications.rules import Fact
from tests.cloud.meals.factory import Canteen
from tests.cloud.notifications.factory import ALL, Parent, a_parent

_facts = itertools.count(1)


@dataclass(slots=True)
class Recorder:
    """A sender that keeps what it was given, and answers as it is told to: the outcomes in turn, then Sent."""

    name: str = "webpush"
    traits: Traits = field(default_factory=Traits)
    outcomes: list[Outcome | Exception] = field(default_factory=list)
    given: list[tuple[Message, Address]] = field(default_factory=list)
    hangs: bool = False

    async def send(self, message: Message, to: Address) -> Outcome:
        self.given.append((message, to))
        if self.hangs:
            await asyncio.Event().wait()
        outcome = self.outcomes.pop(0) if self.outcomes else Sent()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def aclose(self) -> None:
        """Keep nothing."""


@dataclass(slots=True)
class Told:
    """A school whose guardians are told by channels."""

    canteen: Canteen
    senders: dict[str, Sender]

    @property
    def services(self) -> Services:
        return self.canteen.services

    @property
    def pool(self) -> asyncpg.Pool:
        return self.canteen.pool

    async def parent(self, *children: int, channels: Sequence[str] = ("webpush",)) -> Parent:
        """Add a guardian with an address of each channel."""
        parent = await a_parent(self.canteen, *children)
        for channel in channels:
            await self.address(parent, channel)
        return parent

    async def address(self, parent: Parent, channel: str, value: str = "") -> int:
        """Give a guardian an address."""
        value = value or f"{channel}-{parent.account_id}"
        async with self.pool.acquire() as connection, connection.transaction():
            return await add_address(
                self.services, connection, parent.account_id, channel, value, same_as=value, label=value
            )

    async def fact(self, child: int = 0, *, at: datetime | None = None, kind: Kind = Kind.TOPUP, key: str = "") -> Fact:
        """Return something that happened to a child now."""
        person_id = await self.pool.fetchval("SELECT id FROM person WHERE ref = $1", self.canteen.refs[child])
        number = next(_facts)
        detail = Detail(amount_tiyn=50_000, held_tiyn=1_000_000 + number * 100, way="kaspi")
        key = key or f"topup:{number}"
        return Fact(key, kind, self.canteen.school_id, person_id, at or self.services.clock.now(), detail)

    async def tell(self, *facts: Fact) -> int:
        """Tell of facts and plan their deliveries; return how many notices are new."""
        async with self.pool.acquire() as connection, connection.transaction():
            told = await tell(connection, facts, self.services.clock.now())
        await self.plan()
        return told

    async def plan(self) -> None:
        """Plan what stands in the outbox."""
        channel = Deliveries(self.services, lasts_of(self.senders))
        while await drain(self.pool, channel, ALL):
            pass

    async def deliver(self, senders: Mapping[str, Sender] | None = None) -> None:
        """Deliver everything that is due."""
        await Deliverer(self.services, senders or self.senders).deliver_all()

    async def happened(self, child: int = 0) -> None:
        """Let something happen to a child, tell it and deliver it."""
        await self.tell(await self.fact(child))
        await self.deliver()

    async def states(self) -> list[tuple[str, str, str]]:
        """Return channel, state and reason of every delivery, in the order of the queue."""
        rows = await self.pool.fetch("SELECT channel, state, why FROM delivery ORDER BY id")
        return [(row["channel"], row["state"], row["why"]) for row in rows]

    def pass_time(self, time: timedelta) -> None:
        """Let time go by."""
        advance = getattr(self.services.clock, "advance")  # noqa: B009 (of the simulated one)
        advance(time.total_seconds())


@asynccontextmanager
async def told(services: Services, *senders: Sender, children: int = 2) -> AsyncIterator[Told]:
    """Open a school with senders."""
    canteen = await Canteen(services).open(children)
    yield Told(canteen, {each.name: each for each in senders})
    await canteen.close()
