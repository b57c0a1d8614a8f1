"""The demonstration's family: money on the child's account, a lunch that is ordered ahead, what is not sold to it."""

from datetime import timedelta

from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.menu.diets import forbid
from cloud.menu.dishes import today_of
from cloud.menu.errors import OrderRefused
from cloud.menu.kinds import Limit
from cloud.menu.ordering import AHEAD
from cloud.menu.preorders import order
from cloud.menu.queries import menus_between
from cloud.menu.restrictions import restrict
from cloud.people.queries import person_of_ref
from cloud.topups.actions import take_cash

SYSTEM = Actor.system("demonstration")
PAID_IN_TIYN = 5_000_00
LUNCHES = 2  # that are ordered ahead
ONCE = "d" * 32


async def seed_family(services: Services, school_id: int, ref: str, parent: Actor) -> None:
    """Let the family have paid in, ordered the next lunches, and said what is not to be sold."""
    child = await person_of_ref(services, SYSTEM, ref)
    await take_cash(services, SYSTEM, child, PAID_IN_TIYN, ONCE)
    await restrict(services, parent, ref, Limit.DAY_LIMIT, "1500")
    await forbid(services, SYSTEM, school_id, child.id, "nuts", "№ 1 анықтама (көрсетілім)")
    today = await today_of(services, school_id)
    menus = await menus_between(services.database.pool, school_id, today + timedelta(days=1), today + AHEAD)
    ordered = 0
    for menu in (each for each in menus if each.meal == "lunch"):
        try:
            await order(services, parent, ref, menu.on, menu.meal, [menu.set_key])
        except OrderRefused:  # no lessons that day, or it is evening already
            continue
        ordered += 1
        if ordered == LUNCHES:
            return
