"""What IT does with the fleet, in a browser: looking into an alarm, and opening a gate from afar with a reason."""

import pytest
from playwright.async_api import expect

from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

ALARMS = "/schools/almaty15/alarms"
DEVICE = "/schools/almaty15/device/gate-north"


async def test_an_alarm_is_looked_into_in_one_touch_and_says_by_whom(site: Site) -> None:
    page = await site.open(f"{ALARMS}?device=gate-north&kind=reader_lost", "it")

    await page.get_by_role("button", name="Acknowledge: Reader lost, gate-north").click()

    await expect(page.get_by_text("No alarm fits")).to_be_visible()
    await page.select_option("#state", "acknowledged")
    await expect(page.get_by_role("row", name="Reader lost")).to_contain_text("Данияр Ким")


async def test_a_gate_is_opened_from_its_page_only_with_a_reason_and_the_page_follows(site: Site) -> None:
    pool = site.services.database.pool
    before = await pool.fetchval("SELECT count(*) FROM device_command")
    page = await site.open(DEVICE, "it")
    row = page.get_by_role("row", name="a parent with a pram")

    await page.locator("summary", has_text="Open once").click()
    await page.get_by_role("button", name="Yes, open it once").click()
    assert await pool.fetchval("SELECT count(*) FROM device_command") == before  # the browser asks for the reason
    await page.locator("#why-open_once").fill("a parent with a pram")
    await page.get_by_role("button", name="Yes, open it once").click()

    await expect(row).to_contain_text("On its way")
    await pool.execute(
        "WITH done AS (UPDATE device_command SET outcome = 'done', answered_at = asked_at WHERE reason = $1"
        " RETURNING school_id) SELECT pg_notify('esik_presence', school_id || ':-') FROM done",
        "a parent with a pram",
    )
    await expect(row).to_contain_text("Done")


async def test_a_device_is_found_by_what_is_wrong_with_it_and_its_own_page_is_one_touch_away(site: Site) -> None:
    page = await site.open("/schools/almaty15/devices", "it")

    await page.get_by_role("link", name="Needs a look").click()
    await expect(page.get_by_role("row", name="gate-yard")).to_have_count(0)
    await page.get_by_role("link", name="gate-south").click()

    await expect(page.get_by_role("heading", name="gate-south")).to_be_visible()
    await expect(page.get_by_text("It has told nothing in this time")).to_be_visible()
