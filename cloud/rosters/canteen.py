"""The rows of tills: which devices they are, for the doors' roster; and all that they sell by, the canteen's roster."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import asyncpg

from cloud.core.vault import Vault
from cloud.menu.entitlements import MealRight, rights_of
from cloud.menu.ordering import Ordered, standing_of
from cloud.menu.preorders import preorders_between
from cloud.menu.queries import DishRow, MenuRow, dish_versions, dishes_replaced, meals_of, menus_between
from cloud.menu.restrictions import Limits, limits_of_school
from cloud.menu.rules import Names
from cloud.menu.settings import CanteenRules, rules_of
from cloud.menu.tills import CASHIER, cashiers_of, tills_of
from cloud.people.photos import faces_of
from cloud.rosters.balances import balances_of
from cloud.rosters.codes import code_rows
from schemas.roster import row

AHEAD = timedelta(days=14)
REMEMBERED = timedelta(days=2)  # what a dish was called and cost, for the lists and receipts of tills
NO_LIMIT = -1
RIGHTS_MAX = 32
ORDERED_MAX = 300
BALANCE_MAX_TIYN = 1_000_000_000  # as a row can say: a row beyond it would have the whole roster refused
NOTHING = Limits()
_TODAY = "SELECT ($2::timestamptz AT TIME ZONE zone)::date FROM school WHERE id = $1"
_REFS = "SELECT ref FROM person WHERE school_id = $1 AND is_active LIMIT 100000"  # whose accounts they keep


async def till_rows(connection: asyncpg.Connection, school_id: int) -> list[bytes]:
    """Return which devices are tills: this every device may know."""
    tills = await tills_of(connection, school_id)
    return [row("till", till.key, _names(till.names), till.device, till.mode.value) for till in tills]


async def canteen_rows(connection: asyncpg.Connection, vault: Vault, school_id: int, now: datetime) -> list[bytes]:
    """Return the rows that only tills need, for today and the next days; none at a school without a till."""
    if not await tills_of(connection, school_id):
        return []
    today = await connection.fetchval(_TODAY, school_id, now)
    refs = [each["ref"] for each in await connection.fetch(_REFS, school_id)]
    menus = await menus_between(connection, school_id, today, today + AHEAD)
    rights = await rights_of(connection, school_id, today)
    limits = await limits_of_school(connection, vault, school_id)
    balances = await balances_of(connection, school_id)
    rules = await rules_of(connection, school_id)
    return [
        *await _meals(connection, school_id),
        *await _dishes(connection, school_id, menus, now - REMEMBERED),
        *(_menu(menu) for menu in menus),
        *(_right(ref, held) for ref, held in rights.items()),
        *(_account(ref, balances.held_tiyn.get(ref, 0), limits.get(ref, NOTHING), rules) for ref in refs),
        *_orders(await preorders_between(connection, school_id, today, today + AHEAD), menus),
        *(row("counted", device, [list(each) for each in known]) for device, known in balances.counted.items()),
        *(row("face", ref, digest) for ref, digest in await faces_of(connection, school_id)),
        *await _cashiers(connection, school_id),
        row("canteen", "", {"overdraft_tiyn": rules.overdraft_tiyn, "unseen": rules.unseen_policy.value}),
        *await code_rows(connection, school_id, today),
    ]


async def _meals(connection: asyncpg.Connection, school_id: int) -> list[bytes]:
    return [
        row("meal", meal.key, _names(meal.names), meal.from_min, meal.to_min)
        for meal in await meals_of(connection, school_id)
        if not meal.is_ended
    ]


async def _dishes(
    connection: asyncpg.Connection, school_id: int, menus: Iterable[MenuRow], since: datetime
) -> list[bytes]:
    """Return every version that is offered or was changed lately, and what the sets among them are made of."""
    offered = {(dish.key, dish.version): dish for menu in menus for dish in menu.dishes}
    offered |= {(dish.key, dish.version): dish for dish in await dishes_replaced(connection, school_id, since)}
    parts = {(part.key, part.version) for dish in offered.values() for part in dish.parts}
    made = await dish_versions(connection, school_id, parts - set(offered))
    return [_dish(dish) for dish in (offered | made).values()]


async def _cashiers(connection: asyncpg.Connection, school_id: int) -> list[bytes]:
    return [
        row("staff", cashier.ref, cashier.name[:120], cashier.pin_hash, [CASHIER])
        for cashier in await cashiers_of(connection, school_id)
    ]


def _dish(dish: DishRow) -> bytes:
    parts = [[part.key, part.version] for part in dish.parts]
    return row(
        "dish", dish.wire_id, _names(dish.names), dish.price_tiyn, dish.category, list(dish.allergens)[:32],
        dish.photo, dish.barcode, parts,
    )  # fmt: skip


def _menu(menu: MenuRow) -> bytes:
    sold = menu.set_dish
    return row("menu", f"{menu.on} {menu.meal}", [dish.wire_id for dish in menu.dishes], sold.wire_id if sold else "")


def _right(ref: str, held: Iterable[MealRight]) -> bytes:
    """Return the row of one person; what is free comes first."""
    ordered = sorted(set(held), key=lambda right: (right.meal, right.price_tiyn, right.first_on, right.last_on))
    return row(
        "right",
        ref,
        [
            [right.meal, right.kind.value, str(right.first_on), str(right.last_on), right.price_tiyn]
            for right in ordered[:RIGHTS_MAX]
        ],
    )


def _orders(orders: Iterable[Ordered], menus: Iterable[MenuRow]) -> list[bytes]:
    """Return a row for each person who has something ordered that is still offered, in the menu's version of now."""
    offered = {(menu.on, menu.meal): menu for menu in menus}
    rows: dict[str, list[list[str]]] = {}
    for each in orders:
        standing = standing_of(each, offered.get((each.on, each.meal)))
        rows.setdefault(each.ref, []).extend([f"{each.on} {each.meal}", dish.wire_id] for dish in standing.offered)
    return [row("order", ref, dishes[:ORDERED_MAX]) for ref, dishes in rows.items() if dishes]


def _account(ref: str, held_tiyn: int, limits: Limits, rules: CanteenRules) -> bytes:
    day_limit = NO_LIMIT if limits.day_limit_tiyn is None else limits.day_limit_tiyn
    balance = max(-BALANCE_MAX_TIYN, min(BALANCE_MAX_TIYN, held_tiyn))
    return row(
        "account", ref, balance, rules.offline_limit_tiyn, day_limit, list(limits.allergens),
        list(limits.dishes), list(limits.categories),
    )  # fmt: skip


def _names(names: Names) -> dict[str, str]:
    return {"kk": names.kk, "ru": names.ru, "en": names.en}
