"""The page of failed attempts: a wrong password and a refused card are seen by IT, and by nobody who may not."""

import httpx2
import pytest
from playwright.async_api import expect

from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]
PATH = "/schools/almaty15/attempts"


@pytest.mark.requirement("KZ456-5.12")
async def test_who_tried_in_vain_to_sign_in_and_with_what_card_is_seen_by_it(site: Site) -> None:
    async with httpx2.AsyncClient(base_url=site.address, headers={"origin": site.address}) as http:
        refused = await http.post("/sign-in", data={"login": "childless", "password": "not the password"})

    page = await site.open(f"{PATH}?person=childless", "it")

    sign_ins = page.locator("table", has_text="wrong password or code").locator("tbody tr")
    await expect(sign_ins.first).to_contain_text("childless")
    await expect(sign_ins.first).to_contain_text("127.0.0.1")
    assert refused.status_code >= 400
    await page.goto(f"{site.address}{PATH}")
    cards = page.locator("table", has_text="cards that opened nothing").locator("tbody tr")
    await expect(cards.first).to_contain_text("card unknown")
    await expect(cards.first).to_contain_text("nobody's here")


@pytest.mark.parametrize(("who", "status"), [("director", 200), ("operator", 200), ("guard", 404), ("other_it", 404)])
async def test_attempts_are_for_who_may_see_the_accounts_of_that_school(site: Site, who: str, status: int) -> None:
    headers = {"cookie": f"esik_session={site.sample.tokens[who]}", "accept": "text/html"}
    async with httpx2.AsyncClient(base_url=site.address, headers=headers) as http:
        answer = await http.get(PATH)

    assert answer.status_code == status
