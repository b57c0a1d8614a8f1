"""Recommendations in a browser: from the class's list over the trajectory to what the family reads."""

import pytest
from playwright.async_api import expect

from tests.pages.advice_sample import OWN
from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

SCHOOL = "/schools/almaty15"


@pytest.mark.requirement("KBR-4.2.advice")
async def test_a_teacher_finds_a_student_reads_why_takes_it_into_the_trajectory_and_shows_it_to_the_family(
    site: Site,
) -> None:
    page = await site.open(f"{SCHOOL}/advice", "class_teacher", width=390)
    await expect(page.locator("table.list")).to_contain_text("Stands low in a subject")
    group = page.locator("section", has=page.get_by_role("heading", name="Stands low in a subject"))
    await expect(group.locator("li").first).to_contain_text("less than 60 %")

    page = await site.open(f"{SCHOOL}/people/{site.sample.child_ref}/advice", "class_teacher", width=390)
    await page.get_by_text("Write a recommendation of your own").click()
    await page.get_by_label("What you recommend").fill("Көбейту кестесін күнде қайталау")
    await page.get_by_role("button", name="Keep").click()
    mine = page.locator("article", has=page.locator("p.lines", has_text="Көбейту кестесін күнде қайталау"))
    await mine.get_by_text("Into the trajectory", exact=True).click()
    await mine.get_by_label("By which day").fill("2026-12-20")
    await mine.get_by_role("button", name="Take it into the trajectory").click()
    await expect(mine).to_contain_text("In the trajectory")
    await mine.get_by_role("button", name="Show it to the family").click()
    await expect(mine).to_contain_text("The family sees it")

    page = await site.open(f"/children/{site.sample.child_ref}/portfolio", "guardian", width=390)
    await expect(page.locator("#advice")).to_contain_text("Көбейту кестесін күнде қайталау")
    await expect(page.locator("#advice")).to_contain_text(OWN)
    await expect(page.locator("h3", has_text="Көбейту кестесін күнде қайталау")).to_have_count(2)  # and as a goal


async def test_a_refused_goal_is_told_and_a_dismissed_recommendation_says_why(site: Site) -> None:
    page = await site.open(f"{SCHOOL}/people/student00006/advice", "class_teacher")
    first = page.locator("article").first
    await first.get_by_text("Into the trajectory", exact=True).click()
    await first.get_by_label("By which day").fill("2020-01-01")
    await first.get_by_role("button", name="Take it into the trajectory").click()
    await expect(page.get_by_role("alert")).to_contain_text("within three years")

    first = page.locator("article").first
    await first.get_by_text("Dismiss it, and say why").click()
    await first.get_by_label("Why: colleagues read this").fill("Отбасымен келістік")
    await first.get_by_role("button", name="Do not follow it").click()

    await expect(page.locator("article", has_text="Отбасымен келістік")).to_contain_text("Not followed")


async def test_the_deputy_sets_thresholds_and_a_wrong_one_is_told(site: Site) -> None:
    page = await site.open(f"{SCHOOL}/advice/rules", "deputy")
    await page.get_by_text("Set a new version").click()
    await page.get_by_label("Stands low: below, %").fill("99")
    await page.get_by_role("button", name="Keep").click()
    await expect(page.get_by_role("alert")).to_contain_text("Exchange them")

    await page.get_by_label("Stands low: below, %").fill("60")
    await page.get_by_label("Late at lessons, times in a quarter").fill("9")
    await page.get_by_role("button", name="Keep").click()

    await expect(page.locator("section", has=page.get_by_role("heading", name="In force"))).to_contain_text("9")
    await expect(page.get_by_text("Version 2 of the school")).to_be_visible()
