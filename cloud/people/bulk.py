"""People, guardians and consents by the thousand, inside a transaction of the caller's; one person goes the same way.

Rule: the caller holds `lock_school`, so that two who write the same school do not miss each other's rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import asyncpg

from cloud.audit.ties import Kind, Tie
from cloud.core.iin import IIN as IIN  # noqa: PLC0414 (the contexts of the vault are found here)
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.people.consents import Answer, put_answers
from cloud.people.errors import PersonConflict
from cloud.people.kinds import REPRESENTATIVES, PersonRole, Purpose, Relation, Says, Way
from cloud.people.rules import REF_ALPHABET, REF_LENGTH, sort_key
from cloud.people.stays import note

PHONE = "guardian.phone"
EMAIL = "guardian.email"
IDENTIFIERS = message("The identifiers of this row belong to different people of the school. Mend one of them.")
TWICE = message("Another row means the same person of the school. Keep one of them.")

# A list that we wrote ourselves has references; who was erased is no more found by one.
_MATCH = """
SELECT id, ref, iin_digest, number, sourced_id, patronymic, position FROM person
WHERE school_id = $1 AND (iin_digest = any($2) OR number = any($3) OR sourced_id = any($4)
  OR ref = any($4) AND surname <> '№')
"""
_INSERT = """
INSERT INTO person (school_id, shard, ref, role, surname, given_name, patronymic, sort_key, iin_encrypted, iin_digest,
    number, sourced_id, school_class_id, position, is_active, created_at)
SELECT school.id, school.shard, new.ref, new.role, new.surname, new.given_name, new.patronymic, new.sort_key, new.iin,
    new.iin_digest, new.number, new.sourced_id, new.class_id, new.position, true, $2
FROM school, unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bytea[], $10::text[],
    $11::text[], $12::text[], $13::bigint[], $14::text[])
    AS new (ref, role, surname, given_name, patronymic, sort_key, iin, iin_digest, number, sourced_id, class_id,
      position)
WHERE school.id = $1 RETURNING person.id, person.ref
"""
_UPDATE = """
UPDATE person SET role = new.role, surname = new.surname, given_name = new.given_name, patronymic = new.patronymic,
    sort_key = new.sort_key, iin_encrypted = coalesce(new.iin, iin_encrypted),
    iin_digest = coalesce(new.iin_digest, person.iin_digest), number = coalesce(new.number, person.number),
    sourced_id = coalesce(new.sourced_id, person.sourced_id), school_class_id = new.class_id,
    position = new.position, is_active = true
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::text[],
    $9::text[], $10::text[], $11::bigint[], $12::text[])
    AS new (id, role, surname, given_name, patronymic, sort_key, iin, iin_digest, number, sourced_id, class_id,
      position)
WHERE person.id = new.id
"""
# A number under another name, whose holder has no child here any more: the operator gave it to somebody new, who gets
# neither the account nor the address of who had it.
_ANOTHERS = """
guardian.name <> excluded.name AND NOT EXISTS (
  SELECT FROM guardianship JOIN person ON person.id = person_id AND person.is_active
  WHERE guardian_id = guardian.id AND ended_on IS NULL)
"""
_GUARDIANS = f"""
INSERT INTO guardian (school_id, ref, name, phone_encrypted, phone_digest, email_encrypted, created_at)
SELECT $1, new.ref, new.name, new.phone, new.phone_digest, new.email, $2
FROM unnest($3::text[], $4::text[], $5::bytea[], $6::text[], $7::bytea[]) AS new (ref, name, phone, phone_digest, email)
ON CONFLICT (school_id, phone_digest) DO UPDATE
    SET name = excluded.name, account_id = CASE WHEN {_ANOTHERS} THEN NULL ELSE guardian.account_id END,
      email_encrypted = coalesce(
        excluded.email_encrypted, CASE WHEN {_ANOTHERS} THEN NULL ELSE guardian.email_encrypted END)
RETURNING id, phone_digest
"""  # noqa: S608 (texts of ours)
_ANEW = "guardianship.ended_on IS NOT NULL OR guardianship.shared_by IS NOT NULL"
# A list that comes again takes no decision of the office back: of who is a guardian now it only narrows the rights,
# leaves the right to consent as the office set it, and brings back nobody whom the office has ended.
_LINKS = f"""
INSERT INTO guardianship (guardian_id, person_id, relation, may_see, may_block_card, may_see_meals, may_pay, may_limit,
  may_order, may_get_notices, may_consent)
