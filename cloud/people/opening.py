"""Accounts opened for many at once: students of a class, and guardians of a class or a whole school.

Rule: whoever has chosen a password of the own is left alone; who was given one and never used it is given another,
so that a sheet that was lost is printed again. AT_ONCE at a time: a password costs its hash.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import IntegrityError

from cloud.accounts.actions import make, reset_password
from cloud.accounts.granting import may_give
from cloud.accounts.passwords import draw_password, hash_password
from cloud.audit.ties import Kind, Tie, note_ties
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.people.actions import Opened, open_guardian_account, tie_account
from cloud.people.bulk import EMAIL, PHONE
from cloud.people.kinds import PersonRole
from cloud.schools.queries import school_of_id

AT_ONCE = 60
CLASSES_MAX = 500
LOGIN_DIGITS = 6
TRIES_MAX = 5  # at a login that nobody has
_OF_CLASS = """
SELECT person.id, concat_ws(' ', surname, given_name) AS name, grade || letter AS class_name, own.account_id
FROM person JOIN school_class ON school_class.id = school_class_id
LEFT JOIN student_account AS own ON own.person_id = person.id LEFT JOIN account ON account.id = own.account_id
WHERE person.school_id = $1 AND school_class_id = $2 AND person.role = $3 AND person.is_active
  AND (account.id IS NULL OR account.must_change AND account.is_active)
ORDER BY sort_key, person.id LIMIT $4
"""
# Whose account is of another school too is left alone: its password is not this school's to give.
KIN = """
FROM guardianship_at($2) AS family JOIN person ON person.id = family.person_id AND person.role = 'student'
JOIN guardian ON guardian.id = family.guardian_id AND phone_encrypted IS NOT NULL
LEFT JOIN school_class ON school_class.id = school_class_id
LEFT JOIN account ON account.id = guardian.account_id
WHERE family.school_id = $1 AND ($3::bigint IS NULL OR school_class_id = $3)
  AND (account.id IS NULL OR account.must_change AND account.is_active AND NOT EXISTS (
    SELECT FROM grant_of_role AS other WHERE other.account_id = account.id
      AND (other.school_id IS DISTINCT FROM $1 OR other.role <> 'guardian')))
"""
_GUARDIANS = f"""
SELECT guardian.id, guardian.name, guardian.account_id, email_encrypted, phone_encrypted,
  max(account.language) AS language,
  string_agg(DISTINCT concat_ws(' ', surname, given_name, grade || letter), ', ') AS about
{KIN} AND ($5::bigint[] IS NULL OR guardian.id = ANY($5))
GROUP BY guardian.id ORDER BY min(grade), min(letter), min(sort_key), guardian.id LIMIT $4
"""
_COUNTS = f"""
SELECT class.id, class.grade || class.letter AS name,
  (SELECT count(*) FROM person WHERE school_class_id = class.id AND is_active AND role = 'student') AS students,
  (SELECT count(*) FROM person LEFT JOIN student_account AS own ON own.person_id = person.id
    LEFT JOIN account ON account.id = own.account_id
    WHERE school_class_id = class.id AND person.is_active AND person.role = 'student'
      AND (account.id IS NULL OR account.must_change AND account.is_active)) AS students_left,
  coalesce(kin.count, 0) AS guardians_left
FROM school_class AS class
LEFT JOIN (SELECT school_class_id, count(DISTINCT guardian.id) AS count {KIN} GROUP BY 1) AS kin
  ON kin.school_class_id = class.id
WHERE class.school_id = $1 AND class.is_active ORDER BY class.grade, class.letter LIMIT $4
"""  # noqa: S608 (texts of ours)
_LINK = """
INSERT INTO student_account (person_id, account_id) VALUES ($1, $2) ON CONFLICT (person_id) DO NOTHING
RETURNING person_id
"""
Bind = Callable[[BaseDBAsyncClient, int], Awaitable[None]]  # an account that was made to whose it is


@dataclass(frozen=True, slots=True)
class ClassWaits:
    """A class, and how many of it have no password of their own yet."""

    id: int
    name: str
    students: int
    students_left: int
    guardians_left: int


@dataclass(frozen=True, slots=True)
class Slip:
    """A way in for one person, to be cut out and handed over: a password, or a code where an account was there."""

    name: str
    about: str  # the class, or the children
    login: str
    password: str | None
    email: str | None = None
    code: str | None = None
    phone: str = field(default="", repr=False)
    guardian_id: int = 0
    language: str = ""  # that the holder chose


async def waiting_of(services: Services, actor: Actor, school_id: int) -> list[ClassWaits]:
    """Return a school's classes with how many wait for a way in. Raises NotAllowed."""
    actor.require(Right.ACCOUNTS_READ, school_id)
    rows = await services.database.pool.fetch(_COUNTS, school_id, services.clock.now(), None, CLASSES_MAX)
    return [ClassWaits(**row) for row in rows]


