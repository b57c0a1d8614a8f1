"""Ordering ahead: until the second it closes, from the published menu, by who may act for the child; the kitchen."""

import asyncio
from datetime import date, timedelta

import pytest

from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.menu.errors import OrderRefused, OrdersClosed
from cloud.menu.kinds import Limit
from cloud.menu.menus import set_menu
from cloud.menu.preorders import CHANGES_MAX, broken_orders, cancel, kitchen_of, order, orders_of, preorders_between
from cloud.menu.restrictions import restrict
from cloud.menu.settings import CanteenRules, set_rules
from cloud.people.moving import leave
from cloud.schools.actions import add_class
from cloud.schools.calendar import set_day
from cloud.schools.models import DayKind
from cloud.schools.rules import Day
from simulators.clock import SimulatedClock
from tests.cloud.menu.factory import Canteen
from tests.cloud.schools.factory import SYSTEM

DAY = timedelta(days=1)
UNTIL_SIX_S = 11 * 3_600  # from seven in the morning, as the clock begins


@pytest.fixture(name="tomorrow")
async def _tomorrow(canteen: Canteen) -> date:
    """Offer a lunch tomorrow, a Wednesday, and return the day."""
    on = canteen.on + DAY
    await canteen.offer("lunch", "soup", "tea", on=on, sold="lunch")
    return on


async def ordered(canteen: Canteen, person_id: int, on: date) -> list[tuple[str, tuple[str, ...]]]:
    return [(each.meal, each.keys) for each in await orders_of(canteen.services.database.pool, person_id, on, on)]


async def test_an_order_is_taken_until_the_second_before_it_closes_and_not_at_it(
    canteen: Canteen, tomorrow: date, clock: SimulatedClock
) -> None:
    person_id, ref = await canteen.child()
    mother = await canteen.parent(person_id)
    soup, tea = canteen.keys["soup"], canteen.keys["tea"]

    clock.advance(UNTIL_SIX_S - 1)
    await order(canteen.services, mother, ref, tomorrow, "lunch", [tea, soup])
    clock.advance(0.999)
    await order(canteen.services, mother, ref, tomorrow, "lunch", [soup])
    clock.advance(0.001)

    with pytest.raises(OrdersClosed, match="closed at 18:00"):
        await order(canteen.services, mother, ref, tomorrow, "lunch", [tea])
    with pytest.raises(OrdersClosed):
        await cancel(canteen.services, mother, ref, tomorrow, "lunch")
    assert await ordered(canteen, person_id, tomorrow) == [("lunch", (soup,))]


async def test_a_school_that_closes_earlier_is_obeyed(canteen: Canteen, tomorrow: date, clock: SimulatedClock) -> None:
    person_id, ref = await canteen.child()
    mother = await canteen.parent(person_id)
    await set_rules(canteen.services, canteen.cook, canteen.school_id, CanteenRules(preorder_cutoff_min=9 * 60 + 30))

    clock.advance(2.5 * 3_600)

    with pytest.raises(OrdersClosed, match="09:30"):
        await order(canteen.services, mother, ref, tomorrow, "lunch", [canteen.keys["tea"]])


async def test_another_order_takes_the_place_of_the_first_and_both_stay_told(canteen: Canteen, tomorrow: date) -> None:
    person_id, ref = await canteen.child()
    mother = await canteen.parent(person_id)

    await order(canteen.services, mother, ref, tomorrow, "lunch", [canteen.keys["lunch"]])
    await order(canteen.services, mother, ref, tomorrow, "lunch", [canteen.keys["lunch"]])
    await order(canteen.services, mother, ref, tomorrow, "lunch", [canteen.keys["tea"]])
    await cancel(canteen.services, mother, ref, tomorrow, "lunch")

    assert await ordered(canteen, person_id, tomorrow) == []
    kept = await canteen.services.database.pool.fetch("SELECT cancelled_by, cancelled_at FROM preorder ORDER BY id")
    assert [row["cancelled_by"] for row in kept] == ["Әліби Сауле"] * 2
    actions = [each.verb for each in await noted_of(canteen.services, SYSTEM, canteen.school_id, Wanted())]
    assert actions.count("preorder.made") == 2
    assert actions.count("preorder.cancelled") == 1
    with pytest.raises(NotFound):
        await cancel(canteen.services, mother, ref, tomorrow, "lunch")


