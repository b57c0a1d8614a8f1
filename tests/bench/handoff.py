"""What is measured of channels: how soon a till's record is in a channel's hands, while so many come each second."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import msgspec

from cloud.core.services import Services
from cloud.ingest.cursor import advance
from cloud.meals.projection import Meals
from cloud.notifications.channels.delivering import Deliverer
from cloud.notifications.channels.registry import lasts_of
from cloud.notifications.channels.sender import Address, Message, Outcome, Sent, Traits
from cloud.notifications.teller import Teller
from schemas.structs import Refusal
from tests.bench.ledger import with_services
from tests.bench.table import Figure, at_most, percentile
from tests.cloud.meals.factory import ALL, Canteen
from tests.cloud.notifications.channels.factory import Told
from tests.waiting import until_async

CHILDREN = 200
SECONDS = 6
RATES = (10, 100, 1_000)
TICKS = 20  # batches of records that come each second
AIMED_AT, HELD_MS = 100, 1_000.0  # the target: so many facts a second, this late at most
LATE_S = 120.0


@dataclass(slots=True)
class Clocked:
    """A sender that notes when it was given which notice."""

    name: str = "webpush"
    traits: Traits = field(default_factory=lambda: Traits(together=64))
    at_s: dict[int, float] = field(default_factory=dict)

    async def send(self, message: Message, to: Address) -> Outcome:
        self.at_s[message.notice_id] = time.perf_counter()
        return Sent(to.label)

    async def aclose(self) -> None:
        """Keep nothing."""


def handed_off() -> list[Figure]:
    """Let tills tell of refused meals at a steady rate, with reader, teller and deliverer as a worker runs them."""
    figures: list[Figure] = []
    for rate in RATES:
        figures += with_services(partial(_measured, rate))
    return figures


async def _measured(rate: int, services: Services) -> list[Figure]:
    canteen, sender = await Canteen(services).open(CHILDREN), Clocked()
    school = Told(canteen, {sender.name: sender})
    for child in range(CHILDREN):
        await school.parent(child)
    came_s: list[float] = []
    async with asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(services.wakeups.run(), name="wake-ups"),
            tasks.create_task(_read(services), name="reader"),
            tasks.create_task(Teller(services, lambda: ALL, lasts_of(school.senders)).run(), name="teller"),
            tasks.create_task(Deliverer(services, school.senders).run(), name="deliverer"),
        ]
        await services.wakeups.until_listening()
        came = await _come(canteen, rate, came_s)
        await until_async(lambda: len(sender.at_s) >= len(came_s), LATE_S, "not everything was handed off")
        for each in running:
            each.cancel()
    took_s = await _latencies(services, sender, came_s)
    await canteen.close()
    return _figures(rate, came, took_s)


async def _read(services: Services) -> None:
    """Follow the log of records, as a worker does who is woken by each commit."""
    projection = Meals(services)
    while True:
        if not await advance(services.database.pool, projection, ALL, 1_000):
            await asyncio.sleep(0.01)


async def _come(canteen: Canteen, rate: int, came_s: list[float]) -> float:
    """Let records come for some seconds, and note when each was committed; return how many came each second."""
    of_tick, began_s = max(1, rate // TICKS), time.perf_counter()
    pause_s = of_tick / rate
    for tick in range(SECONDS * rate // of_tick):
        wall_ms = int(canteen.services.clock.now().timestamp() * 1_000)
        records: Sequence[Refusal] = [
            msgspec.structs.replace(
                canteen.refused((tick * of_tick + number) % CHILDREN, "no_money"), wall_ms=wall_ms
            )
            for number in range(of_tick)
        ]  # fmt: skip
        await canteen.send(*records, now_ms=wall_ms)
        came_s += [time.perf_counter()] * of_tick
        await asyncio.sleep(max(0.0, began_s + (tick + 1) * pause_s - time.perf_counter()))
    return len(came_s) / (time.perf_counter() - began_s)


async def _latencies(services: Services, sender: Clocked, came_s: Sequence[float]) -> list[float]:
    """Return how long each record took from its commit to the sender, by the place of its fact."""
    rows = await services.database.pool.fetch("SELECT id, split_part(fact, ':', 4)::int AS seq FROM notice")
    assert len(rows) == len(came_s), "somebody was not told"
    return [sender.at_s[row["id"]] - came_s[row["seq"] - 1] for row in rows]


def _figures(rate: int, came: float, took_s: list[float]) -> list[Figure]:
    method = (
        f"{len(took_s)} refused meals of a till, {came:,.0f} a second came; from their commit in the cloud's log to a "
        "sender that notes the time: neither the way from the till nor a push service is in it; reader, teller and "
        "deliverer in one process beside what sends the records"
    )
    p50, p99 = (percentile(took_s, share) * 1_000 for share in (0.5, 0.99))
    figures = [
        Figure(f"till's record to push hand-off at {rate}/s, {name}", value, "ms", method)
        for name, value in (("p50", p50), ("p99", p99))
    ]
    if rate == AIMED_AT:
        figures[1] = at_most(figures[1].name, p99, "ms", method, ceiling=HELD_MS)
    return figures


MEASUREMENTS = (handed_off,)
