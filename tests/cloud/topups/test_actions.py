"""The office's money: cash counts once for a form, nothing is given twice, and each step is in the audit journal."""

import asyncio

import pytest

from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.ledger.checking import check
from cloud.ledger.queries import held_at, trial_balance
from cloud.ledger.reasons import FormSpoilt
from cloud.people.actions import end_guardianship
from cloud.people.errors import PersonRefused
from cloud.people.moving import leave
from cloud.people.queries import PersonRow, guardians_of, person_of_ref
from cloud.topups.actions import Way, move, pay_back, promise_back, take_cash
from cloud.topups.errors import NothingHeld, NotSiblings, PaidAlready, PayerLeft, PaymentAltered, StillHere
from cloud.topups.queries import promises_of, receipt_of, siblings_of
from cloud.topups.rules import AmountRefused
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.topups.factory import ONCE, TODAY, a_family

PAPER = "өтініш 12, 01.09.2026"


async def gone(services: Services, person: PersonRow) -> PersonRow:
    await leave(services, SYSTEM, person.id)
    return await person_of_ref(services, SYSTEM, person.ref)


async def held(services: Services, school_id: int) -> dict[str, int]:
    return dict(await held_at(services.database.pool, school_id))


async def test_cash_is_taken_once_for_a_form_and_has_a_receipt(services: Services) -> None:
    school_id, (child, _) = await a_family(services)
    cashier = Actor("Office", None, frozenset({Reach(Role.OFFICE, school_id)}))

    first, again = [await take_cash(services, cashier, child, 2_000_00, ONCE) for _ in range(2)]

    assert (first.is_new, again.is_new, first.receipt, again.id) == (True, False, 1, first.id)
    receipt = await receipt_of(services, cashier, school_id, first.receipt)
    assert (receipt.name, receipt.amount_tiyn, receipt.taken_by, receipt.provider) == (
        "Әліби Айгерім", 2_000_00, "Office", "cash",
    )  # fmt: skip
    assert await held(services, school_id) == {child.ref: 2_000_00}
    assert (await noted_of(services, SYSTEM, school_id, Wanted()))[0].verb == "money.topped_up"


async def test_a_form_sent_again_with_another_sum_is_refused(services: Services) -> None:
    school_id, (child, _) = await a_family(services)
    await take_cash(services, SYSTEM, child, 2_000_00, ONCE)

    with pytest.raises(PaymentAltered):
        await take_cash(services, SYSTEM, child, 2_500_00, ONCE)

    assert await held(services, school_id) == {child.ref: 2_000_00}


@pytest.mark.parametrize(("amount", "once"), [(0, ONCE), (-5, ONCE), (500_000_01, ONCE), (5, ""), (5, "x" * 32)])
async def test_what_cannot_be_cash_is_refused(services: Services, amount: int, once: str) -> None:
    _, (child, _) = await a_family(services)

    with pytest.raises((AmountRefused, FormSpoilt)):
        await take_cash(services, SYSTEM, child, amount, once)


async def test_money_moves_to_a_sibling_once_and_never_more_than_there_is(services: Services) -> None:
    school_id, (child, sibling) = await a_family(services)
    await take_cash(services, SYSTEM, child, 900_00, ONCE)

    async def moved(amount: int, digit: str) -> bool:
        return await move(
            services, SYSTEM, giver=child, taker_ref=sibling.ref, amount_tiyn=amount, once=digit * 32
        )  # fmt: skip

    assert await moved(600_00, "1")
    assert not await moved(600_00, "1")
    with pytest.raises(NothingHeld):
        await moved(300_01, "2")

    assert await held(services, school_id) == {child.ref: 300_00, sibling.ref: 600_00}


async def test_two_forms_in_the_same_instant_do_not_give_the_same_money_twice(services: Services) -> None:
    school_id, (child, sibling) = await a_family(services)
    await take_cash(services, SYSTEM, child, 900_00, ONCE)

    outcomes = await asyncio.gather(
        *(
            move(services, SYSTEM, giver=child, taker_ref=sibling.ref, amount_tiyn=500_00, once=digit * 32)
            for digit in "1234"
        ),
        return_exceptions=True,
    )

    assert sorted(str(type(each).__name__) for each in outcomes) == ["NothingHeld"] * 3 + ["bool"]
    assert await held(services, school_id) == {child.ref: 400_00, sibling.ref: 500_00}


