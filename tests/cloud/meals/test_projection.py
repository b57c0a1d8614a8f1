"""From tills' records to sales, postings and shifts, through real tables: once each, in any order, to the tiyn."""

import random
from collections.abc import AsyncIterator

import pytest

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.ingest.cursor import advance
from cloud.ledger.checking import check
from cloud.ledger.postings import OFFICE, top_up
from cloud.ledger.queries import held_at, trial_balance
from cloud.meals.odd import Kind, odd_counts, odd_of
from cloud.meals.projection import CHANNEL, Meals
from cloud.meals.queries import day_of, eaten_by, shifts_of
from cloud.meals.rules import Payment
from schemas.structs import Record
from tests.cloud.core.test_wakeups import heard
from tests.cloud.ledger.factory import children, posted
from tests.cloud.meals.factory import ALL, NOON, Canteen, overruled, shift
from tests.cloud.schools.factory import SYSTEM

TODAY = NOON.date()


@pytest.fixture(name="canteen")
async def _canteen(services: Services) -> AsyncIterator[Canteen]:
    canteen = await Canteen(services).open(tills=("till-1", "till-2"))
    yield canteen
    await canteen.close()


async def balances(canteen: Canteen) -> dict[str, int]:
    """Return the closing balances of a school that are not zero, by kind and part."""
    day = await trial_balance(canteen.services, SYSTEM, canteen.school_id, TODAY)
    return {
        f"{line.account.kind}:{line.account.part}": line.closing_tiyn for line in day.lines if line.closing_tiyn
    }  # fmt: skip


async def test_a_sale_is_on_the_childs_account_and_in_the_day_once(canteen: Canteen) -> None:
    services, ref = canteen.services, canteen.refs[0]
    await posted(services, canteen.school_id, top_up("cash:1", NOON, ref, 1_000_00, OFFICE))
    await canteen.send(*canteen.sold(0, 577_00), *canteen.sold(1, 577_00, payment="free"))
    subscription = await services.wakeups.subscribe(CHANNEL)

    await canteen.project()
    await canteen.project()

    assert await heard(subscription) == str(canteen.school_id)
    assert await held_at(services.database.pool, canteen.school_id) == {ref: 423_00}
    sold = await day_of(services, SYSTEM, canteen.school_id, TODAY)
    assert [(each.payment, each.count, each.paid_tiyn, each.owed_tiyn) for each in sold] == [
        (Payment.ACCOUNT, 1, 577_00, 0), (Payment.FREE, 1, 0, 577_00),
    ]  # fmt: skip
    assert await check(services, SYSTEM, canteen.school_id) == []


async def test_a_parent_is_told_what_was_eaten(canteen: Canteen) -> None:
    first, second = canteen.sold(0, 577_00, 300_00, "subsidised"), canteen.sold(0, 100_00)
    await canteen.send(*first, *second, canteen.voided(second[1], 100_00))
    await canteen.project()
    person_id = await canteen.pool.fetchval("SELECT id FROM person WHERE ref = $1", canteen.refs[0])

    eaten = await eaten_by(canteen.pool, person_id, TODAY, TODAY)

    assert sorted((each.paid_tiyn, each.full_tiyn, each.is_void) for each in eaten) == [
        (0, 100_00, True), (300_00, 577_00, False),
    ]  # fmt: skip
    assert {each.meal["kk"] for each in eaten} == {"lunch"}
    assert eaten[0].dishes[0][0]["ru"] == "set"  # a dish that no menu knows goes by its key


async def test_the_order_of_tills_and_of_rounds_changes_nothing(services: Services) -> None:
    rng = random.Random(3)
    canteen = await Canteen(services).open(4, ("till-1", "till-2"))
    sales = [canteen.sold(rng.randrange(4), rng.randrange(1, 900_00), payment=rng.choice(["account", "free", "cash"]))
             for _ in range(30)]  # fmt: skip
    undone: list[Record] = [
        rng.choice([canteen.voided, canteen.refunded])(each[1], rng.randrange(1, 900_00)) for each in sales[::3]
    ]
    await canteen.send(*undone, till="till-2")  # before the sales that they are of
    await canteen.project(most=7)
    await canteen.send(*[record for each in sales for record in each])

    await canteen.project(most=5)

    kept = await canteen.pool.fetchrow(
        "SELECT sum(amount_tiyn - returned_tiyn) FILTER (WHERE payment <> 'cash') AS accounts,"
        " sum(amount_tiyn - returned_tiyn) FILTER (WHERE payment = 'cash') AS cash,"
        " sum(full_tiyn - amount_tiyn) FILTER (WHERE NOT is_void) AS owed FROM meal_sale WHERE school_id = $1",
        canteen.school_id,
    )
    found = await balances(canteen)
    assert sum(amount for key, amount in found.items() if key.startswith("child")) == (kept["accounts"] or 0)
    assert sum(amount for key, amount in found.items() if key.startswith("cash")) == (kept["cash"] or 0)
    assert found.get("subsidy:", 0) == (kept["owed"] or 0)
    assert sum(found.values()) == 0
    assert await check(services, SYSTEM, canteen.school_id) == []
    await canteen.close()