async def test_a_day_is_ordered_so_often_and_then_only_cancelled(canteen: Canteen, tomorrow: date) -> None:
    person_id, ref = await canteen.child()
    mother, dishes = await canteen.parent(person_id), [canteen.keys["soup"], canteen.keys["tea"]]
    for number in range(CHANGES_MAX):
        await order(canteen.services, mother, ref, tomorrow, "lunch", [dishes[number % 2]])

    with pytest.raises(OrderRefused, match="30 times"):
        await order(canteen.services, mother, ref, tomorrow, "lunch", [dishes[0]])

    assert await ordered(canteen, person_id, tomorrow) == [("lunch", (dishes[1],))]
    await cancel(canteen.services, mother, ref, tomorrow, "lunch")
    assert await ordered(canteen, person_id, tomorrow) == []


async def test_two_parents_at_once_leave_one_order(canteen: Canteen, tomorrow: date) -> None:
    person_id, ref = await canteen.child()
    mother, father = await canteen.parent(person_id), await canteen.parent(person_id, "+77010000002")
    choices = [(mother, "soup"), (father, "tea")] * 3

    await asyncio.gather(
        *(order(canteen.services, who, ref, tomorrow, "lunch", [canteen.keys[dish]]) for who, dish in choices)
    )

    assert len(await ordered(canteen, person_id, tomorrow)) == 1


async def test_only_who_may_act_for_the_child_orders(canteen: Canteen, tomorrow: date) -> None:
    person_id, ref = await canteen.child()
    other_id, _ = await canteen.child("2")
    watcher = await canteen.parent(person_id, acts=False)
    stranger = await canteen.parent(other_id, "+77010000003")

    for who, refusal in ((watcher, NotAllowed), (stranger, NotFound), (canteen.cook, NotFound)):
        with pytest.raises(refusal):
            await order(canteen.services, who, ref, tomorrow, "lunch", [canteen.keys["tea"]])
        with pytest.raises(refusal):
            await cancel(canteen.services, who, ref, tomorrow, "lunch")


async def test_what_cannot_be_had_is_refused_with_the_reason(canteen: Canteen, tomorrow: date) -> None:
    person_id, ref = await canteen.child()
    mother = await canteen.parent(person_id)
    holiday, saturday = canteen.on + 2 * DAY, canteen.on + 4 * DAY
    for on in (holiday, saturday, canteen.on + 15 * DAY):
        await canteen.offer("soup", on=on)
    await set_day(canteen.services, SYSTEM, canteen.school_id, holiday, Day(DayKind.HOLIDAY))
    await canteen.offer("tea", on=canteen.on + 3 * DAY, publish=False)
    soup = canteen.keys["soup"]

    for on, meal, keys, why in (
        (holiday, "lunch", [soup], "no lessons"), (saturday, "lunch", [soup], "no lessons"),
        (canteen.on + 15 * DAY, "lunch", [soup], "next 14 days"), (date.max, "lunch", [soup], "next 14 days"),
        (date.min, "lunch", [soup], "next 14 days"), (canteen.on + 3 * DAY, "lunch", [soup], "offers nothing"),
        (tomorrow, "dinner", [soup], "offers nothing"), (tomorrow, "lunch", [], "Choose a dish"),
        (tomorrow, "lunch", [canteen.keys["bread"]], "offered no more"), (tomorrow, "lunch", ["\x00"], "offered no"),
    ):  # fmt: skip
        with pytest.raises(OrderRefused, match=why):
            await order(canteen.services, mother, ref, on, meal, keys)
    with pytest.raises(OrdersClosed):
        await order(canteen.services, mother, ref, canteen.on, "lunch", [soup])
    with pytest.raises(NotFound):
        await cancel(canteen.services, mother, ref, date.max, "lunch")


