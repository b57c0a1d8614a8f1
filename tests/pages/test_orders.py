"""Ordering ahead in a browser: a parent orders, changes and cancels; the kitchen counts; late and gone are told."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest
import pytest_asyncio
from playwright.async_api import expect

from cloud.menu.menus import set_menu
from tests.cloud.schools.factory import SYSTEM
from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

FRIDAY = "2026-09-04"  # a school day of the published week


@pytest_asyncio.fixture(loop_scope="session", name="ref")
async def _ref(site: Site) -> AsyncIterator[str]:
    """Give the second child of the parent, and take back what was ordered for it."""
    yield site.sample.sibling_ref
    await site.services.database.pool.execute(
        "UPDATE preorder SET cancelled_at = now() WHERE person_id = $1 AND cancelled_at IS NULL", site.sample.sibling_id
    )


async def test_a_parent_orders_by_touch_with_the_sum_and_the_kitchen_counts_it(site: Site, ref: str) -> None:
    page = await site.open(f"/children/{ref}/orders", "guardian", language="ru", width=390)
    form = page.locator("form[data-order]", has=page.locator(f"#o-{FRIDAY}-lunch-4"))
    await page.locator("section", has=page.locator(f"#d-{FRIDAY}")).get_by_text("Выбрать блюда").nth(1).click()
    await form.get_by_label("Плов с говядиной").check()
    await form.get_by_label("Чай с молоком").check()
    await expect(form.locator("output")).to_have_text("730,50 ₸")
    async with page.expect_navigation():
        await form.get_by_role("button").click()

    day = page.locator("section", has=page.locator(f"#d-{FRIDAY}"))
    await expect(day.locator(".note.tone-in")).to_contain_text("730,50 ₸")
    await expect(day).to_contain_text("заказ: Айгүл Қожахмет")
    kitchen = await site.open("/schools/almaty15/orders?on=04.09.2026", "canteen")
    row = kitchen.locator("tr", has_text="Pilaf with beef")
    await expect(row).to_contain_text("1")
    await expect(kitchen.get_by_role("main")).to_contain_text("Parents can still order")

    page = await site.open(f"/children/{ref}/orders", "guardian", language="kk", width=390)
    async with page.expect_navigation():
        await (
            page.locator("section", has=page.locator(f"#d-{FRIDAY}"))
            .get_by_role("button", name="Тапсырыстан бас тарту")
            .click()
        )
    await expect(page.locator("section", has=page.locator(f"#d-{FRIDAY}")).locator(".note.tone-in")).to_have_count(0)
    kitchen = await site.open("/schools/almaty15/orders?on=04.09.2026", "canteen")
    await expect(kitchen.get_by_role("main")).to_contain_text("Nothing is ordered")


async def test_who_comes_late_is_told_until_when_it_was(site: Site, ref: str) -> None:
    cookie = {"cookie": f"esik_session={site.sample.tokens['guardian']}; esik_language=en", "origin": site.address}
    async with httpx2.AsyncClient(base_url=site.address, headers=cookie) as http:
        http.headers["accept"] = "text/html"
        answers = [
            await http.post(f"/children/{ref}/orders{path}", data={"on": on, "meal": "lunch", "dish": ["4"]})
            for path, on in (("", "2026-09-01"), ("/cancel", "2026-09-01"), ("", "2026-09-05"), ("", "2026-09-30"))
        ]

    assert [answer.status_code for answer in answers] == [409, 409, 409, 409]
    for answer, told in zip(answers, ("18:00", "18:00", "no lessons", "next 14 days"), strict=True):
        assert 'role="alert"' in answer.text
        assert told in answer.text


async def test_a_dish_that_was_taken_off_is_told_to_the_parent_with_what_to_do(site: Site, ref: str) -> None:
    cookie = {"cookie": f"esik_session={site.sample.tokens['guardian']}", "origin": site.address}
    async with httpx2.AsyncClient(base_url=site.address, headers=cookie) as http:
        await http.post(f"/children/{ref}/orders", data={"on": FRIDAY, "meal": "breakfast", "dish": ["5"]})
    pool, school_id = site.services.database.pool, site.sample.school_id
    on = (site.services.clock.now() + timedelta(days=3)).date()
    keys = await pool.fetch(
        'SELECT key FROM menu JOIN menu_item ON menu_id = menu.id JOIN dish ON dish.id = dish_id WHERE "on" = $1'
        " AND meal = 'breakfast' AND menu.school_id = $2 ORDER BY place", on, school_id,
    )  # fmt: skip
    offered = [row["key"] for row in keys]

    await set_menu(site.services, SYSTEM, school_id, on, "breakfast", [key for key in offered if key != "5"])
    page = await site.open(f"/children/{ref}/orders", "guardian", language="en", width=390)

    day = page.locator("section", has=page.locator(f"#d-{FRIDAY}"))
    await expect(day.get_by_role("status")).to_contain_text("“Oat porridge” was taken off the menu")
    await set_menu(site.services, SYSTEM, school_id, on, "breakfast", offered)


async def test_of_several_sets_the_sum_has_one_at_the_price_of_the_right(site: Site, ref: str) -> None:
    pool, school_id = site.services.database.pool, site.sample.school_id
    on = (site.services.clock.now() + timedelta(days=3)).date()
    keys = await pool.fetch(
        'SELECT key FROM menu JOIN menu_item ON menu_id = menu.id JOIN dish ON dish.id = dish_id WHERE "on" = $1'
        " AND meal = 'lunch' AND menu.school_id = $2 ORDER BY place", on, school_id,
    )  # fmt: skip
    offered = [row["key"] for row in keys]  # the first is a set of parts, the third pilaf
    await set_menu(site.services, SYSTEM, school_id, on, "lunch", offered, offered[2])
    try:
        page = await site.open(f"/children/{ref}/orders", "guardian", language="ru", width=390)
        form = page.locator("form[data-order]", has=page.locator(f"#o-{FRIDAY}-lunch-{offered[2]}"))
        await page.locator("section", has=page.locator(f"#d-{FRIDAY}")).get_by_text("Выбрать блюда").nth(1).click()
        await form.get_by_label("Плов с говядиной").check()
        await expect(form.locator("output")).to_have_text("0 ₸")
        await form.get_by_label("Обед, 1–4 классы").check()
        await expect(form.locator("output")).to_have_text("650,50 ₸")
        async with page.expect_navigation():
            await form.get_by_role("button").click()

        day = page.locator("section", has=page.locator(f"#d-{FRIDAY}"))
        await expect(day.locator(".note.tone-in").get_by_text("650,50 ₸")).to_have_count(2)  # the dish, and the sum
    finally:
        await set_menu(site.services, SYSTEM, school_id, on, "lunch", offered, offered[0])
