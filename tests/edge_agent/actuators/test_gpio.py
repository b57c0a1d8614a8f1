"""The machine's own pins, tried with gpiozero's mock factory."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from gpiozero.pins.mock import MockFactory

from edge_agent.actuators.actuator import FireChanged, PassageOutcome, Passed
from edge_agent.actuators.gpio import Pins, gpio_turnstile
from edge_agent.actuators.lane import Timing
from edge_agent.actuators.turnstile import Turnstile
from edge_agent.clock import SystemClock
from tests.waiting import until_async

QUICK = Timing(pulse_ms=20, passage_ms=80, still_ms=5, red_ms=20)
PINS = Pins(open_in=5, open_out=6, deny=13, pass_in=19, pass_out=26, fire=21)


@pytest.fixture
def factory() -> Iterator[MockFactory]:
    factory = MockFactory()
    yield factory
    factory.reset()


async def next_event(events: AsyncIterator[Passed | FireChanged]) -> Passed | FireChanged:
    async with asyncio.timeout(30):
        return await anext(events)


def close_contact(factory: MockFactory, pin: int) -> None:
    factory.pin(pin).drive_low()


def open_contact(factory: MockFactory, pin: int) -> None:
    factory.pin(pin).drive_high()


async def attended(turnstile: Turnstile) -> AsyncIterator[Passed | FireChanged]:
    """Return the events of a turnstile that has begun to listen."""
    events = turnstile.events()
    first = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0)

    async def all_events() -> AsyncIterator[Passed | FireChanged]:
        yield await first
        async for event in events:
            yield event

    return all_events()


async def test_relays_rest_at_the_start_and_pulse_when_asked(factory: MockFactory) -> None:
    turnstile = gpio_turnstile(PINS, QUICK, SystemClock(), factory)
    assert [factory.pin(pin).state for pin in (5, 6, 13)] == [0, 0, 0]

    turnstile.open("in", 1)
    turnstile.deny()
    assert [factory.pin(pin).state for pin in (5, 6, 13)] == [1, 0, 1]

    await until_async(lambda: factory.pin(5).state == 0 and factory.pin(13).state == 0)
    turnstile.close()


async def test_an_active_low_board_rests_high(factory: MockFactory) -> None:
    turnstile = gpio_turnstile(Pins(open_in=5, is_active_low=True), QUICK, SystemClock(), factory)
    assert factory.pin(5).state == 1

    turnstile.open("in", 1)
    assert factory.pin(5).state == 0

    assert not turnstile.has_sensor
    await until_async(lambda: factory.pin(5).state == 1)
    turnstile.close()


async def test_a_person_goes_through(factory: MockFactory) -> None:
    close_contact(factory, 21)
    turnstile = gpio_turnstile(PINS, QUICK, SystemClock(), factory)
    events = await attended(turnstile)
    await asyncio.sleep(0)

    turnstile.open("in", 1)
    close_contact(factory, 19)
    passed = await next_event(events)
    open_contact(factory, 19)

    assert isinstance(passed, Passed)
    assert (passed.outcome, passed.direction, passed.grant) == (PassageOutcome.PASSED, "in", 1)
    turnstile.close()


async def test_an_open_fire_loop_is_a_fire_also_when_it_was_open_from_the_start(factory: MockFactory) -> None:
    turnstile = gpio_turnstile(PINS, QUICK, SystemClock(), factory)
    events = await attended(turnstile)

    first = await next_event(events)
    close_contact(factory, 21)
    second = await next_event(events)

    assert isinstance(first, FireChanged)
    assert first.burning
    assert isinstance(second, FireChanged)
    assert not second.burning
    turnstile.close()


def test_half_a_sensor_is_none() -> None:
    assert PINS.has_sensor
    assert not Pins(open_in=5, open_out=6, pass_in=19).has_sensor
    assert Pins(open_in=5, pass_in=19).has_sensor