SELECT guardian_id, person_id, relation, may_see, may_see AND may_block, may_see, may_see, may_see AND may_block,
  may_see AND may_block, may_see, may_see AND (is_unsaid OR relation = ANY($7))
FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bool[], $5::bool[], $6::bool[])
  AS new (guardian_id, person_id, relation, may_see, may_block, is_unsaid)
ON CONFLICT (guardian_id, person_id) DO UPDATE SET relation = excluded.relation,
  may_see = excluded.may_see AND (guardianship.may_see OR {_ANEW}),
  may_block_card = excluded.may_block_card AND (guardianship.may_block_card OR {_ANEW}),
  may_see_meals = excluded.may_see_meals AND (guardianship.may_see_meals OR {_ANEW}),
  may_pay = excluded.may_pay AND (guardianship.may_pay OR {_ANEW}),
  may_limit = excluded.may_limit AND (guardianship.may_limit OR {_ANEW}),
  may_order = excluded.may_order AND (guardianship.may_order OR {_ANEW}),
  may_get_notices = excluded.may_get_notices AND (guardianship.may_get_notices OR {_ANEW}),
  may_consent = CASE WHEN {_ANEW} THEN excluded.may_consent ELSE guardianship.may_consent AND excluded.may_see END,
  ended_on = NULL, until_on = NULL, shared_by = NULL
