"""Reads of attendance for pages: who is where today, what happened at the gates, one person's days.

Rule: one statement a question, with a limit; the actor's reach is asked first.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from cloud.attendance.standing import Came, Standing, is_delayed, is_rough, standing_of
from cloud.core.actor import Actor, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.schools.errors import SchoolUnknown
from cloud.schools.queries import SchoolRow, day_plans, school_of_code
from cloud.schools.rules import DayPlan

PEOPLE_MAX = 20_000  # of one school
TAPS_MAX = 50
ENTRIES_MAX = 500


@dataclass(frozen=True, slots=True)
class SchoolToday:
    """A school as its pages need it, and its day."""

    id: int
    code: str
    names: Mapping[str, str]
    zone: ZoneInfo
    on: date


@dataclass(frozen=True, slots=True)
class PersonToday:
    """A line of the roll."""

    ref: str
    name: str
    role: str
    class_name: str
    class_order: tuple[int, str]
    standing: Standing
    first_in_at: datetime | None
    last_out_at: datetime | None
    late_min: int
    without_card: bool

    @property
    def is_late(self) -> bool:
        return self.late_min > 0

    def has(self, state: str) -> bool:
        """Tell whether a state of the filter fits: a standing, or `late`."""
        return self.is_late if state == "late" else self.standing == state


@dataclass(frozen=True, slots=True)
class Roll:
    """Who is where now, in the order of the Kazakh alphabet, and whether any class of the school has lessons today."""

    people: Sequence[PersonToday]
    is_school_day: bool


@dataclass(frozen=True, slots=True)
class Tap:
    """Something that happened at a gate."""

    at: datetime
    received_at: datetime
    direction: str
    kind: str
    reason: str
    gate: str
    gate_names: Mapping[str, str]
    is_rough: bool
    is_double: bool  # the same card went by another gate a moment before
    name: str = ""  # empty for a card that the gate did not know
    class_name: str = ""
    ref: str = ""
    photo: str = ""  # its digest; empty where there is none

    @property
    def is_delayed(self) -> bool:
        return is_delayed(self.at, self.received_at)

    @property
    def outcome(self) -> str:
        """Return the sign this is shown by: in, out, denied or turned."""
        return self.kind if self.kind in {"denied", "turned"} else self.direction

    @property
    def without_card(self) -> bool:
        return self.kind == "hand"


ROLL = """
SELECT p.ref, concat_ws(' ', p.surname, p.given_name, nullif(p.patronymic, '')) AS name, p.role,
  p.school_class_id, c.grade, c.letter, e.first_in_at, e.last_out_at, coalesce(e.is_inside, false) AS is_inside,
  coalesce(e.late_min, 0) AS late_min, coalesce(e.without_card, false) AS without_card
FROM person p
LEFT JOIN school_class c ON c.id = p.school_class_id
LEFT JOIN presence e ON e.person_id = p.id AND e."on" = $2
WHERE p.school_id = $1 AND p.is_active AND ($4::bigint[] IS NULL OR p.school_class_id = ANY($4))
ORDER BY p.sort_key, p.id LIMIT $3
"""

TAP_COLUMNS = """
m.at, m.received_at, m.direction, m.kind, m.reason, m.clock, m.is_double, m.gate,
  coalesce(g.name_kk, m.gate) AS gate_kk, coalesce(g.name_ru, m.gate) AS gate_ru, coalesce(g.name_en, m.gate) AS gate_en
"""

TAPS = f"""
SELECT {TAP_COLUMNS}, concat_ws(' ', p.surname, p.given_name) AS name, c.grade, c.letter,
  coalesce(p.ref, '') AS ref, coalesce(h.digest, '') AS photo
