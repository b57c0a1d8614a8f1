"""What a child ate, from the till's records to the parent's page, files and API; and until when the money lasts."""

import csv
from collections.abc import AsyncIterator
from io import BytesIO, StringIO
from pathlib import Path

import pytest
import pytest_asyncio
from openpyxl import load_workbook
from playwright.async_api import expect

from cloud.core.actor import Role
from cloud.menu.dishes import add_dish
from cloud.menu.rules import DishGiven, Names
from cloud.people.queries import person_of_ref
from cloud.topups.actions import take_cash
from tests.cloud.schools.factory import SYSTEM
from tests.pages.parents_canteen import ParentsCanteen, session
from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

EVIL = DishGiven(Names("=2+5", "=2+5", "=2+5"), "drink", 80_00)


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="family")
async def _family(site: Site) -> AsyncIterator[ParentsCanteen]:
    """Write a family whose child ate on four school days, once free, and has paid in."""
    family = await ParentsCanteen.open(site)
    family.canteen.keys["evil"] = await add_dish(
        site.services, family.canteen.cook, family.canteen.school_id, EVIL
    )  # fmt: skip
    for days in (8, 7, 6):  # Monday to Wednesday of the week before
        await family.sell("lunch", 577_00, days=days)
    await family.sell("lunch", 577_00, "free", days=1)
    await family.sell("evil", 80_00, days=1)
    person = await person_of_ref(site.services, SYSTEM, family.ref)
    await take_cash(site.services, SYSTEM, person, 2_500_00, "9" * 32)
    yield family


@pytest.mark.requirement("KZ456-33-1.6", part="statistics")
async def test_a_parent_sees_what_was_eaten_with_price_date_and_time_and_what_it_adds_up_to(
    family: ParentsCanteen,
) -> None:
    page = await family.look("/statistics?by=month&on=2026-08-31", language="ru")

    main = page.get_by_role("main")
    await expect(main.locator(".tile", has_text="Приёмы пищи")).to_contain_text("4")
    await expect(main.locator(".tile", has_text="Оплачено")).to_contain_text("1 811 ₸")
    await expect(main.locator(".tile", has_text="Из бюджета")).to_contain_text("577 ₸")
    dishes = main.locator("table", has_text="Блюда").locator("tbody tr")
    await expect(dishes.first).to_contain_text("Обед 1-4")
    await expect(dishes.first).to_contain_text("2 308 ₸")
    await expect(main.locator("table", has_text="Категории")).to_contain_text("Комплексы")
    await expect(main.get_by_text("Сельдерей · 4 раза")).to_be_visible()
    meal = main.locator("li.meal-line", has_text="25 авг.").first
    await expect(meal).to_contain_text("12:00")
    await expect(meal).to_contain_text("577 ₸")
    await expect(main.get_by_role("img", name="Тенге").locator("title")).to_have_count(31)
    await main.get_by_text("В виде таблицы").click()
    await expect(main.locator("table.tight tr", has_text="25 авг.")).to_contain_text("577 ₸")


@pytest.mark.requirement("KZ456-33-1.6", part="reports")
async def test_a_parent_takes_the_meals_of_a_term_away_as_csv_and_xlsx_and_by_the_api(
    family: ParentsCanteen, tmp_path: Path
) -> None:
    page = await family.look("/statistics?by=term&on=2026-08-31", width=1280)
    await expect(page.get_by_role("main")).to_contain_text("Lunch 1-4")
    async with page.expect_download() as loading:
        await page.get_by_role("link", name="XLSX").click()
    await (await loading.value).save_as(tmp_path / "meals.xlsx")
    book = load_workbook(tmp_path / "meals.xlsx")
    told = await family.get(f"/children/{family.ref}/statistics.csv?by=month&on=2026-08-31", "kk")
    api = (await family.get(f"/api/v1/children/{family.ref}/statistics?by=month&on=2026-08-31")).json()

    rows = list(csv.reader(StringIO(told.content.decode("utf-8-sig"), newline="")))
    assert rows[0][:4] == ["Күні", "Уақыты", "Ас мезгілі", "Тағам"]
    assert rows[1][:2] + rows[1][3:4] + rows[1][5:8] == ["2026-08-24", "12:00", "Түскі ас 1-4", "1", "577.00", "577.00"]
    assert ("'=2+5", "80.00") in {(row[3], row[9]) for row in rows}
    assert sum(float(row[9] or 0) for row in rows[1:]) == 1_811
    assert api["sums"] == {"meals": 4, "free": 1, "subsidised": 0, "paid_tiyn": 181_100, "budget_tiyn": 57_700}
    assert [meal["portions"][0]["names"]["en"] for meal in api["meals"]].count("Lunch 1-4") == 4
    assert book.active is not None
    assert "Dish" in [cell.value for cell in book.active[1]]


