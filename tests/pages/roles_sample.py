"""An account of every role at the sample's school, and one that has every role somewhere else."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import timedelta

from cloud.accounts.logins import kept, login_digest
from cloud.accounts.models import Account, Grant, SignIn
from cloud.core.roles import EVERYWHERE, OF_NODES, OF_SCHOOLS, Role
from cloud.core.services import Services

NAME = "Әсел Омарова"


async def write(
    services: Services, school_id: int, other_school_id: int, there: set[str], child_id: int
) -> dict[str, str]:
    """Make the accounts that are not there yet; return their sessions' tokens, by the role's value and `elsewhere`."""
    tokens = {
        role.value: await account(services, role.value, [(role, school_id)])
        for role in OF_SCHOOLS | OF_NODES
        if role.value not in there
    }
    await name_classes(services, school_id, ("teacher", "class_teacher", "tutor"))
    await own(services, child_id, "student")
    everything = [(role, other_school_id) for role in Role if role not in EVERYWHERE]
    return tokens | {
        "elsewhere": await account(services, "elsewhere", everything),
        "others": await account(services, "others", []),  # has what roles a test gives it
    }


async def own(services: Services, person_id: int, login: str) -> None:
    """Say that an account is a student's own."""
    await services.database.pool.execute(
        "INSERT INTO student_account (person_id, account_id) SELECT $1, id FROM account WHERE login_digest = $2",
        person_id, login_digest(services.vault, login),
    )  # fmt: skip


async def hold(services: Services, school_id: int, roles: Collection[Role]) -> None:
    """Let the account `others` have exactly these roles: at the school, or everywhere where that is their place."""
    pool, others = services.database.pool, login_digest(services.vault, "others")
    await pool.execute(
        "DELETE FROM grant_of_role USING account WHERE account_id = account.id AND login_digest = $1", others
    )
    await pool.execute(
        "INSERT INTO grant_of_role (account_id, school_id, role)"
        " SELECT account.id, nullif(school, 0), role"
        " FROM account, unnest($1::text[], $2::bigint[]) AS held (role, school)"
        " WHERE login_digest = $3",
        [role.value for role in roles], [0 if role in EVERYWHERE else school_id for role in roles],
        others,
    )  # fmt: skip


async def name_classes(services: Services, school_id: int, logins: Sequence[str]) -> None:
    """Name a class of the school for accounts, each in its role."""
    await services.database.pool.execute(
        "INSERT INTO class_of_account (account_id, school_class_id, role, given_at)"
        " SELECT account.id, school_class.id, login, $4 FROM account, school_class, unnest($2::text[], $3::text[])"
        " AS named (login, digest) WHERE login_digest = digest AND school_id = $1 AND grade = 1 AND letter = 'А'",
        school_id, list(logins), [login_digest(services.vault, each) for each in logins], services.clock.now(),
    )  # fmt: skip


async def account(services: Services, login: str, grants: Sequence[tuple[Role, int | None]]) -> str:
    """Make an account with its roles and a session; return the session's token."""
    now = services.clock.now()
    made = await Account.create(
        password_hash="x", must_change=False, name=NAME, created_at=now, **kept(services.vault, login)
    )
    for role, school_id in grants:
        await Grant(account_id=made.id, school_id=school_id, role=role).save()
    token = f"token-of-{login}"
    await SignIn(
        account_id=made.id, token_digest=hashlib.sha256(token.encode()).hexdigest(), created_at=now,
        expires_at=now + timedelta(days=1),
    ).save()  # fmt: skip
    return token