WHERE $8 OR guardianship.ended_on IS NULL OR guardianship.shared_by IS NOT NULL
"""  # noqa: S608 (texts of ours)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonGiven:
    """A person as somebody wrote it down; found again by IIN, the school's own number, or another system's identifier.

    Partial: a list that does not know all of a person. Of who is here it takes no patronymic away, and no position.
    """

    role: PersonRole
    surname: str
    given_name: str
    patronymic: str = ""
    iin: str | None = None
    number: str | None = None
    sourced_id: str | None = None
    class_id: int | None = None
    position: str = ""
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class GuardianGiven:
    """A guardian as somebody wrote it down; found again by phone number."""

    name: str
    phone: str
    email: str | None = None


@dataclass(frozen=True, slots=True)
class LinkGiven:
    """Whose guardian somebody is, with what rights."""

    guardian_id: int
    person_id: int
    relation: Relation | None  # none: the school's list does not say; then it names who decides for the child
    may_see: bool = True
    may_block_card: bool = True


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """A consent with its source and date; withdrawn where `withdrawn_on` says so."""

    person_id: int
    purpose: Purpose
    given_on: date
    source: str
    withdrawn_on: date | None = None


async def lock_school(connection: asyncpg.Connection, school_id: int) -> None:
    """Let one transaction at a time change the people of a school."""
    await connection.execute("SELECT 1 FROM school WHERE id = $1 FOR NO KEY UPDATE", school_id)


async def put_people(
    services: Services, connection: asyncpg.Connection, school_id: int, people: Sequence[PersonGiven]
) -> list[int]:
    """Add people, or renew those that are there, and return their ids in order. Raises PersonConflict."""
    digests = [services.vault.digest(person.iin, IIN) if person.iin else None for person in people]
    known = await _known(connection, school_id, people, digests)
    new_refs = {index: _ref(services) for index in range(len(people)) if known[index] is None}
    columns = {index: _columns(services, _kept(people[index], row), digests[index]) for index, row in enumerate(known)}
    fresh, stale = list(new_refs), [index for index in range(len(people)) if known[index] is not None]
    ids = {index: int(row["id"]) for index, row in enumerate(known) if row is not None}
    if fresh:
        now = services.clock.now()
        rows = await connection.fetch(
            _INSERT, school_id, now, [new_refs[index] for index in fresh], *_turned([columns[index] for index in fresh])
        )
        by_ref = {row["ref"]: row["id"] for row in rows}
        ids |= {index: by_ref[ref] for index, ref in new_refs.items()}
    if stale:
        await connection.execute(
            _UPDATE, [ids[index] for index in stale], *_turned([columns[index] for index in stale])
        )
    await note(connection, school_id, list(ids.values()), services.clock.now())
    return [ids[index] for index in range(len(people))]


async def put_guardians(
    services: Services, connection: asyncpg.Connection, school_id: int, guardians: Sequence[GuardianGiven]
) -> list[int]:
    """Add guardians, or renew those whose phone number is known, and return their ids in order."""
    vault = services.vault
    digests = [vault.digest(guardian.phone, PHONE) for guardian in guardians]
    latest = dict(zip(digests, guardians, strict=True))
    rows = await connection.fetch(
        _GUARDIANS, school_id, services.clock.now(), [_ref(services) for _ in latest],
        [guardian.name for guardian in latest.values()],
        [vault.encrypt(guardian.phone, PHONE) for guardian in latest.values()], list(latest),
        [vault.encrypt(guardian.email, EMAIL) if guardian.email else None for guardian in latest.values()],
    )  # fmt: skip
    by_digest = {row["phone_digest"]: row["id"] for row in rows}
    return [by_digest[digest] for digest in digests]


async def given_up(connection: asyncpg.Connection, guardian_id: int) -> list[Tie]:
    """Return the tie to an account that a guardian has not, or no more: the journal tells it beside what was put."""
    account_id = await connection.fetchval("SELECT account_id FROM guardian WHERE id = $1", guardian_id)
    return [Tie(Kind.GUARDIAN, guardian_id)] if account_id is None else []


async def put_links(connection: asyncpg.Connection, links: Sequence[LinkGiven], *, brings_back: bool = True) -> None:
    """Say whose guardians somebody is; who was one for a term is one for good, and who was ended is brought back."""
    latest = {(link.guardian_id, link.person_id): link for link in links}.values()
    await connection.execute(
        _LINKS, [link.guardian_id for link in latest], [link.person_id for link in latest],
        [(link.relation or Relation.OTHER).value for link in latest], [link.may_see for link in latest],
        [link.may_block_card for link in latest], [link.relation is None for link in latest],
        [each.value for each in REPRESENTATIVES], brings_back,
    )  # fmt: skip


async def put_consents(services: Services, connection: asyncpg.Connection, consents: Sequence[ConsentGiven]) -> None:
    """Note consents on papers that name nobody; one of the same person, purpose and day is the same one."""
    latest = {(each.person_id, each.purpose, each.given_on): each for each in consents}.values()
    answers = [
        Answer(person_id=each.person_id, purpose=each.purpose, says=says, on=on, way=Way.IMPORT, source=each.source)
        for each in latest
        for says, on in ((Says.YES, each.given_on), (Says.NO, each.withdrawn_on))
        if on is not None
    ]
    await put_answers(services, connection, answers)


async def _known(
    connection: asyncpg.Connection, school_id: int, people: Sequence[PersonGiven], digests: Sequence[str | None]
) -> list[asyncpg.Record | None]:
    """Return who each one is already. Raises PersonConflict where keys lead to two people, or two rows to one."""
    numbers = [person.number for person in people if person.number]
    sourced = [person.sourced_id for person in people if person.sourced_id]
    rows = await connection.fetch(_MATCH, school_id, [digest for digest in digests if digest], numbers, sourced)
    by_digest = {row["iin_digest"]: row for row in rows if row["iin_digest"]}
    by_number = {row["number"]: row for row in rows if row["number"]}
    by_sourced = {row["ref"]: row for row in rows} | {row["sourced_id"]: row for row in rows if row["sourced_id"]}
    found: list[asyncpg.Record | None] = []
    taken: set[int] = set()
    for index, (person, digest) in enumerate(zip(people, digests, strict=True)):
        keyed = (by_digest.get(digest), by_number.get(person.number), by_sourced.get(person.sourced_id))
        met = {int(row["id"]): row for row in keyed if row is not None}
        if len(met) > 1:
            raise PersonConflict(index, IDENTIFIERS if person.sourced_id else PersonConflict.TOLD)
        if taken & met.keys():
            raise PersonConflict(index, TWICE)
        taken |= met.keys()
        found.append(next(iter(met.values()), None))
    return found


def _kept(person: PersonGiven, row: asyncpg.Record | None) -> PersonGiven:
    """Return a person with what a partial list does not tell as it is here; our own reference is not kept again."""
    if row is None:
        return person
    sourced_id = None if person.sourced_id == row["ref"] else person.sourced_id
    if not person.is_partial:
        return replace(person, sourced_id=sourced_id)
    position = person.position if person.role is PersonRole.STUDENT else row["position"] or person.position
    patronymic = person.patronymic or row["patronymic"]
    return replace(person, sourced_id=sourced_id, position=position, patronymic=patronymic)


def _columns(services: Services, person: PersonGiven, digest: str | None) -> tuple[object, ...]:
    return (
        person.role.value, person.surname, person.given_name, person.patronymic,
        sort_key(person.surname, person.given_name, person.patronymic),
        services.vault.encrypt(person.iin, IIN) if person.iin else None, digest,
        person.number, person.sourced_id, person.class_id, person.position,
    )  # fmt: skip


def _turned(rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _ref(services: Services) -> str:
    return "".join(services.rng.choice(REF_ALPHABET) for _ in range(REF_LENGTH))
