"""What is done with the meals of a school's day: which there are, what they are called, and when they are served."""

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.menu.rules import MealGiven, Names, checked_meal, time_of
from cloud.people.actions import tell_changed

USUAL = (
    MealGiven("breakfast", Names("Таңғы ас", "Завтрак", "Breakfast"), 8 * 60 + 30, 10 * 60 + 30),
    MealGiven("lunch", Names("Түскі ас", "Обед", "Lunch"), 11 * 60 + 30, 14 * 60),
    MealGiven("snack", Names("Бесін ас", "Полдник", "Afternoon snack"), 15 * 60, 17 * 60),
)
_PUT = """
INSERT INTO meal (school_id, key, name_kk, name_ru, name_en, from_min, to_min) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (school_id, key) DO UPDATE SET name_kk = excluded.name_kk, name_ru = excluded.name_ru,
  name_en = excluded.name_en, from_min = excluded.from_min, to_min = excluded.to_min, ended_at = NULL
"""
_END = "UPDATE meal SET ended_at = $3 WHERE school_id = $1 AND key = $2 AND ended_at IS NULL RETURNING key"


async def put_meal(services: Services, actor: Actor, school_id: int, given: MealGiven) -> None:
    """Add a meal, or change the one of this key. Raises NotAllowed or MealRefused."""
    actor.require(Right.MENU_PLAN, school_id)
    meal = checked_meal(given)
    async with services.database.transaction() as connection:
        await raw(connection).execute(
            _PUT, school_id, meal.key, meal.names.kk, meal.names.ru, meal.names.en, meal.from_min, meal.to_min
        )
        told = {"name": meal.names.kk, "from": time_of(meal.from_min), "to": time_of(meal.to_min)}
        at = services.clock.now()
        await audit(connection, actor, "meal.put", f"meal:{meal.key}", told, school_id=school_id, at=at)
        await tell_changed(connection, school_id)


async def end_meal(services: Services, actor: Actor, school_id: int, key: str) -> None:
    """Serve a meal no more; its menus stay as they were. Raises NotAllowed or NotFound."""
    actor.require(Right.MENU_PLAN, school_id)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        if await raw(connection).fetchval(_END, school_id, key, now) is None:
            raise NotFound
        await audit(connection, actor, "meal.ended", f"meal:{key}", school_id=school_id, at=now)
        await tell_changed(connection, school_id)
