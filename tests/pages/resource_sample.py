"""The sample's verified resources, how often they were opened, and the school's indicators of the months before."""

from datetime import date, timedelta

from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services
from cloud.resources.verifying import verify

TODAY = date(2026, 9, 1)
_FREE = "UPDATE resource SET is_free = true WHERE id = ANY($1)"
_LESSON = "UPDATE resource SET kind = 'lesson' WHERE id = $1"
_OPENED = "INSERT INTO resource_opening VALUES ($1, $2, $3, $4, $5)"
_COUNTED = "INSERT INTO indicator_day VALUES ($1, $2, 60, $3, $4, $5, 6, $6, $7)"


async def write(services: Services, school_id: int, ids: list[int]) -> None:
    """Verify the first two, make the first one a lesson, and let those that are published be opened for two weeks."""
    pool, keeper = services.database.pool, Actor("Ұлжан Әлі", None, frozenset({Reach(Role.METHODOLOGIST, school_id)}))
    await pool.execute(_FREE, ids[:2])
    await pool.execute(_LESSON, ids[0])
    await verify(services, keeper, school_id, ids[0], "review", "Әдіскер қорытындысы № 5")
    await verify(services, keeper, school_id, ids[1], "list", "Бекітілген оқулықтар тізбесі")
    for number in range(14):
        on = TODAY - timedelta(days=number)
        await pool.execute(_OPENED, ids[0], on, "student", 1, 3 + number % 5)
        await pool.execute(_OPENED, ids[1 + number % 2], on, "student", 1, 1 + number % 3)
        await pool.execute(_OPENED, ids[0], on, "student", 5, 1 + number % 2)
        await pool.execute(_OPENED, ids[0], on, "teacher", None, 1 + number % 2)
    for on, counts in ((date(2026, 8, 31), (1, 0, 2, 2)), (TODAY, (1, 1, 3, 2))):
        await pool.execute(_COUNTED, school_id, on, *counts, services.clock.now())
