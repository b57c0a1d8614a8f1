"""What the director decides about the canteen on a page: tills hear of it, nonsense is refused, the office sees it."""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from cloud.core.database import raw
from cloud.menu.settings import USUAL, rules_of, set_rules
from cloud.rosters.building import rows_of
from cloud.rosters.kinds import RosterKind
from tests.cloud.schools.factory import SYSTEM
from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

SCHOOL = "/schools/almaty15"
OVERDRAFT = "An account may go below zero by, tenge"


@pytest_asyncio.fixture(loop_scope="session", name="site")
async def _undecided(site: Site) -> AsyncIterator[Site]:
    yield site
    await set_rules(site.services, SYSTEM, site.sample.school_id, USUAL)


async def told_to_tills(site: Site) -> object:
    async with site.services.database.transaction() as connection:
        now = site.services.clock.now()
        lines = await rows_of(raw(connection), site.services.vault, site.sample.school_id, now, RosterKind.CANTEEN)
    return next(row[2] for row in map(json.loads, lines) if row[0] == "canteen")


async def test_the_director_decides_what_accounts_may_owe_and_whom_tills_ask_about(site: Site) -> None:
    page = await site.open(f"{SCHOOL}/approvals", "director")
    await page.get_by_role("link", name="Canteen settings").click()
    await page.get_by_label(OVERDRAFT).fill("-5")
    await page.get_by_role("button", name="Keep").click()
    await expect(page.get_by_role("alert")).to_contain_text("0 at least")
    assert await page.get_by_label(OVERDRAFT).input_value() == "-5"

    await page.get_by_label(OVERDRAFT).fill("500,50")
    await page.get_by_label("The till asks the cashier").check()
    await page.get_by_role("button", name="Keep").click()

    await expect(page.get_by_role("status")).to_contain_text("It is kept")
    assert await told_to_tills(site) == {"overdraft_tiyn": 50_050, "unseen": "ask"}
    assert await page.get_by_label(OVERDRAFT).input_value() == "500,50"


async def test_the_office_sees_and_does_not_decide(site: Site) -> None:
    page = await site.open(f"{SCHOOL}/entitlements", "office")
    await page.get_by_role("link", name="Canteen settings").click()

    await expect(page.get_by_text("The canteen and the director change this.")).to_be_visible()
    await expect(page.get_by_label(OVERDRAFT)).to_be_disabled()
    await expect(page.get_by_role("button", name="Keep")).to_have_count(0)
    assert await rules_of(site.services.database.pool, site.sample.school_id) == USUAL
