"""Notices on the pages: told without a reload, counted in the menu, read by their parent only, and in the API."""

from typing import Any

import httpx2
import pytest
from playwright.async_api import Page, expect

from cloud.core.actor import Actor
from cloud.people.queries import person_of_ref
from cloud.topups.actions import take_cash
from tests.cloud.notifications.factory import tell_all
from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

SYSTEM = Actor.system("sample")


async def test_a_new_notice_is_on_the_open_page_and_counted_without_a_reload(site: Site) -> None:
    page = await opened(site, "/notices", "guardian")
    before = await count(page)

    await pay(site, 1_234_00, "01" * 16)

    newest = page.locator(".notices li").first
    await expect(newest).to_contain_text("1,234 ₸ came to the canteen account of")
    await expect(newest).to_contain_text("New")
    await expect(page.locator("#count-notices")).to_contain_text(f"{before + 1} unread")


async def test_the_first_page_counts_a_new_notice_without_a_reload(site: Site) -> None:
    page = await opened(site, "/", "guardian")
    before = await count(page)

    await pay(site, 14_00, "05" * 16)

    await expect(page.locator("#count-notices")).to_contain_text(f"{before + 1} unread")
    await expect(page.locator("#count-notices")).to_have_count(1)


async def test_what_is_read_is_counted_no_more_and_what_came_since_stays_unread(site: Site) -> None:
    await pay(site, 11_00, "02" * 16)
    page = await site.open("/notices", "guardian", script=False, language="ru")
    await expect(page.locator(".notices li").first).to_contain_text("На счёт столовой поступило 11 ₸", ignore_case=True)
    await pay(site, 12_00, "03" * 16)

    await page.get_by_role("button", name="Отметить все").click()

    await expect(page.locator("#count-notices")).to_contain_text("1 непрочитанное")
    await expect(page.locator(".notices .is-new")).to_have_count(1)
    await expect(page.locator(".notices .is-new")).to_contain_text("12 ₸")
    await page.get_by_role("button", name="Отметить все").click()
    await expect(page.locator("#count-notices")).to_be_empty()


async def test_the_days_of_one_child_are_asked_for_by_name(site: Site) -> None:
    page = await site.open("/notices", "guardian")
    names = await page.get_by_role("navigation", name="Whose notices").get_by_role("link").all_inner_texts()

    await page.get_by_role("link", name=names[2]).click()

    await expect(page.locator(".notices li").first).to_be_visible()
    texts = await page.locator(".notices p").all_inner_texts()
    assert texts != []
    assert [text for text in texts if names[1] in text] == []


async def test_the_office_sees_what_was_told_and_to_whom_and_not_whether_it_was_read(site: Site) -> None:
    page = await site.open(f"/schools/almaty15/people/{site.sample.child_ref}", "office")

    await page.get_by_role("link", name="Notices", exact=True).click()

    await expect(page.get_by_role("heading", name="What guardians were told")).to_be_visible()
    await expect(page.locator(".notices li").first).to_contain_text("to: Айгүл Қожахмет")
    await expect(page.locator(".notices .is-new")).to_have_count(0)


async def test_a_program_reads_notices_page_by_page_in_the_language_it_asks_for(site: Site) -> None:
    headers = {"cookie": f"esik_session={site.sample.tokens['guardian']}", "accept-language": "kk"}
    told: list[dict[str, Any]] = []
    async with httpx2.AsyncClient(base_url=site.address, headers=headers) as http:
        whole = (await http.get("/api/v1/notices")).json()
        rest = (await http.get(f"/api/v1/notices?before={whole['notices'][0]['id']}")).json()
        of_one = (await http.get(f"/api/v1/notices?child={site.sample.sibling_ref}")).json()
        wrong = await http.get("/api/v1/notices?child=%27")
        while page := (await http.get(f"/api/v1/notices?before={told[-1]['id'] if told else 2**62}")).json()["notices"]:
            told += page

    assert told[: len(whole["notices"])] == whole["notices"]
    assert rest["notices"][: len(whole["notices"]) - 1] == whole["notices"][1:]  # older ones follow
    meal = next(each for each in told if each["kind"] == "meal_taken" and each["payment"] == "account")
    assert "берілді —" in meal["text"]
    assert meal["dishes"][0]["ru"] != ""
    assert {each["person"] for each in of_one["notices"]} == {site.sample.sibling_ref}
    assert wrong.status_code == 422


async def test_another_parent_is_told_nothing_of_it_and_marks_nothing_as_read(site: Site) -> None:
    await pay(site, 13_00, "04" * 16)
    headers = {"cookie": f"esik_session={site.sample.tokens['stranger']}", "origin": site.address}
    async with httpx2.AsyncClient(base_url=site.address, headers=headers) as http:
        told = (await http.get("/api/v1/notices")).json()
        await http.post("/api/v1/notices/read", json={"upto": 2**62})
        page = await http.get(f"/notices?child={site.sample.child_ref}", headers={"accept": "text/html"})

    assert (told["notices"], told["unread"], page.status_code) == ([], 0, 404)
    assert await count(await site.open("/", "guardian")) > 0


async def opened(site: Site, path: str, who: str) -> Page:
    """Open a page, when what other tests did is told, and wait until it lives."""
    await tell_all(site.services)
    page = await site.open(path, who)
    await expect(page.locator("[data-live-state]")).to_have_attribute("data-state", "live")
    return page


async def count(page: Page) -> int:
    """Return how many unread notices the menu tells of."""
    told = await page.locator("#count-notices").inner_text()
    return int(told.split()[0]) if told.strip() else 0


async def pay(site: Site, amount_tiyn: int, once: str) -> None:
    """Let the office take cash for the child, and tell of it."""
    person = await person_of_ref(site.services, SYSTEM, site.sample.child_ref)
    await take_cash(site.services, SYSTEM, person, amount_tiyn, once)
    await tell_all(site.services)
