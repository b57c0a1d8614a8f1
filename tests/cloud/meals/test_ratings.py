"""Ratings: of a meal that was taken, by who may see the child, once; told to the canteen by dish and without names."""

from collections.abc import AsyncIterator
from datetime import date

import pytest

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.meals.ratings import RatingRefused, opinion_of, rate, taken_of, weeks_of
from cloud.menu.dishes import add_dish
from cloud.people.actions import add_guardian, open_guardian_account
from cloud.people.bulk import GuardianGiven
from cloud.people.kinds import Relation
from tests.cloud.meals.factory import Canteen
from tests.cloud.menu.factory import SOUP
from tests.cloud.schools.factory import SYSTEM

TODAY = date(2026, 9, 1)
LATER = date(2026, 9, 9)


@pytest.fixture(name="canteen")
async def _canteen(services: Services) -> AsyncIterator[Canteen]:
    canteen = await Canteen(services).open()
    await add_dish(services, SYSTEM, canteen.school_id, SOUP, "set")
    yield canteen
    await canteen.close()


async def parent(canteen: Canteen, child: int, phone: str) -> Actor:
    """Give a child a guardian with an account."""
    person_id = await canteen.pool.fetchval("SELECT id FROM person WHERE ref = $1", canteen.refs[child])
    given = GuardianGiven("Әліби Сауле", phone, None)
    guardian_id = await add_guardian(canteen.services, SYSTEM, person_id, given, Relation.MOTHER)
    await open_guardian_account(canteen.services, SYSTEM, guardian_id)
    account_id = await canteen.pool.fetchval("SELECT account_id FROM guardian WHERE id = $1", guardian_id)
    return Actor("Әліби Сауле", account_id, frozenset({Reach(Role.GUARDIAN, canteen.school_id)}))


async def test_a_meal_is_rated_once_and_told_by_dish(canteen: Canteen) -> None:
    twice = (*canteen.sold(1, 577_00, payment="free"), *canteen.sold(1, 577_00))
    await canteen.send(*canteen.sold(0, 577_00), *twice)
    await canteen.project()
    mother, father = await parent(canteen, 1, "+77010000001"), await parent(canteen, 0, "+77010000002")
    for actor, child, food, word in ((father, 0, 5, ""), (mother, 1, 2, "салқын")):
        await rate(
            canteen.services, actor, canteen.refs[child], TODAY, TODAY, "lunch", food=food, service=4, comment=word
        )
    with pytest.raises(RatingRefused, match="already"):
        await rate(canteen.services, mother, canteen.refs[1], TODAY, TODAY, "lunch", food=5, service=5, comment="")

    opinion = await opinion_of(canteen.services, SYSTEM, canteen.school_id, TODAY, TODAY)

    assert [(mark.key, mark.count, mark.tenths) for mark in opinion.dishes] == [("set", 2, 35)]
    assert opinion.service == (2, 40)
    assert await opinion_of(canteen.services, SYSTEM, canteen.school_id, LATER, LATER) is not None
    guard = Actor("guard", None, frozenset({Reach(Role.GUARD, canteen.school_id)}))
    with pytest.raises(NotAllowed):
        await opinion_of(canteen.services, guard, canteen.school_id, TODAY, TODAY)


async def test_a_dish_has_its_own_mark_and_weeks_are_told_apart(canteen: Canteen) -> None:
    await canteen.send(*canteen.sold(0, 577_00), *canteen.sold(1, 577_00))
    await canteen.project()
    services, today = canteen.services, date(2026, 9, 7)
    mother, father = await parent(canteen, 0, "+77010000001"), await parent(canteen, 1, "+77010000002")
    with pytest.raises(RatingRefused):
        await rate(
            services, mother, canteen.refs[0], TODAY, TODAY, "lunch", food=5, service=5, comment="", dishes={"tea": 5}
        )
    with pytest.raises(RatingRefused, match="1 to 5"):
        await rate(
            services, mother, canteen.refs[0], TODAY, TODAY, "lunch", food=5, service=5, comment="", dishes={"set": 0}
        )
    await rate(
        services, mother, canteen.refs[0], TODAY, TODAY, "lunch", food=5, service=5, comment="", dishes={"set": 1}
    )
    await rate(services, father, canteen.refs[1], today, TODAY, "lunch", food=4, service=2, comment="")

    (own,) = await taken_of(services, mother, canteen.refs[0], TODAY)
    opinion = await opinion_of(services, SYSTEM, canteen.school_id, TODAY, today)
    weeks = await weeks_of(services, SYSTEM, canteen.school_id, TODAY, today)
    of_dish = await weeks_of(services, SYSTEM, canteen.school_id, TODAY, today, "set")

    assert [(dish.key, dish.mark) for dish in own.dishes] == [("set", 1)]
    assert [(mark.key, mark.count, mark.tenths) for mark in opinion.dishes] == [("set", 2, 25)]
    monday = date(2026, 8, 31)
    assert [(each.monday, each.count, each.food, each.service) for each in weeks] == [(monday, 2, 45, 35)]
    assert [(each.monday, each.count, each.food, each.service) for each in of_dish] == [(monday, 2, 25, None)]
    assert await weeks_of(services, SYSTEM, canteen.school_id, TODAY, today, "nothing") == []


async def test_only_what_was_taken_lately_by_an_own_child_is_rated(canteen: Canteen) -> None:
    gone = canteen.sold(0, 100_00, meal="snack")
    await canteen.send(*canteen.sold(0, 577_00), *gone, canteen.voided(gone[1], 100_00))
    await canteen.project()
    mother, stranger = await parent(canteen, 0, "+77010000001"), await parent(canteen, 1, "+77010000002")
    ref = canteen.refs[0]

    assert [(each.on, each.meal, each.food) for each in await taken_of(canteen.services, mother, ref, TODAY)] == [
        (TODAY, "lunch", None)
    ]
    assert await taken_of(canteen.services, mother, ref, LATER) == []
    for on, meal, today, food in (
        (TODAY, "snack", TODAY, 5), (LATER, "lunch", LATER, 5), (TODAY, "lunch", LATER, 5), (TODAY, "lunch", TODAY, 6),
    ):  # fmt: skip
        with pytest.raises(RatingRefused):
            await rate(canteen.services, mother, ref, today, on, meal, food=food, service=5, comment="")
    with pytest.raises(NotFound):
        await rate(canteen.services, stranger, ref, TODAY, TODAY, "lunch", food=1, service=1, comment="")