async def open_students(services: Services, actor: Actor, school_id: int, class_id: int) -> list[Slip]:
    """Open accounts for the students of a class, AT_ONCE at most. Raises NotAllowed."""
    actor.require(Right.ACCOUNTS_KEEP, school_id)
    if not may_give(actor, Role.STUDENT, school_id):
        raise NotAllowed
    code = (await school_of_id(services, school_id)).code
    rows = await services.database.pool.fetch(_OF_CLASS, school_id, class_id, PersonRole.STUDENT.value, AT_ONCE)
    return [slip for row in rows if (slip := await _open_student(services, actor, school_id, code, row))]


async def open_guardians(
    services: Services, actor: Actor, school_id: int, class_id: int | None, *, only: Sequence[int] | None = None
) -> Sequence[Slip]:
    """Open accounts for the guardians of a class or of all classes, or for some of them, AT_ONCE at most.

    Raises NotAllowed.
    """
    actor.require(Right.FAMILY_INVITE, school_id)
    rows = await services.database.pool.fetch(_GUARDIANS, school_id, services.clock.now(), class_id, AT_ONCE, only)
    return [await _open_guardian(services, actor, row) for row in rows]


async def open_apart(services: Services, actor: Actor, guardian_id: int) -> Opened:
    """Open an account under a drawn login: the phone number has one that this guardian knows nothing of.

    Raises NotAllowed, or NotFound for who has a way in.
    """
    row = await services.database.pool.fetchrow("SELECT school_id, name FROM guardian WHERE id = $1", guardian_id)
    if row is None:
        raise NotFound
    actor.require(Right.FAMILY_INVITE, row["school_id"])
    code = (await school_of_id(services, row["school_id"])).code

    async def tie(connection: BaseDBAsyncClient, account_id: int) -> None:
        await tie_account(services, connection, actor, row["school_id"], guardian_id, account_id)

    reach = Reach(Role.GUARDIAN, row["school_id"])
    return Opened(guardian_id, *await _made(services, actor, code, reach, tie, row["name"]))


async def _made(
    services: Services, actor: Actor, code: str, reach: Reach, tie: Bind, name: str = ""
) -> tuple[str, str]:
    """Make an account under a login that nobody has, called by it where no name is given; return login and password.

    Raises NotFound, also for what `tie` does not find.
    """
    password = draw_password()
    hashed = await hash_password(password)
    for _ in range(TRIES_MAX):
        login = f"{code}.{secrets.randbelow(10**LOGIN_DIGITS):0{LOGIN_DIGITS}d}"
        with suppress(IntegrityError):
            async with services.database.transaction() as connection:
                await tie(connection, await make(services, connection, actor, login, name or login, reach, hashed))
            return login, password
    raise NotFound


async def _open_student(
    services: Services, actor: Actor, school_id: int, code: str, row: Mapping[str, Any]
) -> Slip | None:
    """Open one account, called by its login, so that no journal names a child; None where another did so just now."""
    if row["account_id"] is not None:
        given = await reset_password(services, actor, row["account_id"])
        return Slip(row["name"], row["class_name"], given.login, given.password)

    async def tie(connection: BaseDBAsyncClient, account_id: int) -> None:
        if not await connection.execute_query_dict(_LINK, [row["id"], account_id]):
            raise NotFound
        await note_ties(connection, actor, school_id, [Tie(Kind.STUDENT, row["id"])], services.clock.now())

    try:
        login, password = await _made(services, actor, code, Reach(Role.STUDENT, school_id), tie)
    except NotFound:
        return None
    return Slip(row["name"], row["class_name"], login, password)


async def _open_guardian(services: Services, actor: Actor, row: Mapping[str, Any]) -> Slip:
    sealed, guardian_id = row["email_encrypted"], row["id"]
    email = None if sealed is None else services.vault.decrypt(sealed, EMAIL)
    slip = Slip(
        row["name"], row["about"], "", None, email, None, services.vault.decrypt(row["phone_encrypted"], PHONE),
        guardian_id, row["language"] or "",
    )  # fmt: skip
    if row["account_id"] is not None:
        given = await reset_password(services, actor, row["account_id"])
        return replace(slip, login=given.login, password=given.password)
    opened = await open_guardian_account(services, actor, guardian_id)
    return replace(slip, login=opened.login, password=opened.password, code=opened.code)