async def test_reading_the_log_anew_under_another_cursor_moves_nothing(canteen: Canteen) -> None:
    first = canteen.sold(0, 577_00)
    await canteen.send(*first, canteen.refunded(first[1], 77_00))
    await canteen.project()
    before = await balances(canteen)

    class Again(Meals):
        name = "meals again"

    while await advance(canteen.pool, Again(canteen.services), ALL):
        pass

    assert await balances(canteen) == before
    assert before[f"child:{canteen.refs[0]}"] == 500_00


async def test_two_tills_that_served_one_child_free_are_both_told_and_one_is_looked_at(canteen: Canteen) -> None:
    at_one = canteen.sold(0, 577_00, payment="free", unconfirmed=True)
    at_other = canteen.sold(0, 577_00, payment="free", unconfirmed=True)
    await canteen.send(*at_one)
    await canteen.send(*at_other, till="till-2")
    await canteen.project()

    counts = await odd_counts(canteen.services, SYSTEM, canteen.school_id, TODAY)
    (second,) = await odd_of(canteen.services, SYSTEM, canteen.school_id, TODAY, Kind.SECOND_FREE)

    assert counts == [(Kind.SECOND_FREE, 1), (Kind.UNCONFIRMED, 2), (Kind.NOT_SEEN, 2)]
    assert (second.device, second.ref) == ("till-2", canteen.refs[0])
    assert (await balances(canteen))["subsidy:"] == 2 * 577_00


async def test_a_stranger_a_lost_line_too_much_back_and_an_override_are_looked_at(
    canteen: Canteen, services: Services
) -> None:
    _, (stranger,) = await children(services, 1, "almaty6")
    lost, plain, strange = canteen.sold(0, 500_00)[1], canteen.sold(1, 577_00), canteen.sold(1, 100_00, person=stranger)
    await canteen.send(lost, *plain, canteen.refunded(plain[1], 600_00), overruled(plain[1]), *strange)
    await canteen.project()

    counts = await odd_counts(services, SYSTEM, canteen.school_id, TODAY)
    (told,) = await odd_of(services, SYSTEM, canteen.school_id, TODAY, Kind.OVERRULED)

    assert dict(counts) == dict.fromkeys((Kind.STRANGER, Kind.TOO_MUCH_BACK, Kind.NO_LINES, Kind.OVERRULED), 1)
    assert (told.rule, told.said) == ("no_money", "аш бала")
    assert f"child:{stranger}" not in await balances(canteen)
    assert (await balances(canteen)).get(f"child:{canteen.refs[1]}", 0) == 0


async def test_a_shift_is_compared_with_its_records(canteen: Canteen) -> None:
    first, second = canteen.sold(0, 577_00), canteen.sold(1, 200_00)
    await canteen.send(
        shift("opened"), *first, *second, canteen.voided(second[1], 200_00), shift("closed", 577_00, 1, 90)
    )
    await canteen.project(most=2)

    (row,) = await shifts_of(canteen.services, SYSTEM, canteen.school_id, TODAY)
    await canteen.send(*canteen.sold(2, 50_00))  # under the same shift, which the till did not count
    await canteen.project()
    (after,) = await shifts_of(canteen.services, SYSTEM, canteen.school_id, TODAY)

    assert (row.till, row.told_tiyn, row.found_tiyn, row.is_right) == ("till-1", 577_00, 577_00, True)
    assert (after.found_tiyn, after.found_count, after.is_right) == (627_00, 2, False)


async def test_meals_are_not_for_guards(canteen: Canteen) -> None:
    guard = Actor("Guard", None, frozenset({Reach(Role.GUARD, canteen.school_id)}))

    for ask in (day_of, shifts_of, odd_counts):
        with pytest.raises(NotAllowed):
            await ask(canteen.services, guard, canteen.school_id, TODAY)
