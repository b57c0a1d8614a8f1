"""Who may collect a child: by the word of a guardian who stands now, or of the school, and stopped by nobody.

Rule: a guardian's word holds only while that guardian may decide about the child and no court's limit holds it; a no of
another guardian stands until it is lifted. Guardians whom the school entered, and no court limits, collect by
themselves. Phones stay here: the gates' desks are given names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

import asyncpg

from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.vault import Vault

PHONE, PAPER, LIFT_PAPER = "collector.phone", "collector.paper", "collector.lift_paper"  # contexts of the vault
OF_CHILD_MAX = 16  # at a desk
SHOWN_MAX = 60
SCHOOL_MAX = 100_000
# $1 the school, $2 the instant.
_AT_DESKS = """
WITH free AS MATERIALIZED (SELECT * FROM guardians_free_at($2) WHERE school_id = $1),
today AS (SELECT ($2::timestamptz AT TIME ZONE zone)::date AS day FROM school WHERE id = $1)
SELECT ref, named.id, name, relation, place = 0 AS is_guardian, first_on, last_on FROM (
  SELECT free.person_id, 0 AS place, guardian.id, guardian.name, own.relation, NULL::date AS first_on,
    NULL::date AS last_on
  FROM free JOIN guardianship AS own ON own.guardian_id = free.guardian_id AND own.person_id = free.person_id
  JOIN guardian ON guardian.id = own.guardian_id
  WHERE NOT free.is_shared AND free.may_see AND guardian.name <> ''
  UNION ALL
  SELECT collector.person_id, 1, collector.id, name, relation, first_on, last_on FROM collector, today
  WHERE school_id = $1 AND ended_at IS NULL AND last_on >= day AND (guardian_id IS NULL OR EXISTS (
    SELECT FROM free WHERE free.guardian_id = collector.guardian_id AND free.person_id = collector.person_id
      AND may_consent))
) AS named JOIN person ON person.id = named.person_id AND person.is_active AND person.school_id = $1
WHERE NOT is_refused(person.id, 'data', $2)
ORDER BY ref, place, named.id LIMIT $3
"""
_OF_CHILD = """
SELECT collector.id, collector.name, relation, phone_encrypted, first_on, last_on, named_at, named_by, guardian_id,
  ended_at, ended_by, stopped_by, lifted_at, paper_encrypted,
  guardian_id IS NULL OR EXISTS (
    SELECT FROM guardians_free_at($2) AS free
    WHERE free.guardian_id = collector.guardian_id AND free.person_id = collector.person_id AND may_consent) AS stands
FROM collector WHERE person_id = $1 ORDER BY ended_at IS NOT NULL, collector.id DESC LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Collector:
    """Somebody who may collect a child, as a gate's desk shows it; no days are no bounds.

    `key` stands for them in records: `g` and the guardian's number, or `c` and that of who was named.
    """

    ref: str  # the child's
    key: str
    name: str
    relation: str  # a value of Kin
    first_on: date | None
    last_on: date | None


class Kin(Enum):
    """What somebody who collects is to the child; the values stand in rosters."""

    MOTHER = "mother"
    FATHER = "father"
    TRUSTEE = "trustee"
    GRANDPARENT = "grandparent"
    SIBLING = "sibling"
    RELATIVE = "relative"
    OTHER = "other"  # a neighbour, a driver, another child's parent


class Standing(Enum):
    """How it is with somebody who was named. Its words are `word(f"collector_{standing}")`."""

    HOLDS = "holds"
    LATER = "later"
    OVER = "over"
    ENDED = "ended"
    STOPPED = "stopped"  # by another guardian
    RESTS = "rests"  # who named may decide no more


KIN_OF = {
    "mother": Kin.MOTHER, "father": Kin.FATHER, "trustee": Kin.TRUSTEE, "grandmother": Kin.GRANDPARENT,
    "grandfather": Kin.GRANDPARENT, "sister": Kin.SIBLING, "brother": Kin.SIBLING, "other": Kin.RELATIVE,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody who was named for a child, as its guardians and the office see it."""

    id: int
    name: str
    kin: Kin
    phone: str
    first_on: date
    last_on: date
    named_at: datetime
    named_by: str
    guardian_id: int | None  # none: the school
    paper: str
    standing: Standing
    ended_by: str
    stopped_by: int | None


async def collectors_of(connection: asyncpg.Connection, school_id: int, now: datetime) -> list[Collector]:
    """Return who may collect whom at a school today or later, by the child's reference; guardians come first.

    For slices above, after their own check.
    """
    rows = await connection.fetch(_AT_DESKS, school_id, now, SCHOOL_MAX)
    counts: dict[str, int] = {}
    found = []
    for row in rows:
        counts[row["ref"]] = counts.get(row["ref"], 0) + 1
        if counts[row["ref"]] <= OF_CHILD_MAX:
            kin = KIN_OF[row["relation"]] if row["is_guardian"] else Kin(row["relation"])
            key = f"{'g' if row['is_guardian'] else 'c'}{row['id']}"
            found.append(Collector(row["ref"], key, row["name"], kin.value, row["first_on"], row["last_on"]))
    return found


async def named_of_person(services: Services, actor: Actor, school_id: int, ref: str) -> list[Named]:
    """Return who was named for a person of a school, those that hold first. Raises NotFound or NotAllowed."""
    actor.require(Right.FAMILY_READ, school_id)
    pool = services.database.pool
    person_id = await pool.fetchval("SELECT id FROM person WHERE ref = $1 AND school_id = $2", ref, school_id)
    if person_id is None:
        raise NotFound
    return await named_of(services, person_id)


async def named_of(services: Services, person_id: int) -> list[Named]:
    """Return who was named for a person, those that hold first; whose asking it is, is the caller's to check."""
    now = services.clock.now()
    rows = await services.database.pool.fetch(_OF_CHILD, person_id, now, SHOWN_MAX)
    today: date = await services.database.pool.fetchval(
        "SELECT ($2::timestamptz AT TIME ZONE zone)::date FROM person JOIN school ON school.id = school_id"
        " WHERE person.id = $1", person_id, now,
    )  # fmt: skip
    return [_named(services.vault, row, today) for row in rows]


def holding(named: Sequence[Named]) -> list[Named]:
    """Return those who may collect now or later."""
    return [each for each in named if each.standing in {Standing.HOLDS, Standing.LATER}]


def _named(vault: Vault, row: Mapping[str, Any], today: date) -> Named:
    sealed = row["paper_encrypted"]
    paper = "" if sealed is None else vault.decrypt(sealed, PAPER, str(row["id"]))
    return Named(
        row["id"], row["name"], Kin(row["relation"]), vault.decrypt(row["phone_encrypted"], PHONE, str(row["id"])),
        row["first_on"], row["last_on"], row["named_at"], row["named_by"], row["guardian_id"], paper,
        _standing(row, today), row["ended_by"], row["stopped_by"] if row["lifted_at"] is None else None,
    )  # fmt: skip


def _standing(row: Mapping[str, Any], today: date) -> Standing:
    if row["stopped_by"] is not None and row["lifted_at"] is None:
        return Standing.STOPPED
    if row["ended_at"] is not None:
        return Standing.ENDED
    if row["last_on"] < today:
        return Standing.OVER
    if not row["stands"]:
        return Standing.RESTS
    return Standing.LATER if row["first_on"] > today else Standing.HOLDS
