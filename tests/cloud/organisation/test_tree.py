"""The tree of authorities decides which schools a role at one of its nodes reaches."""

from datetime import date, timedelta

import pytest

from cloud.accounts.models import FactorRule
from cloud.accounts.queries import actor_of
from cloud.core.actor import Actor, Reach
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.rights import Right
from cloud.core.roles import Role
from cloud.core.services import Services
from cloud.organisation.tree import (
    Level,
    NewNode,
    NodeRefused,
    add_node,
    give_role_at_node,
    nodes,
    place_school,
    take_role_at_node,
)
from cloud.statistics.comparing import seen_above
from cloud.statistics.spans import By, stretch_of
from tests.cloud.organisation.factory import SYSTEM, Place, a_place, an_account, signed_in_as

DAY = stretch_of(By.DAY, date(2026, 9, 1))


@pytest.fixture(name="place")
async def _place(services: Services) -> Place:
    """Two schools: one below a district of Almaty, one below the region of Astana."""
    place = await a_place(services)
    for code, level, parent in (
        ("kz", Level.NATIONAL, None), ("almaty", Level.REGIONAL, "kz"), ("astana", Level.REGIONAL, "kz"),
        ("auezov", Level.MUNICIPAL, "almaty"),
    ):  # fmt: skip
        await add_node(services, SYSTEM, NewNode(code, level, code, code, code, parent))
    await place_school(services, SYSTEM, place.school_id, "auezov")
    await place_school(services, SYSTEM, place.other_school_id, "astana")
    return place


@pytest.mark.requirement("KZ456-5.8")
@pytest.mark.parametrize(
    ("node", "reached"),
    [("auezov", {"here"}), ("almaty", {"here"}), ("astana", {"there"}), ("kz", {"here", "there"})],
)
async def test_a_role_at_a_node_reaches_every_school_below_and_no_other(
    services: Services, place: Place, node: str, reached: set[str]
) -> None:
    account = await an_account(services, "authority")

    await give_role_at_node(services, SYSTEM, account, Role.AUTHORITY, node)

    actor = await signed_in_as(services, account)
    schools = {"here": place.school_id, "there": place.other_school_id}
    assert {name for name, each in schools.items() if actor.can(Right.REPORTS_READ, each)} == reached
    above = await seen_above(services, actor, "", DAY)
    assert {row.code.removesuffix("1") for row in above.schools} == reached
    assert not any(actor.can(right, place.school_id) for right in (Right.PEOPLE_READ, Right.PRESENCE_READ))
    assert actor.can_everywhere(Right.REPORTS_READ) is (node == "kz")


async def test_a_school_that_comes_later_is_reached_and_a_role_taken_back_reaches_nothing(
    services: Services, place: Place
) -> None:
    account = await an_account(services, "authority")
    await give_role_at_node(services, SYSTEM, account, Role.AUTHORITY, "almaty")

    await place_school(services, SYSTEM, place.other_school_id, "almaty")
    moved = await signed_in_as(services, account)
    await take_role_at_node(services, SYSTEM, account, Role.AUTHORITY, "almaty")
    after = await signed_in_as(services, account)

    assert moved.schools_with(Right.STATISTICS_READ) == frozenset({place.school_id, place.other_school_id})
    assert after.reaches == frozenset()
    with pytest.raises(NotAllowed):
        await seen_above(services, after, "", DAY)


@pytest.mark.parametrize("before", [None, Role.GUARDIAN, Role.OFFICE])
async def test_a_session_without_a_second_step_ends_when_a_role_at_a_node_is_given(
    services: Services, place: Place, before: Role | None
) -> None:
    later = services.clock.now().date() + timedelta(days=30)  # the school's staff need one then
    await FactorRule(school_id=place.school_id, staff_from=later, set_at=services.clock.now()).save()
    account = await an_account(services, "authority", before, place.school_id)

    await give_role_at_node(services, SYSTEM, account, Role.AUTHORITY, "kz")

    assert await actor_of(services, f"token-of-{account}") is None


async def test_a_role_at_a_node_that_is_given_twice_ends_no_session_and_one_of_nobody_is_not_there(
    services: Services, place: Place
) -> None:
    account = await an_account(services, "authority")
    await give_role_at_node(services, SYSTEM, account, Role.AUTHORITY, "kz")
    await signed_in_as(services, account)

    await give_role_at_node(services, SYSTEM, account, Role.AUTHORITY, "kz")

    assert await actor_of(services, f"token-of-{account}") is not None
    with pytest.raises(NotFound):
        await give_role_at_node(services, SYSTEM, 999, Role.AUTHORITY, "kz")


async def test_an_authority_grants_nothing_and_a_director_no_authority(services: Services, place: Place) -> None:
    somebody = await an_account(services, "somebody")
    for granter in (Reach(Role.AUTHORITY, None), Reach(Role.DIRECTOR, place.school_id), Reach(Role.AUDITOR, None)):
        with pytest.raises(NotAllowed):
            await give_role_at_node(services, Actor("x", 1, frozenset({granter})), somebody, Role.AUTHORITY, "auezov")
    with pytest.raises(NotAllowed):
        await give_role_at_node(services, SYSTEM, somebody, Role.DIRECTOR, "auezov")


async def test_nodes_stand_in_order_and_only_an_operator_adds_them(services: Services, place: Place) -> None:
    assert [(node.code, node.parent, node.schools) for node in await nodes(services)] == [
        ("kz", None, 0), ("almaty", "kz", 0), ("astana", "kz", 1), ("auezov", "almaty", 1),
    ]  # fmt: skip
    for wrong in (
        NewNode("second", Level.NATIONAL, "x", "x", "x"),
        NewNode("almaty", Level.REGIONAL, "x", "x", "x", "kz"),
        NewNode("low", Level.MUNICIPAL, "x", "x", "x", "kz"),
        NewNode("Large", Level.REGIONAL, "x", "x", "x", "kz"),
    ):
        with pytest.raises(NodeRefused):
            await add_node(services, SYSTEM, wrong)
    with pytest.raises(NotFound):
        await place_school(services, SYSTEM, place.school_id, "nowhere")
    with pytest.raises(NotAllowed):
        await place_school(services, Actor("x", 1, frozenset({Reach(Role.DIRECTOR, place.school_id)})), 1, "kz")
