"""What is asked of the audit journal: who did what, of a school or of all, by person, actor, verb and period.

Rule: a school's office, director, IT and auditor read the entries of their school, and of those that belong to no
school (sign-ins, passwords) only what somebody did who has a role there; an operator reads everything. Names are for
who may read the people of the school: others read which account it was, and find nobody by a name.
"""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services

PAGE_SIZE = 100
EXPORT_MAX = 200_000  # lines of one file; a longer period is asked for in parts
PREFETCH = 1_000
EXPORT_S = 120.0

_FITS = r"""
FROM audit_entry AS entry LEFT JOIN school ON school.id = entry.school_id
WHERE ($1::bigint IS NULL OR entry.school_id = $1 OR (
    entry.school_id IS NULL AND entry.account_id = $2
    AND EXISTS (SELECT FROM grant_of_role AS held WHERE held.account_id = $2 AND held.school_id = $1)))
  AND ($2::bigint IS NULL OR entry.account_id = $2)
  AND ($3 = '' OR ($9 OR entry.account_id IS NULL)
    AND entry.actor ILIKE '%' || replace(replace(replace($3, '\', '\\'), '%', '\%'), '_', '\_') || '%')
  AND ($4 = '' OR entry.verb = $4 OR starts_with(entry.verb, $4 || '.'))
  AND ($5::text[] IS NULL OR entry.subject = ANY($5))
  AND ($6::timestamptz IS NULL OR entry.at >= $6) AND ($7::timestamptz IS NULL OR entry.at < $7)
  AND ($8::bigint IS NULL OR entry.id < $8)
"""
_LIST = f"""
SELECT entry.id, at, entry.account_id,
  CASE WHEN $9 OR entry.account_id IS NULL THEN actor ELSE 'account:' || entry.account_id END AS actor,
  coalesce(school.code, '') AS school, verb, subject, detail::text
{_FITS} ORDER BY entry.id DESC LIMIT $10
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; what is left empty does not matter."""

    account_id: int | None = None
    actor: str = ""  # a part of the name
    verb: str = ""  # whole, as card.blocked, or its first word
    subjects: Sequence[str] | None = None  # what it was done to, as person:17; an empty list fits nothing
    since: datetime | None = None
    until: datetime | None = None  # not included
    before: int | None = None  # an entry's id: only older ones


@dataclass(frozen=True, slots=True)
class Noted:
    """An entry of the audit journal."""

    id: int
    at: datetime
    account_id: int | None
    actor: str
    school: str  # a code; empty for what belongs to no school
    verb: str
    subject: str
    detail: dict[str, str]


def require_reader(actor: Actor, school_id: int | None) -> None:
    """Raise NotAllowed unless the actor may read the journal of a school; of all, where none is given."""
    if school_id is None:
        actor.require_everywhere(Right.AUDIT_READ)
    else:
        actor.require(Right.AUDIT_READ, school_id)


def reads_names(actor: Actor, school_id: int | None) -> bool:
    """Tell whether a reader of the journal may read who somebody is; of all schools, where none is given."""
    if school_id is None:
        return actor.can_everywhere(Right.PEOPLE_READ)
    return actor.can(Right.PEOPLE_READ, school_id)


async def noted_of(
    services: Services, actor: Actor, school_id: int | None, wanted: Wanted, limit: int = PAGE_SIZE
) -> list[Noted]:
    """Return the newest entries that fit, of a school or, for an operator, of all. Raises NotAllowed."""
    require_reader(actor, school_id)
    named = reads_names(actor, school_id)
    rows = await services.database.pool.fetch(_LIST, *_values(school_id, wanted), named, limit)
    return [_noted(row) for row in rows]


def each_noted_of(services: Services, actor: Actor, school_id: int | None, wanted: Wanted) -> AsyncIterator[Noted]:
    """Return the same one by one, EXPORT_MAX at most, without holding them all. Raises NotAllowed."""
    require_reader(actor, school_id)
    return _each(services, school_id, wanted, named=reads_names(actor, school_id))


async def _each(services: Services, school_id: int | None, wanted: Wanted, *, named: bool) -> AsyncIterator[Noted]:
    *values, before = _values(school_id, wanted)
    left = EXPORT_MAX
    while left > 0:
        asked = min(PREFETCH, left)
        rows = await services.database.pool.fetch(_LIST, *values, before, named, asked, timeout=EXPORT_S)
        for row in rows:
            yield _noted(row)
        if len(rows) < asked:
            return
        before, left = rows[-1]["id"], left - len(rows)


def _values(school_id: int | None, wanted: Wanted) -> tuple[object, ...]:
    return (
        school_id, wanted.account_id, wanted.actor, wanted.verb,
        None if wanted.subjects is None else list(wanted.subjects), wanted.since, wanted.until, wanted.before,
    )  # fmt: skip


def _noted(row: asyncpg.Record) -> Noted:
    told = json.loads(row["detail"])
    detail = {str(key): str(value) for key, value in told.items()} if isinstance(told, dict) else {}
    return Noted(**{**row, "detail": detail})