async def test_money_moves_between_siblings_only(services: Services) -> None:
    _, (child, sibling) = await a_family(services)
    _, (stranger, _) = await a_family(services, 2, "almaty6")
    await take_cash(services, SYSTEM, child, 900_00, ONCE)
    assert [each.ref for each in await siblings_of(services, SYSTEM, child)] == [sibling.ref]

    (mother,) = await guardians_of(services, SYSTEM, sibling.ref)
    await end_guardianship(services, SYSTEM, mother.id, sibling.id, TODAY)

    for ref in (sibling.ref, stranger.ref, child.ref):
        with pytest.raises(NotSiblings):
            await move(services, SYSTEM, giver=child, taker_ref=ref, amount_tiyn=5, once=ONCE)


async def test_a_leavers_balance_is_promised_once_and_paid_once(services: Services) -> None:
    school_id, (child, _) = await a_family(services)
    await take_cash(services, SYSTEM, child, 900_00, ONCE)
    with pytest.raises(StillHere):
        await promise_back(services, SYSTEM, child, PAPER)
    child = await gone(services, child)

    promise = await promise_back(services, SYSTEM, child, PAPER)
    with pytest.raises(NothingHeld):
        await promise_back(services, SYSTEM, child, PAPER)
    await pay_back(services, SYSTEM, school_id, promise, Way.CASH)
    with pytest.raises(PaidAlready):
        await pay_back(services, SYSTEM, school_id, promise, Way.BANK)

    (told,) = await promises_of(services, SYSTEM, school_id)
    assert (told.amount_tiyn, told.paper, told.way, told.ref) == (900_00, PAPER, "cash", child.ref)
    day = await trial_balance(services, SYSTEM, school_id, TODAY)
    assert {line.closing_tiyn for line in day.lines} == {0}
    verbs = [entry.verb for entry in await noted_of(services, SYSTEM, school_id, Wanted())]
    assert verbs[:2] == ["money.paid_back", "money.promised"]
    assert await check(services, SYSTEM, school_id) == []


async def test_a_leaver_pays_nothing_in_and_a_promise_needs_its_paper(services: Services) -> None:
    _, (child, _) = await a_family(services)
    await take_cash(services, SYSTEM, child, 900_00, ONCE)
    child = await gone(services, child)

    with pytest.raises(PayerLeft):
        await take_cash(services, SYSTEM, child, 5_00, "1" * 32)
    with pytest.raises(PersonRefused):
        await promise_back(services, SYSTEM, child, "  ")


async def test_another_schools_office_and_a_guard_are_not_let_to_the_money(services: Services) -> None:
    school_id, (child, sibling) = await a_family(services)
    elsewhere, _ = await a_family(services, 1, "almaty6")
    taken = await take_cash(services, SYSTEM, child, 900_00, ONCE)
    promise = await promise_back(services, SYSTEM, await gone(services, child), PAPER)
    strangers = [
        Actor("Office", None, frozenset({Reach(Role.OFFICE, elsewhere)})),
        Actor("Guard", None, frozenset({Reach(Role.GUARD, school_id)})),
    ]

    for who in strangers:
        for attempt in (
            take_cash(services, who, sibling, 5, ONCE),
            move(services, who, giver=child, taker_ref=sibling.ref, amount_tiyn=5, once=ONCE),
            promise_back(services, who, child, PAPER),
            pay_back(services, who, school_id, promise, Way.CASH),
            receipt_of(services, who, school_id, taken.receipt),
            promises_of(services, who, school_id),
        ):
            with pytest.raises(NotAllowed):
                await attempt
    with pytest.raises(NotFound):
        await pay_back(services, strangers[0], elsewhere, promise, Way.CASH)
