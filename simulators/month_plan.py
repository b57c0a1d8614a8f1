"""A school's month, drawn from a seed: who goes there, what each may eat for less, what is cooked, who comes when.

Rule: nothing here knows the product. What the product is told and what it is judged by both come from these pages.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

FIRST_ON, LAST_ON = date(2026, 9, 1), date(2026, 9, 30)
CYCLE_MONDAY = date(2026, 8, 31)
HOLIDAY, SATURDAY_OF_WORK = date(2026, 9, 14), date(2026, 9, 19)
TERM_LAST_ON = date(2027, 5, 25)
AID_LAST_ON = date(2026, 9, 10)
BREAKFAST, LUNCH, SNACK = "breakfast", "lunch", "snack"
HOURS = {
    BREAKFAST: (8 * 60 + 35, 10 * 60 + 20),
    LUNCH: (11 * 60 + 35, 13 * 60 + 50),
    SNACK: (15 * 60 + 5, 16 * 60 + 45),
}
ACCOUNT, FREE, SUBSIDISED, CASH = "account", "free", "subsidised", "cash"
GRADES_THAT_EAT_FREE = range(1, 5)
HALF_TIYN = 200_00
FRIDAY = 5


@dataclass(frozen=True, slots=True)
class Food:
    """Something that is sold, under a word of our own; with parts it is a set."""

    names: tuple[str, str, str]  # Kazakh, Russian, English
    category: str
    price_tiyn: int
    allergens: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()


FOODS = {
    "soup": Food(("Қызылша көже", "Борщ", "Borscht"), "soup", 350_00, ("celery",)),
    "noodles": Food(("Кеспе көже", "Суп с лапшой", "Noodle soup"), "soup", 330_50, ("eggs", "gluten")),
    "pilaf": Food(("Сиыр еті қосылған палау", "Плов с говядиной", "Pilaf with beef"), "main", 650_00),
    "cutlet": Food(("Тауық котлеті", "Куриная котлета", "Chicken cutlet"), "main", 620_00, ("eggs", "milk")),
    "bread": Food(("Нан", "Хлеб", "Bread"), "bakery", 50_00, ("gluten",)),
    "porridge": Food(("Сұлы ботқасы", "Овсяная каша", "Oat porridge"), "porridge", 280_00, ("gluten", "milk")),
    "tea": Food(("Шай", "Чай", "Tea"), "drink", 60_00),
    "apple": Food(("Алма", "Яблоко", "Apple"), "fruit", 120_01),
    "bun": Food(("Тоқаш", "Булочка", "Bun"), "bakery", 150_00, ("gluten",)),
    "juice": Food(("Шырын 🧃", "Сок 🧃", "Juice 🧃"), "drink", 250_00),
    "lunch-a": Food(("Түскі ас А", "Обед А", "Lunch A"), "set", 811_00, parts=("soup", "pilaf", "bread")),
    "lunch-b": Food(("Түскі ас Б", "Обед Б", "Lunch B"), "set", 777_77, parts=("noodles", "cutlet", "bread")),
    "morning": Food(("Таңғы ас", "Завтрак", "Breakfast"), "set", 340_00, parts=("porridge", "tea")),
}
SETS = frozenset(name for name, food in FOODS.items() if food.parts)
BAR = ("tea", "apple", "bun", "juice")


@dataclass(frozen=True, slots=True)
class Menu:
    """What a meal of a day offers, in order, and the set that one touch sells; no set at the bar."""

    foods: tuple[str, ...]
    set: str = ""


def menu_of(on: date, meal: str) -> Menu:
    """Return what is cooked: two weeks of lunches that begin anew again and again."""
    if meal == BREAKFAST:
        return Menu(("morning", "tea", "bun"), "morning")
    if meal == SNACK:
        return Menu(BAR)
    lunch = ("lunch-a", "lunch-b")[(on - CYCLE_MONDAY).days % 14 % 2]
    return Menu((lunch, *FOODS[lunch].parts, "tea", "apple", "juice"), lunch)


@dataclass(frozen=True, slots=True)
class Right:
    """One meal a day for nothing, or for a lower price, for a term."""

    meal: str
    kind: str
    price_tiyn: int
    last_on: date = TERM_LAST_ON
    first_on: date = FIRST_ON

    def holds(self, meal: str, on: date) -> bool:
        """Tell whether it is for this meal on that day."""
        return meal == self.meal and self.first_on <= on <= self.last_on


OF_GRADES = Right(LUNCH, FREE, 0)
LISTS: Mapping[str, tuple[Right, ...]] = {
    "social_aid": (Right(LUNCH, FREE, 0), Right(BREAKFAST, FREE, 0)),
    "large_family": (Right(LUNCH, SUBSIDISED, HALF_TIYN),),
    "emergency": (Right(LUNCH, FREE, 0, AID_LAST_ON),),
}


@dataclass(slots=True)
class Child:
    """A child as the school knows it; `ref` and `person_id` are the cloud's, once it was entered there."""

    number: int
    grade: int
    letter: str
    uid: bytes
    lists: tuple[str, ...] = ()
    allergen: str = ""
    day_limit_tiyn: int | None = None
    sibling: int | None = None
    is_here: bool = True
    has_card: bool = True
    ref: str = ""
    person_id: int = 0
    pays_at: str = ""  # the number that a bank knows

    @property
    def rights(self) -> tuple[Right, ...]:
        own = tuple(right for name in self.lists for right in LISTS[name])
        return (*own, OF_GRADES) if self.grade in GRADES_THAT_EAT_FREE else own


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody comes to a till, so many seconds after midnight: a child, by its number, or a guest who pays cash."""

    at_s: int
    till: int
    meal: str
    child: int | None = None
    foods: tuple[tuple[str, int], ...] = ()  # nothing: the set
    is_cash: bool = False


@dataclass(frozen=True, slots=True)
class Size:
    """How large a school is, how many tills it has, and how many days of the month are lived."""

    children: int = 1_000
    tills: int = 3
    days: int = 31
    sync_s: int = 2_400  # how often the cloud is asked for newer lists


@dataclass(slots=True)
class Plan:
    """The month before it happens."""

    seed: int
    size: Size
    children: list[Child] = field(default_factory=list)
    days: list[date] = field(default_factory=list)

    @classmethod
    def drawn(cls, seed: int, size: Size) -> "Plan":
        """Return the month of a seed."""
        rng = Random(f"{seed} school")
        return cls(seed, size, list(_children(size.children, rng)), list(_school_days())[: size.days])

    def visits(self, on: date) -> list[Visit]:
        """Return who comes on a day, in order."""
        rng = Random(f"{self.seed} {on}")
        visits = [visit for child in self.children for visit in _of_child(child, self.size.tills, rng)]
        guests = [_guest(self.size.tills, rng) for _ in range(1 + self.size.children // 50)]
        return sorted([*visits, *guests], key=lambda visit: (visit.at_s, visit.till))

    def tills(self) -> Sequence[str]:
        """Return the names of the tills' devices; the first one is the school's hub."""
        return [f"mektep1-till-{number}" for number in range(1, self.size.tills + 1)]


def _school_days() -> Iterator[date]:
    """Yield the days that are taught by this school's calendar."""
    for number in range((LAST_ON - FIRST_ON).days + 1):
        on = FIRST_ON + timedelta(days=number)
        if on == SATURDAY_OF_WORK or (on.isoweekday() <= FRIDAY and on != HOLIDAY):
            yield on


