"""Reads of profiles: what stands in a group of fields, what is shown from elsewhere, and how a profile changed.

Rule: a look at what is sensitive is noted in the journal. What stands elsewhere is shown to who may see it there: who
the parents are, and who eats free, is a right of its own. Of an IIN the profile shows the date of birth and the sex
alone, and only where nobody typed them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import asyncpg

from cloud.accounts.actions import audit
from cloud.accounts.logins import opened
from cloud.core.actor import Actor
from cloud.core.iin import IIN
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.vault import Vault
from cloud.menu.entitlements import rights_of
from cloud.menu.kinds import RightKind
from cloud.people.kinds import Relation
from cloud.people.moving import Stay, Transfer, timeline_of
from cloud.portfolio.fields import BY_IIN, BY_KEY, NEEDED, Field, Group, fields_of
from cloud.portfolio.kinds import VALUE, Subject
from cloud.portfolio.reach import may, student_at
from cloud.portfolio.rules import birth_of, sex_of
from cloud.schools.queries import ClassRow

CHANGES_MAX = 60
_VALUES = """
SELECT DISTINCT ON (field) id, field, version, value_encrypted FROM profile_field
WHERE person_id = $1 AND field = ANY($2) ORDER BY field, version DESC
"""
_CHANGES = """
SELECT id, field, value_encrypted, put_at, put_by FROM profile_field
WHERE person_id = $1 AND field = ANY($2) ORDER BY id DESC LIMIT $3
"""
_BESIDE = """
SELECT iin_encrypted, number, (
  SELECT login_encrypted FROM student_account JOIN account ON account.id = account_id WHERE person_id = person.id
) AS login_encrypted FROM person WHERE id = $1
"""
_PARENTS = """
SELECT guardian.name, relation FROM guardianship JOIN guardian ON guardian.id = guardian_id
WHERE person_id = $1 AND (ended_on IS NULL OR ended_on > $2) AND guardian.name <> '' ORDER BY guardianship.id LIMIT 20
"""
_CLASSES = """
SELECT id, grade, letter, shift FROM school_class
WHERE school_id = $1 AND is_active AND ($2::bigint[] IS NULL OR id = ANY($2)) ORDER BY grade, letter LIMIT 300
"""
_SHARE = """
SELECT count(*) AS students, count(*) FILTER (
  WHERE said @> $2::text[] AND (iin_encrypted IS NOT NULL OR said @> $3::text[])
) AS filled FROM (
  SELECT iin_encrypted, ARRAY(
    SELECT field FROM (
      SELECT DISTINCT ON (field) field, is_blank FROM profile_field WHERE person_id = person.id
      ORDER BY field, version DESC
    ) AS stands WHERE NOT is_blank
  ) AS said FROM person WHERE school_id = $1 AND role = 'student' AND is_active
) AS profile
"""
_STUDENTS = """
SELECT person.ref, concat_ws(' ', surname, given_name) AS name, coalesce(grade || letter, '') AS class_name,
  (SELECT count(*) FROM (
    SELECT DISTINCT ON (field) version, field, is_blank FROM profile_field
    WHERE person_id = person.id AND field = ANY($4) ORDER BY field, version DESC
  ) AS stands WHERE NOT is_blank) AS filled,
  (SELECT count(*) FROM portfolio_entry WHERE person_id = person.id AND state = 'confirmed') AS confirmed
FROM person LEFT JOIN school_class ON school_class.id = school_class_id
WHERE person.school_id = $1 AND person.role = 'student' AND person.is_active
  AND ($2::bigint[] IS NULL OR school_class_id = ANY($2)) AND ($3::bigint = 0 OR school_class_id = $3)
ORDER BY sort_key, person.id LIMIT 10000
"""


@dataclass(frozen=True, slots=True)
class Value:
    """A field as it stands; `is_derived` is what another row tells and nobody typed."""

    field: Field
    text: str
    is_derived: bool = False

    @property
    def words(self) -> str:
        """Return the English words of a chosen option; empty for any other field."""
        return self.field.options.get(self.text, "")

    @property
    def day(self) -> date | None:
        """Return the day of a field of days."""
        return date.fromisoformat(self.text) if self.text and self.field.shape.value == "day" else None


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody put into a field, or that it was emptied."""

    value: Value
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Profile:
    """A student's profile without what is sensitive; beside the fields stands what other tables tell.

    None: it is not the reader's to see.
    """

    whose: Subject
    groups: Mapping[Group, Sequence[Value]]
    changes: Sequence[Change]
    login: str
    number: str
    has_iin: bool
    parents: Sequence[tuple[str, Relation]] | None
    meals: Sequence[tuple[RightKind, date, date]] | None  # which orders hold, or will: first and last day
    stays: Sequence[Stay]
    transfers: Sequence[Transfer]


@dataclass(frozen=True, slots=True)
class InList:
    """A student in the list of profiles: how many fields are filled, and how many entries are confirmed."""

    ref: str
    name: str
    class_name: str
    filled: int
    confirmed: int


