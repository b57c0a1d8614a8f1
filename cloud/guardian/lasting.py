"""How a guardian's children stand with money: what is held, whether that is little, and until when it lasts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from cloud.core.services import Services
from cloud.guardian.queries import Child
from cloud.ledger.queries import held_for_each
from cloud.meals.forecast import LOOKED_AHEAD, LOOKED_BACK, Forecast, forecast
from cloud.meals.statistics import spent_by
from cloud.menu.settings import rules_of
from cloud.schools.queries import school_days


@dataclass(frozen=True, slots=True)
class Purse:
    """What is held for a child; `is_low` where a parent should pay soon, never of a child that pays for nothing."""

    held_tiyn: int
    is_low: bool
    spent: Mapping[date, int]  # of the last weeks, by days


@dataclass(frozen=True, slots=True)
class Lasting:
    """A child's purse, and how long it lasts; no forecast where too little was spent to tell."""

    purse: Purse
    forecast: Forecast | None


async def purses_of(services: Services, children: Sequence[Child]) -> dict[int, Purse]:
    """Return how children stand with money, by their ids."""
    if not children:
        return {}
    pool, ids = services.database.pool, [child.id for child in children]
    first_on, last_on = min(child.on for child in children) - LOOKED_BACK, max(child.on for child in children)
    held = await held_for_each(pool, ids)
    spent = await spent_by(pool, ids, first_on, last_on)
    schools = {child.school_id for child in children}  # of a family: one, seldom two
    lows = {school_id: (await rules_of(pool, school_id)).low_balance_tiyn for school_id in schools}
    return {
        child.id: _purse(held.get(child.id, 0), spent.get(child.id, {}), lows[child.school_id]) for child in children
    }


async def lasting_of(services: Services, child: Child) -> Lasting:
    """Return how a child stands with money, and until when it lasts by the pace of the last school days."""
    purse = (await purses_of(services, [child]))[child.id]
    first_on, last_on = child.on - LOOKED_BACK, child.on + LOOKED_AHEAD
    days = await school_days(services, child.school_id, first_on, last_on, child.class_id)
    taught = [on for on in days if on < child.on]
    is_today_open = not purse.spent.get(child.on)  # else what is held is for the days after
    coming = [on for on in days if on > child.on or (on == child.on and is_today_open)]
    return Lasting(purse, forecast(purse.held_tiyn, purse.spent, taught, coming))


def _purse(held_tiyn: int, spent: Mapping[date, int], low_tiyn: int) -> Purse:
    pays = any(amount > 0 for amount in spent.values())
    return Purse(held_tiyn, held_tiyn < 0 or (pays and held_tiyn < low_tiyn), spent)
