"""Reads of statistics of a school: days, classes, staff, meals; the actor's reach is asked first.

Rule: whoever is not of the school reads of no class why somebody was absent, and nothing of a class of few; of a whole
school why, only where it is not a small one.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import msgspec

from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.menu.rules import Names
from cloud.statistics.kinds import NAMES, NO_CLASS, Figures, Key, Kind
from cloud.statistics.rules import REASONS_FROM, SCHOOL, STAFF, hidden_of
from cloud.statistics.spans import Stretch

DAYS_MAX = 400
SUMS = ", ".join(
    ["coalesce(max(people), 0)::int AS people"]
    + [f"coalesce(sum({name}), 0)::int AS {name}" for name in NAMES if name != "people"]
)
_BY_DAY = f"""
SELECT "on", {", ".join(NAMES)} FROM statistics_day
WHERE kind = $1 AND school_id = $2 AND class_id = $3 AND "on" BETWEEN $4 AND $5 ORDER BY "on" LIMIT $6
"""  # noqa: S608 (names of ours)
_BY_CLASS = f"""
SELECT day.class_id, coalesce(concat(grade, letter), '') AS name, {SUMS} FROM statistics_day AS day
LEFT JOIN school_class AS class ON class.id = day.class_id
WHERE kind = 'class' AND day.school_id = $1 AND "on" BETWEEN $2 AND $3
GROUP BY day.class_id, grade, letter ORDER BY grade, letter LIMIT 500
"""  # noqa: S608 (names of ours)
_CLASSES = """
SELECT id, concat(grade, letter) AS name FROM school_class
WHERE school_id = $1 AND ($2::bigint[] IS NULL OR id = ANY($2)) ORDER BY grade, letter LIMIT 2000
"""
_MEALS = """
SELECT by_meal FROM statistics_day WHERE kind = 'school' AND school_id = $1 AND "on" BETWEEN $2 AND $3 LIMIT $4
"""
_NAMES = "SELECT key, name_kk, name_ru, name_en FROM meal WHERE school_id = $1 LIMIT 200"
_MADE = 'SELECT max(made_at) FROM statistics_day WHERE kind = $1 AND school_id = $2 AND class_id = $3 AND "on" = $4'


@dataclass(frozen=True, slots=True)
class PartSums:
    """A part of a stretch with what it adds up to."""

    stretch: Stretch
    figures: Figures


@dataclass(frozen=True, slots=True)
class OfClass:
    """A class with its figures; none where it is one of few and the reader is not of the school."""

    id: int
    name: str  # empty: students in no class
    figures: Figures | None


@dataclass(frozen=True, slots=True)
class MealCount:
    """How many meals of a name."""

    key: str
    names: Names
    count: int


@dataclass(frozen=True, slots=True)
class Told:
    """A school's or a class's stretch of days; `parts` go back before it where the stretch is a day."""

    stretch: Stretch
    figures: Figures
    parts: Sequence[PartSums]
    has_reasons: bool
    made_at: datetime | None  # when its last day was counted


@dataclass(frozen=True, slots=True)
class OfSchool:
    """What a page about a school shows beside its own sums."""

    told: Told
    staff: Told
    classes: Sequence[OfClass]
    has_class_reasons: bool
    meals: Sequence[MealCount]


async def school_told(services: Services, actor: Actor, school_id: int, stretch: Stretch) -> OfSchool:
    """Return a school's stretch of days. Raises NotAllowed."""
    actor.require(Right.STATISTICS_READ, school_id)
    return await _school_told(services, school_id, stretch, of_school=_is_of_school(actor, school_id))


async def outsiders_told(services: Services, school_id: int, stretch: Stretch) -> OfSchool:
    """Return a school's stretch of days as who is not of the school reads it; whether it may the caller checks."""
    return await _school_told(services, school_id, stretch, of_school=False)


async def _school_told(services: Services, school_id: int, stretch: Stretch, *, of_school: bool) -> OfSchool:
    told = await _told(services, school_id, SCHOOL, stretch)
    if not of_school and told.figures.people < REASONS_FROM:
        told = _without_reasons(told)
    classes = await _classes(services, school_id, stretch)
    hidden = frozenset[int]() if of_school else hidden_of({each.id: count for each, count in _counted(classes)})
    return OfSchool(
        told, await _told(services, school_id, STAFF, stretch),
        [_shown(each, hidden, of_school=of_school) for each in classes], of_school,
        await _meals(services, school_id, stretch),
    )  # fmt: skip