FROM (SELECT * FROM movement WHERE school_id = $1 AND "on" = $2 ORDER BY at DESC, id DESC LIMIT $3) m
LEFT JOIN person p ON p.id = m.person_id
LEFT JOIN person_photo h ON h.person_id = p.id
LEFT JOIN school_class c ON c.id = p.school_class_id
LEFT JOIN gate g ON g.school_id = m.school_id AND g.key = m.gate
ORDER BY m.at DESC, m.id DESC
"""  # noqa: S608 (columns of this file)

DAYS = f"""
SELECT p.ref, m."on", {TAP_COLUMNS}
FROM person p
JOIN movement m ON m.person_id = p.id AND m."on" BETWEEN $2 AND $3 AND m.kind <> 'turned'
LEFT JOIN gate g ON g.school_id = m.school_id AND g.key = m.gate
WHERE p.id = ANY($1::bigint[])
ORDER BY m."on" DESC, m.at, m.id LIMIT $4
"""  # noqa: S608 (columns of this file)


async def school_today(services: Services, actor: Actor, code: str, *allowed: Right) -> SchoolToday:
    """Return a school at which the actor has one of these rights; else NotFound."""
    school = await _school(services, code)
    if not any(actor.can(each, school.id) for each in allowed):
        raise NotFound
    return _today(services, school)


async def classes_today(services: Services, actor: Actor, code: str, right: Right) -> SchoolToday:
    """Return a school at which the actor has the right for classes of its own; else NotFound."""
    school = await _school(services, code)
    if not actor.classes(right, school.id):
        raise NotFound
    return _today(services, school)


async def school_or_classes_today(services: Services, actor: Actor, code: str, right: Right) -> SchoolToday:
    """Return a school at which the actor has the right, for all of it or for classes of its own; else NotFound."""
    school = await _school(services, code)
    if not (actor.can(right, school.id) or actor.classes(right, school.id)):
        raise NotFound
    return _today(services, school)


async def school_or_own_today(
    services: Services, actor: Actor, code: str, reads: Right, teaches: Right
) -> SchoolToday:  # fmt: skip
    """Return a school at which the actor has a right, if only for own classes, or another one for what it teaches.

    Raises NotFound; what it teaches, who asks for it finds out.
    """
    school = await _school(services, code)
    if not (actor.can(reads, school.id) or actor.classes(reads, school.id) or actor.teaches(teaches, school.id)):
        raise NotFound
    return _today(services, school)


async def _school(services: Services, code: str) -> SchoolRow:
    try:
        return await school_of_code(services, code)
    except SchoolUnknown:
        raise NotFound from None


def _today(services: Services, school: SchoolRow) -> SchoolToday:
    on = services.clock.now().astimezone(school.zone).date()
    names = {language: school.name(language) for language in ("kk", "ru", "en")}
    return SchoolToday(school.id, school.code, names, school.zone, on)


async def school_codes(services: Services, actor: Actor, roles: Collection[Role]) -> list[str]:
    """Return the codes of the schools that the actor has one of these roles at, the first 100."""
    rows = await services.database.pool.fetch(
        "SELECT code FROM school WHERE id = ANY($1::bigint[]) ORDER BY code LIMIT 100", list(actor.schools_as(*roles))
    )
    return [row["code"] for row in rows]


async def roll(services: Services, actor: Actor, school: SchoolToday) -> Roll:
    """Return everybody of a school with where they are now. Raises NotAllowed."""
    if not (actor.can(Right.PRESENCE_READ, school.id) or actor.can(Right.GATES_WATCH, school.id)):
        raise NotAllowed
    return await _roll(services, school, None)


async def roll_of_classes(services: Services, actor: Actor, school: SchoolToday) -> Roll:
    """Return the students of the actor's own classes with where they are now. Raises NotAllowed for who has none."""
    classes = actor.classes(Right.PRESENCE_READ, school.id)
    if not classes:
        raise NotAllowed
    return await _roll(services, school, sorted(classes))


async def roll_within(services: Services, actor: Actor, school: SchoolToday, right: Right) -> Roll:
    """Return who of a school is within the reach of a right: everybody, or the own classes. Raises NotAllowed."""
    if actor.can(right, school.id):
        return await _roll(services, school, None)
    classes = actor.classes(right, school.id)
    if not classes:
        raise NotAllowed
    return await _roll(services, school, sorted(classes))


async def _roll(services: Services, school: SchoolToday, classes: Sequence[int] | None) -> Roll:
    now, plans = services.clock.now(), await day_plans(services, school.id, school.on)
    rows = await services.database.pool.fetch(ROLL, school.id, school.on, PEOPLE_MAX, classes)
    people = [_person(row, plans.get(row["school_class_id"], plans[None]), now) for row in rows]
    return Roll(people, any(plan.is_school_day for plan in plans.values()))


async def last_taps(services: Services, actor: Actor, school: SchoolToday, most: int = 12) -> list[Tap]:
    """Return what happened last at the gates today, newest first."""
    actor.require(Right.GATES_WATCH, school.id)
    rows = await services.database.pool.fetch(TAPS, school.id, school.on, min(most, TAPS_MAX))
    return [
        replace(_tap(row), name=row["name"], class_name=_class_name(row), ref=row["ref"], photo=row["photo"])
        for row in rows
    ]


async def days_of(
    services: Services, person_ids: Sequence[int], first_on: date, last_on: date
) -> dict[str, dict[date, list[Tap]]]:
    """Return each person's days, newest first, and each day's taps in order. Who may ask is the caller's to check."""
    rows = await services.database.pool.fetch(DAYS, list(person_ids), first_on, last_on, ENTRIES_MAX)
    days: dict[str, dict[date, list[Tap]]] = {}
    for row in rows:
        days.setdefault(row["ref"], {}).setdefault(row["on"], []).append(_tap(row))
    return days


def _person(row: Mapping[str, Any], plan: DayPlan, now: datetime) -> PersonToday:
    came = Came(row["first_in_at"], row["last_out_at"], row["is_inside"])
    return PersonToday(
        ref=row["ref"],
        name=row["name"],
        role=row["role"],
        class_name=_class_name(row),
        class_order=(row["grade"] or 0, row["letter"] or ""),
        standing=standing_of(came, plan, now),
        first_in_at=row["first_in_at"],
        last_out_at=row["last_out_at"],
        late_min=row["late_min"],
        without_card=row["without_card"],
    )


def _tap(row: Mapping[str, Any]) -> Tap:
    return Tap(
        row["at"], row["received_at"], row["direction"], row["kind"], row["reason"], row["gate"], _names(row, "gate"),
        is_rough(row["clock"]), row["is_double"],
    )  # fmt: skip


def _names(row: Mapping[str, Any], prefix: str) -> dict[str, str]:
    return {language: row[f"{prefix}_{language}"] for language in ("kk", "ru", "en")}


def _class_name(row: Mapping[str, Any]) -> str:
    return "" if row["grade"] is None else f"{row['grade']}{row['letter']}"
