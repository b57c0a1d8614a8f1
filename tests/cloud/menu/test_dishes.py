"""Dishes: every change is another version, menus follow from the day it was meant for, and what was sold stays."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.pictures import PhotoRefused
from cloud.menu.dishes import add_dish, change_dish, put_dish_photo, retire_dish
from cloud.menu.errors import BarcodeTaken, DayIsOver, DishRefused
from cloud.menu.queries import dish_of, dish_photo, dish_versions, dishes_of, menus_between, versions_of
from cloud.menu.rules import Names
from tests.cloud.core.pictures import picture
from tests.cloud.menu.factory import BREAD, SOUP, TEA, Canteen, priced
from tests.cloud.schools.factory import a_school


async def test_a_price_never_changes_in_place_and_an_old_sale_keeps_its_dish(canteen: Canteen) -> None:
    key = canteen.keys["soup"]

    version = await change_dish(
        canteen.services, canteen.cook, canteen.school_id, key, priced(SOUP, 40_000), canteen.on
    )
    renamed = replace(priced(SOUP, 40_000), names=Names("Қызылша көже", "Свекольник", "Beetroot soup"))
    await change_dish(canteen.services, canteen.cook, canteen.school_id, key, renamed, canteen.on)

    async with canteen.services.database.pool.acquire() as connection:
        sold = await dish_versions(connection, canteen.school_id, [(key, 1), (key, 2), (key, 9), ("nothing", 1)])
    assert version == 2
    assert {pair: (dish.names.ru, dish.price_tiyn) for pair, dish in sold.items()} == {
        (key, 1): ("Борщ", 35_000), (key, 2): ("Борщ", 40_000),
    }  # fmt: skip
    history = await versions_of(canteen.services, canteen.cook, canteen.school_id, key)
    assert [(dish.version, dish.names.ru) for dish in history] == [(3, "Свекольник"), (2, "Борщ"), (1, "Борщ")]


async def test_what_changes_nothing_makes_no_version(canteen: Canteen) -> None:
    scanned = replace(SOUP, barcode="4870001234567")

    assert await change_dish(
        canteen.services, canteen.cook, canteen.school_id, canteen.keys["soup"], scanned, canteen.on
    ) == 1  # fmt: skip
    dish = await dish_of(canteen.services, canteen.cook, canteen.school_id, canteen.keys["soup"])
    assert dish.barcode == "4870001234567"


async def test_menus_take_a_new_price_from_the_day_it_is_meant_for(canteen: Canteen) -> None:
    tomorrow = canteen.on + timedelta(days=1)
    await canteen.offer("soup", "tea")
    await canteen.offer("soup", on=tomorrow)

    await change_dish(
        canteen.services, canteen.cook, canteen.school_id, canteen.keys["soup"], priced(SOUP, 39_000), tomorrow
    )

    menus = await menus_between(canteen.services.database.pool, canteen.school_id, canteen.on, tomorrow)
    assert [menu.dishes[0].price_tiyn for menu in menus] == [35_000, 39_000]
    with pytest.raises(DayIsOver):
        await change_dish(
            canteen.services, canteen.cook, canteen.school_id, canteen.keys["soup"], SOUP,
            canteen.on - timedelta(days=1),
        )  # fmt: skip


async def test_a_set_has_its_parts_allergens_and_follows_them(canteen: Canteen) -> None:
    before = await dish_of(canteen.services, canteen.cook, canteen.school_id, canteen.keys["lunch"])
    await canteen.offer("lunch", sold="lunch")

    milky = replace(BREAD, allergens=("gluten", "milk"))
    await change_dish(canteen.services, canteen.cook, canteen.school_id, canteen.keys["bread"], milky, canteen.on)

    (menu,) = await menus_between(canteen.services.database.pool, canteen.school_id, canteen.on, canteen.on)
    assert (before.allergens, before.energy_kcal) == (("celery", "gluten"), 210)
    assert menu.set_dish is not None
    assert (menu.set_dish.version, menu.set_dish.allergens) == (2, ("celery", "gluten", "milk"))
    assert [(part.names.ru, part.version) for part in menu.set_dish.parts] == [("Борщ", 1), ("Хлеб", 2)]
    assert menu.set_dish.price_tiyn == 57_700


async def test_a_set_is_made_of_dishes_of_this_school_that_are_no_sets(canteen: Canteen) -> None:
    other_id = await a_school(canteen.services, "almaty6")
    cook = Actor("cook", None, frozenset({Reach(Role.CANTEEN, other_id)}))
    nested = replace(TEA, category="set", parts=(canteen.keys["lunch"],))
    foreign = replace(TEA, category="set", parts=(canteen.keys["soup"],))

    for school_id, actor, dish in ((canteen.school_id, canteen.cook, nested), (other_id, cook, foreign)):
        with pytest.raises(DishRefused, match="made of dishes"):
            await add_dish(canteen.services, actor, school_id, dish)
    with pytest.raises(DishRefused, match="does not become a set"):
        await change_dish(
            canteen.services, canteen.cook, canteen.school_id, canteen.keys["tea"],
            replace(TEA, category="set", parts=(canteen.keys["soup"],)), canteen.on,
        )  # fmt: skip


async def test_one_barcode_is_one_dish(canteen: Canteen) -> None:
    await add_dish(canteen.services, canteen.cook, canteen.school_id, replace(TEA, barcode="48700011"))

    with pytest.raises(BarcodeTaken):
        await add_dish(canteen.services, canteen.cook, canteen.school_id, replace(BREAD, barcode="48700011"))


async def test_two_who_add_at_once_get_two_keys(canteen: Canteen) -> None:
    keys = await asyncio.gather(
        *(add_dish(canteen.services, canteen.cook, canteen.school_id, priced(TEA, price)) for price in range(5))
    )

    assert len(set(keys)) == 5


async def test_a_dish_is_retired_when_no_menu_and_no_set_wants_it(canteen: Canteen) -> None:
    await canteen.offer("tea")

    with pytest.raises(DishRefused, match="stands in a menu"):
        await retire_dish(canteen.services, canteen.cook, canteen.school_id, canteen.keys["tea"])
    with pytest.raises(DishRefused, match="part of a set"):
        await retire_dish(canteen.services, canteen.cook, canteen.school_id, canteen.keys["soup"])
    await canteen.offer("soup")
    await retire_dish(canteen.services, canteen.cook, canteen.school_id, canteen.keys["tea"])

    left = await dishes_of(canteen.services, canteen.cook, canteen.school_id)
    assert {dish.names.ru for dish in left} == {"Борщ", "Хлеб", "Обед 1-4"}


async def test_a_photo_is_kept_small_and_replaced(canteen: Canteen) -> None:
    key = canteen.keys["soup"]
    await put_dish_photo(canteen.services, canteen.cook, canteen.school_id, key, picture())
    first = (await dish_of(canteen.services, canteen.cook, canteen.school_id, key)).photo
    webp = await dish_photo(canteen.services, canteen.school_id, first)

    await put_dish_photo(canteen.services, canteen.cook, canteen.school_id, key, picture(200, 200))

    assert webp[:4] == b"RIFF"
    assert len(webp) <= 20_000
    with pytest.raises(NotFound):
        await dish_photo(canteen.services, canteen.school_id, first)
    with pytest.raises(PhotoRefused):
        await put_dish_photo(canteen.services, canteen.cook, canteen.school_id, key, b"x")
    newest = await dish_of(canteen.services, canteen.cook, canteen.school_id, key)
    assert newest.version == 1


@pytest.mark.parametrize("role", [Role.GUARDIAN, Role.GUARD, Role.OFFICE, Role.DIRECTOR, Role.IT])
async def test_only_the_canteen_writes_dishes(canteen: Canteen, role: Role) -> None:
    somebody = Actor("somebody", None, frozenset({Reach(role, canteen.school_id)}))

    with pytest.raises(NotAllowed):
        await add_dish(canteen.services, somebody, canteen.school_id, TEA)
    with pytest.raises(NotAllowed):
        await put_dish_photo(canteen.services, somebody, canteen.school_id, canteen.keys["tea"], picture())
