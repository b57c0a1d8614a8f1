"""Rules of the menu: prices, names, allergens and times as people write them; which day of a cycle a day is. Pure."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date

from cloud.core.messages import message
from cloud.core.money import tiyn_of
from cloud.menu.errors import DishRefused, MealRefused, PriceRefused
from cloud.menu.kinds import ALLERGENS, CATEGORIES, SET

NAME_MAX = 64
PORTION_MAX = 24
COMPOSITION_MAX = 1_000
ALLERGEN_MAX = 16
ALLERGENS_MAX = 32
PARTS_MAX = 16
PRICE_MAX_TIYN = 10_000_000  # 100,000 tenge: more is a mistyped point
ENERGY_MAX_KCAL = 5_000
KEY = re.compile(r"[a-z0-9-]{1,16}")
BARCODE = re.compile(r"[0-9]{6,14}")
DAYS = 7
DAY_MIN = 24 * 60
_CURRENCY = re.compile(r"(?:₸|тг\.?|тенге|теңге|kzt)$")
_TIME = re.compile(r"(\d{1,2})[:.](\d{2})")
_JOINERS = {"\u200d", "\u200c"}  # what holds an emoji together


@dataclass(frozen=True, slots=True)
class Names:
    """A name in the three languages."""

    kk: str
    ru: str
    en: str

    def __getitem__(self, language: str) -> str:
        return {"ru": self.ru, "en": self.en}.get(language, self.kk)


@dataclass(frozen=True, slots=True)
class DishGiven:
    """A dish as somebody describes it; `parts` are the keys of what a set is made of."""

    names: Names
    category: str
    price_tiyn: int
    portion: str = ""
    energy_kcal: int | None = None
    composition: str = ""
    allergens: tuple[str, ...] = ()
    barcode: str = ""
    parts: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class MealGiven:
    """A meal of the day, in minutes after local midnight."""

    key: str
    names: Names
    from_min: int
    to_min: int


def checked_dish(given: DishGiven) -> DishGiven:
    """Return a dish in its one form. Raises DishRefused or PriceRefused."""
    names = named(given.names, DishRefused(message("A dish needs a name, in one language at least.")))
    if given.category not in CATEGORIES:
        raise DishRefused(message("There is no such category. Choose one of the list."))
    if (given.category == SET) != bool(given.parts):
        raise DishRefused(message("A set is made of other dishes, and only a set. Choose its dishes, or a category."))
    if len(set(given.parts)) != len(given.parts) or len(given.parts) > PARTS_MAX:
        raise DishRefused(message("A set has different dishes, {count} at most.", count=PARTS_MAX))
    if given.energy_kcal is not None and not 0 <= given.energy_kcal <= ENERGY_MAX_KCAL:
        raise DishRefused(message("The energy of a portion is 0 to {count} kcal.", count=ENERGY_MAX_KCAL))
    barcode = "".join(given.barcode.split())
    if barcode and not BARCODE.fullmatch(barcode):
        raise DishRefused(message("A barcode has 6 to 14 digits. Read it again, or leave it empty."))
    return replace(
        given,
        names=names,
        price_tiyn=checked_price(given.price_tiyn),
        portion=shortened(given.portion, PORTION_MAX),
        composition=shortened(given.composition, COMPOSITION_MAX),
        allergens=normal_allergens(given.allergens),
        barcode=barcode,
    )


def checked_meal(given: MealGiven) -> MealGiven:
    """Return a meal in its one form. Raises MealRefused."""
    names = named(given.names, MealRefused(message("A meal needs a name, in one language at least.")))
    if not KEY.fullmatch(given.key):
        raise MealRefused(message("A meal's key has small Latin letters, digits and hyphens, 16 at most, as lunch."))
    if not 0 <= given.from_min < given.to_min <= DAY_MIN:
        raise MealRefused(message("A meal ends after it begins, on the same day."))
    return replace(given, names=names)


def named(names: Names, missing: DishRefused | MealRefused) -> Names:
    """Return names in their one form, what is missing taken from the others. Raises `missing`, or what is too long."""
    given = [shortened(each, NAME_MAX) for each in (names.kk, names.ru, names.en)]
    known = next((each for each in given if each), None)
    if known is None:
        raise missing
    kk, ru, en = given
    return Names(kk or ru or known, ru or kk or known, en or ru or known)


def shortened(text: str, most: int) -> str:
    """Return a text with single spaces and nothing invisible; emoji stay. Raises DishRefused for one that is longer."""
    normal = unicodedata.normalize("NFC", text)
    visible = (" " if unicodedata.category(letter) in {"Cc", "Zl", "Zp"} else letter for letter in normal)
    kept = "".join(letter for letter in visible if _is_kept(letter))
    clean = " ".join(kept.split())
    if len(clean) > most:
        raise DishRefused(message("“{given}…” is too long: {count} characters at most.", given=clean[:24], count=most))
    return clean


def price_of(text: str) -> int:
    """Return the tiyn of a price as 577, 577,50 or 1 200 ₸. Raises PriceRefused, which says why."""
    plain = _CURRENCY.sub("", "".join(text.lower().split()).replace("−", "-"))
    amount = tiyn_of(plain.removeprefix("-"))
    if amount is None:
        raise PriceRefused(message("“{given}” is no price. Write tenge, as 577 or 577.50.", given=text.strip()[:24]))
    return checked_price(-amount if plain.startswith("-") else amount)


def checked_price(price_tiyn: int) -> int:
    """Return a price. Raises PriceRefused for a negative or an enormous one."""
    if price_tiyn < 0:
        raise PriceRefused(
            message("A price is never negative. Write what it costs, as 577; 0 for what is given out free.")
        )
    if price_tiyn > PRICE_MAX_TIYN:
        raise PriceRefused(message("The price is above {count} tenge. Check the point.", count=PRICE_MAX_TIYN // 100))
    return price_tiyn


def normal_allergens(given: Iterable[str]) -> tuple[str, ...]:
    """Return allergens as keys of the list and other words, in order and once each. Raises DishRefused."""
    keys = sorted({allergen_of(each) for each in given if each.strip()})
    if len(keys) > ALLERGENS_MAX:
        raise DishRefused(message("A dish has {count} allergens at most.", count=ALLERGENS_MAX))
    return tuple(keys)


def allergen_of(text: str) -> str:
    """Return the key of an allergen, or the word itself in its one form. Raises DishRefused for what is no word."""
    word = shortened(text, COMPOSITION_MAX).lower()
    if word in ALLERGENS:
        return word
    if not word or len(word) > ALLERGEN_MAX or not all(each.isalnum() or each in " -" for each in word):
        raise DishRefused(
            message(
                "“{given}” names no allergen: a word of letters, {count} at most.", given=word[:24], count=ALLERGEN_MAX
            )
        )
    return word


def minute_of(text: str) -> int:
    """Return minutes after midnight of a time as 12:30. Raises MealRefused."""
    match = _TIME.fullmatch(text.strip())
    minute = int(match[1]) * 60 + int(match[2]) if match and int(match[2]) < 60 else -1
    if not 0 <= minute <= DAY_MIN:
        raise MealRefused(message("“{given}” is no time. Write it as 12:30.", given=text.strip()[:24]))
    return minute


def time_of(minute: int) -> str:
    """Return a time as 12:30."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def cycle_day(on: date, first_monday: date, weeks: int) -> int:
    """Return which day of a cycle of `weeks` weeks a day is, when the cycle begins on a Monday."""
    return (on - first_monday).days % (weeks * DAYS)


def differing(old: DishGiven, new: DishGiven) -> bool:
    """Tell whether a dish must get another version; a barcode is no part of one."""
    return replace(old, barcode="") != replace(new, barcode="")


def _is_kept(letter: str) -> bool:
    return letter in _JOINERS or unicodedata.category(letter) not in {"Cf", "Cs", "Co"}
