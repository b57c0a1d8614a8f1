"""One small canteen for tests of the till: a roster with dishes, rights and accounts, and records of sales."""

from typing import Any

from edge_agent.roster import Roster
from edge_agent.till.book import Book, Buyer, Dish
from schemas.codec import encode
from schemas.roster import row
from tests.edge_agent.school import ALIYA, BORIS, GUARD, MONDAY_8_MS, header, rows_with

DEVICE, OTHER = "till-1", "till-2"
TODAY = "2026-08-31"
NOON_MS = MONDAY_8_MS + 4 * 3_600_000
CASHIER, COOK = GUARD, "cook00000000"
SHIFT, NEXT_SHIFT = "5" * 16, "6" * 16
LUNCH_TIYN, TEA_TIYN, BUN_TIYN = 57_700, 5_000, 12_000
MILK_SOUP_TIYN = 25_000


def names(word: str) -> dict[str, str]:
    return {"kk": f"{word} (kk)", "ru": f"{word} (ru)", "en": word}


def dish(
    key: str,
    price_tiyn: int,
    *,
    version: int = 1,
    category: str = "",
    allergens: tuple[str, ...] = (),
    barcode: str = "",
    parts: tuple[tuple[str, int], ...] = (),
) -> bytes:
    word = key.replace("-", " ").title()
    listed = [list(part) for part in parts]
    return row("dish", f"{key}/{version}", names(word), price_tiyn, category, list(allergens), "", barcode, listed)


def account(
    ref: str,
    balance_tiyn: int,
    *,
    offline_tiyn: int = 100_000,
    day_limit_tiyn: int = -1,
    allergens: tuple[str, ...] = (),
    dishes: tuple[str, ...] = (),
    categories: tuple[str, ...] = (),
) -> bytes:
    lists = [list(allergens), list(dishes), list(categories)]
    return row("account", ref, balance_tiyn, offline_tiyn, day_limit_tiyn, *lists)


def right(ref: str, kind: str = "free", price_tiyn: int = 0, *, until: str = "2027-05-25") -> bytes:
    return row("right", ref, [["lunch", kind, "2026-08-01", until, price_tiyn]])


def decided(overdraft_tiyn: int = 0, unseen: str = "allow") -> bytes:
    """Return the row of what the school decided about accounts and free meals."""
    return row("canteen", "", {"overdraft_tiyn": overdraft_tiyn, "unseen": unseen})


ROWS = (
    row("till", "till-1", names("Canteen"), DEVICE, "set"),
    row("till", "till-2", names("Bar"), OTHER, "basket"),
    row("meal", "breakfast", names("Breakfast"), 450, 570),
    row("meal", "lunch", names("Lunch"), 660, 900),
    dish("lunch-set", LUNCH_TIYN, version=3, parts=(("milk-soup", 1), ("bun", 2))),
    dish("milk-soup", MILK_SOUP_TIYN, category="soups", allergens=("milk",)),
    dish("bun", BUN_TIYN, version=2, category="bakery", allergens=("gluten",), barcode="4870001112223"),
    dish("tea", TEA_TIYN),
    row("menu", f"{TODAY} lunch", ["lunch-set/3", "milk-soup/1", "bun/2", "tea/1"], "lunch-set/3"),
    right(ALIYA),
    account(ALIYA, 100_000),
    account(BORIS, 100_000),
)


def canteen(*changed: bytes, **rules: object) -> Roster:
    return Roster.parse(header(), rows_with(*ROWS, *changed, **rules))


def book(*changed: bytes) -> Book:
    return Book(canteen(*changed), DEVICE)


def buyer(ref: str, *changed: bytes) -> Buyer:
    found = book(*changed).buyer(ref, TODAY, "lunch")
    assert found is not None
    return found


def offered(dish_id: str) -> Dish:
    found = book().menu(TODAY, "lunch").dish(dish_id)
    assert found is not None
    return found


def record(kind: str, *, at_ms: int = NOON_MS, clock: str = "ntp", **fields: Any) -> bytes:
    """Return a record as a till writes it."""
    return encode(kind, {"monotonic_ms": 1_000, "wall_ms": at_ms, "clock": clock, **fields})
