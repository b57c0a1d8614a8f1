"""What the roster tells a till: dishes, menus, rights, accounts and cashiers, looked up for one day and meal.

Rule: a Book never changes; a newer roster makes another one. What the roster does not tell is not sold.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property

import msgspec

from edge_agent.roster import Roster
from edge_agent.till.counted import Counted
from edge_agent.timekeeper import Stamp
from schemas.structs import (
    AccountRow,
    CanteenRow,
    CanteenRules,
    DishNames,
    DishRow,
    FaceRow,
    MealRow,
    MenuRow,
    OrderRow,
    PersonRow,
    RightRow,
    StaffRow,
    TillRow,
)

DAY_MS = 86_400_000
FOUND_MAX = 20
_DISHES_MAX = 2_000
_USUAL = CanteenRules(overdraft_tiyn=0, unseen="allow")


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the school, and from when to when it lasts, by a clock that is right."""

    name: str
    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True)
class Dish:
    """A version of a dish, or of a set, which has parts. `bans` are the keys it falls under: its own and its parts'."""

    key: str
    version: int
    names: Mapping[str, str]
    price_tiyn: int
    categories: frozenset[str]
    allergens: frozenset[str]
    photo: str
    barcode: str
    is_set: bool
    bans: frozenset[str]

    @property
    def id(self) -> str:
        return f"{self.key}/{self.version}"


@dataclass(frozen=True, slots=True)
class Menu:
    """What one meal of one day offers: the set that one touch sells, if there is one, and then the rest in order."""

    dishes: Sequence[Dish]
    set: Dish | None

    def dish(self, dish_id: str) -> Dish | None:
        """Return the offered dish of that key and version."""
        return next((dish for dish in self.dishes if dish.id == dish_id), None)

    def by_barcode(self, code: str) -> Dish | None:
        """Return the offered dish with that barcode."""
        return next((dish for dish in self.dishes if dish.barcode and dish.barcode == code), None)


EMPTY_MENU = Menu((), None)


@dataclass(frozen=True, slots=True)
class Right:
    """What a person may eat for less; `price_tiyn` is what they pay."""

    is_free: bool
    price_tiyn: int


@dataclass(frozen=True, slots=True)
class Buyer:
    """Somebody at the till, as far as a meal of a day is concerned."""

    ref: str
    name: str
    class_name: str
    is_staff: bool
    right: Right | None
    account: AccountRow | None
    overdraft_tiyn: int = 0  # how far below nothing the account may go
    face: str = ""  # digest of the photo, of who consented to it
    ordered: tuple[str, ...] = ()  # ids of dishes that are ordered ahead


