"""Kaspi's biller protocol against a bank that repeats, is slow and loses answers: each payment counts once."""

import asyncio
import random

import pytest
from structlog.testing import capture_logs

from cloud.audit.queries import Wanted, noted_of
from cloud.core.errors import NotFound
from cloud.core.services import Services
from cloud.ledger.checking import check
from cloud.ledger.queries import held_at, trial_balance
from cloud.ledger.rules import Account
from cloud.people.moving import leave
from cloud.topups.kaspi import Result
from cloud.topups.numbers import number_of
from cloud.topups.rules import is_number
from simulators.bank import POOR, SimulatedBank, State
from simulators.clock import SimulatedClock
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.topups.factory import TODAY, a_family, bank_line


async def test_a_number_is_drawn_once_and_is_the_childs_own(services: Services) -> None:
    _, (child, sibling) = await a_family(services)

    numbers = await asyncio.gather(*(number_of(services, each) for each in (child.id, sibling.id, child.id)))

    assert numbers[0] == numbers[2] != numbers[1]
    assert all(is_number(number) for number in numbers)


async def test_who_pays_sees_for_whom_and_not_more(services: Services, clock: SimulatedClock) -> None:
    _, (child, _) = await a_family(services)
    number = await number_of(services, child.id)
    async with bank_line(services) as line:
        bank = SimulatedBank(line, clock, random.Random(1))

        known = await bank.check(number)
        unknown = await bank.check("123456789")

    assert (known["result"], known["comment"]) == (Result.OK, "Айгерім Ә.")
    assert unknown["result"] == Result.UNKNOWN


async def test_a_payment_notified_three_times_once_with_another_sum_counts_once(
    services: Services, clock: SimulatedClock
) -> None:
    school_id, (child, _) = await a_family(services)
    async with bank_line(services) as line:
        bank = SimulatedBank(line, clock, random.Random(1))
        payment = bank.pay(await number_of(services, child.id), 1_500_50)

        first = await bank.tell(payment)
        altered = await bank.tell(payment, tiyn=15_000_50)
        again = await bank.tell(payment)

    assert first == again
    assert (first["result"], first["sum"], first["txn_id"]) == (Result.OK, "1500.50", payment.txn)
    assert (altered["result"], "prv_txn_id" in altered) == (5, False)
    assert await held_at(services.database.pool, school_id) == {child.ref: 1_500_50}
    assert await services.database.pool.fetchval("SELECT count(*) FROM payment") == 1
    assert [entry.verb for entry in await noted_of(services, SYSTEM, school_id, Wanted())].count("money.topped_up") == 1


async def test_one_payment_for_another_account_is_refused(services: Services, clock: SimulatedClock) -> None:
    school_id, (child, sibling) = await a_family(services)
    async with bank_line(services) as line:
        bank = SimulatedBank(line, clock, random.Random(1))
        payment = bank.pay(await number_of(services, child.id), 700_00)
        await bank.tell(payment)
        payment.account = await number_of(services, sibling.id)

        assert (await bank.tell(payment))["result"] == Result.FAILED

    assert await held_at(services.database.pool, school_id) == {child.ref: 700_00}


async def test_the_same_payment_in_the_same_instant_counts_once(services: Services, clock: SimulatedClock) -> None:
    school_id, (child, _) = await a_family(services)
    async with bank_line(services) as line:
        bank = SimulatedBank(line, clock, random.Random(1))
        payment = bank.pay(await number_of(services, child.id), 700_00)

        answers = await asyncio.gather(*(bank.tell(payment) for _ in range(6)))

    assert len({str(answer) for answer in answers}) == 1
    assert await held_at(services.database.pool, school_id) == {child.ref: 700_00}


