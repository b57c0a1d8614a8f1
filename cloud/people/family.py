"""What guardians may: rights given one by one, what a court takes, and relatives whom a parent adds for a term.

Rule: nobody gives more than the own rights, and never the right to consent; what a court took works at once, for the
guardian and for whom the guardian added.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.accounts.excusing import end_excused
from cloud.audit.ties import Kind, Tie, told_of
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.page_wakeups import wake_pages
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.vault import Vault
from cloud.core.wakeups import notify
from cloud.people.actions import check_source
from cloud.people.errors import PersonRefused
from cloud.people.kinds import CHANGED, FamilyRight
from cloud.people.rights import COLUMNS

PAPER, LIFT_PAPER = "family_limit.document", "family_limit.lift_document"  # contexts of the vault
LIMITS_MAX = 50
_LINK = """
SELECT person.school_id, person.ref FROM guardianship JOIN person ON person.id = person_id
WHERE guardian_id = $1 AND person_id = $2 AND ended_on IS NULL
"""
_NEXT = "SELECT nextval(pg_get_serial_sequence('family_limit', 'id'))"
_NOTE = """
INSERT INTO family_limit (id, guardian_id, person_id, takes, until_on, document_encrypted, noted_at, noted_by)
OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_LIFT = """
UPDATE family_limit SET lifted_at = $2, lifted_by = $3, lift_document_encrypted = $4 WHERE id = $1 AND lifted_at IS NULL
RETURNING guardian_id, person_id
"""
_LIMITS = """
SELECT family_limit.id, guardian_id, guardian.name AS guardian, takes, until_on, document_encrypted, noted_at,
  noted_by, lifted_at, lifted_by, lift_document_encrypted
FROM family_limit JOIN guardian ON guardian.id = guardian_id WHERE person_id = $1
ORDER BY lifted_at IS NOT NULL, family_limit.id DESC LIMIT $2
"""
_RIGHTS = f"SELECT {', '.join(COLUMNS.values())} FROM guardianship_at($3) WHERE account_id = $1 AND person_id = $2"  # noqa: S608


@dataclass(frozen=True, slots=True)
class LimitRow:
    """What a court, or who may decide so, has taken from a guardian; lifted ones stay told."""

    id: int
    guardian_id: int
    guardian: str
    takes: frozenset[FamilyRight]
    until_on: date | None
    document: str
    noted_at: datetime
    noted_by: str
    lifted_at: datetime | None
    lifted_by: str
    lift_document: str


async def set_rights(
    services: Services, actor: Actor, guardian_id: int, person_id: int, rights: Collection[FamilyRight]
) -> None:
    """Give one guardian exactly these rights about one person. Raises NotAllowed or NotFound."""
    async with services.database.transaction() as connection:
        school_id, ref = await _link(raw(connection), actor, guardian_id, person_id)
        columns = ", ".join(f"{column} = {right in rights}" for right, column in COLUMNS.items())
        await raw(connection).execute(
            f"UPDATE guardianship SET {columns} WHERE guardian_id = $1 AND person_id = $2",  # noqa: S608 (no words of others)
            guardian_id, person_id,
        )  # fmt: skip
        detail = {"person": str(person_id), "rights": " ".join(sorted(right.value for right in rights))}
        detail |= await told_of(connection, Tie(Kind.FAMILY, guardian_id, person_id))
        await _told(services, connection, actor, "guardian.rights_set", guardian_id, (school_id, ref), detail)


async def note_limit(
    services: Services,
    actor: Actor,
    guardian_id: int,
    person_id: int,
    takes: Collection[FamilyRight],
    document: str,
    until_on: date | None = None,
) -> int:
    """Note that a court, or who may decide so, takes rights from a guardian; it works at once, live pages end.

    Raises NotAllowed, NotFound or PersonRefused.
    """
    check_source(document)
    if not takes:
        raise PersonRefused(message("Say which rights the paper takes."))
    async with services.database.transaction() as connection:
        school_id, ref = await _link(raw(connection), actor, guardian_id, person_id)
        now = services.clock.now()
        if until_on is not None and until_on < now.date() - timedelta(days=1):
            raise PersonRefused(message("This day is over. Check the year, or leave it out."))
        limit_id: int = await raw(connection).fetchval(_NEXT)
        paper = services.vault.encrypt(document.strip(), PAPER, str(limit_id))
        await raw(connection).execute(
            _NOTE, limit_id, guardian_id, person_id, sorted(right.value for right in takes), until_on, paper, now,
            actor.name,
        )  # fmt: skip
        detail = {"person": str(person_id), "takes": " ".join(sorted(right.value for right in takes))}
        detail |= await told_of(connection, Tie(Kind.LIMIT, limit_id))
        await _told(services, connection, actor, "guardian.limited", guardian_id, (school_id, ref), detail)
    return limit_id