class Book:
    """The canteen's part of one roster."""

    def __init__(self, roster: Roster, device: str) -> None:
        self.roster = roster
        rows = (msgspec.json.decode(line, type=TillRow) for line in roster.lines("till"))
        self.till = next((row for row in rows if row.device == device), None)
        self.tills = frozenset(msgspec.json.decode(line, type=TillRow).device for line in roster.lines("till"))
        meals = (msgspec.json.decode(line, type=MealRow) for line in roster.lines("meal"))
        self.meals = sorted(meals, key=lambda meal: (meal.from_min, meal.key))
        self._dishes: dict[str, Dish | None] = {}

    @cached_property
    def counted(self) -> Counted:
        """Return which records the balances of this roster know."""
        return Counted.of(self.roster)

    @cached_property
    def rules(self) -> CanteenRules:
        """Return what the school decided about accounts and free meals."""
        line = self.roster.line("canteen", "")
        return msgspec.json.decode(line, type=CanteenRow).rules if line is not None else _USUAL

    @cached_property
    def _names(self) -> Mapping[str, Mapping[str, str]]:
        rows = (msgspec.json.decode(line, type=DishRow) for line in self.roster.lines("dish"))
        ids = ((*row.id.partition("/")[::2], row.names) for row in rows)
        newest = sorted(ids, key=lambda each: int(each[1]) if each[1].isdecimal() else 0)
        return {key: _named(names) for key, _, names in newest}

    def local(self, wall_ms: int) -> datetime:
        """Return the school's local time."""
        return datetime.fromtimestamp(wall_ms / 1000, UTC) + timedelta(minutes=self.roster.utc_offset_min)

    def day(self, stamp: Stamp, named: str | None = None) -> Day:
        """Return the school's day of now; `named` is the cashier's word for it, believed while the clock is not."""
        if named is not None and not stamp.is_good:
            return self.day_named(named)
        return self.day_named(f"{self.local(stamp.wall_ms):%Y-%m-%d}")

    def day_named(self, name: str) -> Day:
        """Return a day, named as 2026-09-21; one that no calendar has lasts no time at all."""
        try:
            midnight = datetime.fromisoformat(name).replace(tzinfo=UTC)
        except ValueError:
            return Day(name, 0, 0)
        from_ms = int(midnight.timestamp()) * 1000 - self.roster.utc_offset_min * 60_000
        return Day(name, from_ms, from_ms + DAY_MS)

    def meal_at(self, stamp: Stamp) -> MealRow | None:
        """Return the meal of now, else the next one of the day, else the last."""
        local = self.local(stamp.wall_ms)
        minute = local.hour * 60 + local.minute
        coming = (meal for meal in self.meals if minute < meal.to_min)
        return next(coming, self.meals[-1] if self.meals else None)

    def menu(self, day: str, meal: str) -> Menu:
        """Return what is offered; nothing where the roster has no such menu."""
        line = self.roster.line("menu", f"{day} {meal}")
        if line is None:
            return EMPTY_MENU
        row = msgspec.json.decode(line, type=MenuRow)
        offered = self.dish(row.set) if row.set else None
        the_set = replace(offered, is_set=True) if offered is not None else None
        dishes = [dish for dish in map(self.dish, row.dishes) if dish is not None and dish.id != row.set]
        return Menu([the_set, *dishes] if the_set is not None else dishes, the_set)

    def dish(self, dish_id: str) -> Dish | None:
        """Return a version of a dish by `key/version`."""
        if dish_id not in self._dishes and len(self._dishes) < _DISHES_MAX:
            self._dishes[dish_id] = self._read_dish(dish_id)
        return self._dishes.get(dish_id)

    def names_of(self, key: str) -> Mapping[str, str] | None:
        """Return what a dish is called in its newest version here, also one that is only a part of sets."""
        return self._names.get(key)

    def buyer(self, ref: str, day: str, meal: str) -> Buyer | None:
        """Return who that is; None when the roster does not know them, or they have left."""
        person = self.roster.person(ref)
        if person is None or not person.active:
            return None
        return Buyer(
            ref, person.name, person.class_name, person.role == "staff", self._right(ref, day, meal),
            self._account(ref), self.rules.overdraft_tiyn, self.face(ref), self._ordered(ref, day, meal),
        )  # fmt: skip

    def photos(self) -> frozenset[str]:
        """Return the digests of all dishes' photos."""
        rows = (msgspec.json.decode(line, type=DishRow) for line in self.roster.lines("dish"))
        return frozenset(row.photo for row in rows if row.photo)

    def face(self, ref: str) -> str:
        """Return the digest of a person's photo; empty without one, or without their consent."""
        line = self.roster.line("face", ref)
        return msgspec.json.decode(line, type=FaceRow).photo if line is not None else ""

    def faces(self) -> frozenset[str]:
        """Return the digests of all persons' photos."""
        return frozenset(msgspec.json.decode(line, type=FaceRow).photo for line in self.roster.lines("face"))

    def find(self, words: str) -> Sequence[PersonRow]:
        """Return people by the beginnings of their names' words, or of their class, for a card left at home."""
        wanted = words.casefold().split()
        if not wanted:
            return []
        found = (person for person in self.roster.persons() if person.active and _fits(person, wanted))
        return [person for person, _ in zip(found, range(FOUND_MAX), strict=False)]

    def staff(self, role: str) -> Sequence[StaffRow]:
        """Return who may work here in that role, by name."""
        rows = (msgspec.json.decode(line, type=StaffRow) for line in self.roster.lines("staff"))
        return sorted((row for row in rows if role in row.roles), key=lambda row: row.name)

    def _right(self, ref: str, day: str, meal: str) -> Right | None:
        """Return the right that costs the person least."""
        line = self.roster.line("right", ref)
        if line is None:
            return None
        rows = msgspec.json.decode(line, type=RightRow).meals
        rights = [
            Right(is_free=kind == "free", price_tiyn=0 if kind == "free" else price_tiyn)
            for key, kind, from_day, to_day, price_tiyn in rows
            if key == meal and from_day <= day <= to_day
        ]
        return min(rights, key=lambda right: (right.price_tiyn, not right.is_free), default=None)

    def _ordered(self, ref: str, day: str, meal: str) -> tuple[str, ...]:
        """Return the ids of dishes that are ordered for somebody's meal of a day."""
        line = self.roster.line("order", ref)
        if line is None:
            return ()
        dishes = msgspec.json.decode(line, type=OrderRow).dishes
        return tuple(dish for menu, dish in dishes if menu == f"{day} {meal}")

    def _account(self, ref: str) -> AccountRow | None:
        line = self.roster.line("account", ref)
        return msgspec.json.decode(line, type=AccountRow) if line is not None else None

    def _read_dish(self, dish_id: str) -> Dish | None:
        line = self.roster.line("dish", dish_id)
        if line is None:
            return None
        row = msgspec.json.decode(line, type=DishRow)
        key, _, version = row.id.partition("/")
        if not key or not version.isdecimal():
            return None
        parts = list(self._parts(row))
        return Dish(
            key=key,
            version=int(version),
            names=_named(row.names),
            price_tiyn=row.price_tiyn,
            categories=frozenset({row.category, *(part.category for part in parts)} - {""}),
            allergens=frozenset(row.allergens).union(*(part.allergens for part in parts)),
            photo=row.photo,
            barcode=row.barcode,
            is_set=bool(row.parts),
            bans=frozenset({key, *(part_key for part_key, _ in row.parts)}),
        )

    def _parts(self, row: DishRow) -> Iterator[DishRow]:
        for key, version in row.parts:
            line = self.roster.line("dish", f"{key}/{version}")
            if line is not None:
                yield msgspec.json.decode(line, type=DishRow)


def _named(names: DishNames) -> Mapping[str, str]:
    return {"kk": names.kk, "ru": names.ru, "en": names.en}


def _fits(person: PersonRow, wanted: Sequence[str]) -> bool:
    words = [*person.name.casefold().split(), person.class_name.casefold()]
    return all(any(word.startswith(part) for word in words) for part in wanted)
