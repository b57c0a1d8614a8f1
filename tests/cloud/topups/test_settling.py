"""Settlements and corrections: once for a form, never more than there is, with who and why; books stay whole."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.services import Services
from cloud.ledger.checking import check
from cloud.ledger.errors import PostingConflict
from cloud.ledger.kinds import AccountKind, EntryKind
from cloud.ledger.notes import notes_of
from cloud.ledger.posting import lock
from cloud.ledger.postings import OFFICE
from cloud.ledger.queries import balance_of, held_at
from cloud.ledger.reasons import FormSpoilt, ReasonMissing, TooMuch
from cloud.ledger.rules import BANK, DIFFERENCES, FEES, REFUNDS, Account
from cloud.people.errors import PersonRefused
from cloud.people.moving import leave
from cloud.people.queries import person_of_ref
from cloud.topups.actions import Way, pay_back, promise_back, take_cash
from cloud.topups.errors import PaidAlready
from cloud.topups.payments import Paid, take
from cloud.topups.queries import promises_of
from cloud.topups.rules import AmountRefused
from cloud.topups.settling import Form, correct, empty_drawer, settle, withdraw_promise
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.topups.factory import a_family
from tests.waiting import PAUSE_S

KASPI = Account(AccountKind.CLEARING, "kaspi")
FORM = Form("5" * 32, 600_00, "выписка 7")


async def balances(services: Services, school_id: int, *accounts: Account) -> list[int]:
    return [await balance_of(services.database.pool, school_id, account) for account in accounts]


async def paid(services: Services) -> tuple[int, str]:
    """Let a family pay 1,000 tenge at the bank and 1,000 at the office, and return the school and the child."""
    school_id, (child, _) = await a_family(services)
    now = services.clock.now()
    await take(services, SYSTEM, Paid("kaspi", "1", school_id, child.id, child.ref, 1_000_00, now))
    await take_cash(services, SYSTEM, child, 1_000_00, "c" * 32)
    return school_id, child.ref


async def test_what_the_bank_passed_on_leaves_clearing_with_its_fee_once(services: Services) -> None:
    school_id, _ = await paid(services)

    new = [await settle(services, SYSTEM, school_id, "kaspi", 5_40, FORM) for _ in range(2)]

    assert new == [True, False]
    assert await balances(services, school_id, KASPI, BANK, FEES) == [400_00, 594_60, 5_40]
    (told,) = await notes_of(services, SYSTEM, school_id)
    assert (told.kind, told.total_tiyn, told.why) == (EntryKind.SETTLEMENT, 600_00, "выписка 7")
    (noted,) = [each for each in await noted_of(services, SYSTEM, school_id, Wanted()) if each.verb == "money.settled"]
    assert noted.detail == {"tiyn": "60000", "why": "выписка 7"}
    assert await check(services, SYSTEM, school_id) == []


async def test_a_drawer_is_emptied_to_the_office_or_the_bank(services: Services) -> None:
    school_id, _ = await paid(services)

    await empty_drawer(services, SYSTEM, school_id, "office", "bank", FORM)

    assert await balances(services, school_id, OFFICE, BANK) == [400_00, 600_00]
    with pytest.raises(TooMuch):
        await empty_drawer(services, SYSTEM, school_id, "till-1", "office", replace(FORM, once="6" * 32))
    with pytest.raises(AmountRefused):
        await empty_drawer(services, SYSTEM, school_id, "office", "office", replace(FORM, once="6" * 32))


async def test_a_promise_that_is_withdrawn_is_on_the_account_again_and_is_not_paid(services: Services) -> None:
    school_id, ref = await paid(services)
    child = await person_of_ref(services, SYSTEM, ref)
    await leave(services, SYSTEM, child.id)
    promise = await promise_back(services, SYSTEM, await person_of_ref(services, SYSTEM, ref), "өтініш 12")

    for _ in range(2):
        await withdraw_promise(services, SYSTEM, school_id, promise, "бала қайтып келді")

    assert await held_at(services.database.pool, school_id) == {ref: 2_000_00}
    assert await balances(services, school_id, REFUNDS) == [0]
    assert [each.withdrawn_why for each in await promises_of(services, SYSTEM, school_id)] == ["бала қайтып келді"]
    with pytest.raises(PaidAlready):
        await pay_back(services, SYSTEM, school_id, promise, Way.CASH)
    again = await promise_back(services, SYSTEM, await person_of_ref(services, SYSTEM, ref), "өтініш 13")
    await pay_back(services, SYSTEM, school_id, again, Way.BANK)
    with pytest.raises(PaidAlready):
        await withdraw_promise(services, SYSTEM, school_id, again, "тағы")
    with pytest.raises(NotFound):
        await withdraw_promise(services, SYSTEM, school_id, 999, "жоқ")


async def test_who_pays_a_promise_locks_the_ledger_before_the_promise_as_who_withdraws_it(services: Services) -> None:
    school_id, ref = await paid(services)
    await leave(services, SYSTEM, (await person_of_ref(services, SYSTEM, ref)).id)
    promise = await promise_back(services, SYSTEM, await person_of_ref(services, SYSTEM, ref), "өтініш 12")
    async with services.database.pool.acquire() as other:
        first = other.transaction()
        await first.start()
        await lock(other, school_id)
        paying = asyncio.create_task(pay_back(services, SYSTEM, school_id, promise, Way.CASH))
        await until_somebody_waits(services)

        await other.execute("SELECT true FROM giving_back WHERE id = $1 FOR UPDATE NOWAIT", promise)

        await first.commit()
        await paying


async def until_somebody_waits(services: Services) -> None:
    """Return when a transaction of this database waits for a lock."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(30):
        while not await services.database.pool.fetchval(waiting):  # noqa: ASYNC110 - no event tells of a lock
            await asyncio.sleep(PAUSE_S)