async def lift_limit(services: Services, actor: Actor, limit_id: int, document: str) -> None:
    """Give back what a limit took, by another paper. Raises NotAllowed, NotFound or PersonRefused."""
    check_source(document)
    async with services.database.transaction() as connection:
        paper = services.vault.encrypt(document.strip(), LIFT_PAPER, str(limit_id))
        found = await raw(connection).fetchrow(_LIFT, limit_id, services.clock.now(), actor.name, paper)
        if found is None:
            raise NotFound
        place = await raw(connection).fetchrow("SELECT school_id, ref FROM person WHERE id = $1", found["person_id"])
        assert place is not None, "a limit is about somebody"  # noqa: S101
        actor.require(Right.FAMILY_KEEP, place["school_id"])
        await end_excused(services, connection, found["person_id"])  # a no that counts again
        detail = {"person": str(found["person_id"])} | await told_of(connection, Tie(Kind.LIMIT, limit_id))
        told = (place["school_id"], place["ref"])
        await _told(services, connection, actor, "guardian.limit_lifted", found["guardian_id"], told, detail)


async def limits_of(services: Services, actor: Actor, ref: str) -> list[LimitRow]:
    """Return the limits of a person's guardians, those that hold first. Raises NotFound or NotAllowed."""
    row = await services.database.pool.fetchrow("SELECT id, school_id FROM person WHERE ref = $1", ref)
    if row is None:
        raise NotFound
    actor.require(Right.FAMILY_KEEP, row["school_id"])
    rows = await services.database.pool.fetch(_LIMITS, row["id"], LIMITS_MAX)
    return [_limit(services.vault, each) for each in rows]


async def rights_of(services: Services, actor: Actor, person_id: int) -> frozenset[FamilyRight]:
    """Return what the actor's own account may about a child now, as a guardian; nothing where it is none."""
    if actor.account_id is None or actor.must_change:
        return frozenset()
    rows = await services.database.pool.fetch(_RIGHTS, actor.account_id, person_id, services.clock.now())
    return frozenset(right for row in rows for right, column in COLUMNS.items() if row[column])


def _limit(vault: Vault, row: asyncpg.Record) -> LimitRow:
    named, lifting = str(row["id"]), row["lift_document_encrypted"]
    return LimitRow(
        row["id"], row["guardian_id"], row["guardian"], frozenset(map(FamilyRight, row["takes"])), row["until_on"],
        vault.decrypt(row["document_encrypted"], PAPER, named), row["noted_at"], row["noted_by"], row["lifted_at"],
        row["lifted_by"], "" if lifting is None else vault.decrypt(lifting, LIFT_PAPER, named),
    )  # fmt: skip


async def _link(connection: asyncpg.Connection, actor: Actor, guardian_id: int, person_id: int) -> tuple[int, str]:
    row = await connection.fetchrow(_LINK, guardian_id, person_id)
    if row is None:
        raise NotFound
    actor.require(Right.FAMILY_KEEP, row["school_id"])
    return row["school_id"], row["ref"]


async def _told(
    services: Services,
    connection: BaseDBAsyncClient,
    actor: Actor,
    verb: str,
    guardian_id: int,
    place: tuple[int, str],
    detail: dict[str, str],
) -> None:
    """Audit a change, wake the child's live pages, and have gates' desks told who may collect it."""
    school_id, ref = place
    await audit(
        connection, actor, verb, f"guardian:{guardian_id}", detail, school_id=school_id, at=services.clock.now()
    )
    await notify(connection, CHANGED, str(school_id))
    await wake_pages(services.vault, connection, [(school_id, ref)])
