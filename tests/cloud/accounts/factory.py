"""Accounts for tests: made, signed in, and with an app of codes."""

import base64
from dataclasses import dataclass
from itertools import count

from cloud.accounts import factors
from cloud.accounts.actions import add_account, change_password, sign_in
from cloud.accounts.beginnings import Half, Session
from cloud.accounts.queries import actor_of
from cloud.accounts.second_step import finish_with_code
from cloud.accounts.totp import code_at, step_at
from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services
from tests.cloud.schools.factory import a_school

SYSTEM = Actor.system("test")
HOME, AWAY = "10.0.0.5", "203.0.113.9"
GOOD = "lamp river 42 stone"
_numbers = count()


@dataclass(slots=True)
class Somebody:
    """An account with a password of its own, its session, and the secret of its app if it has one."""

    services: Services
    login: str
    account_id: int
    school_id: int
    token: str
    actor: Actor
    secret: bytes = b""
    codes: tuple[str, ...] = ()

    def code(self) -> str:
        """Return what the app shows now."""
        return code_at(self.secret, step_at(self.services.clock.now()))

    async def half(self, password: str = GOOD, address: str = HOME) -> str:
        """Do the first step, and return its token."""
        begun = await sign_in(self.services, self.login, password, address)
        assert isinstance(begun, Half)
        return begun.token

    async def enrol(self) -> "Somebody":
        """Set an app up, half a minute before now, so that the next code is another."""
        self.secret = await factors.start_app(self.services, self.actor, self.token)
        self.codes = tuple(await factors.confirm_app(self.services, self.actor, self.token, self.code()))
        return self


async def whole(services: Services, login: str, password: str = GOOD, address: str = HOME, code: str = "") -> Session:
    """Sign in, with a code if one is asked for."""
    begun = await sign_in(services, login, password, address)
    return begun if isinstance(begun, Session) else await finish_with_code(services, begun.token, code, address)


async def somebody(services: Services, role: Role = Role.OFFICE, school_id: int | None = None) -> Somebody:
    """Return somebody who has chosen a password of their own."""
    number = next(_numbers)
    at = await a_school(services, f"acc{number}") if school_id is None else school_id
    reach = Reach(role, None if role is Role.OPERATOR else at)
    made = await add_account(services, SYSTEM, f"somebody{number}", "Айгүл Сапарова", reach)
    first = await whole(services, made.login, made.password)
    holder = await actor_of(services, first.token)
    assert holder is not None
    session = await change_password(services, holder, made.password, GOOD)
    actor = await actor_of(services, session.token)
    assert actor is not None
    return Somebody(services, made.login, made.account_id, at, session.token, actor)


def secret_of(shown: str) -> bytes:
    """Return the secret of an app as a page shows it."""
    letters = shown.replace(" ", "")
    return base64.b32decode(letters + "=" * (-len(letters) % 8))
