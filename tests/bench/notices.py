"""What is measured of notices: how many a second are decided and written, of meals, money, and days at the gates."""

import random
import time
from dataclasses import replace
from datetime import timedelta
from typing import Literal

from cloud.alerts.judging import judge_at
from cloud.attendance.changes import note_changed
from cloud.core.services import Services
from simulators.clock import SimulatedClock
from tests.bench.ledger import with_services
from tests.bench.table import Figure, at_least, at_most
from tests.cloud.alerts.factory import Morning, a_morning
from tests.cloud.attendance.factory import EIGHT, School, tap
from tests.cloud.meals.factory import Canteen
from tests.cloud.notifications.factory import a_parent, tell_all

CHILDREN, SALES, PASSAGES, SCHOOL = 100, 2_000, 10, 480


def notices_a_second() -> list[Figure]:
    """Tell two guardians of each child what a lunch hour of two thousand sales brought."""
    return with_services(_measured)


async def _measured(services: Services) -> list[Figure]:
    canteen, rng = await Canteen(services).open(CHILDREN), random.Random(1)
    for child in range(CHILDREN):
        await a_parent(canteen, child)
        await a_parent(canteen, child)
    sold = [canteen.sold(rng.randrange(CHILDREN), rng.randrange(1, 900_00)) for _ in range(SALES)]
    for start in range(0, SALES, 100):
        await canteen.send(*(record for each in sold[start : start + 100] for record in each))
    await canteen.project(250)
    began_s = time.perf_counter()
    await tell_all(services)
    took_s = time.perf_counter() - began_s
    told = await canteen.pool.fetchval("SELECT count(*) FROM outbox")
    assert told >= 2 * SALES, "somebody was not told"
    await canteen.close()
    method = (
        f"{SALES} sales of {CHILDREN} children with two guardians each: {told} notices, with their places and wake-ups"
    )
    return [Figure("notices decided and written", told / took_s, "notices/s", method)]


def days_a_second() -> list[Figure]:
    """Tell two guardians of each child what a morning and an afternoon at the gates brought."""
    return with_services(_days_measured)


async def _days_measured(services: Services) -> list[Figure]:
    # Of days long ago nobody is told, whatever day this runs on.
    services = replace(services, clock=SimulatedClock(EIGHT + timedelta(hours=PASSAGES)))
    school = await School(services).open(CHILDREN)
    for child in range(CHILDREN):
        await a_parent(school, child)
        await a_parent(school, child)
    ways: tuple[Literal["in", "out"], ...] = ("in", "out")
    taps = [tap(ref, 60 * way - number % 50, direction=ways[way % 2]) for way in range(PASSAGES) for number, ref in
            enumerate(school.refs)]  # fmt: skip
    projected_s = told_s = 0.0
    for start in range(0, len(taps), CHILDREN):
        await school.send(*taps[start : start + CHILDREN])
        began_s = time.perf_counter()
        await school.project(250)
        projected_s += time.perf_counter() - began_s
        began_s = time.perf_counter()
        await tell_all(services)
        told_s += time.perf_counter() - began_s
    told = await school.pool.fetchval("SELECT count(*) FROM outbox")
    assert told >= 2 * len(taps) * 0.9, "somebody was not told"
    noted_s = await _noted(school, len(taps))
    await school.close()
    method = f"{len(taps)} passages of {CHILDREN} children with two guardians each: {told} notices, with their places"
    beside = "the statement that notes days for notices, a hundred at once, beside the projection of the same"
    return [
        at_least("passages told to two guardians", len(taps) / told_s, "passages/s", method, floor=500),
        at_most("noting a changed day, of its projection", 100 * noted_s / projected_s, "%", beside, ceiling=10),
    ]


async def _noted(school: School, changes: int) -> float:
    """Return how long it takes to note so many days again, in batches."""
    ids = [row["id"] for row in await school.pool.fetch("SELECT id FROM person ORDER BY id")]
    days = [(school.school_id, each, EIGHT.date()) for each in ids]
    began_s = time.perf_counter()
    for _ in range(changes // len(days)):
        async with school.pool.acquire() as connection, connection.transaction():
            await note_changed(connection, days)
    return time.perf_counter() - began_s


def school_judged() -> list[Figure]:
    """Judge who of a school of 480 was not seen, with twenty days of arrivals through two gates behind it."""
    return with_services(_school_judged)


async def _school_judged(services: Services) -> list[Figure]:
    clock = SimulatedClock(EIGHT - timedelta(hours=1))
    services = replace(services, clock=clock)
    morning = await a_morning(services, clock, SCHOOL // 2, SCHOOL // 2)
    await morning.second_gate()
    by_b = range(0, SCHOOL, 3)
    for gate, children in (("b", by_b), ("main", sorted({*range(SCHOOL)} - {*by_b}))):
        await morning.came_by(gate, children, days=[day for day in range(1, 29) if day % 7 not in (2, 3)])
    await morning.came(range(SCHOOL // 50, SCHOOL))
    await morning.gates.pool.execute("ANALYZE")
    first_ms = await _judged(morning, minute=22)
    await morning.gates.pool.execute("DELETE FROM alert_round")
    again_ms = await _judged(morning, minute=60)
    told = len(await morning.absent())
    assert told == SCHOOL // 50, "somebody was told falsely, or not"
    await morning.gates.close()
    method = f"{SCHOOL} children, {told} of them missing, with 20 days of arrivals through two gates"
    return [
        Figure("a school's first look of the day", first_ms, "ms", f"{method}; the usual gates are reckoned, and told"),
        Figure("a later look at a whole school", again_ms, "ms", f"{method}; the usual gates are known"),
    ]


async def _judged(morning: Morning, *, minute: int) -> float:
    """Return how long a look takes so many minutes after eight."""
    morning.clock.advance((EIGHT + timedelta(minutes=minute) - morning.clock.now()).total_seconds())
    await morning.hear()
    began_s = time.perf_counter()
    await judge_at(morning.services, morning.gates.school_id)
    return 1_000 * (time.perf_counter() - began_s)


MEASUREMENTS = (notices_a_second, days_a_second, school_judged)
