"""A canteen in the middle of its year, for pages to show: dishes, menus of two weeks, a cycle, orders, restrictions."""

from datetime import date, timedelta

from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services
from cloud.menu.dishes import add_dish, change_dish, put_dish_photo
from cloud.menu.entitlements import EntitlementGiven, approve, list_children, propose
from cloud.menu.kinds import SET, Limit, RightKind, TillMode
from cloud.menu.meals import USUAL, put_meal
from cloud.menu.menus import keep_cycle, publish_menus, set_menu
from cloud.menu.restricting import Setting, add_restriction
from cloud.menu.rules import DishGiven, Names
from cloud.menu.tills import TillRow, put_till, set_pin
from simulators.plates import plate

DAY = date(2026, 9, 1)
MONDAY = DAY - timedelta(days=1)
DIRECTOR = "Бақыт Оразов"
DISHES = (
    (DishGiven(Names("Қызылша көже", "Борщ", "Borscht"), "soup", 35_000, "250 г", 120,
               "қызылша, қырыққабат, картоп, ет", ("celery",)), "#a8324a"),
    (DishGiven(Names("Сиыр еті қосылған палау", "Плов с говядиной", "Pilaf with beef"), "main", 65_050, "250 г", 410,
               "күріш, сиыр еті, сәбіз"), "#d8a03c"),
    (DishGiven(Names("Нан", "Хлеб", "Bread"), "bakery", 5_000, "40 г", 90, "", ("gluten",)), "#b9814c"),
    (DishGiven(Names("Сүт қосылған шай", "Чай с молоком", "Tea with milk"), "drink", 8_000, "200 мл", 40, "",
               ("milk",)), "#c69c6d"),
    (DishGiven(Names("Сұлы ботқасы", "Овсяная каша", "Oat porridge"), "porridge", 28_000, "200 г", 230, "",
               ("gluten", "milk")), "#e3d6b4"),
    (DishGiven(Names("Алма", "Яблоко", "Apple"), "fruit", 12_000, "150 г", 70), ""),
    (DishGiven(Names("Балды тоқаш", "Медовик", "Honey cake"), "dessert", 30_000, "80 г", 320, "",
               ("eggs", "gluten", "milk", "бал")), "#c98a2b"),
)  # fmt: skip


async def write(services: Services, school_id: int, child: str, listed: str, cashier: str) -> str:
    """Write the canteen of a school; return the digest of the first dish's photo."""
    cook = Actor("Сәуле Тұрар", None, frozenset({Reach(Role.CANTEEN, school_id)}))
    for meal in USUAL:
        await put_meal(services, cook, school_id, meal)
    keys = [await _dish(services, cook, school_id, dish, colour) for dish, colour in DISHES]
    lunch = DishGiven(
        Names("Түскі ас, 1–4-сыныптар", "Обед, 1–4 классы", "Lunch, grades 1-4"), SET, 57_700,
        parts=(keys[0], keys[1], keys[2]),
    )  # fmt: skip
    keys.append(await add_dish(services, cook, school_id, lunch))
    await _menus(services, cook, school_id, keys)
    await _orders(services, school_id, listed)
    till = TillRow("till1", Names("Асхана кассасы", "Касса столовой", "Canteen till"), "gate-north", TillMode.SET)
    await put_till(services, cook, school_id, till)
    await set_pin(services, cook, school_id, cashier, "902817")
    await _restrict(services, school_id, child, keys[6])
    return str(await services.database.pool.fetchval("SELECT photo FROM dish WHERE id = 1"))


async def _dish(services: Services, cook: Actor, school_id: int, dish: DishGiven, colour: str) -> str:
    key = await add_dish(services, cook, school_id, dish)
    if colour:
        await put_dish_photo(services, cook, school_id, key, plate(colour))
    return key