async def test_what_the_till_would_refuse_is_not_ordered(canteen: Canteen, tomorrow: date) -> None:
    person_id, ref = await canteen.child()
    mother = await canteen.parent(person_id)
    await restrict(canteen.services, mother, ref, Limit.CATEGORY, "bakery")  # which is in the set
    await restrict(canteen.services, mother, ref, Limit.DAY_LIMIT, "400")
    await set_menu(canteen.services, SYSTEM, canteen.school_id, tomorrow, "breakfast", [canteen.keys["tea"]])
    await canteen.services.database.pool.execute("UPDATE menu SET published_at = now()")

    with pytest.raises(OrderRefused, match="not sold to the child"):
        await order(canteen.services, mother, ref, tomorrow, "lunch", [canteen.keys["lunch"]])
    with pytest.raises(OrderRefused, match="430 tenge on this day, and 400"):
        await order(canteen.services, mother, ref, tomorrow, "lunch", [canteen.keys["soup"], canteen.keys["tea"]])
    await order(canteen.services, mother, ref, tomorrow, "lunch", [canteen.keys["soup"]])
    with pytest.raises(OrderRefused, match="430 tenge"):
        await order(canteen.services, mother, ref, tomorrow, "breakfast", [canteen.keys["tea"]])


async def test_the_kitchen_counts_dishes_alone_and_in_sets_of_children_who_have_lessons(
    canteen: Canteen, tomorrow: date
) -> None:
    keys = canteen.keys
    resting = await add_class(canteen.services, SYSTEM, canteen.school_id, 1, "А")
    await canteen.services.database.pool.execute("UPDATE school_class SET school_days = 2 WHERE id = $1", resting)
    for number, dishes in enumerate((["lunch"], ["lunch", "tea"], ["soup"], ["tea"]), 1):
        person_id, ref = await canteen.child(str(number))
        mother = await canteen.parent(person_id, f"+7701000000{number}")
        await order(canteen.services, mother, ref, tomorrow, "lunch", [keys[name] for name in dishes])
        if number == 3:
            await canteen.services.database.pool.execute(
                "UPDATE person SET school_class_id = $1 WHERE id = $2", resting, person_id
            )
        if number == 4:
            await leave(canteen.services, SYSTEM, person_id)

    (lunch,) = await kitchen_of(canteen.services, canteen.cook, canteen.school_id, tomorrow)

    assert (lunch.meal.key, lunch.orders) == ("lunch", 2)
    assert {each.key: (each.alone, each.in_sets) for each in lunch.dishes} == {
        keys["lunch"]: (2, 0), keys["soup"]: (0, 2), keys["tea"]: (1, 0), keys["bread"]: (0, 2),
    }  # fmt: skip
    guard = Actor("guard", None, frozenset({Reach(Role.GUARD, canteen.school_id)}))
    with pytest.raises(NotAllowed):
        await kitchen_of(canteen.services, guard, canteen.school_id, tomorrow)


async def test_a_dish_that_is_taken_off_and_a_school_that_closes_are_told_of(canteen: Canteen, tomorrow: date) -> None:
    services, keys = canteen.services, canteen.keys
    person_id, ref = await canteen.child()
    mother = await canteen.parent(person_id)
    await order(services, mother, ref, tomorrow, "lunch", [keys["soup"], keys["tea"]])
    assert await broken_orders(services, canteen.school_id, canteen.on, tomorrow) == []

    await set_menu(services, canteen.cook, canteen.school_id, tomorrow, "lunch", [keys["lunch"], keys["tea"]])
    (broken,) = await broken_orders(services, canteen.school_id, canteen.on, tomorrow)
    (lunch,) = await kitchen_of(services, canteen.cook, canteen.school_id, tomorrow)
    await set_day(services, SYSTEM, canteen.school_id, tomorrow, Day(DayKind.HOLIDAY))
    (closed,) = await broken_orders(services, canteen.school_id, canteen.on, tomorrow)

    assert ([names.en for names in broken.gone], broken.is_closed, broken.ordered.ref) == (["Borscht"], False, ref)
    assert [each.key for each in lunch.gone] == [keys["soup"]]
    assert closed.is_closed
    assert await kitchen_of(services, canteen.cook, canteen.school_id, tomorrow) == []
    assert len(await preorders_between(services.database.pool, canteen.school_id, tomorrow, tomorrow)) == 1
