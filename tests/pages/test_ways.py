"""Ways through the pages in a browser: the first sign-in, a choice of language, a lost card, sign-out everywhere."""

import pytest
from playwright.async_api import Page, expect

from cloud.accounts.actions import add_account
from cloud.core.actor import Actor, Reach, Role
from tests.pages.site import Site, altered

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

NEW = "дождь пирог весло"


@pytest.mark.requirement("KZ456-5.9")
async def test_somebody_new_signs_in_with_the_password_on_paper_and_must_choose_another(site: Site) -> None:
    made = await add_account(
        site.services, Actor.system("test"), "+7 701 000 11 22", "Бағдат", Reach(Role.GUARDIAN, site.sample.school_id)
    )
    page = await fresh(site, "/")
    await sign_in(page, "8 (701) 000-11-22", made.password)
    await expect(page.locator("h1")).to_have_text("Choose your own password")
    await page.goto(f"{site.address}/children/{site.sample.child_ref}")
    await expect(page.locator("h1")).to_have_text("Choose your own password")

    await change(page, made.password, "short")
    await expect(page.get_by_role("alert")).to_contain_text("too short")
    await change(page, made.password, NEW)

    await expect(page.locator("h1")).to_have_text("Today")
    await page.goto(f"{site.address}/account")
    await page.get_by_role("button", name="Sign out everywhere").click()
    await expect(page.get_by_role("status").first).to_contain_text("You have signed out")
    await sign_in(page, made.login, made.password)
    await expect(page.get_by_role("alert")).to_contain_text("The login or the password is wrong")
    await sign_in(page, made.login, NEW)
    await expect(page.locator("h1")).to_have_text("Today")


@pytest.mark.requirement("KZ456-17")
async def test_the_language_is_the_readers_choice_and_is_remembered(site: Site) -> None:
    page = await fresh(site, "/sign-in", locale="ru-RU")
    await expect(page.locator("h1")).to_have_text("Войти")

    await page.get_by_role("main").get_by_role("button", name="Қазақша").click()

    await expect(page.locator("h1")).to_have_text("Кіру")
    await page.goto(f"{site.address}/sign-in?next=/account")
    await expect(page.locator("html")).to_have_attribute("lang", "kk")


async def test_an_account_is_met_in_its_language_by_a_browser_in_which_none_was_chosen(site: Site) -> None:
    reach = Reach(Role.GUARDIAN, site.sample.school_id)
    made = await add_account(site.services, Actor.system("test"), "tongues", "Бағдат", reach, "ru")
    page = await fresh(site, "/sign-in")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await sign_in(page, made.login, made.password)
    await expect(page.locator("html")).to_have_attribute("lang", "ru")

    await page.locator(".shell-top > .menu > summary").click()
    await page.get_by_role("button", name="Қазақша").click()
    await expect(page.locator("html")).to_have_attribute("lang", "kk")
    await page.context.clear_cookies(name="esik_language")
    await page.reload()

    await expect(page.locator("html")).to_have_attribute("lang", "kk")


async def test_a_look_that_was_chosen_stays(site: Site) -> None:
    page = await fresh(site, "/sign-in")
    await page.locator(".shell-top > .menu > summary").click()
    await page.get_by_role("button", name="Dark").click()

    await expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


async def test_a_parent_blocks_a_lost_card_in_two_touches(site: Site) -> None:
    page = await site.open(f"/children/{site.sample.child_ref}", "guardian", width=390)
    try:
        await page.get_by_text("Lost? Block the card").click()
        await page.get_by_role("button", name="Yes, block it").click()

        await expect(page.get_by_role("status").last).to_contain_text("The card is blocked")
        await expect(page.get_by_text("Blocked", exact=True)).to_be_visible()
    finally:
        await site.services.database.pool.execute("UPDATE card SET state = 'active' WHERE id = $1", site.sample.card_id)


async def test_the_muster_list_prints_names_and_boxes_and_nothing_of_the_shell(site: Site) -> None:
    page = await site.open("/schools/almaty15/muster", "guard")
    async with altered(page):
        await page.emulate_media(media="print")

        await expect(page.locator(".shell-top")).to_be_hidden()
        await expect(page.get_by_role("button", name="Print")).to_be_hidden()
        await expect(page.locator(".muster li").first).to_be_visible()


async def test_on_a_phone_the_section_that_is_shown_stands_in_view(site: Site) -> None:
    page = await site.open("/releases", "operator", width=390)

    current = page.locator(".shell-nav [aria-current]")

    await expect(current).to_be_in_viewport(ratio=0.9)


async def fresh(site: Site, path: str, locale: str = "en-US") -> Page:
    """Open a page in a browser that was never here."""
    return await site.open(path, language="", locale=locale, width=390)


async def sign_in(page: Page, login: str, password: str) -> None:
    await page.get_by_label("Phone, e-mail or name of the account").fill(login)
    await page.get_by_label("Password", exact=True).fill(password)
    await page.get_by_role("main").get_by_role("button", name="Sign in").click()


async def change(page: Page, current: str, new: str) -> None:
    await page.get_by_label("Password now").fill(current)
    await page.get_by_label("New password", exact=True).fill(new)
    await page.get_by_label("New password again").fill(new)
    await page.get_by_role("button", name="Change the password").click()
