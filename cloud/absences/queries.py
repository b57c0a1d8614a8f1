"""Reads of absences: what excuses a child on a day, what a family told, and what waits for the school.

Rule: one statement a question, with a limit. What somebody wrote is opened for the guardian who wrote it, and for who
may read absences of the child's class; another guardian reads days, reason and state.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import asyncpg

from cloud.absences.kinds import ANSWER, REASON, WORDS, Excuse, State, Why
from cloud.absences.telling import teller_of
from cloud.attendance.queries import SchoolToday
from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.vault import Vault
from cloud.register.kinds import Reason

CHILDREN_MAX = 20_000
OF_CHILD_MAX, OF_SCHOOL_MAX = 30, 300
LATELY = timedelta(days=14)  # how long what was answered stays on the school's page
_EXCUSED = """
SELECT person_id, state = 'accepted' AS is_accepted, NULL::bigint AS trip_id FROM absence
WHERE person_id = ANY($1) AND first_on <= $2 AND last_on >= $2 AND state IN ('told', 'accepted')
UNION ALL
SELECT person_id, true, trip_id FROM trip_member JOIN trip ON trip.id = trip_id
WHERE person_id = ANY($1) AND first_on <= $2 AND last_on >= $2 AND ended_at IS NULL
ORDER BY 1, 3 NULLS FIRST LIMIT $3
"""
_DAYS = """
SELECT DISTINCT day::date AS "on" FROM (
  SELECT first_on, last_on FROM absence
  WHERE person_id = $1 AND first_on <= $3 AND last_on >= $2 AND state IN ('told', 'accepted')
  UNION ALL
  SELECT first_on, last_on FROM trip_member JOIN trip ON trip.id = trip_id
  WHERE person_id = $1 AND first_on <= $3 AND last_on >= $2 AND ended_at IS NULL
) AS span CROSS JOIN generate_series(greatest(first_on, $2), least(last_on, $3), interval '1 day') AS day LIMIT 400
"""
_COLUMNS = """
SELECT absence.id, absence.person_id, ref, concat_ws(' ', surname, given_name) AS name, grade, letter,
  coalesce(school_class_id, 0) AS class_id, absence.account_id, account.name AS teller, first_on, last_on,
  reason_encrypted, words_encrypted, told_at, seen_at, seen_by, state, answered_at, answered_by, answer_encrypted,
  ARRAY(SELECT id FROM absence_paper WHERE absence_id = absence.id ORDER BY id) AS papers
FROM absence JOIN person ON person.id = absence.person_id JOIN account ON account.id = absence.account_id
LEFT JOIN school_class ON school_class.id = school_class_id
"""
_OF_CHILD = f"{_COLUMNS} WHERE absence.person_id = $1 ORDER BY absence.id DESC LIMIT $2"
_OF_SCHOOL = f"""{_COLUMNS}
WHERE absence.school_id = $1 AND person.is_active AND ($2::bigint[] IS NULL OR school_class_id = ANY($2))
  AND last_on >= $3
ORDER BY state <> 'told', CASE WHEN state = 'told' THEN absence.id ELSE -absence.id END LIMIT $4
"""
_ON_DAY = f"""{_COLUMNS}
WHERE absence.person_id = ANY($1) AND first_on <= $2 AND last_on >= $2 AND state <> 'taken_back'
ORDER BY absence.id LIMIT $3
"""
_WAITING = """
SELECT count(*) FROM absence JOIN person ON person.id = person_id
WHERE absence.school_id = $1 AND state = 'told' AND person.is_active
  AND ($2::bigint[] IS NULL OR school_class_id = ANY($2)) AND last_on >= $3
