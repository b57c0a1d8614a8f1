"""Accounts of authorities and auditors, which belong to a node of the tree and to no school."""

from tortoise.exceptions import IntegrityError

from cloud.accounts.actions import NewAccount
from cloud.accounts.errors import LoginTaken
from cloud.accounts.granting import may_give
from cloud.accounts.logins import kept
from cloud.accounts.models import Account
from cloud.accounts.passwords import draw_password, hash_password
from cloud.accounts.rules import INITIAL_LASTS, normal_login
from cloud.audit.writing import audit
from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed
from cloud.core.roles import OF_NODES, Role
from cloud.core.services import Services

GRANT = "INSERT INTO grant_of_role (account_id, node_id, role) VALUES ($1, $2, $3)"


async def add_account_at_node(
    services: Services, actor: Actor, login: str, name: str, role: Role, node_id: int
) -> NewAccount:
    """Make an account with a role at a node and an initial password. Raises NotAllowed, LoginRefused or LoginTaken."""
    if role not in OF_NODES or not may_give(actor, role, None):
        raise NotAllowed
    known_as, password, now = normal_login(login), draw_password(), services.clock.now()
    hashed = await hash_password(password)
    try:
        async with services.database.transaction() as connection:
            account = await Account.create(
                password_hash=hashed, must_change=True, initial_until=now + INITIAL_LASTS, name=name.strip(),
                created_at=now, **kept(services.vault, known_as),
            )  # fmt: skip
            await connection.execute_query(GRANT, [account.id, node_id, role.value])
            detail = {"role": role.value, "node": str(node_id)}
            await audit(connection, actor, "account.added", f"account:{account.id}", detail, at=now)
    except IntegrityError:
        raise LoginTaken(known_as) from None
    return NewAccount(account.id, known_as, password)
