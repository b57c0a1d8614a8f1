"""What is asked of people: who belongs to a school, one person with guardians, an IIN (audited), a phone number."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.people.bulk import IIN, PHONE
from cloud.people.consents import consented_to
from cloud.people.kinds import FamilyRight, PersonRole, Purpose, Relation, Says, Way
from cloud.people.rights import COLUMNS, rights_in

PEOPLE_MAX = 10_000
_COLUMNS = f"""
person.id, person.ref, person.school_id, person.role,
concat_ws(' ', surname, given_name, nullif(patronymic, '')) AS name,
coalesce(grade || letter, '') AS class_name, person.position, person.is_active,
{consented_to(Purpose.CARD)} AS may_have_card,
{consented_to(Purpose.PHOTO)} AS may_have_photo,
coalesce((SELECT digest FROM person_photo WHERE person_id = person.id), '') AS photo
FROM person LEFT JOIN school_class ON school_class.id = school_class_id
"""  # noqa: S608 (a text of ours)
_OF_SCHOOL = f"SELECT {_COLUMNS} WHERE person.school_id = $1 AND person.is_active ORDER BY sort_key, person.id LIMIT $2"
_ONE = f"SELECT {_COLUMNS} WHERE person.ref = $1"
_GUARDIANS = f"""
SELECT guardian.id, guardian.name, relation, {", ".join(f"guardianship.{column}" for column in COLUMNS.values())},
  ended_on, until_on, shared_by IS NOT NULL AS is_shared, account_id IS NOT NULL AS has_account
FROM guardianship JOIN guardian ON guardian.id = guardian_id WHERE person_id = $1 ORDER BY guardianship.id LIMIT 50
"""  # noqa: S608 (texts of ours)
_PHONES = """
SELECT guardian.id, phone_encrypted FROM guardianship JOIN guardian ON guardian.id = guardian_id
WHERE person_id = $1 AND phone_encrypted IS NOT NULL LIMIT 50
"""
_CONSENTS = """
SELECT answer.id, purpose, says, answer."on", way, source, text_version, text_digest, scan_id,
  coalesce(guardian.name, '') AS guardian, guardian.id AS guardian_id, answer.recorded_at,
  answer.id IN (SELECT answer_id FROM standing_answers($1)) AS stands
FROM consent_answer AS answer LEFT JOIN guardian ON guardian.id = guardian_id
WHERE answer.person_id = $1 AND purpose = ANY($2::text[]) ORDER BY answer.id DESC LIMIT 200
"""
_ACCOUNTS = """
SELECT DISTINCT person_id, account_id, may_see, may_see_meals, may_pay, may_get_notices
FROM guardianship_at($2) AS family
JOIN account ON account.id = account_id AND account.is_active
WHERE person_id = ANY($1) AND may_get_notices AND consented_to_notices(person_id, guardian_id)
ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person as lists show it."""

    id: int
    ref: str
    school_id: int
    role: PersonRole
    name: str
    class_name: str
    position: str
    is_active: bool
    may_have_card: bool  # consented to
    may_have_photo: bool  # consented to
    photo: str  # its digest; empty where there is none


@dataclass(frozen=True, slots=True)
class GuardianRow:
    """A guardian of one person, without contacts, with the rights that the office or a parent gave."""

    id: int
    name: str
    relation: Relation
    rights: frozenset[FamilyRight]
    ended_on: date | None
    until_on: date | None  # the last day of a term
    is_shared: bool  # added by a parent, whose rights bound
    has_account: bool

    @property
    def may_see(self) -> bool:
        return FamilyRight.SEE in self.rights

    @property
    def may_block_card(self) -> bool:
        return FamilyRight.BLOCK in self.rights


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """An answer of the past, or one that stands: no later one of the same guardian."""

    id: int
    purpose: Purpose
    says: Says
    on: date
    way: Way
    source: str
    text_version: int | None
    text_digest: str
    scan_id: int | None
    guardian: str  # empty: a paper that names nobody
    guardian_id: int | None
    recorded_at: datetime
    stands: bool


async def people_of(services: Services, actor: Actor, school_id: int) -> list[PersonRow]:
    """Return who belongs to a school, in the order of the Kazakh alphabet. Raises NotAllowed."""
    actor.require(Right.PEOPLE_READ, school_id)
    return [_person(row) for row in await services.database.pool.fetch(_OF_SCHOOL, school_id, PEOPLE_MAX)]


async def person_of_ref(services: Services, actor: Actor, ref: str) -> PersonRow:
    """Return a person. Raises NotFound, also where the actor may not know."""
    row = await services.database.pool.fetchrow(_ONE, ref)
    if row is None or not actor.can(Right.PEOPLE_READ, row["school_id"]):
        raise NotFound
    return _person(row)


async def guardians_of(services: Services, actor: Actor, ref: str) -> list[GuardianRow]:
    """Return the guardians of a person, past ones too. Raises NotFound or NotAllowed."""
    person = await person_of_ref(services, actor, ref)
    actor.require(Right.FAMILY_READ, person.school_id)
    rows = await services.database.pool.fetch(_GUARDIANS, person.id)
    return [
        GuardianRow(
            row["id"], row["name"], Relation(row["relation"]), rights_in(row), row["ended_on"], row["until_on"],
            row["is_shared"], row["has_account"],
        )
        for row in rows
    ]  # fmt: skip


async def iin_of(services: Services, actor: Actor, ref: str) -> str | None:
    """Return a person's IIN, and note in the audit journal who asked. Raises NotFound or NotAllowed."""
    person = await person_of_ref(services, actor, ref)
    actor.require(Right.IIN_READ, person.school_id)
    async with services.database.transaction() as connection:
        rows = await connection.execute_query_dict("SELECT iin_encrypted FROM person WHERE id = $1", [person.id])
        await audit(
            connection, actor, "person.iin_read", f"person:{person.id}",
            school_id=person.school_id, at=services.clock.now(),
        )  # fmt: skip
    sealed = rows[0]["iin_encrypted"]
    return None if sealed is None else services.vault.decrypt(sealed, IIN)