@pytest.mark.parametrize("seed", range(3))
async def test_over_a_poor_line_the_banks_book_and_the_ledger_agree_to_the_tiyn(
    services: Services, clock: SimulatedClock, seed: int
) -> None:
    school_id, children = await a_family(services, 4)
    rng = random.Random(seed)
    numbers = {await number_of(services, child.id): child.ref for child in children}
    wrong = ["123456789", "000000000", "7"]
    async with bank_line(services) as line:
        bank = SimulatedBank(line, clock, rng, POOR)
        for _ in range(40):
            bank.pay(rng.choice([*numbers, *numbers, *wrong]), rng.randrange(1, 5_000_00))

        await bank.settle()

    accepted = [payment for payment in bank.book.values() if payment.state is State.ACCEPTED]
    held = {ref: sum(each.tiyn for each in accepted if numbers[each.account] == ref) for ref in numbers.values()}
    day = await trial_balance(services, SYSTEM, school_id, TODAY)
    clearing = next(each.closing_tiyn for each in day.lines if each.account.part == "kaspi")
    assert await held_at(services.database.pool, school_id) == {ref: tiyn for ref, tiyn in held.items() if tiyn}
    assert clearing == bank.accepted_tiyn > 0
    assert all(len(payment.receipts) == 1 for payment in accepted)
    assert max(payment.tellings for payment in accepted) > 2
    assert await check(services, SYSTEM, school_id) == []


async def test_who_has_left_gets_no_new_money_but_a_repeat_is_answered_as_before(
    services: Services, clock: SimulatedClock
) -> None:
    school_id, (child, _) = await a_family(services)
    number = await number_of(services, child.id)
    async with bank_line(services) as line:
        bank = SimulatedBank(line, clock, random.Random(1))
        before = bank.pay(number, 700_00)
        first = await bank.tell(before)
        await leave(services, SYSTEM, child.id)

        assert await bank.tell(before) == first
        assert (await bank.check(number))["result"] == Result.CANCELLED
        assert (await bank.tell(bank.pay(number, 100_00)))["result"] == Result.CANCELLED

    assert await held_at(services.database.pool, school_id) == {child.ref: 700_00}


async def test_a_payment_belongs_to_the_banks_day(services: Services, clock: SimulatedClock) -> None:
    school_id, (child, _) = await a_family(services)
    async with bank_line(services) as line:
        bank = SimulatedBank(line, clock, random.Random(1))
        payment = bank.pay(await number_of(services, child.id), 700_00)
        clock.advance(2 * 86_400)

        assert (await bank.tell(payment))["result"] == Result.OK

    day = await trial_balance(services, SYSTEM, school_id, TODAY)
    assert {line.account: line.credits_tiyn for line in day.lines}[Account.of(child.ref)] == 700_00


async def test_whoever_is_not_the_bank_finds_nothing(services: Services, clock: SimulatedClock) -> None:
    _, (child, _) = await a_family(services)
    number = await number_of(services, child.id)

    for host, sources in (("203.0.113.5", "192.0.2.7"), ("192.0.2.7", "")):
        async with bank_line(services, host, sources) as line:
            with pytest.raises(NotFound):
                await SimulatedBank(line, clock, random.Random(1)).check(number)


async def test_what_is_not_of_the_protocol_is_answered_in_it(services: Services) -> None:
    async with bank_line(services) as line:
        answers = [
            await line(query)
            for query in ({}, {"command": "pay", "txn_id": "1", "account": "x", "sum": "-1"}, {"command": "\x00"})
        ]

    assert [answer["result"] for answer in answers] == [5, 5, 5]
    assert answers[1]["txn_id"] == "1"


async def test_no_account_number_stands_in_a_log(services: Services, clock: SimulatedClock) -> None:
    _, (child, _) = await a_family(services)
    number = await number_of(services, child.id)
    with capture_logs() as logs:
        async with bank_line(services) as line:
            bank = SimulatedBank(line, clock, random.Random(1))
            await bank.check(number)
            await bank.tell(bank.pay(number, 700_00))

    assert [(each["event"], each["command"]) for each in logs] == [
        ("kaspi.answered", "check"),
        ("kaspi.answered", "pay"),
    ]
    assert number not in str(logs)
