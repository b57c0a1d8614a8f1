"""Who gives or takes a role by SQL is found by the nightly check; the journal knows what the product gave and took."""

import pytest

from cloud.accounts.actions import add_account, give_role, take_role
from cloud.accounts.at_nodes import add_account_at_node
from cloud.accounts.keeping import delete_account
from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services
from cloud.integrity.checking import ALARM, check_everything
from cloud.integrity.granted import compare_roles
from cloud.organisation.tree import Level, NewNode, add_node, give_role_at_node, take_role_at_node
from tests.cloud.schools.factory import SYSTEM, a_school

BY_SQL = {
    "a role more": ("INSERT INTO grant_of_role (account_id, school_id, role) VALUES ($1, $2, 'director')",
                    "the role director at school {school} stands"),
    "a role everywhere": ("INSERT INTO grant_of_role (account_id, role) SELECT $1, 'operator' WHERE $2 > 0",
                          "the role operator everywhere stands"),
    "another role": ("UPDATE grant_of_role SET role = 'it' WHERE account_id = $1 AND school_id = $2",
                     "the role it at school {school} stands"),
    "a role less": ("DELETE FROM grant_of_role WHERE account_id = $1 AND school_id = $2",
                    "the role guard at school {school} is gone"),
}  # fmt: skip


async def differences(services: Services) -> list[tuple[str, str]]:
    told: list[tuple[str, str]] = []
    await compare_roles(services, lambda place, what: told.append((place, what)))
    return told


async def test_every_role_that_the_product_gives_and_takes_is_in_the_journal(services: Services) -> None:
    here, there = await a_school(services), await a_school(services, "astana7")
    top = await add_node(services, SYSTEM, NewNode("kz", Level.NATIONAL, "kz", "kz", "kz"))
    await add_node(services, SYSTEM, NewNode("almaty", Level.REGIONAL, "a", "a", "a", "kz"))
    guard = await add_account(services, SYSTEM, "guard", "Guard", Reach(Role.GUARD, here))
    gone = await add_account(services, SYSTEM, "gone", "Gone", Reach(Role.OFFICE, here))
    await add_account(services, SYSTEM, "operator", "Operator", Reach(Role.OPERATOR, None))
    authority = await add_account_at_node(services, SYSTEM, "authority", "Authority", Role.AUTHORITY, top)
    await give_role_at_node(services, SYSTEM, authority.account_id, Role.AUTHORITY, "almaty")
    await give_role_at_node(services, SYSTEM, gone.account_id, Role.AUDITOR, "kz")
    await take_role_at_node(services, SYSTEM, authority.account_id, Role.AUTHORITY, "almaty")
    for _ in range(2):
        await give_role(services, SYSTEM, guard.account_id, Reach(Role.OFFICE, there))
        await take_role(services, SYSTEM, guard.account_id, Reach(Role.OFFICE, there))
    await give_role(services, SYSTEM, gone.account_id, Reach(Role.OFFICE, there))
    await delete_account(services, Actor.system("test"), gone.account_id)

    assert await differences(services) == []
    assert (await check_everything(services)).counted["roles"] == 3


@pytest.mark.requirement("KZ456-5.8")
@pytest.mark.requirement("KZ456-5.16")
@pytest.mark.parametrize(("statement", "told"), BY_SQL.values(), ids=list(BY_SQL))
async def test_an_operator_who_changes_a_role_by_sql_is_found_by_the_nightly_check(
    services: Services, statement: str, told: str
) -> None:
    school = await a_school(services)
    guard = await add_account(services, SYSTEM, "guard", "Guard", Reach(Role.GUARD, school))

    await services.database.pool.execute(statement, guard.account_id, school)

    check = await check_everything(services)
    (first, *_) = [what for place, what in check.found if place == f"account:{guard.account_id}"]
    assert any(told.format(school=school) in what for _, what in check.found), first
    detail = await services.database.pool.fetchval("SELECT detail FROM alarm WHERE kind = $1", ALARM)
    assert f"account:{guard.account_id}" in str(detail)


async def test_a_role_of_somebody_else_is_found_at_both(services: Services) -> None:
    school = await a_school(services)
    one, other = [
        await add_account(services, SYSTEM, name, name, Reach(role, school))
        for name, role in (("guard", Role.GUARD), ("director", Role.DIRECTOR))
    ]

    await services.database.pool.execute(
        "UPDATE grant_of_role SET account_id = $1 WHERE account_id = $2", one.account_id, other.account_id
    )

    assert await differences(services) == [
        (
            f"account:{one.account_id}",
            f"the role director at school {school} stands, and no deed in the journal gave it",
        ),
        (
            f"account:{other.account_id}",
            f"the role director at school {school} is gone, and no deed in the journal took it",
        ),
    ]