async def phones_of(services: Services, actor: Actor, ref: str) -> dict[int, str]:
    """Return the phone numbers of a person's guardians by the guardian's id. Raises NotFound or NotAllowed."""
    person = await person_of_ref(services, actor, ref)
    actor.require(Right.FAMILY_READ, person.school_id)
    rows = await services.database.pool.fetch(_PHONES, person.id)
    return {row["id"]: services.vault.decrypt(row["phone_encrypted"], PHONE) for row in rows}


async def consents_of(services: Services, actor: Actor, ref: str) -> list[AnswerRow]:
    """Return every answer about a person's consents, newest first. Raises NotFound or NotAllowed."""
    person = await person_of_ref(services, actor, ref)
    actor.require(Right.CONSENTS_KEEP, person.school_id)
    return await answers_of(services.database.pool, person.id)


async def answers_of(connection: asyncpg.Connection | asyncpg.Pool, person_id: int) -> list[AnswerRow]:
    """Return every answer about a person's consents, newest first; whose asking it is, is the caller's to check."""
    rows = await connection.fetch(_CONSENTS, person_id, [purpose.value for purpose in Purpose])
    return [
        AnswerRow(
            **{**row, "purpose": Purpose(row["purpose"]), "says": Says(row["says"]), "way": Way(row["way"])}
        )
        for row in rows
    ]  # fmt: skip


async def guardian_accounts(
    connection: asyncpg.Connection, person_ids: Sequence[int], at: datetime
) -> dict[tuple[int, FamilyRight], list[int]]:
    """Return the accounts that are told of a child's days, meals or money at an instant, or of anything (`NOTICES`).

    Told is who has the right to both the thing and notices, and consented to them. For slices above.
    """
    accounts: dict[tuple[int, FamilyRight], list[int]] = {}
    for row in await connection.fetch(_ACCOUNTS, person_ids, at):
        for right in (FamilyRight.SEE, FamilyRight.MEALS, FamilyRight.PAY, FamilyRight.NOTICES):
            if row[COLUMNS[right]]:
                accounts.setdefault((row["person_id"], right), []).append(row["account_id"])
    return accounts


async def ids_by_key(connection: asyncpg.Connection, school_id: int) -> tuple[dict[str, int], dict[str, int]]:
    """Return a school's people by digest of IIN and by the school's own number, for an import's transaction."""
    rows = await connection.fetch("SELECT id, iin_digest, number FROM person WHERE school_id = $1", school_id)
    by_digest = {row["iin_digest"]: row["id"] for row in rows if row["iin_digest"]}
    return by_digest, {row["number"]: row["id"] for row in rows if row["number"]}


def _person(row: asyncpg.Record) -> PersonRow:
    return PersonRow(**{**row, "role": PersonRole(row["role"])})
