"""The demonstration school's canteen: dishes, a fortnight of menus, free lunches of grades 1 to 4."""

from datetime import date, timedelta

from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.menu.dishes import add_dish, put_dish_photo, today_of
from cloud.menu.entitlements import EntitlementGiven, approve, propose
from cloud.menu.kinds import SET, RightKind
from cloud.menu.meals import USUAL, put_meal
from cloud.menu.menus import keep_cycle, publish_menus, set_menu
from cloud.menu.rules import DishGiven, Names
from simulators.plates import plate

SYSTEM = Actor.system("demonstration")
SHOWN = timedelta(days=14)
SATURDAY = 6
TERM = timedelta(days=270)
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


async def seed_canteen(services: Services, school_id: int) -> None:
    """Fill the canteen of a school, and publish what it offers from today on."""
    today = await today_of(services, school_id)
    for meal in USUAL:
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
        RightKind.FREE, "grades", ("lunch",), today, today + TERM, "№ 1 бұйрық (көрсетілім)", (1, 2, 3, 4)
    )
    await approve(services, SYSTEM, school_id, await propose(services, SYSTEM, school_id, order))
