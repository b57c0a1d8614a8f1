"""What an office does with others' accounts: finding them, changing a name or login, opening again, deleting.

Rule: nobody closes, opens or deletes the own account here; who holds an account is told by its number in the journal.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tortoise.exceptions import IntegrityError

from cloud.accounts.actions import forget_factors
from cloud.accounts.beginnings import end_sessions
from cloud.accounts.errors import LoginRefused, LoginTaken
from cloud.accounts.granting import check_not_own, keep_last_of, may_give
from cloud.accounts.logins import kept, opened, typed_digest
from cloud.accounts.models import Account
from cloud.accounts.others import manageable, note, note_roles_taken
from cloud.accounts.rules import normal_login
from cloud.audit.ties import Kind, Tie, note_ended
from cloud.core.actor import Actor, Reach
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.roles import OF_FAMILIES, Role
from cloud.core.services import Services

SHOWN_MAX = 100
NAME_MAX = 180
SESSIONS_SHOWN = 20
# A student's account is called by its login, so that the journal names no child; here it is shown with the name.
_FOUND = """
SELECT account.id, login_digest, login_encrypted, coalesce(surname || ' ' || given_name, name) AS name, must_change,
  initial_until, account.is_active,
  (SELECT array_agg(DISTINCT role || ':' || coalesce(school_id, 0)) FROM grant_of_role WHERE account_id = account.id)
    AS grants,
  (SELECT count(*) FROM sign_in WHERE account_id = account.id AND expires_at > $2) AS sessions,
  (SELECT max(coalesce(seen_at, created_at)) FROM sign_in WHERE account_id = account.id) AS seen_at,
  EXISTS (SELECT FROM authenticator WHERE account_id = account.id AND secret_encrypted IS NOT NULL)
    OR EXISTS (SELECT FROM passkey WHERE account_id = account.id) AS has_factor,
  coalesce(person.ref, '') AS person_ref
FROM account LEFT JOIN student_account AS own ON own.account_id = account.id
LEFT JOIN person ON person.id = own.person_id
WHERE EXISTS (SELECT FROM grant_of_role WHERE account_id = account.id AND school_id = $1 AND role = ANY($3))
"""
_LIST = f"""
SELECT * FROM ({_FOUND}) AS found WHERE strpos(lower(name), $4) > 0 OR login_digest = ANY($6)
ORDER BY name, id LIMIT $5
"""  # noqa: S608 (a text of this file)
_ONE = f"{_FOUND} AND account.id = $4"
_NAMELESS = """
UPDATE account SET login_digest = NULL, login_encrypted = NULL, name = '№ ' || id, password_hash = '!',
  is_active = false WHERE id = $1
"""
_TIES = """
SELECT school_id, 'guardian' AS kind, id FROM guardian WHERE account_id = $1
UNION ALL SELECT school_id, 'student', id FROM student_account JOIN person ON id = person_id WHERE account_id = $1
UNION ALL SELECT school_id, 'staff', id FROM staff_account JOIN person ON id = person_id WHERE account_id = $1
"""
_LOOSE = (  # what ties an account to people and work; the journal keeps its number
    "DELETE FROM class_of_account WHERE account_id = $1",
    "DELETE FROM student_account WHERE account_id = $1",
    "DELETE FROM staff_account WHERE account_id = $1",
    "DELETE FROM scim_account WHERE account_id = $1",
    "DELETE FROM identity_link WHERE account_id = $1",
    "UPDATE guardian SET account_id = NULL WHERE account_id = $1",
    "DELETE FROM grant_of_role WHERE account_id = $1",
)
_SESSIONS = """
SELECT device, created_at, coalesce(seen_at, created_at) AS seen_at FROM sign_in
WHERE account_id = $1 AND expires_at > $2 ORDER BY 3 DESC LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """An account as the office of a school sees it; roles at other schools are counted, not named."""

    account_id: int
    login: str
    name: str
    must_change: bool
    initial_until: datetime | None
    is_active: bool
    roles: tuple[Role, ...]
    elsewhere: int
    sessions: int
    seen_at: datetime | None
    has_factor: bool
    person_ref: str
    may_keep: bool  # by who looks

    def state(self, now: datetime) -> str:
        """Return its state in a word."""
        if not self.is_active:
            return "account_closed"
        if not self.must_change:
            return "account_used"
        return "account_expired" if self.initial_until is not None and self.initial_until < now else "account_new"


@dataclass(frozen=True, slots=True)
class SessionSeen:
    """Where an account is signed in, without addresses."""

    device: str
    created_at: datetime
    seen_at: datetime


async def find_accounts(
    services: Services, actor: Actor, school_id: int, roles: Sequence[Role], words: str = ""
) -> list[Kept]:
    """Return accounts with one of these roles at a school by name, SHOWN_MAX + 1 at most. Raises NotAllowed."""
    actor.require(Right.ACCOUNTS_READ, school_id)
    rows = await services.database.pool.fetch(
        _LIST, school_id, services.clock.now(), _shown(actor, school_id, roles), words.strip().lower(), SHOWN_MAX + 1,
        await _as_logins(services, school_id, words),
    )  # fmt: skip
    return [_kept(services, row, actor, school_id) for row in rows]


async def _as_logins(services: Services, school_id: int, words: str) -> list[str]:
    """Return the digests of the logins that words may be: the whole one, or the number on a sheet of the school."""
    code = await services.database.pool.fetchval("SELECT code FROM school WHERE id = $1", school_id)
    return [typed_digest(services.vault, each) for each in (words, f"{code}.{words.strip()}")]


