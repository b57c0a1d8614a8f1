"""Two schools with a class each, accounts, and their sessions."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from cloud.accounts.logins import kept
from cloud.accounts.models import Account, Grant, SignIn
from cloud.accounts.queries import actor_of
from cloud.core.actor import Actor
from cloud.core.roles import Role
from cloud.core.services import Services
from cloud.schools.actions import NewSchool, add_class, add_school

SYSTEM = Actor.system("test")


@dataclass(frozen=True, slots=True)
class Place:
    """Two schools."""

    school_id: int
    class_id: int
    other_school_id: int
    other_class_id: int


async def a_place(services: Services) -> Place:
    """Add two schools, each with a class 5А."""
    here, there = [
        await add_school(services, SYSTEM, NewSchool(code, code, code, code)) for code in ("here1", "there1")
    ]
    return Place(
        here, await add_class(services, SYSTEM, here, 5, "А"), there, await add_class(services, SYSTEM, there, 5, "А")
    )


async def an_account(services: Services, login: str, role: Role | None = None, school_id: int | None = None) -> int:
    """Make an account, with a role at a school if one is named."""
    now = services.clock.now()
    made = await Account.create(
        password_hash="x", must_change=False, name=login, created_at=now, **kept(services.vault, login)
    )
    if role is not None:
        await Grant(account_id=made.id, school_id=school_id, role=role).save()
    await begin_session(services, made.id)
    return int(made.id)


async def begin_session(services: Services, account_id: int) -> None:
    """Let an account be signed in, with a token that is named after it."""
    now, digest = services.clock.now(), hashlib.sha256(f"token-of-{account_id}".encode()).hexdigest()
    await SignIn(account_id=account_id, token_digest=digest, created_at=now, expires_at=now + timedelta(days=1)).save()


async def signed_in_as(services: Services, account_id: int) -> Actor:
    """Return the actor of an account's session, as the next request has it; it signs in again where that ended."""
    if await actor_of(services, f"token-of-{account_id}") is None:
        await begin_session(services, account_id)
    actor = await actor_of(services, f"token-of-{account_id}")
    assert actor is not None
    return actor