async def profile_of(services: Services, actor: Actor, school_id: int, ref: str, today: date) -> Profile:
    """Return a student's profile for who may see it. Raises NotFound."""
    whose = await student_at(services, actor, school_id, ref, Right.PROFILES_READ)
    profile = await profile_within(services, whose)
    parents = await _parents(services, whose, today) if may(actor, Right.FAMILY_READ, whose) else None
    meals = await _meals(services, whose, today) if may(actor, Right.ENTITLEMENTS_READ, whose) else None
    return replace(profile, parents=parents, meals=meals)


async def profile_within(services: Services, whose: Subject) -> Profile:
    """Return a student's profile without parents and meals; that the caller's reader may see it is checked before."""
    pool, vault = services.database.pool, services.vault
    groups = Group.MAIN, Group.EXTRA
    beside = await pool.fetchrow(_BESIDE, whose.id)
    assert beside is not None, "a subject is somebody"  # noqa: S101
    values = {group: await _values(services, whose.id, group, beside) for group in groups}
    stays, transfers = await timeline_of(services, whose.id)
    return Profile(
        whose, values, await _changes(services, whose.id, *groups), opened(vault, beside["login_encrypted"]),
        beside["number"] or "", beside["iin_encrypted"] is not None, None, None, stays, transfers,
    )  # fmt: skip


async def sensitive_of(
    services: Services, actor: Actor, school_id: int, ref: str
) -> tuple[Subject, Sequence[Value], Sequence[Change]]:
    """Return what is sensitive of a student, with its history, and note the look. Raises NotFound."""
    whose = await student_at(services, actor, school_id, ref, Right.PROFILES_READ, Right.PROFILES_SENSITIVE)
    values = await _values(services, whose.id, Group.SENSITIVE, None)
    changes = await _changes(services, whose.id, Group.SENSITIVE)
    async with services.database.transaction() as connection:
        await audit(
            connection, actor, "profile.sensitive_read", f"person:{whose.id}", school_id=school_id,
            at=services.clock.now(),
        )  # fmt: skip
    return whose, values, changes


async def classes_within(services: Services, school_id: int, reach: Sequence[int] | None) -> list[ClassRow]:
    """Return the classes of a school within a reach; who may ask is the caller's to check."""
    return [ClassRow(**row) for row in await services.database.pool.fetch(_CLASSES, school_id, reach)]


async def share_filled(services: Services, actor: Actor, school_id: int) -> tuple[int, int]:
    """Return how many students of a school have a filled profile, and how many there are. Raises NotAllowed."""
    actor.require(Right.PROFILES_READ, school_id)
    row = await services.database.pool.fetchrow(_SHARE, school_id, list(NEEDED), list(BY_IIN))
    assert row is not None, "a count is a row"  # noqa: S101
    return row["filled"], row["students"]


async def profiles_at(
    services: Services, school_id: int, reach: Sequence[int] | None, class_id: int
) -> list[InList]:  # fmt: skip
    """Return the students of a school within a reach of classes, of one class where it is named.

    Who may ask is the caller's to check.
    """
    counted = [each.key for each in (*fields_of(Group.MAIN), *fields_of(Group.EXTRA))]
    rows = await services.database.pool.fetch(_STUDENTS, school_id, reach, class_id, counted)
    return [InList(**row) for row in rows]


async def _parents(services: Services, whose: Subject, today: date) -> list[tuple[str, Relation]]:
    rows = await services.database.pool.fetch(_PARENTS, whose.id, today)
    return [(row["name"], Relation(row["relation"])) for row in rows]


async def _meals(services: Services, whose: Subject, today: date) -> list[tuple[RightKind, date, date]]:
    held = (await rights_of(services.database.pool, whose.school_id, today, whose.id)).get(whose.ref, [])
    return sorted({(each.kind, each.first_on, each.last_on) for each in held}, key=lambda each: each[1:])


async def _values(
    services: Services, person_id: int, group: Group, beside: asyncpg.Record | None
) -> list[Value]:  # fmt: skip
    fields = fields_of(group)
    rows = await services.database.pool.fetch(_VALUES, person_id, [each.key for each in fields])
    typed = {row["field"]: _opened(services.vault, row) for row in rows}
    told = _told_by_iin(services.vault, beside)
    return [
        Value(each, typed[each.key]) if typed.get(each.key) else Value(each, told.get(each.key, ""), each.key in told)
        for each in fields
    ]  # fmt: skip


def _told_by_iin(vault: Vault, beside: asyncpg.Record | None) -> dict[str, str]:
    if beside is None or beside["iin_encrypted"] is None:
        return {}
    iin = vault.decrypt(beside["iin_encrypted"], IIN)
    told = {"born_on": birth_of(iin), "sex": sex_of(iin)}
    return {key: value for key, value in told.items() if value}


async def _changes(services: Services, person_id: int, *groups: Group) -> list[Change]:
    keys = [each.key for group in groups for each in fields_of(group)]
    rows = await services.database.pool.fetch(_CHANGES, person_id, keys, CHANGES_MAX)
    return [
        Change(Value(BY_KEY[row["field"]], _opened(services.vault, row)), row["put_at"], row["put_by"]) for row in rows
    ]  # fmt: skip


def _opened(vault: Vault, row: asyncpg.Record) -> str:
    return vault.decrypt(row["value_encrypted"], VALUE, str(row["id"]))
