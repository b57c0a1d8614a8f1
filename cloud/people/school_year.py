"""A new school year: every class goes up by a grade, the last one finishes, some repeat; in one transaction.

Rule: nothing is moved twice: who asks again within half a year is told when it was done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.audit.ties import AT_ONCE, Tie, note_ties
from cloud.audit.ties import Kind as TieKind
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.people.actions import note_change
from cloud.people.bulk import lock_school
from cloud.people.errors import PersonRefused
from cloud.people.stays import NAME_MAX, PAPER_MAX, Kind, Said, note, note_kept
from cloud.schools.bulk import ClassGiven, put_classes
from cloud.schools.rules import GRADES

APART = timedelta(days=180)
LAST_GRADE = 11  # of general secondary education; a school that has a twelfth chooses otherwise
_CLASSES = """
SELECT id, grade, letter, shift FROM school_class WHERE school_id = $1 AND is_active
ORDER BY grade DESC, letter LIMIT 500
"""
_STUDENTS = """
SELECT person.id, person.ref, concat_ws(' ', surname, given_name) AS name, school_class_id AS class_id FROM person
WHERE school_id = $1 AND role = 'student' AND is_active AND school_class_id IS NOT NULL
ORDER BY sort_key, id LIMIT 10000
"""
_DONE = """
SELECT max("on") FROM transfer WHERE school_id = $1 AND kind IN ('promoted', 'finished', 'kept') AND "on" > $2
"""
_UP = """
UPDATE person SET school_class_id = said.class_id FROM unnest($1::bigint[], $2::bigint[]) AS said (id, class_id)
WHERE person.id = said.id
"""
_FINISH = "UPDATE person SET is_active = false WHERE id = ANY($1)"
_NO_PHOTO = "DELETE FROM person_photo WHERE person_id = ANY($1)"
_HELD = """
DELETE FROM class_of_account WHERE school_class_id = ANY($1) RETURNING account_id, school_class_id AS class_id, role
"""
_HOLD = """
INSERT INTO class_of_account (account_id, school_class_id, role, given_at)
SELECT held.*, $4 FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS held
ON CONFLICT DO NOTHING
"""


class Way(StrEnum):
    """What becomes of a class."""

    UP = "up"
    FINISH = "finish"
    STAY = "stay"


@dataclass(frozen=True, slots=True)
class Pupil:
    """A student who goes on with the class, finishes, or repeats."""

    id: int
    ref: str
    name: str


@dataclass(frozen=True, slots=True)
class ClassPlan:
    """A class, and what usually becomes of it."""

    id: int
    grade: int
    letter: str
    shift: int
    students: Sequence[Pupil]

    @property
    def name(self) -> str:
        return f"{self.grade}{self.letter}"

    @property
    def next_name(self) -> str:
        """Return the class above; empty where there is none."""
        return f"{self.grade + 1}{self.letter}" if self.grade + 1 in GRADES else ""

    @property
    def usual(self) -> Way:
        return Way.FINISH if self.grade >= LAST_GRADE or not self.next_name else Way.UP


@dataclass(frozen=True, slots=True)
class Year:
    """What is to be done: a way for each class, who repeats, by which order, as of which day."""

    on: date
    ways: Mapping[int, Way]
    kept: frozenset[int]
    paper: str


@dataclass(frozen=True, slots=True)
class Begun:
    """How many went which way."""

    promoted: int
    finished: int
    kept: int


async def plan_of(services: Services, actor: Actor, school_id: int) -> list[ClassPlan]:
    """Return the classes of a school that have students, the highest first. Raises NotAllowed."""
    _check(actor, school_id)
    return await _plan(services.database.pool, school_id)


async def done_on(services: Services, actor: Actor, school_id: int, on: date) -> date | None:
    """Return when a new year was begun lately; none if it was not. Raises NotAllowed."""
    _check(actor, school_id)
    return await services.database.pool.fetchval(_DONE, school_id, on - APART)  # type: ignore[no-any-return]


async def begin_year(services: Services, actor: Actor, school_id: int, year: Year, today: date) -> Begun:
    """Move all classes of a school. Raises NotAllowed, or PersonRefused for what cannot be, and moves nobody then."""
    _check(actor, school_id)
    paper = " ".join(year.paper.split())
    if not 0 < len(paper) <= PAPER_MAX:
        raise PersonRefused(
            message("Say by which order, as “order 45 of 25 May”: {most} letters at most.", most=PAPER_MAX)
        )
    if not today - APART < year.on <= today:
        raise PersonRefused(message("Choose today, or a day of the last half year."))
    async with services.database.transaction() as connection:
        at = raw(connection)
        await lock_school(at, school_id)
        done = await at.fetchval(_DONE, school_id, today - APART)
        if done is not None:
            raise PersonRefused(
                message("The new year was begun on {day} already. Move single students instead.", day=str(done))
            )
        plan = [each for each in await _plan(at, school_id) if year.ways.get(each.id, Way.STAY) is not Way.STAY]
        begun = await _begin(services, connection, actor, school_id, plan, year, paper)
        detail = {
            "on": str(year.on), "paper": paper, "promoted": str(begun.promoted), "finished": str(begun.finished),
            "kept": str(begun.kept),
        }  # fmt: skip
        await note_change(services, connection, actor, "school.year_begun", f"school:{school_id}", school_id, detail)
    return begun


async def _begin(
    services: Services, connection: BaseDBAsyncClient, actor: Actor, school_id: int, plan: Sequence[ClassPlan],
    year: Year, paper: str,
) -> Begun:  # fmt: skip
    at, now = raw(connection), services.clock.now()
    up = [each for each in plan if year.ways[each.id] is Way.UP]
    if not all(each.next_name for each in up):
        raise PersonRefused(message("There is no grade above {grade}.", grade=max(GRADES)))
    ids = await put_classes(at, school_id, await _opened(at, school_id, up))
    next_of = {each.id: ids[each.grade + 1, each.letter] for each in up}
    promoted = {who.id: next_of[each.id] for each in up for who in each.students if who.id not in year.kept}
    finished = [
        who.id for each in plan if each.id not in next_of for who in each.students if who.id not in year.kept
    ]  # fmt: skip
    kept = [who.id for each in plan for who in each.students if who.id in year.kept]
    said = Said(year.on, paper=paper, by=actor.name[:NAME_MAX])
    await note_kept(at, school_id, kept, year.on, now, said)
    await at.execute(_UP, list(promoted), list(promoted.values()))
    await note(at, school_id, list(promoted), now, Said(year.on, Kind.PROMOTED, paper=paper, by=said.by))
    await at.execute(_FINISH, finished)
    await at.execute(_NO_PHOTO, finished)
    await note(at, school_id, finished, now, Said(year.on, Kind.FINISHED, paper=paper, by=said.by))
    ties = [Tie(TieKind.CLASS, person_id) for person_id in (*promoted, *finished)]
    ties += await _hand_over(at, [each.id for each in plan], next_of, services)
    for first in range(0, len(ties), AT_ONCE):
        await note_ties(connection, actor, school_id, ties[first : first + AT_ONCE], now)
    return Begun(len(promoted), len(finished), len(kept))


async def _hand_over(
    connection: asyncpg.Connection, class_ids: Sequence[int], next_of: Mapping[int, int], services: Services
) -> list[Tie]:
    """Let whose class it was have the children still, in the class above; of who finished nobody has them."""
    held = await connection.fetch(_HELD, list(class_ids))
    on = [(row["account_id"], next_of[row["class_id"]], row["role"]) for row in held if row["class_id"] in next_of]
    await connection.execute(
        _HOLD, [who for who, _, _ in on], [class_id for _, class_id, _ in on], [role for _, _, role in on],
        services.clock.now(),
    )  # fmt: skip
    ties = {Tie(TieKind.TEACHES, row["account_id"], row["class_id"]) for row in held}
    ties |= {Tie(TieKind.TEACHES, who, class_id) for who, class_id, _ in on}
    return sorted(ties, key=lambda tie: (tie.of, tie.to))


async def _opened(connection: asyncpg.Connection, school_id: int, up: Sequence[ClassPlan]) -> list[ClassGiven]:
    """Return the classes above as they are to be: one that is there keeps its shift, a new one has the children's."""
    rows = await connection.fetch("SELECT grade, letter FROM school_class WHERE school_id = $1", school_id)
    known = {(row["grade"], row["letter"]) for row in rows}
    return [
        ClassGiven(each.grade + 1, each.letter, None if (each.grade + 1, each.letter) in known else each.shift)
        for each in up
    ]


async def _plan(connection: asyncpg.Connection | asyncpg.Pool, school_id: int) -> list[ClassPlan]:
    students: dict[int, list[Pupil]] = {}
    for row in await connection.fetch(_STUDENTS, school_id):
        students.setdefault(row["class_id"], []).append(Pupil(row["id"], row["ref"], row["name"]))
    return [
        ClassPlan(row["id"], row["grade"], row["letter"], row["shift"], students[row["id"]])
        for row in await connection.fetch(_CLASSES, school_id)
        if row["id"] in students
    ]


def _check(actor: Actor, school_id: int) -> None:
    actor.require(Right.PEOPLE_KEEP, school_id)
    actor.require(Right.SCHOOL_KEEP, school_id)