async def test_a_workbook_of_a_month_adds_up(family: ParentsCanteen) -> None:
    answer = await family.get(f"/children/{family.ref}/statistics.xlsx?by=month&on=2026-08-31")

    sheet = load_workbook(BytesIO(answer.content)).active

    assert sheet is not None
    assert answer.headers["content-disposition"] == 'attachment; filename="meals-2026-08-01-2026-08-31.xlsx"'
    paid = [row[9] for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert sum(float(str(each or 0)) for each in paid) == 1_811


async def test_a_parent_is_told_until_when_the_money_lasts(family: ParentsCanteen) -> None:
    balance = (await family.get(f"/api/v1/children/{family.ref}/balance")).json()
    page = await family.look("/money", language="kk")

    # 1,811 tenge in ten school days are 181.10 a day; 689 tenge are left.
    assert balance == {
        "held_tiyn": 68_900, "is_low": True, "pace_tiyn": 18_110, "school_days_left": 3, "last_on": "2026-09-03",
        "is_beyond": False,
    }  # fmt: skip
    await expect(page.get_by_role("main")).to_contain_text("жететін соңғы оқу күні: 2026 ж. 3 қыркүйек, бейсенбі")
    await expect(page.get_by_role("main")).to_contain_text("Ақша аз қалды")
    page = await family.look("")
    await expect(page.get_by_role("main")).to_contain_text("lasts until Thursday, September 3, 2026")
    await page.goto(f"{family.site.address}/")
    await expect(page.get_by_role("main")).to_contain_text("Little is left")


@pytest.mark.requirement("KZ456-33-1.8", part="parents")
async def test_a_meal_that_a_till_sold_is_rated_by_the_parent_and_read_by_the_canteen_by_dish_and_week(
    family: ParentsCanteen,
) -> None:
    page = await family.look("/ratings", language="ru")
    meal = page.locator("section", has_text="31 августа")
    await meal.get_by_role("group", name="Еда").get_by_label("4", exact=True).check()
    await meal.get_by_role("group", name="Обслуживание").get_by_label("3", exact=True).check()
    await meal.get_by_text("Каждое блюдо отдельно").click()
    await meal.get_by_role("group", name="Обед 1-4").get_by_label("2", exact=True).check()
    await meal.locator("textarea").fill("Остыл")
    async with page.expect_navigation():
        await meal.get_by_role("button").click()
    await expect(meal).to_contain_text("2 из 5")

    cook = await family.canteen.clerk(Role.CANTEEN, "cook-of-almaty5")
    family.site.sample.tokens["cook_of_almaty5"] = await session(family.site, cook, "token-of-cook5")
    page = await family.site.open("/schools/almaty5/ratings", "cook_of_almaty5")

    dishes = page.locator("table", has_text="Dishes, the worst first").locator("tbody tr")
    await expect(dishes.first).to_contain_text("Lunch 1-4")
    await expect(dishes.first).to_contain_text("2.0")
    await expect(dishes.nth(1)).to_contain_text("4.0")
    await expect(page.locator("#weeks tbody tr")).to_contain_text("Mon, Aug 31")
    await expect(page.locator("#weeks tbody tr")).to_contain_text("3.0")
    await expect(page.get_by_role("main")).to_contain_text("Остыл")
    await expect(page.get_by_role("main")).not_to_contain_text("Әліби")
    await dishes.first.get_by_role("link", name="by week").click()
    await expect(page.locator("#weeks caption")).to_contain_text("Lunch 1-4, by week")
    await expect(page.locator("#weeks tbody tr")).to_contain_text("2.0")


async def test_stretches_lead_to_one_another_and_nothing_eaten_is_said(family: ParentsCanteen) -> None:
    page = await family.look("/statistics")
    await page.get_by_role("link", name="←", exact=False).nth(1).click()
    await expect(page.get_by_role("main").locator(".tile", has_text="Meals")).to_contain_text("3")
    await page.get_by_role("link", name="Month").click()
    await expect(page.get_by_role("heading", level=2).first).to_have_text("August 2026")

    page = await family.look("/statistics?by=month&on=9999-12-31")
    await expect(page.get_by_role("heading", level=2).first).to_have_text("September 2026")
    page = await family.look("/statistics?by=week&on=2026-03-04")
    await expect(page.get_by_role("main")).to_contain_text("Nothing was eaten")


async def test_the_balance_is_for_who_may_see_the_money_and_meals_for_who_may_see_the_meals(
    family: ParentsCanteen,
) -> None:
    pages = {name: f"/children/{family.ref}/{name}" for name in ("statistics", "orders", "money")}
    balance, meals = "On the account", "Lunch 1-4"
    whole = {name: (await family.get(path)).text for name, path in pages.items()}

    async with family.without("may_pay"):
        unpaid = {name: await family.get(path) for name, path in pages.items()}
    async with family.without("may_see_meals"):
        unseen = {name: await family.get(path) for name, path in pages.items()}

    assert [name for name, text in whole.items() if balance in text] == ["statistics", "orders", "money"]
    assert [name for name, answer in unpaid.items() if balance in answer.text] == []
    assert [answer.status_code for answer in unpaid.values()] == [200, 200, 404]
    assert meals in whole["money"]
    assert meals not in unseen["money"].text
    assert balance in unseen["money"].text
    assert [answer.status_code for answer in unseen.values()] == [404, 200, 200]


@pytest.mark.requirement("KZ456-33-1.8", part="students")
async def test_a_student_rates_the_own_meal_and_sees_the_own_money_and_nothing_that_parents_decide(
    family: ParentsCanteen,
) -> None:
    pool = family.site.services.database.pool
    pupil = await family.canteen.clerk(Role.STUDENT, "pupil-of-almaty5")
    link = "INSERT INTO student_account (person_id, account_id) VALUES ($1, $2)"
    await pool.execute(link, family.child_id, pupil.account_id)
    family.site.sample.tokens["pupil_of_almaty5"] = await session(family.site, pupil, "token-of-pupil5")
    page = await family.site.open("/", "pupil_of_almaty5", width=390)
    await page.get_by_role("link", name="Canteen menu").click()
    await page.get_by_role("link", name="How was the meal?").click()
    meal = page.locator("section", has_text="August 25")
    await meal.get_by_role("group", name="Food").get_by_label("5", exact=True).check()
    await meal.get_by_role("group", name="Service").get_by_label("4", exact=True).check()
    async with page.expect_navigation():
        await meal.get_by_role("button").click()

    await expect(meal).to_contain_text("Food: 5 of 5. Service: 4 of 5.")
    taken_back = "DELETE FROM meal_rating WHERE rated_by = $1 RETURNING food, service"  # others count the ratings here
    assert tuple(await pool.fetchrow(taken_back, pupil.name)) == (5, 4)
    page = await family.site.open(f"/children/{family.ref}/money", "pupil_of_almaty5")
    await expect(page.get_by_role("main")).to_contain_text("On the account")
    for closed in ("orders", "limits", "consents", "pass", "family"):
        page = await family.site.open(f"/children/{family.ref}/{closed}", "pupil_of_almaty5")
        await expect(page.get_by_role("main")).to_contain_text("There is nothing here")
