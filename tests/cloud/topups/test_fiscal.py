"""Fiscal receipts: each cash payment is registered once, in order, by one telling at a time, whatever the line does."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx2
import pytest
from structlog.testing import capture_logs

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.topups.actions import take_cash
from cloud.topups.fiscal import (
    Cash,
    Cashbox,
    Desks,
    FiscalDesk,
    Keys,
    Unanswered,
    fiscal_state_of,
    put_cashbox,
    register_due,
    tell_again,
)
from cloud.topups.queries import receipt_of
from cloud.topups.webkassa import Webkassa
from simulators.clock import SimulatedClock
from simulators.webkassa import BadHours, SimulatedWebkassa
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.topups.factory import a_family

KEYS = Keys("school@example.kz", "hush-hush-1", "WKD-hush-2")
BOX = Cashbox("SWK00030725", "https://kassa.example", KEYS)
GOOD = BadHours()
POOR = BadHours(lost_answer=0.25, down=0.15, session_over=0.2, no_words=0.1)


def a_provider(hours: BadHours = GOOD, seed: int = 1) -> SimulatedWebkassa:
    return SimulatedWebkassa(KEYS.login, KEYS.password, KEYS.key, random.Random(seed), hours)


def desks_of(provider: SimulatedWebkassa) -> Desks:
    """Return what opens a desk at a provider."""

    @asynccontextmanager
    async def opened(cashbox: Cashbox) -> AsyncIterator[FiscalDesk]:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(provider.app)) as client:
            yield Webkassa(cashbox, client)

    def open_desk(cashbox: Cashbox) -> AbstractAsyncContextManager[FiscalDesk]:
        return opened(cashbox)

    return open_desk


async def with_cash(services: Services, count: int, code: str = "almaty5", number: str = BOX.number) -> int:
    """Add a school with a cashbox where cash was taken so often."""
    school_id, (child, _) = await a_family(services, 2, code)
    await put_cashbox(services, SYSTEM, school_id, Cashbox(number, BOX.url, KEYS))
    for turn in range(count):
        await take_cash(services, SYSTEM, child, 1_000_50 + turn, f"{school_id:016x}{turn:016x}")
    return school_id


async def test_cash_is_registered_to_the_tiyn_and_its_number_is_on_the_receipt(services: Services) -> None:
    school_id, provider = await with_cash(services, 2), a_provider()

    assert await register_due(services, desks_of(provider)) == 2
    assert await register_due(services, desks_of(provider)) == 0

    receipt = await receipt_of(services, SYSTEM, school_id, 1)
    assert [tenge * 100 for tenge in provider.sums.values()] == [1_000_50, 1_000_51]
    assert (receipt.fiscal_number, receipt.fiscal_link) == ("3645220000", "https://ofd.example/3645220000")
    assert (await fiscal_state_of(services, SYSTEM, school_id)).waiting == 0


async def test_a_school_without_a_cashbox_registers_nothing(services: Services) -> None:
    _, (child, _) = await a_family(services)
    await take_cash(services, SYSTEM, child, 500_00, "0" * 32)

    assert await register_due(services, desks_of(a_provider())) == 0
    assert await services.database.pool.fetchval("SELECT count(*) FROM fiscal_receipt") == 0


async def test_a_receipt_whose_session_is_over_again_and_again_waits_and_is_not_refused(services: Services) -> None:
    school_id = await with_cash(services, 1)

    assert await register_due(services, desks_of(a_provider(BadHours(session_over=1.0)))) == 0

    state = await fiscal_state_of(services, SYSTEM, school_id)
    assert (state.waiting, state.refused) == (1, 0)


@pytest.mark.parametrize("seed", range(3))
async def test_in_bad_hours_every_receipt_is_registered_once_in_order_and_one_at_a_time(
    services: Services, clock: SimulatedClock, seed: int
) -> None:
    first = await with_cash(services, 12)
    second = await with_cash(services, 5, "almaty6", "SWK00030726")
    provider = a_provider(POOR, seed)
    rounds = 0

    while any([(await fiscal_state_of(services, SYSTEM, each)).waiting for each in (first, second)]):
        await asyncio.gather(*(register_due(services, desks_of(provider)) for _ in range(3)))
        clock.advance(3_600)
        rounds += 1
        assert rounds < 200

    rows = await services.database.pool.fetch("SELECT external, number FROM fiscal_receipt ORDER BY id")
    assert {row["external"]: row["number"] for row in rows} == {
        external: told["CheckNumber"] for external, told in provider.receipts.items()
    }
    for school_id in (first, second):
        own = [row["number"] for row in rows if row["external"].startswith(f"esik-{school_id:016x}")]
        assert own == sorted(own)
    assert len(rows) == 17
    assert provider.crowded == 0
    assert rounds > 1


async def test_what_was_registered_before_a_crash_is_the_same_receipt_after_it(services: Services) -> None:
    await with_cash(services, 1)
    provider = a_provider(BadHours(lost_answer=1.0))
    async with desks_of(provider)(BOX) as desk:
        with pytest.raises(Unanswered):
            await desk.register(Cash("esik-" + f"{1:016x}{0:016x}", 1_000_50))
        provider.hours = GOOD

        registered = await desk.register(Cash("esik-" + f"{1:016x}{0:016x}", 1_000_50))

    assert registered.number == "3645220000"
    assert len(provider.receipts) == 1


async def test_what_stays_open_is_told_again_later_and_holds_up_the_others_of_its_cashbox(
    services: Services, clock: SimulatedClock
) -> None:
    school_id = await with_cash(services, 3)
    down = a_provider(BadHours(down=1.0))

    assert await register_due(services, desks_of(down)) == 0
    state = await fiscal_state_of(services, SYSTEM, school_id)
    healthy = a_provider()
    assert await register_due(services, desks_of(healthy)) == 0  # not before half a minute
    clock.advance(31)

    assert await register_due(services, desks_of(healthy)) == 3
    assert (state.waiting, state.since) == (3, await asked_at(services))


async def test_wrong_keys_are_no_reason_to_lose_a_receipt_and_are_in_no_log(services: Services) -> None:
    school_id = await with_cash(services, 1)
    other = SimulatedWebkassa("somebody", "else", "x", random.Random(1))

    with capture_logs() as logs:
        await register_due(services, desks_of(other))

    assert (await fiscal_state_of(services, SYSTEM, school_id)).waiting == 1
    assert logs[0]["why"] == "not let in: error 1"
    stored = str(await services.database.pool.fetch("SELECT * FROM cashbox"))
    assert not any(secret in str(logs) + stored for secret in (KEYS.login, KEYS.password, KEYS.key))


async def test_what_the_provider_will_not_have_is_told_to_the_office_and_the_next_one_goes_on(
    services: Services,
) -> None:
    school_id, provider = await with_cash(services, 2), a_provider()
    provider.to_refuse = 1

    assert await register_due(services, desks_of(provider)) == 1
    state = await fiscal_state_of(services, SYSTEM, school_id)
    await tell_again(services, SYSTEM, school_id)
    assert await register_due(services, desks_of(provider)) == 1

    assert (state.waiting, state.refused) == (0, 1)
    assert state.why.startswith("error 11: Продолжительность смены")
    assert [tenge * 100 for tenge in provider.sums.values()] == [1_000_51, 1_000_50]


async def test_only_an_operator_puts_a_cashbox(services: Services) -> None:
    school_id, _ = await a_family(services)
    office = Actor("Office", None, frozenset({Reach(Role.OFFICE, school_id)}))

    with pytest.raises(NotAllowed):
        await put_cashbox(services, office, school_id, BOX)


async def asked_at(services: Services) -> object:
    return await services.database.pool.fetchval("SELECT min(asked_at) FROM fiscal_receipt")
