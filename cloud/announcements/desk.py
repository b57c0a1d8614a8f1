"""What who posts sees: the announcements of a desk, and who has confirmed one, by role and by child.

Rule: a class teacher sees the own ones; who posts for the school sees all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cloud.announcements.board import wordings_of
from cloud.announcements.kinds import Posted, Reader
from cloud.announcements.posting import classes_of_poster
from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.roles import STAFF
from cloud.core.services import Services
from cloud.messages.sending import MAY_READ

SHOWN_MAX, CLASSES_MAX, CHILDREN_MAX, NAMED_MAX = 100, 300, 3_000, 200
_COLUMNS = """
SELECT posting.id, account_id, author, of_school, texts_encrypted, audience, first_on, last_on, is_pinned, asks,
  made_at, withdrawn_at, withdrawn_by,
  ARRAY(SELECT grade FROM posting_class WHERE posting_id = posting.id AND grade IS NOT NULL ORDER BY 1) AS grades,
  ARRAY(SELECT school_class.grade || letter FROM posting_class AS meant JOIN school_class
    ON school_class.id = school_class_id WHERE posting_id = posting.id ORDER BY school_class.grade, letter) AS classes,
  ARRAY(SELECT school_class_id FROM posting_class WHERE posting_id = posting.id AND school_class_id IS NOT NULL)
    AS class_ids,
  (SELECT count(*) FROM posting_reading WHERE posting_id = posting.id) AS seen,
  (SELECT count(confirmed_at) FROM posting_reading WHERE posting_id = posting.id) AS confirmed
FROM posting WHERE school_id = $1 AND ($2 OR account_id = $3)
"""
_LIST = f"{_COLUMNS} ORDER BY posting.id DESC LIMIT $4"
_ONE = f"{_COLUMNS} AND posting.id = $4"
_CLASSES = """
SELECT id, grade || letter AS name, grade FROM school_class
WHERE school_id = $1 AND is_active AND ($2::bigint[] IS NULL OR id = ANY($2)) ORDER BY grade, letter LIMIT $3
"""
_CHILDREN = f"""
SELECT person.id, concat_ws(' ', surname, given_name) AS name, coalesce(grade || letter, '') AS class_name,
  (SELECT max(confirmed_at) FROM posting_reading AS reading WHERE reading.posting_id = $2 AND (
    $6 AND reading.account_id IN (SELECT account_id FROM student_account WHERE person_id = person.id)
    OR $7 AND reading.account_id IN (SELECT account_id FROM guardianship_at($3) AS family
      WHERE family.person_id = person.id AND {MAY_READ}))) AS confirmed_at
FROM person LEFT JOIN school_class ON school_class.id = school_class_id
WHERE person.school_id = $1 AND person.role = 'student' AND person.is_active AND ($4 OR EXISTS (
  SELECT FROM posting_class AS meant WHERE meant.posting_id = $2
    AND (meant.grade = school_class.grade OR meant.school_class_id = school_class.id)))
ORDER BY grade, letter, sort_key LIMIT $5
"""  # noqa: S608 (texts of ours)
_STAFF = """
SELECT DISTINCT account.name, confirmed_at FROM grant_of_role AS held JOIN account ON account.id = held.account_id
LEFT JOIN posting_reading AS reading ON reading.posting_id = $2 AND reading.account_id = account.id
WHERE held.school_id = $1 AND held.role = ANY($3::text[]) AND account.is_active AND account.id <> $5
ORDER BY confirmed_at NULLS FIRST, account.name LIMIT $4
"""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Whether a child (by itself or its family), or somebody of staff, has confirmed an announcement, and when."""

    name: str
    class_name: str  # empty: of staff
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Confirmations:
    """Who has confirmed an announcement and who has not: those who have not come first."""

    children: Sequence[Confirmed] = ()
    staff: Sequence[Confirmed] = ()

    @property
    def missing(self) -> int:
        return sum(each.at is None for each in (*self.children, *self.staff))

    @property
    def done(self) -> int:
        return len(self.children) + len(self.staff) - self.missing

    @property
    def shown(self) -> Sequence[Confirmed]:
        return sorted((*self.children, *self.staff), key=lambda each: each.at is not None)[:NAMED_MAX]


async def posted_at(services: Services, actor: Actor, school_id: int) -> list[Posted]:
    """Return the announcements of the actor's desk, the newest first. Raises NotAllowed."""
    own = classes_of_poster(actor, school_id)
    rows = await services.database.pool.fetch(_LIST, school_id, own is None, actor.account_id, SHOWN_MAX)
    return [_posted(services, row) for row in rows]


async def posted_one(services: Services, actor: Actor, school_id: int, number: int) -> Posted:
    """Return an announcement of the actor's desk. Raises NotAllowed or NotFound."""
    own = classes_of_poster(actor, school_id)
    row = await services.database.pool.fetchrow(_ONE, school_id, own is None, actor.account_id, number)
    if row is None:
        raise NotFound
    return _posted(services, row)


async def confirmations_of(services: Services, actor: Actor, school_id: int, number: int) -> Confirmations:
    """Return who but its author confirmed an announcement that asks for it. Raises NotAllowed or NotFound."""
    posted, pool = await posted_one(services, actor, school_id, number), services.database.pool
    if not posted.asks:
        return Confirmations()
    children: list[Confirmed] = []
    staff: list[Confirmed] = []
    of_all = not posted.grades and not posted.class_ids
    if posted.readers & {Reader.STUDENT, Reader.GUARDIAN}:
        rows = await pool.fetch(
            _CHILDREN, school_id, number, services.clock.now(), of_all, CHILDREN_MAX, Reader.STUDENT in posted.readers,
            Reader.GUARDIAN in posted.readers,
        )  # fmt: skip
        children = [Confirmed(row["name"], row["class_name"], row["confirmed_at"]) for row in rows]
    if Reader.STAFF in posted.readers:
        roles = [role.value for role in STAFF]
        rows = await pool.fetch(_STAFF, school_id, number, roles, CHILDREN_MAX, posted.account_id)
        staff = [Confirmed(row["name"], "", row["confirmed_at"]) for row in rows]
    return Confirmations(children, staff)


async def classes_for(services: Services, actor: Actor, school_id: int) -> list[tuple[int, str, int]]:
    """Return id, name and grade of the classes that the actor may post for. Raises NotAllowed."""
    own = classes_of_poster(actor, school_id)
    rows = await services.database.pool.fetch(
        _CLASSES, school_id, None if own is None else sorted(own), CLASSES_MAX
    )  # fmt: skip
    return [(row["id"], row["name"], row["grade"]) for row in rows]


def _posted(services: Services, row: Mapping[str, Any]) -> Posted:
    return Posted(
        id=row["id"], account_id=row["account_id"], author=row["author"], of_school=row["of_school"],
        wordings=wordings_of(services, row["id"], row["texts_encrypted"]),
        readers=frozenset(Reader(each) for each in row["audience"]), grades=row["grades"], classes=row["classes"],
        class_ids=row["class_ids"], first_on=row["first_on"], last_on=row["last_on"], is_pinned=row["is_pinned"],
        asks=row["asks"], made_at=row["made_at"], withdrawn_at=row["withdrawn_at"], withdrawn_by=row["withdrawn_by"],
        seen=row["seen"], confirmed=row["confirmed"],
    )  # fmt: skip
