"""Counted days of a school for pages to show: August as it might have been, and today as the sample has it."""

import random
from collections.abc import Sequence
from datetime import date, timedelta

import msgspec

from cloud.core.services import Services
from cloud.statistics.kinds import NAMES, Figures, Key, Kind, together
from cloud.statistics.rolling import roll
from cloud.statistics.rules import SCHOOL, STAFF

FIRST, LAST = date(2026, 8, 3), date(2026, 8, 31)
SHARDS = range(64)
# Everybody has been at the school for long, also whom the sample made today.
_BEFORE = "UPDATE statistics_member SET from_on = from_on - 60, came_on = came_on - 60"
_AGAIN = 'INSERT INTO statistics_touched (school_id, "on") SELECT DISTINCT school_id, "on" FROM presence'
_CLASSES = "SELECT id FROM school_class WHERE school_id = $1 ORDER BY id"
_FORGET = 'DELETE FROM statistics_day WHERE school_id = $1 AND "on" <= $2'
_PUT = f"""
INSERT INTO statistics_day (school_id, "on", kind, class_id, by_meal, made_at, {", ".join(NAMES)})
VALUES ($1, $2, $3, $4, $5, $6, {", ".join(f"${number + 7}" for number in range(len(NAMES)))})
"""  # noqa: S608 (names of ours)


async def write(services: Services, school_id: int) -> None:
    """Count what the sample has, and write August's days beside it."""
    pool, rng = services.database.pool, random.Random(31)
    await _counted(services)
    await pool.execute(_BEFORE)
    await pool.execute(_AGAIN)
    await _counted(services)
    classes = [row["id"] for row in await pool.fetch(_CLASSES, school_id)]
    await pool.execute(_FORGET, school_id, LAST)  # of these days the sample has but few movements
    for on in (FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)):
        if on.isoweekday() < 6:
            await _put(services, school_id, on, classes, rng)


async def _counted(services: Services) -> None:
    while await roll(services, SHARDS):
        pass


async def _put(services: Services, school_id: int, on: date, classes: Sequence[int], rng: random.Random) -> None:
    of_classes = {Key(Kind.CLASS, class_id): _class(rng) for class_id in classes}
    all_of_them = together(of_classes.values())
    rated = together([all_of_them, Figures(cash=rng.randrange(6), rated=4, food=17, service=16)])
    staff = Figures(people=6, came=5, timed=5, inside_min=5 * rng.randrange(440, 520))
    for key, figures in {**of_classes, SCHOOL: rated, STAFF: staff}.items():
        meals = {"breakfast": figures.meals // 3, "lunch": figures.meals - figures.meals // 3}
        by_meal = msgspec.json.encode(meals if key == SCHOOL else {}).decode()
        values = (getattr(figures, name) for name in NAMES)
        await services.database.pool.execute(
            _PUT, school_id, on, key.kind.value, key.class_id, by_meal, services.clock.now(), *values
        )


def _class(rng: random.Random) -> Figures:
    absent, late = rng.randrange(4), rng.randrange(3)
    came = 12 - absent
    ate = rng.randrange(6, came + 1)
    reasons = dict.fromkeys(("ill", "family", "unexplained"), 0)
    for _ in range(absent):
        reasons[rng.choice(tuple(reasons))] += 1
    return Figures(
        people=12, taught=12, expected=12, came=came, late=late, late_min=5 * late, not_seen=absent, timed=came,
        inside_min=came * 340, ate=ate, free=ate // 2, subsidised=1, account=ate - ate // 2 - 1, **reasons,
    )  # fmt: skip