async def class_told(services: Services, actor: Actor, school_id: int, class_id: int, stretch: Stretch) -> Told:
    """Return a class's stretch of days. Raises NotAllowed, also where who is not of the school asks for one of few."""
    if not actor.can(Right.STATISTICS_READ, school_id) and class_id not in own_classes(actor, school_id):
        raise NotAllowed
    told = await _told(services, school_id, Key(Kind.CLASS, class_id), stretch)
    if _is_of_school(actor, school_id, class_id):
        return told
    classes = await _classes(services, school_id, stretch)
    if class_id in hidden_of({each.id: count for each, count in _counted(classes)}):
        raise NotAllowed
    return _without_reasons(told)


async def classes_named(services: Services, actor: Actor, school_id: int) -> dict[int, str]:
    """Return the names of the classes of which an actor reads, also those of years before: all, or the own ones."""
    own = None if actor.can(Right.STATISTICS_READ, school_id) else sorted(own_classes(actor, school_id))
    rows = await services.database.pool.fetch(_CLASSES, school_id, own)
    return {row["id"]: row["name"] for row in rows}


def own_classes(actor: Actor, school_id: int) -> frozenset[int]:
    """Return the classes whose statistics an actor reads as its own."""
    return actor.classes(Right.STATISTICS_READ, school_id)


def _is_of_school(actor: Actor, school_id: int, class_id: int = NO_CLASS) -> bool:
    """Tell whether an actor may read in the register itself why somebody was absent."""
    right = Right.REGISTER_READ
    return actor.can(right, school_id) or class_id in actor.classes(right, school_id)


async def _told(services: Services, school_id: int, key: Key, stretch: Stretch) -> Told:
    pool, asked = services.database.pool, (key.kind.value, school_id, key.class_id)
    rows = await pool.fetch(_BY_DAY, *asked, stretch.drawn_from, stretch.last_on, DAYS_MAX)
    days = {row["on"]: Figures(*row[1:]) for row in rows}
    return Told(
        stretch, added(days, stretch), [PartSums(part, added(days, part)) for part in stretch.parts], has_reasons=True,
        made_at=await pool.fetchval(_MADE, *asked, stretch.last_on),
    )  # fmt: skip


def added(days: Mapping[date, Figures], stretch: Stretch) -> Figures:
    """Return what the days of a stretch come to."""
    figures = Figures()
    for on, each in days.items():
        if stretch.first_on <= on <= stretch.last_on:
            figures = figures.then(each)
    return figures


async def _classes(services: Services, school_id: int, stretch: Stretch) -> list[OfClass]:
    rows = await services.database.pool.fetch(_BY_CLASS, school_id, stretch.first_on, stretch.last_on)
    return [OfClass(row["class_id"], row["name"], Figures(*row[2:])) for row in rows]


def _counted(classes: Collection[OfClass]) -> list[tuple[OfClass, int]]:
    return [(each, each.figures.people) for each in classes if each.figures is not None]


def _shown(each: OfClass, hidden: Collection[int], *, of_school: bool) -> OfClass:
    if each.id in hidden:
        return OfClass(each.id, each.name, None)
    if of_school or each.figures is None:
        return each
    return OfClass(each.id, each.name, each.figures.without_reasons())


def _without_reasons(told: Told) -> Told:
    parts = [PartSums(part.stretch, part.figures.without_reasons()) for part in told.parts]
    return Told(told.stretch, told.figures.without_reasons(), parts, has_reasons=False, made_at=told.made_at)


async def _meals(services: Services, school_id: int, stretch: Stretch) -> list[MealCount]:
    pool, counts = services.database.pool, Counter[str]()
    for row in await pool.fetch(_MEALS, school_id, stretch.first_on, stretch.last_on, DAYS_MAX):
        counts.update(msgspec.json.decode(row["by_meal"], type=dict[str, int]))
    names = {row["key"]: Names(*row[1:]) for row in await pool.fetch(_NAMES, school_id)}
    return [MealCount(key, names.get(key, Names(key, key, key)), count) for key, count in counts.most_common()]