def _children(count: int, rng: Random) -> Iterator[Child]:
    for number in range(count):
        grade = 1 + number % 11
        letter = "АБВГД"[number // 11 // 25 % 5]
        lists = tuple(name for name, share in (("social_aid", 8), ("large_family", 10), ("emergency", 6))
                      if rng.randrange(100) < share)[:1]  # fmt: skip
        allergen = rng.choice(("milk", "gluten", "eggs")) if rng.randrange(100) < 4 else ""
        sibling = number - 1 if number % 5 == 4 else None
        yield Child(
            number, grade, letter, b"\x04" + number.to_bytes(3, "big") + b"\xa5\x5a\x01", lists, allergen, sibling
        )


def _of_child(child: Child, tills: int, rng: Random) -> Iterator[Visit]:
    """Yield a child's meals of one day; who is asked less than twice a day is sick, or eats at home."""
    is_absent, eats_early, eats, buys, is_greedy = (rng.randrange(100) for _ in range(5))
    favourite = rng.choice(BAR)
    times = {meal: rng.randrange(60 * from_min, 60 * to_min) for meal, (from_min, to_min) in HOURS.items()}
    places = [rng.randrange(tills) for _ in range(4)]
    if is_absent < 6:
        return
    if eats_early < (80 if "social_aid" in child.lists else 8):
        yield Visit(times[BREAKFAST], places[0], BREAKFAST, child.number)
    if eats < 92:
        yield Visit(times[LUNCH], places[1], LUNCH, child.number)
    if eats < 5:  # and comes again, at whatever till
        yield Visit(times[LUNCH] + rng.randrange(20, 600), places[2], LUNCH, child.number)
    if buys < 14:
        foods = ((favourite, 1 + is_greedy // 90),) if is_greedy % 2 else (("tea", 1), (favourite, 2))
        yield Visit(times[SNACK], places[3], SNACK, child.number, tuple(dict(foods).items()), is_cash=is_greedy < 12)


def _guest(tills: int, rng: Random) -> Visit:
    meal = rng.choice((LUNCH, SNACK))
    from_min, to_min = HOURS[meal]
    foods = (("tea", rng.randrange(1, 3)), ("apple", 1)) if rng.randrange(2) else (("juice", 1),)
    return Visit(rng.randrange(60 * from_min, 60 * to_min), rng.randrange(tills), meal, None, foods, is_cash=True)