"""


@dataclass(frozen=True, slots=True)
class Told:
    """An absence as it stands; words and papers are empty for who may not read them."""

    id: int
    person_id: int
    ref: str
    name: str
    class_name: str
    class_id: int
    teller: str  # empty: another guardian
    is_mine: bool
    first_on: date
    last_on: date
    reason: Reason
    words: str
    papers: tuple[int, ...]
    told_at: datetime
    seen_at: datetime | None
    seen_by: str
    state: State
    answered_at: datetime | None
    answered_by: str
    answer: str

    @property
    def sign(self) -> str:
        """Return the sign that it is shown by: one that the school has seen says so."""
        return "absence_seen" if self.state is State.TOLD and self.seen_at else f"absence_{self.state}"


@dataclass(frozen=True, slots=True)
class OfChild:
    """What was told of a child, the newest first; who may tell, and who may take back what others told."""

    absences: Sequence[Told]
    may_tell: bool
    may_take_back_all: bool
    today: date | None


async def excused_on(connection: asyncpg.Connection, person_ids: Collection[int], on: date) -> dict[int, Excuse]:
    """Return who of these people is excused on a day, and by what; a trip counts before a family's word.

    A word that the school asks back excuses nobody. What the class register says is another question. For slices
    above, after their own check.
    """
    rows = await connection.fetch(_EXCUSED, list(person_ids), on, CHILDREN_MAX)
    return {
        row["person_id"]: Excuse(Why.TRIP if row["trip_id"] else Why.FAMILY, row["is_accepted"], row["trip_id"])
        for row in rows
    }


async def excused_days(services: Services, person_id: int, first_on: date, last_on: date) -> frozenset[date]:
    """Return the days between two on which a person is excused. Who may ask is the caller's to check."""
    rows = await services.database.pool.fetch(_DAYS, person_id, first_on, last_on)
    return frozenset(row["on"] for row in rows)


async def absences_of(services: Services, actor: Actor, ref: str, person_id: int) -> OfChild:
    """Return what guardians told of a child; that the actor may see the child's days is the caller's to check."""
    mine = await teller_of(services, actor, ref)
    rows = await services.database.pool.fetch(_OF_CHILD, person_id, OF_CHILD_MAX)
    told = [_told(services.vault, row, actor, opens=row["account_id"] == actor.account_id) for row in rows]
    if mine is None:
        return OfChild(told, may_tell=False, may_take_back_all=False, today=None)
    return OfChild(told, may_tell=True, may_take_back_all=mine["may_consent"], today=mine["today"])


async def absences_at(services: Services, actor: Actor, school: SchoolToday) -> list[Told]:
    """Return what was told of the children within the actor's reach: what waits first, then what was answered lately.

    Raises NotAllowed.
    """
    reach = reach_of(actor, school.id, Right.ABSENCES_READ)
    rows = await services.database.pool.fetch(_OF_SCHOOL, school.id, reach, school.on - LATELY, OF_SCHOOL_MAX)
    return [_told(services.vault, row, actor, opens=True) for row in rows]


async def told_on(
    services: Services, actor: Actor, school_id: int, classes: Mapping[int, Collection[int]], on: date
) -> dict[int, Told]:
    """Return what families told of people for a day, by person; `classes` are the people by their class.

    Nothing is returned of a class whose families' words the actor may not read.
    """
    whole, own = actor.can(Right.ABSENCES_READ, school_id), actor.classes(Right.ABSENCES_READ, school_id)
    read = [each for class_id, ids in classes.items() if whole or class_id in own for each in ids]
    rows = await services.database.pool.fetch(_ON_DAY, read, on, CHILDREN_MAX) if read else []
    return {row["person_id"]: _told(services.vault, row, actor, opens=True) for row in rows}


async def waiting_at(services: Services, actor: Actor, school: SchoolToday) -> int:
    """Return how many absences wait for an answer within the actor's reach; none where it has no right."""
    try:
        reach = reach_of(actor, school.id, Right.ABSENCES_ANSWER)
    except NotAllowed:
        return 0
    return int(await services.database.pool.fetchval(_WAITING, school.id, reach, school.on - LATELY))


def reach_of(actor: Actor, school_id: int, right: Right) -> list[int] | None:
    """Return the classes for which the actor has a right; None is the whole school. Raises NotAllowed."""
    if actor.can(right, school_id):
        return None
    classes = sorted(actor.classes(right, school_id))
    if not classes:
        raise NotAllowed
    return classes


def _told(vault: Vault, row: Mapping[str, Any], actor: Actor, *, opens: bool) -> Told:
    named = str(row["id"])

    def read(column: str, context: str) -> str:
        sealed = row[column]
        return vault.decrypt(sealed, context, named) if opens and sealed is not None else ""

    return Told(
        row["id"], row["person_id"], row["ref"], row["name"],
        "" if row["grade"] is None else f"{row['grade']}{row['letter']}", row["class_id"],
        row["teller"] if opens else "", row["account_id"] == actor.account_id, row["first_on"], row["last_on"],
        Reason(vault.decrypt(row["reason_encrypted"], REASON, named)), read("words_encrypted", WORDS),
        tuple(row["papers"]) if opens else (), row["told_at"], row["seen_at"], row["seen_by"], State(row["state"]),
        row["answered_at"], row["answered_by"], read("answer_encrypted", ANSWER),
    )  # fmt: skip
