"""The demonstration school's canteen: dishes, a fortnight of menus, free lunches of grades 1 to 4, its till."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.menu.dishes import add_dish, put_dish_photo, today_of
from cloud.menu.entitlements import EntitlementGiven, approve, propose
from cloud.menu.kinds import SET, RightKind, TillMode
from cloud.menu.meals import USUAL, put_meal
from cloud.menu.menus import keep_cycle, publish_menus, set_menu
from cloud.menu.rules import DishGiven, MealGiven, Names
from cloud.menu.tills import TillRow, put_till, set_pin
from cloud.people.queries import person_of_ref
from cloud.topups.actions import take_cash
from simulators.demo_people import CASHIER, DemoPerson
from simulators.demo_till import Shift
from simulators.demo_time import DAY_MIN, LENGTH_MIN
from simulators.plates import plate

SYSTEM = Actor.system("demonstration")
SHOWN = timedelta(days=14)
SATURDAY = 6
HOUR_MIN = 60
TERM = timedelta(days=270)
FREE_GRADES = (1, 2, 3, 4)
PAID_IN_TIYN = (5_000_00, 3_000_00, 10_000_00, 2_000_00, 1_000_00, 0, 5_000_00)  # one after the other
PIN = "471108"
DISHES = {
    "soup": (DishGiven(Names("Қызылша көже", "Борщ", "Borscht"), "soup", 35_000, "250 г", 120,
                       "қызылша, қырыққабат, картоп, сиыр еті", ("celery",)), "#a8324a"),
    "noodles": (DishGiven(Names("Кеспе көже", "Суп с лапшой", "Noodle soup"), "soup", 33_000, "250 г", 140,
                          "ұн, жұмыртқа, тауық еті", ("eggs", "gluten")), "#d9b25f"),
    "pilaf": (DishGiven(Names("Сиыр еті қосылған палау", "Плов с говядиной", "Pilaf with beef"), "main", 65_000,
                        "250 г", 410, "күріш, сиыр еті, сәбіз"), "#d8a03c"),
    "cutlet": (DishGiven(Names("Тауық котлеті мен картоп езбесі", "Куриная котлета с пюре", "Chicken cutlet, mash"),
                         "main", 62_000, "280 г", 390, "тауық еті, картоп, сүт", ("eggs", "milk")), "#c9975b"),
    "bread": (DishGiven(Names("Нан", "Хлеб", "Bread"), "bakery", 5_000, "40 г", 90, "", ("gluten",)), "#b9814c"),
    "porridge": (DishGiven(Names("Сұлы ботқасы", "Овсяная каша", "Oat porridge"), "porridge", 28_000, "200 г", 230, "",
                           ("gluten", "milk")), "#e3d6b4"),
    "tea": (DishGiven(Names("Шай", "Чай", "Tea"), "drink", 6_000, "200 мл", 30), "#a5622a"),
    "apple": (DishGiven(Names("Алма", "Яблоко", "Apple"), "fruit", 12_000, "150 г", 70), "#c0392b"),
}  # fmt: skip
LUNCHES = (("soup", "pilaf"), ("noodles", "cutlet"))


def meals_around(begins_min: int) -> list[MealGiven]:
    """Return the meals of a day whose lunch is served from a minute after midnight on, for as long as anybody comes."""
    breakfast, lunch, _ = USUAL
    ends_min = min(begins_min + LENGTH_MIN, DAY_MIN)
    return [
        replace(breakfast, from_min=begins_min - HOUR_MIN, to_min=begins_min),
        replace(lunch, from_min=begins_min, to_min=ends_min),
    ]


async def seed_canteen(services: Services, school_id: int, meals: Sequence[MealGiven] = USUAL) -> None:
    """Fill the canteen of a school, and publish what it offers from today on."""
    today = await today_of(services, school_id)
    for meal in meals:
        await put_meal(services, SYSTEM, school_id, meal)
    keys = {name: await _dish(services, school_id, *dish) for name, dish in DISHES.items()}
    sets = [await _set(services, school_id, keys, number, lunch) for number, lunch in enumerate(LUNCHES, 1)]
    for on in (today + timedelta(days=number) for number in range(SHOWN.days)):
        if on == today or on.isoweekday() < SATURDAY:
            which = on.toordinal() % len(LUNCHES)
            lunch = [sets[which], *(keys[name] for name in (*LUNCHES[which], "bread", "tea", "apple"))]
            await set_menu(services, SYSTEM, school_id, on, "breakfast", [keys["porridge"], keys["tea"]])
            await set_menu(services, SYSTEM, school_id, on, "lunch", lunch, sets[which])
    await publish_menus(services, SYSTEM, school_id, today, today + SHOWN)
    monday = today + timedelta(days=7 - today.weekday())
    await keep_cycle(services, SYSTEM, school_id, "Негізгі", monday, 1)
    await _free_lunches(services, school_id, today)


async def _dish(services: Services, school_id: int, dish: DishGiven, colour: str) -> str:
    key = await add_dish(services, SYSTEM, school_id, dish)
    await put_dish_photo(services, SYSTEM, school_id, key, plate(colour))
    return key


async def _set(services: Services, school_id: int, keys: dict[str, str], number: int, lunch: tuple[str, str]) -> str:
    names = Names(f"Түскі ас, {number}-нұсқа", f"Обед, вариант {number}", f"Lunch, choice {number}")
    parts = tuple(keys[name] for name in (*lunch, "bread"))
    return await add_dish(services, SYSTEM, school_id, DishGiven(names, SET, 81_100, parts=parts))


async def _free_lunches(services: Services, school_id: int, today: date) -> None:
    order = EntitlementGiven(
        RightKind.FREE, "grades", ("lunch",), today, today + TERM, "№ 1 бұйрық (көрсетілім)", FREE_GRADES
    )
    await approve(services, SYSTEM, school_id, await propose(services, SYSTEM, school_id, order))


async def seed_till(services: Services, school_id: int, device: str, people: Mapping[str, DemoPerson]) -> Shift:
    """Let a device be the till, a member of staff its cashier, and let those who pay have paid in (ref -> person)."""
    names = Names("Асхана кассасы", "Касса столовой", "Canteen till")
    await put_till(services, SYSTEM, school_id, TillRow("till-1", names, device, TillMode.SET))
    cashier = next(ref for ref, each in people.items() if each.position == CASHIER)
    await set_pin(services, SYSTEM, school_id, cashier, PIN)
    for number, (ref, each) in enumerate(people.items()):
        paid_tiyn = PAID_IN_TIYN[number % len(PAID_IN_TIYN)]
        if each.school_class is not None and each.school_class[0] not in FREE_GRADES and paid_tiyn:
            person = await person_of_ref(services, SYSTEM, ref)
            await take_cash(services, SYSTEM, person, paid_tiyn, f"{number:032x}")
    return Shift(cashier, PIN)
