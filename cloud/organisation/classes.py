"""Which classes are an account's own: set by who gives the role in which it has them."""

from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.accounts.granting import check_not_own, may_give
from cloud.audit.ties import Kind, Tie, told_of
from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.messages import message
from cloud.core.roles import OF_CLASSES, Role
from cloud.core.services import Services

CLASSES_MAX = 20
_CLASS = """
SELECT c.grade || c.letter AS name,
  EXISTS (SELECT FROM grant_of_role WHERE account_id = $3 AND school_id = $2 AND role = $4) AS holds,
  (SELECT count(*) FROM class_of_account WHERE account_id = $3) AS count
FROM school_class AS c WHERE c.id = $1 AND c.school_id = $2
"""
_ADD = """
INSERT INTO class_of_account (account_id, school_class_id, role, given_at) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING RETURNING true AS added
"""
_DROP = (
    "DELETE FROM class_of_account WHERE account_id = $1 AND school_class_id = $2 AND role = $3 RETURNING true AS gone"
)


async def give_class(
    services: Services, actor: Actor, school_id: int, account_id: int, role: Role, class_id: int
) -> None:
    """Let an account have a class in a role that it has, once. Raises NotAllowed or NotFound."""
    _check(actor, school_id, account_id, role)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        name, count = await _class_of(connection, school_id, account_id, role, class_id)
        if count >= CLASSES_MAX:
            raise NotAllowed(message("One account has {count} classes at most.", count=CLASSES_MAX))
        if await connection.execute_query_dict(_ADD, [account_id, class_id, role.value, now]):
            detail = {"role": role.value, "class": name}
            detail |= await told_of(connection, Tie(Kind.TEACHES, account_id, class_id))
            await audit(
                connection, actor, "account.class_given", f"account:{account_id}", detail, school_id=school_id, at=now
            )


async def take_class(
    services: Services, actor: Actor, school_id: int, account_id: int, role: Role, class_id: int
) -> None:
    """Take a class from an account. Raises NotAllowed or NotFound."""
    _check(actor, school_id, account_id, role)
    async with services.database.transaction() as connection:
        name, _ = await _class_of(connection, school_id, account_id, role, class_id)
        if await connection.execute_query_dict(_DROP, [account_id, class_id, role.value]):
            detail = {"role": role.value, "class": name}
            detail |= await told_of(connection, Tie(Kind.TEACHES, account_id, class_id))
            await audit(
                connection, actor, "account.class_taken", f"account:{account_id}", detail, school_id=school_id,
                at=services.clock.now(),
            )  # fmt: skip


def _check(actor: Actor, school_id: int, account_id: int, role: Role) -> None:
    if role not in OF_CLASSES or not may_give(actor, role, school_id):
        raise NotAllowed
    check_not_own(actor, account_id)


async def _class_of(
    connection: BaseDBAsyncClient, school_id: int, account_id: int, role: Role, class_id: int
) -> tuple[str, int]:
    rows = await connection.execute_query_dict(_CLASS, [class_id, school_id, account_id, role.value])
    if not rows:
        raise NotFound
    if not rows[0]["holds"]:
        raise NotAllowed(message("Give the role first, then name its class."))
    return rows[0]["name"], rows[0]["count"]