async def test_a_reason_with_what_no_database_takes_is_kept_without_it(services: Services) -> None:
    school_id, ref = await paid(services)
    child = await person_of_ref(services, SYSTEM, ref)
    await leave(services, SYSTEM, child.id)

    await settle(services, SYSTEM, school_id, "kaspi", 5_40, replace(FORM, why="үзінді\x00 7\ud800"))
    with pytest.raises(PersonRefused):
        await promise_back(services, SYSTEM, await person_of_ref(services, SYSTEM, ref), "өтініш\x00 12")

    assert [each.why for each in await notes_of(services, SYSTEM, school_id)] == ["үзінді 7"]


async def test_a_correction_takes_no_child_below_zero(services: Services) -> None:
    school_id, ref = await paid(services)
    child = Account.of(ref)

    await correct(services, SYSTEM, school_id, debit=child, credit=OFFICE, form=replace(FORM, amount_tiyn=900_00))
    with pytest.raises(TooMuch):
        await correct(
            services, SYSTEM, school_id, debit=child, credit=OFFICE, form=Form("6" * 32, 1_100_01, "тағы да")
        )  # fmt: skip
    await correct(services, SYSTEM, school_id, debit=DIFFERENCES, credit=child, form=Form("7" * 32, 5_00, "табылды"))

    assert await held_at(services.database.pool, school_id) == {ref: 1_105_00}
    assert await balances(services, school_id, OFFICE, DIFFERENCES) == [100_00, 5_00]


WRONG: dict[str, tuple[type[Refused], Form]] = {
    "more than there is": (TooMuch, replace(FORM, amount_tiyn=1_000_01)),
    "nothing": (AmountRefused, replace(FORM, amount_tiyn=0)),
    "no reason": (ReasonMissing, replace(FORM, why=" a ")),
    "a reason like a book": (ReasonMissing, replace(FORM, why="a" * 201)),
    "no word of the form's": (FormSpoilt, replace(FORM, once="x")),
}


@pytest.mark.parametrize("case", WRONG)
async def test_a_form_that_cannot_be_is_refused_and_moves_nothing(services: Services, case: str) -> None:
    school_id, ref = await paid(services)
    refused, form = WRONG[case]
    ways: list[Callable[[], Awaitable[object]]] = [
        lambda: settle(services, SYSTEM, school_id, "kaspi", 0, form),
        lambda: empty_drawer(services, SYSTEM, school_id, "office", "bank", form),
        lambda: correct(
            services, SYSTEM, school_id, debit=Account.of(ref), credit=BANK,
            form=replace(form, amount_tiyn=2 * form.amount_tiyn),
        ),
    ]  # fmt: skip
    for way in ways:
        with pytest.raises(refused):
            await way()

    assert await balances(services, school_id, KASPI, OFFICE, BANK) == [1_000_00, 1_000_00, 0]


async def test_a_form_that_comes_again_and_says_something_else_is_refused(services: Services) -> None:
    school_id, _ = await paid(services)
    await settle(services, SYSTEM, school_id, "kaspi", 0, FORM)

    with pytest.raises(PostingConflict):
        await settle(services, SYSTEM, school_id, "kaspi", 0, replace(FORM, amount_tiyn=100_00))


async def test_settling_is_the_offices(services: Services) -> None:
    school_id, ref = await paid(services)
    director = Actor("Director", None, frozenset({Reach(Role.DIRECTOR, school_id)}))

    for way in (
        settle(services, director, school_id, "kaspi", 0, FORM),
        empty_drawer(services, director, school_id, "office", "bank", FORM),
        correct(services, director, school_id, debit=Account.of(ref), credit=BANK, form=FORM),
        withdraw_promise(services, director, school_id, 1, "неге"),
        notes_of(services, director, school_id),
    ):
        with pytest.raises(NotAllowed):
            await way


async def test_accounts_that_cannot_be_are_none(services: Services) -> None:
    school_id, _ = await paid(services)

    with pytest.raises(NotFound):
        await settle(services, SYSTEM, school_id, "No Bank!", 0, FORM)
    with pytest.raises(NotFound):
        await correct(services, SYSTEM, school_id, debit=Account(AccountKind.CHILD), credit=BANK, form=FORM)
    with pytest.raises(AmountRefused):
        await correct(services, SYSTEM, school_id, debit=BANK, credit=BANK, form=FORM)
    with pytest.raises(AmountRefused):
        await settle(services, SYSTEM, school_id, "kaspi", 600_00, FORM)
