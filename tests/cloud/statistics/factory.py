"""Schools whose days are counted, for tests of statistics."""

from collections.abc import Sequence
from datetime import date

from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services
from cloud.statistics.kinds import NAMES, Figures, Key
from cloud.statistics.rolling import kept_of, roll
from tests.cloud.meals.factory import ALL
from tests.cloud.reports.factory import School

_PUT = """
INSERT INTO statistics_day (school_id, "on", kind, class_id, by_meal, made_at, {names})
VALUES ($1, $2, $3, $4, '{{}}', $5, {values})
""".format(names=", ".join(NAMES), values=", ".join(f"${number + 6}" for number in range(len(NAMES))))


async def rolled(services: Services, shards: Sequence[int] = ALL) -> None:
    """Count until nothing is touched any more; what cannot be counted would be tried for ever."""
    for _ in range(10):
        if not await roll(services, shards):
            return
    raise AssertionError("some day cannot be counted")


async def counted(services: Services, school: School) -> None:
    """Let the readers come to the end of the log, and every day be counted."""
    await school.projected()
    await rolled(services)


async def kept(services: Services, school_id: int, on: date) -> dict[Key, Figures]:
    """Return the lines of a day."""
    async with services.database.pool.acquire() as connection:
        lines = await kept_of(connection, [(school_id, on)])
    return {key: line.figures for key, line in lines[school_id, on].items()}


async def put(services: Services, school_id: int, on: date, key: Key, figures: Figures) -> None:
    """Write a line as if it had been counted."""
    values = [getattr(figures, name) for name in NAMES]
    await services.database.pool.execute(
        _PUT, school_id, on, key.kind.value, key.class_id, services.clock.now(), *values
    )


def director_of(school_id: int) -> Actor:
    return Actor("Бақыт Оразов", None, frozenset({Reach(Role.DIRECTOR, school_id)}))


def authority_of(*school_ids: int) -> Actor:
    return Actor("Басқарма", None, frozenset(Reach(Role.AUTHORITY, each) for each in school_ids))


def teacher_of(school_id: int, *class_ids: int) -> Actor:
    return Actor("Әсел Омарова", None, frozenset(Reach(Role.CLASS_TEACHER, school_id, each) for each in class_ids))
