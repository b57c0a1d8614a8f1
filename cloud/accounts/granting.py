"""What always holds when roles change: nobody changes the own ones, and some are never left without anybody."""

from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.core.actor import Actor, Reach
from cloud.core.errors import NotAllowed
from cloud.core.messages import message
from cloud.core.rights import GRANTS
from cloud.core.roles import Role

NEVER_NONE = frozenset({Role.DIRECTOR, Role.IT, Role.OPERATOR})  # without one nobody could make another
# Locked, so that two who take the last two roles at once do not take both.
HOLDERS = """
SELECT account_id FROM grant_of_role JOIN account ON account.id = account_id
WHERE role = $1 AND school_id IS NOT DISTINCT FROM $2 AND is_active FOR UPDATE OF grant_of_role
"""
HELD = "SELECT role, school_id FROM grant_of_role WHERE account_id = $1 AND role = ANY($2)"


def may_give(actor: Actor, role: Role, school_id: int | None) -> bool:
    """Tell whether an actor may give and take a role at a school, by the table of who grants what."""
    if actor.is_system:
        return True
    if actor.must_change:
        return False
    granting = {giver for giver, granted in GRANTS.items() if role in granted}
    return any(reach.role in granting and reach.school_id in {school_id, None} for reach in actor.reaches)


def check_not_own(actor: Actor, account_id: int) -> None:
    """Raise NotAllowed where somebody changes the own roles."""
    if actor.account_id == account_id:
        raise NotAllowed(message("Nobody changes the own roles. Ask somebody else who may."))


async def keep_last(connection: BaseDBAsyncClient, account_id: int, reach: Reach) -> None:
    """Raise NotAllowed when the role would have nobody left; within the transaction that takes it."""
    if reach.role not in NEVER_NONE:
        return
    rows = await connection.execute_query_dict(HOLDERS, [reach.role.value, reach.school_id])
    if {row["account_id"] for row in rows} == {account_id}:
        raise NotAllowed(message("This is the last one with this role. Give it to somebody else first."))


async def keep_last_of(connection: BaseDBAsyncClient, account_id: int) -> None:
    """Raise NotAllowed when an account cannot be closed, since a role would have nobody left."""
    rows = await connection.execute_query_dict(HELD, [account_id, [role.value for role in NEVER_NONE]])
    for row in rows:
        await keep_last(connection, account_id, Reach(Role(row["role"]), row["school_id"]))
