"""Restrictions: a parent sets and lifts them for an own child, and everybody may see who did it and when."""

import asyncio

import pytest

from cloud.audit.queries import Wanted, noted_of
from cloud.core.errors import NotAllowed, NotFound
from cloud.menu.errors import DishRefused, LimitRefused
from cloud.menu.kinds import Limit
from cloud.menu.restricting import Setting, add_restriction
from cloud.menu.restrictions import RESTRICTIONS_MAX, Limits, lift, limits_of_school, restrict, restrictions_of
from simulators.clock import SimulatedClock
from tests.cloud.menu.factory import Canteen
from tests.cloud.schools.factory import SYSTEM


async def limits(canteen: Canteen, ref: str) -> Limits | None:
    async with canteen.services.database.pool.acquire() as connection:
        return (await limits_of_school(connection, canteen.services.vault, canteen.school_id)).get(ref)


async def test_a_parent_sets_what_the_till_must_not_sell_and_sees_who_set_it(canteen: Canteen) -> None:
    person_id, ref = await canteen.child()
    mother = await canteen.parent(person_id)

    for kind, value in (
        (Limit.ALLERGEN, "milk"), (Limit.ALLERGEN, " Мёд "), (Limit.CATEGORY, "dessert"),
        (Limit.DISH, canteen.keys["tea"]), (Limit.DAY_LIMIT, "1 500"),
    ):  # fmt: skip
        await restrict(canteen.services, mother, ref, kind, value)
    await restrict(canteen.services, mother, ref, Limit.ALLERGEN, "milk")

    assert await limits(canteen, ref) == Limits(150_000, ("milk", "мёд"), (canteen.keys["tea"],), ("dessert",))
    shown = await restrictions_of(canteen.services, mother, ref)
    assert len(shown) == 5
    assert {(each.set_by, each.set_at) for each in shown} == {("Әліби Сауле", canteen.services.clock.now())}
    assert next(each.names for each in shown if each.kind is Limit.DISH) is not None


async def test_a_new_limit_takes_the_place_of_the_old_one_which_stays_told(canteen: Canteen) -> None:
    person_id, ref = await canteen.child()
    mother = await canteen.parent(person_id)

    await asyncio.gather(
        *(restrict(canteen.services, mother, ref, Limit.DAY_LIMIT, str(amount)) for amount in (1000, 2000, 3000))
    )

    shown = await restrictions_of(canteen.services, mother, ref)
    assert [each.lifted_at is None for each in shown] == [True, False, False]
    held = await limits(canteen, ref)
    assert held is not None
    assert held.day_limit_tiyn == shown[0].amount_tiyn


async def test_what_is_lifted_holds_no_more_and_stays_told(canteen: Canteen) -> None:
    person_id, ref = await canteen.child()
    mother = await canteen.parent(person_id)
    father = await canteen.parent(person_id, "+77010000002")
    await restrict(canteen.services, mother, ref, Limit.CATEGORY, "drink")
    (set_by_mother,) = await restrictions_of(canteen.services, father, ref)

    await lift(canteen.services, father, ref, set_by_mother.id)

    assert await limits(canteen, ref) is None
    (told,) = await restrictions_of(canteen.services, mother, ref)
    assert (told.set_by, told.lifted_by, told.lifted_at) == (
        "Әліби Сауле", "Әліби Сауле", canteen.services.clock.now()
    )  # fmt: skip
    with pytest.raises(NotFound):
        await lift(canteen.services, father, ref, set_by_mother.id)


async def test_the_audit_journal_tells_that_a_restriction_was_set_and_not_which(canteen: Canteen) -> None:
    person_id, ref = await canteen.child()
    mother = await canteen.parent(person_id)
    await restrict(canteen.services, mother, ref, Limit.ALLERGEN, "peanuts")
    (held,) = await restrictions_of(canteen.services, mother, ref)
    await lift(canteen.services, mother, ref, held.id)

    told = [
        (entry.verb, entry.detail)
        for entry in await noted_of(canteen.services, SYSTEM, canteen.school_id, Wanted())
        if entry.verb.startswith("restriction")
    ]

    assert told == [("restriction.lifted", {"kind": "allergen"}), ("restriction.set", {"kind": "allergen"})]


async def test_strangers_find_nothing_and_who_only_sees_changes_nothing(canteen: Canteen) -> None:
    (mine, ref), (other, other_ref) = await canteen.child("1"), await canteen.child("2")
    mother = await canteen.parent(mine)
    aunt = await canteen.parent(mine, "+77010000003", acts=False)
    stranger = await canteen.parent(other, "+77010000004")
    await restrict(canteen.services, mother, ref, Limit.ALLERGEN, "nuts")
    (held,) = await restrictions_of(canteen.services, aunt, ref)

    with pytest.raises(NotAllowed):
        await restrict(canteen.services, aunt, ref, Limit.ALLERGEN, "fish")
    with pytest.raises(NotAllowed):
        await lift(canteen.services, aunt, ref, held.id)
    for actor in (stranger, canteen.cook):
        with pytest.raises(NotFound):
            await restrictions_of(canteen.services, actor, ref)
        with pytest.raises(NotFound):
            await restrict(canteen.services, actor, ref, Limit.ALLERGEN, "fish")
    with pytest.raises(NotFound):
        await lift(canteen.services, stranger, other_ref, held.id)


async def test_who_is_no_guardian_any_more_finds_nothing_from_that_day_on_at_the_school(
    canteen: Canteen, clock: SimulatedClock
) -> None:
    person_id, ref = await canteen.child()
    mother = await canteen.parent(person_id)
    clock.advance(18 * 3_600)  # 01:00 of the next day at the school, still the day before in UTC
    await canteen.services.database.pool.execute("UPDATE guardianship SET ended_on = $1", canteen.on)

    with pytest.raises(NotFound):
        await restrictions_of(canteen.services, mother, ref)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Limit.ALLERGEN, ""), (Limit.ALLERGEN, "<script>"), (Limit.CATEGORY, "poison"), (Limit.DISH, "404"),
        (Limit.DAY_LIMIT, "-5"), (Limit.DAY_LIMIT, "much"),
    ],
)  # fmt: skip
async def test_what_is_no_restriction_is_refused(canteen: Canteen, kind: Limit, value: str) -> None:
    person_id, ref = await canteen.child()
    mother = await canteen.parent(person_id)

    with pytest.raises((LimitRefused, DishRefused)):
        await restrict(canteen.services, mother, ref, kind, value)


async def test_a_child_has_so_many_restrictions_and_no_more(canteen: Canteen) -> None:
    person_id, ref = await canteen.child()
    mother = await canteen.parent(person_id)
    now = canteen.services.clock.now()
    async with canteen.services.database.pool.acquire() as connection:
        for number in range(RESTRICTIONS_MAX):
            new = Setting(canteen.school_id, person_id, Limit.ALLERGEN, f"x{number}", "", now, "")
            await add_restriction(connection, canteen.services.vault, new)

    with pytest.raises(LimitRefused, match="restrictions already"):
        await restrict(canteen.services, mother, ref, Limit.ALLERGEN, "milk")