async def _menus(services: Services, cook: Actor, school_id: int, keys: list[str]) -> None:
    soup, pilaf, bread, tea, porridge, apple, cake, lunch = keys
    for number in range(1, 12):
        on = MONDAY + timedelta(days=number)
        if on.isoweekday() > 5:
            continue
        await set_menu(services, cook, school_id, on, "breakfast", [porridge, tea] if number % 2 else [porridge, apple])
        await set_menu(services, cook, school_id, on, "lunch", [lunch, soup, pilaf, bread, tea, cake], lunch)
    await publish_menus(services, cook, school_id, DAY, MONDAY + timedelta(days=4))
    await keep_cycle(services, cook, school_id, "Күзгі цикл", MONDAY, 2)
    cheaper = DISHES[0][0]
    dearer = DishGiven(cheaper.names, cheaper.category, 37_000, cheaper.portion, 120, cheaper.composition, ("celery",))
    await change_dish(services, cook, school_id, soup, dearer, MONDAY + timedelta(days=7))


async def _orders(services: Services, school_id: int, listed: str) -> None:
    office = Actor("Гүлнар Ахметова", None, frozenset({Reach(Role.OFFICE, school_id)}))
    director = Actor(DIRECTOR, None, frozenset({Reach(Role.DIRECTOR, school_id)}))
    year = (DAY, date(2027, 5, 25))
    grades = EntitlementGiven(RightKind.FREE, "grades", ("lunch",), *year, "№ 41 бұйрық, 25.08.2026", (1, 2, 3, 4))
    few = EntitlementGiven(RightKind.SUBSIDISED, "low_income", ("lunch",), *year, "№ 44 бұйрық", (), 20_000)
    for order in (grades, few):
        order_id = await propose(services, office, school_id, order)
        if order is few:
            await list_children(services, office, school_id, order_id, [listed])
        else:
            await approve(services, director, school_id, order_id)


async def _restrict(services: Services, school_id: int, child: str, cake: str) -> None:
    """Write what the first child's parents have set, before they have accounts."""
    mother, now, pool = "Айгүл Қожахмет", services.clock.now(), services.database.pool
    number, held = 0, [
        (Limit.ALLERGEN, "milk", "", 2, mother), (Limit.DISH, cake, "", 2, mother),
        (Limit.DAY_LIMIT, "150000", "", 2, mother), (Limit.ALLERGEN, "nuts", "№ 12 анықтама", 3, "Гүлнар Ахметова"),
        (Limit.CATEGORY, "drink", "", 9, mother),
    ]  # fmt: skip
    person_id = await pool.fetchval("SELECT id FROM person WHERE ref = $1", child)
    async with pool.acquire() as connection:
        for kind, value, document, days, by in held:
            new = Setting(school_id, person_id, kind, value, document, now - timedelta(days=days), by)
            number = await add_restriction(connection, services.vault, new)
        await connection.execute(
            "UPDATE restriction SET lifted_at = $2, lifted_by = $3 WHERE id = $1",
            number,
            now - timedelta(days=4),
            mother,
        )


async def order(services: Services, school_id: int, child_id: int) -> None:
    """Write what is ordered for a child: breakfast tomorrow, and a lunch of which a dish was taken off since."""
    for on, meal, dishes in ((DAY + timedelta(days=1), "lunch", (8, 4)), (DAY + timedelta(days=2), "lunch", (2, 6))):
        await services.database.pool.execute(
            'WITH made AS (INSERT INTO preorder (school_id, person_id, "on", meal, ordered_at, ordered_by)'
            " VALUES ($1, $2, $3, $4, $5, 'Айгүл Қожахмет') RETURNING id)"
            " INSERT INTO preorder_dish SELECT made.id, place, dish, 1 FROM made, unnest($6::int[]) WITH ORDINALITY"
            " AS chosen (dish, place)",
            school_id, child_id, on, meal, services.clock.now() - timedelta(hours=2), list(dishes),
        )  # fmt: skip


async def rate(services: Services, school_id: int, child_id: int) -> None:
    """Write what a parent thinks of yesterday's lunch."""
    await services.database.pool.execute(
        "INSERT INTO meal_rating VALUES ($1, $2, $3, 'lunch', 4, 5, 'Палау дәмді, шай салқын.', $4, 'Айгүл Қожахмет')",
        school_id, child_id, DAY - timedelta(days=1), services.clock.now(),
    )  # fmt: skip
