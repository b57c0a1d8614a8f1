"""Free and subsidised meals: by grade or by a list, with a document and a term, and only what the director approved."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.menu.entitlements import (
    EntitlementGiven,
    MealRight,
    approve,
    checked_order,
    end_order,
    list_children,
    listed_of,
    order_of,
    orders_of,
    propose,
    rights_of,
    unlist,
)
from cloud.menu.errors import ApprovedByAnother, EntitlementRefused
from cloud.menu.kinds import RightKind
from cloud.schools.actions import add_class
from simulators.clock import SimulatedClock
from tests.cloud.menu.factory import Canteen
from tests.cloud.schools.factory import SYSTEM

FIRST, LAST = date(2026, 9, 1), date(2027, 5, 25)
FREE = EntitlementGiven(RightKind.FREE, "orphan", ("lunch",), FIRST, LAST, "№ 12 бұйрық")
GRADES = replace(FREE, ground="grades", grades=(1, 2, 3, 4))


async def held(canteen: Canteen, on: date | None = None) -> dict[str, list[MealRight]]:
    async with canteen.services.database.pool.acquire() as connection:
        return await rights_of(connection, canteen.school_id, on or canteen.on)


async def test_a_list_holds_for_its_children_when_the_director_approved_it(canteen: Canteen) -> None:
    office, director = await canteen.clerk(Role.OFFICE, "office"), await canteen.clerk(Role.DIRECTOR, "director")
    (_, listed), (_, other) = await canteen.child("1"), await canteen.child("2")
    order_id = await propose(canteen.services, office, canteen.school_id, FREE)
    assert await list_children(canteen.services, office, canteen.school_id, order_id, [listed, "nobody000000"]) == 1
    proposed = await held(canteen)

    await approve(canteen.services, director, canteen.school_id, order_id)

    assert proposed == {}
    assert await held(canteen) == {listed: [MealRight("lunch", RightKind.FREE, FIRST, LAST, 0)]}
    (row,) = await listed_of(canteen.services, director, canteen.school_id, order_id)
    assert (row.ref, row.proposed_by, row.approved_by) == (listed, "office", "director")
    assert other not in await held(canteen)


async def test_who_is_listed_later_waits_for_an_approval_of_their_own(canteen: Canteen) -> None:
    (_, first), (_, second) = await canteen.child("1"), await canteen.child("2")
    order_id = await propose(canteen.services, SYSTEM, canteen.school_id, FREE)
    await list_children(canteen.services, SYSTEM, canteen.school_id, order_id, [first])
    await approve(canteen.services, SYSTEM, canteen.school_id, order_id)

    await list_children(canteen.services, SYSTEM, canteen.school_id, order_id, [second, first])

    order = await order_of(canteen.services, SYSTEM, canteen.school_id, order_id)
    assert (order.listed, order.waiting, order.needs_approval) == (2, 1, True)
    assert set(await held(canteen)) == {first}
    await approve(canteen.services, SYSTEM, canteen.school_id, order_id)
    assert set(await held(canteen)) == {first, second}


async def test_whole_grades_are_entitled_with_whoever_is_in_them(canteen: Canteen) -> None:
    second = await add_class(canteen.services, SYSTEM, canteen.school_id, 2, "А")
    fifth = await add_class(canteen.services, SYSTEM, canteen.school_id, 5, "А")
    (_, small), (_, large) = await canteen.child("1", second), await canteen.child("2", fifth)
    order_id = await propose(canteen.services, SYSTEM, canteen.school_id, GRADES)
    await approve(canteen.services, SYSTEM, canteen.school_id, order_id)

    assert set(await held(canteen)) == {small}
    await canteen.services.database.pool.execute("UPDATE person SET school_class_id = $1 WHERE ref = $2", second, large)
    assert set(await held(canteen)) == {small, large}
    with pytest.raises(EntitlementRefused, match="whole grades"):
        await list_children(canteen.services, SYSTEM, canteen.school_id, order_id, [large])


async def test_nobody_approves_what_they_proposed(canteen: Canteen) -> None:
    clerk = await canteen.clerk(Role.OFFICE, "both")
    both = replace(clerk, reaches=clerk.reaches | {Reach(Role.DIRECTOR, canteen.school_id)})
    order_id = await propose(canteen.services, both, canteen.school_id, FREE)

    with pytest.raises(ApprovedByAnother):
        await approve(canteen.services, both, canteen.school_id, order_id)
    await approve(canteen.services, SYSTEM, canteen.school_id, order_id)
    _, ref = await canteen.child()
    await list_children(canteen.services, both, canteen.school_id, order_id, [ref])
    with pytest.raises(ApprovedByAnother):
        await approve(canteen.services, both, canteen.school_id, order_id)

    assert await held(canteen) == {}


async def test_what_ends_today_still_held_yesterday(canteen: Canteen, clock: SimulatedClock) -> None:
    (_, one), (_, two) = await canteen.child("1"), await canteen.child("2")
    order_id = await propose(canteen.services, SYSTEM, canteen.school_id, FREE)
    await list_children(canteen.services, SYSTEM, canteen.school_id, order_id, [one, two])
    await approve(canteen.services, SYSTEM, canteen.school_id, order_id)
    yesterday = canteen.on
    clock.advance(86_400)

    await unlist(canteen.services, SYSTEM, canteen.school_id, order_id, one)
    assert (set(await held(canteen, yesterday)), set(await held(canteen))) == ({one, two}, {two})
    await end_order(canteen.services, SYSTEM, canteen.school_id, order_id)

    assert (set(await held(canteen, yesterday)), set(await held(canteen))) == ({one, two}, set())
    with pytest.raises(NotFound):
        await unlist(canteen.services, SYSTEM, canteen.school_id, order_id, two)
    assert [order.ended_by for order in await orders_of(canteen.services, SYSTEM, canteen.school_id)] == [SYSTEM.name]


async def test_a_term_that_is_over_gives_nothing(canteen: Canteen) -> None:
    _, ref = await canteen.child()
    order_id = await propose(canteen.services, SYSTEM, canteen.school_id, FREE)
    await list_children(canteen.services, SYSTEM, canteen.school_id, order_id, [ref])
    await approve(canteen.services, SYSTEM, canteen.school_id, order_id)

    assert set(await held(canteen, LAST)) == {ref}
    assert await held(canteen, LAST + timedelta(days=1)) == {}


@pytest.mark.parametrize(
    "wrong",
    [
        replace(FREE, document=" "),
        replace(FREE, meals=()),
        replace(FREE, ground="beauty"),
        replace(FREE, grades=(1,)),
        replace(GRADES, grades=()),
        replace(GRADES, grades=(13,)),
        replace(FREE, last_on=FIRST - timedelta(days=1)),
        replace(FREE, last_on=FIRST + timedelta(days=500)),
        replace(FREE, price_tiyn=100),
        replace(FREE, kind=RightKind.SUBSIDISED),
    ],
)
def test_an_order_that_cannot_be_is_refused(wrong: EntitlementGiven) -> None:
    with pytest.raises(EntitlementRefused):
        checked_order(wrong)


async def test_only_the_office_proposes_and_only_the_director_approves(canteen: Canteen) -> None:
    office, director = (
        Actor("x", None, frozenset({Reach(role, canteen.school_id)})) for role in (Role.OFFICE, Role.DIRECTOR)
    )
    order_id = await propose(canteen.services, office, canteen.school_id, FREE)

    with pytest.raises(NotAllowed):
        await approve(canteen.services, office, canteen.school_id, order_id)
    with pytest.raises(NotAllowed):
        await propose(canteen.services, director, canteen.school_id, FREE)
    with pytest.raises(NotAllowed):
        await orders_of(canteen.services, canteen.cook, canteen.school_id)
    with pytest.raises(NotFound):
        await approve(canteen.services, director, canteen.school_id, order_id + 1)
    with pytest.raises(EntitlementRefused, match="no such meal"):
        await propose(canteen.services, office, canteen.school_id, replace(FREE, meals=("feast",)))
