"""What is advised for a student and for a class: what the rules find now, and what was kept.

Rule: rights are asked before a fact is read; families read only what was shared with them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from cloud.advice.facts import facts_of_class
from cloud.advice.kinds import ANSWER, WORDS, Advice, Kept, Rule, State
from cloud.advice.rules import advise
from cloud.advice.thresholds import thresholds_of
from cloud.attendance.queries import SchoolToday
from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.journal.quarters import Quarter
from cloud.journal.queries import Learner
from cloud.portfolio.kinds import Subject as Student
from cloud.portfolio.reach import student_at
from cloud.studies.queries import Subject, subjects_of

KEPT_MAX, OF_CLASS_MAX = 200, 5_000
_KEPT = "SELECT * FROM recommendation WHERE person_id = ANY($1) AND school_id = $2 ORDER BY id DESC LIMIT $3"
_SHARED = """
SELECT * FROM recommendation WHERE person_id = $1 AND school_id = $2 AND is_shared ORDER BY id DESC LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Line:
    """An advice of now with what became of it; or one that was kept, and that no rule finds now."""

    advice: Advice
    kept: Kept | None
    is_now: bool

    @property
    def state(self) -> State:
        return self.kept.state if self.kept else State.OPEN


@dataclass(frozen=True, slots=True)
class OfStudent:
    """What is advised for a student."""

    whose: Student
    quarter: int  # of the year that begins in `year`; 0 for who is in no class
    year: int
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Group:
    """Whom a rule finds in a subject, or in none, with the figures of each."""

    rule: Rule
    subject: Subject | None
    found: Sequence[tuple[Learner, Line]]


@dataclass(frozen=True, slots=True)
class OfClass:
    """What is advised in a class, by the rules' order and by subjects."""

    class_name: str
    quarter: Quarter
    learners: Sequence[Learner]
    groups: Sequence[Group]

    @property
    def counted(self) -> dict[Rule, int]:
        """Return how many students each rule finds."""
        people: dict[Rule, set[int]] = {}
        for group in self.groups:
            people.setdefault(group.rule, set()).update(learner.id for learner, _ in group.found)
        return {rule: len(people[rule]) for rule in Rule if rule in people}

    @property
    def open(self) -> int:
        """Return how many recommendations nobody answered to."""
        return sum(line.state is State.OPEN for group in self.groups for _, line in group.found)


async def advice_for(services: Services, actor: Actor, school: SchoolToday, ref: str) -> OfStudent:
    """Return what is advised for a student. Raises NotFound."""
    whose = await student_at(services, actor, school.id, ref, Right.ADVICE_READ)
    return await advice_within(services, school, whose)


async def advice_within(services: Services, school: SchoolToday, whose: Student) -> OfStudent:
    """Return the same; that the caller's reader may is checked before."""
    found: list[Advice] = []
    year = quarter = 0
    if whose.class_id:
        told = await facts_of_class(services, school, whose.class_id)
        year, quarter = told.year, told.quarter.number
        if whose.id in told.facts:
            found = advise(told.facts[whose.id], await thresholds_of(services, school.id))
    kept = await _kept(services, school.id, [whose.id], KEPT_MAX)
    answered = {each.advice.key: each for each in kept if (each.year, each.quarter) == (year, quarter)}
    lines = [Line(each, answered.get(each.key), is_now=True) for each in found]
    shown = {line.kept.id for line in lines if line.kept}
    lines += [Line(each.advice, each, is_now=False) for each in kept if each.id not in shown]
    return OfStudent(whose, quarter, year, lines)


async def advice_for_class(services: Services, actor: Actor, school: SchoolToday, class_id: int) -> OfClass:
    """Return what is advised in a class within the actor's reach. Raises NotFound."""
    if not (actor.can(Right.ADVICE_READ, school.id) or class_id in actor.classes(Right.ADVICE_READ, school.id)):
        raise NotFound
    told = await facts_of_class(services, school, class_id)
    by = await thresholds_of(services, school.id)
    kept = await _kept(services, school.id, [each.id for each in told.learners], OF_CLASS_MAX)
    now = (told.year, told.quarter.number)
    answered = {(each.person_id, each.advice.key): each for each in kept if (each.year, each.quarter) == now}
    found = [
        (learner, Line(advice, answered.get((learner.id, advice.key)), is_now=True))
        for learner in told.learners for advice in advise(told.facts[learner.id], by)
    ]  # fmt: skip
    return OfClass(told.class_name, told.quarter, told.learners, _groups(found))


async def shared_with_family(services: Services, whose: Student) -> list[Kept]:
    """Return what a school shared of a student, the latest first; whose family asks, is the caller's to check."""
    rows = await services.database.pool.fetch(_SHARED, whose.id, whose.school_id, KEPT_MAX)
    return await _opened(services, whose.school_id, rows)


def _groups(found: Sequence[tuple[Learner, Line]]) -> list[Group]:
    by_place: dict[tuple[int, int], list[tuple[Learner, Line]]] = {}
    order = {rule: number for number, rule in enumerate(Rule)}
    for learner, line in found:
        place = order[line.advice.rule], line.advice.subject.id if line.advice.subject else 0
        by_place.setdefault(place, []).append((learner, line))
    firsts = [(by_place[place][0][1].advice, by_place[place]) for place in sorted(by_place)]
    return [Group(advice.rule, advice.subject, some) for advice, some in firsts]


async def _kept(services: Services, school_id: int, person_ids: Sequence[int], most: int) -> list[Kept]:
    return await _opened(
        services, school_id, await services.database.pool.fetch(_KEPT, list(person_ids), school_id, most)
    )


async def _opened(services: Services, school_id: int, rows: Sequence[asyncpg.Record]) -> list[Kept]:
    subjects = {each.id: each for each in await subjects_of(services, school_id)} if rows else {}
    return [_one(services, row, subjects) for row in rows]


def _one(services: Services, row: asyncpg.Record, subjects: Mapping[int, Subject]) -> Kept:
    def told(column: str, context: str) -> str:
        return "" if row[column] is None else services.vault.decrypt(row[column], context, str(row["id"]))

    advice = Advice(Rule(row["rule"]), subjects.get(row["subject_id"]), row["has"], row["beside"], row["least"])
    return Kept(
        row["id"], row["person_id"], row["year"], row["quarter"], advice, told("words_encrypted", WORDS),
        State(row["state"]), row["is_shared"], row["goal_id"], told("answer_encrypted", ANSWER), row["made_at"],
        row["made_by"], row["answered_at"], row["answered_by"],
    )  # fmt: skip


def found_in(told: OfStudent, key: str) -> Line | None:
    """Return the line of now that a form names by its key. Pure."""
    return next((line for line in told.lines if line.is_now and line.advice.key == key), None)
