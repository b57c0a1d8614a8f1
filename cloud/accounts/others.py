"""Accounts of others: who may change one, and in whose journal that is noted.

Rule: an account is changed by who may give every role that it has; one without a role is nobody's but the system's.
"""

from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.granting import may_give
from cloud.accounts.logins import opened
from cloud.accounts.models import Account, Grant
from cloud.audit.ties import Kind, Tie, note_ended
from cloud.audit.writing import audit
from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services

_ROLES = """
SELECT role, grant_of_role.school_id, code FROM grant_of_role LEFT JOIN org_node ON org_node.id = grant_of_role.node_id
WHERE account_id = $1 ORDER BY grant_of_role.id
"""
_CLASSES = """
SELECT DISTINCT school_id, school_class.id FROM class_of_account JOIN school_class ON school_class.id = school_class_id
WHERE account_id = $1
"""


async def manageable(services: Services, actor: Actor, account_id: int) -> str:
    """Return the login of an account all of whose roles the actor may give. Raises NotFound or NotAllowed."""
    login = await closable(services, actor, account_id)
    if not actor.is_system and not await Grant.exists(account_id=account_id):
        raise NotAllowed
    return login


async def closable(services: Services, actor: Actor, account_id: int) -> str:
    """Return the same; one without a role may be closed too, as a directory does with those that it opened."""
    account = await Account.get_or_none(id=account_id)
    if account is None:
        raise NotFound
    grants = await Grant.filter(account_id=account_id)
    if not all(may_give(actor, grant.role, grant.school_id) for grant in grants):
        raise NotAllowed
    return opened(services.vault, account.login_encrypted)


async def note_roles_taken(services: Services, connection: BaseDBAsyncClient, actor: Actor, account_id: int) -> None:
    """Note of each role and class of an account, in its school's journal, that it is taken: all are, just after."""
    now = services.clock.now()
    for row in await connection.execute_query_dict(_ROLES, [account_id]):
        detail = {"role": row["role"]} | ({"node": row["code"]} if row["code"] else {})
        await audit(
            connection, actor, "account.role_taken", f"account:{account_id}", detail,
            school_id=row["school_id"], at=now,
        )  # fmt: skip
    classes = await connection.execute_query_dict(_CLASSES, [account_id])
    ended = [(row["school_id"], Tie(Kind.TEACHES, account_id, row["id"])) for row in classes]
    await note_ended(connection, actor, ended, now)


async def note(services: Services, connection: BaseDBAsyncClient, actor: Actor, verb: str, account_id: int) -> None:
    """Note a deed about an account in the journal of the one school where it has roles; else in the service's."""
    schools = {grant.school_id for grant in await Grant.filter(account_id=account_id)}
    school_id = schools.pop() if len(schools) == 1 else None
    await audit(connection, actor, verb, f"account:{account_id}", school_id=school_id, at=services.clock.now())