async def account_at(services: Services, actor: Actor, school_id: int, account_id: int) -> Kept:
    """Return an account with a role at a school. Raises NotAllowed, or NotFound for any other."""
    actor.require(Right.ACCOUNTS_READ, school_id)
    row = await services.database.pool.fetchrow(
        _ONE, school_id, services.clock.now(), _shown(actor, school_id, Role), account_id
    )
    if row is None:
        raise NotFound
    return _kept(services, row, actor, school_id)


async def sessions_at(services: Services, actor: Actor, school_id: int, account_id: int) -> list[SessionSeen]:
    """Return where an account of a school is signed in, the newest first. Raises NotAllowed or NotFound."""
    await account_at(services, actor, school_id, account_id)
    rows = await services.database.pool.fetch(_SESSIONS, account_id, services.clock.now(), SESSIONS_SHOWN)
    return [SessionSeen(**row) for row in rows]


async def edit_account(services: Services, actor: Actor, account_id: int, login: str, name: str) -> None:
    """Change what an account is called. Raises NotAllowed, NotFound, LoginRefused or LoginTaken."""
    before = await manageable(services, actor, account_id)
    known_as = normal_login(login)
    called = known_as if await _is_students(services, account_id) else name_typed(name)
    try:
        async with services.database.transaction() as connection:
            await Account.filter(id=account_id).update(name=called, **kept(services.vault, known_as))
            if known_as != before:
                await end_sessions(connection, account_id)
            await note(services, connection, actor, "account.edited", account_id)
    except IntegrityError:
        raise LoginTaken(known_as) from None


async def open_again(services: Services, actor: Actor, account_id: int) -> None:
    """Let a closed account sign in again with the password of before. Raises NotAllowed or NotFound."""
    await manageable(services, actor, account_id)
    check_not_own(actor, account_id)
    async with services.database.transaction() as connection:
        await Account.filter(id=account_id).update(is_active=True)
        await note(services, connection, actor, "account.opened_again", account_id)


async def end_all_sessions(services: Services, actor: Actor, account_id: int) -> None:
    """Sign an account out everywhere. Raises NotAllowed or NotFound."""
    await manageable(services, actor, account_id)
    async with services.database.transaction() as connection:
        await end_sessions(connection, account_id)
        await note(services, connection, actor, "account.sessions_ended", account_id)


async def delete_account(services: Services, actor: Actor, account_id: int) -> None:
    """Delete an account: login, name, password, second steps and roles; what it did stays told by its number.

    Raises NotAllowed, also for the own account and the last of a role that must not be nobody's, or NotFound.
    """
    await manageable(services, actor, account_id)
    check_not_own(actor, account_id)
    async with services.database.transaction() as connection:
        await keep_last_of(connection, account_id)
        await note_roles_taken(services, connection, actor, account_id)
        await note(services, connection, actor, "account.deleted", account_id)  # while its school is known
        await end_sessions(connection, account_id)
        await forget_factors(connection, account_id)
        tied = await connection.execute_query_dict(_TIES, [account_id])
        ended = [(row["school_id"], Tie(Kind(row["kind"]), row["id"])) for row in tied]
        await note_ended(connection, actor, ended, services.clock.now())
        for statement in _LOOSE:
            await connection.execute_query(statement, [account_id])
        await connection.execute_query(_NAMELESS, [account_id])


def name_typed(text: str) -> str:
    """Return a name as it is kept. Raises LoginRefused for none."""
    name = " ".join(text.split())[:NAME_MAX]
    if not name:
        raise LoginRefused(message("Write whose account it is: surname and given name."))
    return name


def groups() -> Mapping[str, tuple[Role, ...]]:
    """Return the kinds of accounts that a list shows, by its key."""
    staff = tuple(role for role in Role if role not in OF_FAMILIES)
    return {"staff": staff, "guardians": (Role.GUARDIAN,), "students": (Role.STUDENT,)}


async def _is_students(services: Services, account_id: int) -> bool:
    return bool(
        await services.database.pool.fetchval("SELECT true FROM student_account WHERE account_id = $1", account_id)
    )


def _shown(actor: Actor, school_id: int, roles: Iterable[Role]) -> list[str]:
    """Return the roles whose accounts the actor sees: those of families only who may see the school's people."""
    sees_families = actor.can(Right.PEOPLE_READ, school_id)
    return [role.value for role in roles if sees_families or role not in OF_FAMILIES]


def _kept(services: Services, row: Mapping[str, Any], actor: Actor, school_id: int) -> Kept:
    held = [_reach(text) for text in row["grants"]]
    here = {reach.role for reach in held if reach.school_id == school_id}
    return Kept(
        row["id"], opened(services.vault, row["login_encrypted"]), row["name"], row["must_change"],
        row["initial_until"], row["is_active"],
        tuple(role for role in Role if role in here), sum(reach.school_id != school_id for reach in held),
        row["sessions"], row["seen_at"], row["has_factor"], row["person_ref"],
        actor.account_id != row["id"] and all(may_give(actor, reach.role, reach.school_id) for reach in held),
    )  # fmt: skip


def _reach(text: str) -> Reach:
    role, school_id = text.split(":")
    return Reach(Role(role), int(school_id) or None)
