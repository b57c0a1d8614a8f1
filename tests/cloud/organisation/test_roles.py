"""Roles at a school are given and taken by who may, and the history says who did what to whom."""

import asyncio

import pytest

from cloud.accounts.actions import close_account, give_role, take_role
from cloud.accounts.granting import may_give
from cloud.accounts.models import SignIn
from cloud.accounts.queries import actor_of
from cloud.core.actor import Actor, Reach
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.rights import GRANTS, Right
from cloud.core.roles import Role
from cloud.core.services import Services
from cloud.organisation.classes import give_class, take_class
from cloud.organisation.staff import RoleChange, role_changes_of, staff_of
from tests.cloud.organisation.factory import SYSTEM, Place, a_place, an_account, signed_in_as


@pytest.fixture(name="place")
async def _place(services: Services) -> Place:
    return await a_place(services)


@pytest.mark.requirement("KZ456-5.8")
async def test_who_gave_and_took_what_to_whom_and_when_is_kept(services: Services, place: Place) -> None:
    director = await an_account(services, "director", Role.DIRECTOR, place.school_id)
    nurse = await an_account(services, "nurse", Role.NURSE, place.school_id)
    actor = await signed_in_as(services, director)

    await give_role(services, actor, nurse, Reach(Role.CLASS_TEACHER, place.school_id))
    await give_class(services, actor, place.school_id, nurse, Role.CLASS_TEACHER, place.class_id)
    await take_role(services, actor, nurse, Reach(Role.NURSE, place.school_id))

    told = await role_changes_of(services, actor, place.school_id)
    now = services.clock.now()
    assert told[:3] == [
        RoleChange(now, "director", "account.role_taken", "nurse", Role.NURSE, ""),
        RoleChange(now, "director", "account.class_given", "nurse", Role.CLASS_TEACHER, "5А"),
        RoleChange(now, "director", "account.role_given", "nurse", Role.CLASS_TEACHER, ""),
    ]
    (row,) = [each for each in await staff_of(services, actor, place.school_id) if each.account_id == nurse]
    assert (row.roles, [each.name for each in row.classes]) == ([Role.CLASS_TEACHER], ["5А"])


async def test_a_class_teacher_reaches_the_named_class_until_it_or_the_role_is_taken(
    services: Services, place: Place
) -> None:
    teacher = await an_account(services, "teacher", Role.CLASS_TEACHER, place.school_id)
    reached = []
    await give_class(services, SYSTEM, place.school_id, teacher, Role.CLASS_TEACHER, place.class_id)
    reached.append((await signed_in_as(services, teacher)).classes(Right.PRESENCE_READ, place.school_id))

    await take_class(services, SYSTEM, place.school_id, teacher, Role.CLASS_TEACHER, place.class_id)
    reached.append((await signed_in_as(services, teacher)).classes(Right.PRESENCE_READ, place.school_id))
    await give_class(services, SYSTEM, place.school_id, teacher, Role.CLASS_TEACHER, place.class_id)
    await take_role(services, SYSTEM, teacher, Reach(Role.CLASS_TEACHER, place.school_id))
    await give_role(services, SYSTEM, teacher, Reach(Role.CLASS_TEACHER, place.school_id))
    reached.append((await signed_in_as(services, teacher)).classes(Right.PRESENCE_READ, place.school_id))

    assert reached == [{place.class_id}, set(), set()]


async def test_a_session_of_who_had_no_work_until_now_ends_with_the_first_role(
    services: Services, place: Place
) -> None:
    nobody = await an_account(services, "nobody")

    await give_role(services, SYSTEM, nobody, Reach(Role.OFFICE, place.school_id))

    assert await actor_of(services, f"token-of-{nobody}") is None


async def test_a_class_of_another_school_and_a_role_not_held_are_refused(services: Services, place: Place) -> None:
    teacher = await an_account(services, "teacher", Role.TEACHER, place.school_id)

    with pytest.raises(NotFound):
        await give_class(services, SYSTEM, place.school_id, teacher, Role.TEACHER, place.other_class_id)
    with pytest.raises(NotAllowed, match="Give the role first"):
        await give_class(services, SYSTEM, place.school_id, teacher, Role.CLASS_TEACHER, place.class_id)
    with pytest.raises(NotAllowed):
        await give_class(services, SYSTEM, place.school_id, teacher, Role.NURSE, place.class_id)


async def test_nobody_raises_the_own_rights_nor_drops_them(services: Services, place: Place) -> None:
    director = await an_account(services, "director", Role.DIRECTOR, place.school_id)
    await an_account(services, "second", Role.DIRECTOR, place.school_id)
    actor = await signed_in_as(services, director)

    with pytest.raises(NotAllowed, match="own roles"):
        await give_role(services, actor, director, Reach(Role.IT, place.school_id))
    with pytest.raises(NotAllowed, match="own roles"):
        await take_role(services, actor, director, Reach(Role.DIRECTOR, place.school_id))


@pytest.mark.parametrize("giver", list(Role))
def test_nobody_gives_what_the_table_does_not_let_them_give(giver: Role) -> None:
    actor = Actor("x", 1, frozenset({Reach(giver, None if giver is Role.OPERATOR else 7)}))

    for role in Role:
        assert may_give(actor, role, 7) is (role in GRANTS.get(giver, frozenset())), role
        assert giver is Role.OPERATOR or not may_give(actor, role, 8)
        assert giver is Role.OPERATOR or not may_give(actor, role, None)


@pytest.mark.parametrize("role", [Role.DIRECTOR, Role.IT])
async def test_the_last_director_and_the_last_it_of_a_school_stay(services: Services, place: Place, role: Role) -> None:
    last = await an_account(services, "last", role, place.school_id)
    await an_account(services, "elsewhere", role, place.other_school_id)

    with pytest.raises(NotAllowed, match="last one"):
        await take_role(services, SYSTEM, last, Reach(role, place.school_id))
    with pytest.raises(NotAllowed, match="last one"):
        await close_account(services, SYSTEM, last)

    await an_account(services, "next", role, place.school_id)
    await take_role(services, SYSTEM, last, Reach(role, place.school_id))


async def test_two_who_take_the_last_two_directors_at_once_leave_one(services: Services, place: Place) -> None:
    both = [await an_account(services, login, Role.DIRECTOR, place.school_id) for login in ("one", "two")]
    reach = Reach(Role.DIRECTOR, place.school_id)

    done = await asyncio.gather(
        *(take_role(services, SYSTEM, each, reach) for each in both), return_exceptions=True
    )  # fmt: skip

    assert sorted(type(each).__name__ for each in done) == ["NoneType", "NotAllowed"]


async def test_a_role_that_is_taken_and_an_account_that_is_closed_are_gone_at_the_next_request(
    services: Services, place: Place
) -> None:
    guard = await an_account(services, "guard", Role.GUARD, place.school_id)
    before = await signed_in_as(services, guard)

    await take_role(services, SYSTEM, guard, Reach(Role.GUARD, place.school_id))
    after = await signed_in_as(services, guard)
    await close_account(services, SYSTEM, guard)

    assert before.can(Right.GATES_WATCH, place.school_id)
    assert not after.can(Right.GATES_WATCH, place.school_id)
    assert await actor_of(services, f"token-of-{guard}") is None
    assert not await SignIn.exists(account_id=guard)
