"""A family's word in a browser, from a parent's phone to the class teacher's morning and back; who collects a child."""

import pytest
from playwright.async_api import Page, expect

from tests.pages.absence_sample import ILL
from tests.pages.asking import ask
from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

SCHOOL = "/schools/almaty15"
LIVE_MS = 10_000
PDF = b"%PDF-1.4\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"
_LAST = """
SELECT says, by_name FROM register_mark AS mark JOIN person ON person.id = person_id WHERE ref = $1
ORDER BY mark.number DESC LIMIT 1
"""


async def test_a_parent_tells_on_a_phone_the_teacher_asks_back_and_accepts_and_the_parent_sees_it(site: Site) -> None:
    path = f"/children/{site.sample.child_ref}/absences"
    page = await site.open(path, "guardian", width=390)
    await page.get_by_label("First day away").fill("2026-09-21")
    await page.get_by_label("Last day away").fill("2026-09-23")
    await page.get_by_label("Ill").check()
    await page.get_by_label("In words, if you like").fill("операция жоспарланған")
    await page.locator("#file-new").set_input_files({"name": "a.pdf", "mimeType": "application/pdf", "buffer": PDF})
    await page.get_by_role("button", name="Tell the school").click()
    mine = page.locator("article", has=page.get_by_role("heading", name="Mon, Sep 21"))
    await expect(mine).to_contain_text("Told, not seen yet")

    page = await site.open(f"{SCHOOL}/absences", "class_teacher", width=390)
    told = page.locator("article", has_text="операция жоспарланған")
    await expect(told.get_by_role("link", name="Paper 1")).to_be_visible()
    await told.get_by_text("Ask back").click()
    await told.get_by_label("Words to the family").fill("Қай ауруханада?")
    await told.get_by_role("button", name="Send").click()

    page = await site.open(path, "guardian", width=390)
    mine = page.locator("article", has=page.get_by_role("heading", name="Mon, Sep 21"))
    await expect(mine).to_contain_text("Әсел Омарова: Қай ауруханада?")
    await mine.get_by_label("In words").fill("№5 ауруханада")
    await mine.get_by_role("button", name="Send").click()

    page = await site.open(f"{SCHOOL}/absences", "class_teacher", width=390)
    await page.locator("article", has_text="№5 ауруханада").get_by_role("button", name="Accept").click()

    page = await site.open(path, "guardian", width=390)
    mine = page.locator("article", has=page.get_by_role("heading", name="Mon, Sep 21"))
    await expect(mine).to_contain_text("Accepted")
    await mine.get_by_role("button", name="Take it back: the child comes").click()
    await expect(mine).to_contain_text("Withdrawn")


async def test_a_paper_that_is_none_and_days_that_are_told_are_refused_with_what_was_typed(site: Site) -> None:
    page = await site.open(f"/children/{site.sample.child_ref}/absences", "guardian")
    await page.get_by_label("First day away").fill("2026-09-25")
    await page.get_by_label("Last day away").fill("2026-09-24")
    await page.get_by_label("Family matters").check()
    await page.get_by_label("In words, if you like").fill("той")

    await page.get_by_role("button", name="Tell the school").click()

    await expect(page.get_by_role("alert")).to_contain_text("The last day comes before the first one")
    await expect(page.get_by_label("In words, if you like")).to_have_value("той")
    await expect(page.get_by_label("Family matters")).to_be_checked()
    await page.get_by_label("Last day away").fill("2026-09-25")
    await page.locator("#file-new").set_input_files({"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF"})
    await page.get_by_role("button", name="Tell the school").click()
    await expect(page.get_by_role("alert")).to_contain_text("no scan that can be read")


async def test_whom_a_court_limits_is_told_why_nothing_can_be_told(site: Site) -> None:
    page = await site.open(f"/children/{site.sample.absent_ref}/absences", "father", width=390)

    await expect(page.get_by_text("a court's limit about the child is noted")).to_be_visible()
    await expect(page.get_by_role("button", name="Tell the school")).to_have_count(0)
    status = await ask(
        site.app, "POST", f"/children/{site.sample.absent_ref}/absences", site.sample.tokens["father"],
        {"first": "2026-09-10", "reason": "ill"},
    )  # fmt: skip
    assert status == 404


async def test_one_touch_writes_what_the_family_told_and_that_the_rest_is_here(site: Site) -> None:
    page = await site.open(f"{SCHOOL}/morning/3", "office", width=390)
    away = page.locator("section", has=page.get_by_role("heading", name="Away, and known why"))
    await expect(away.locator(f"#c-{ILL}")).to_contain_text("Family: Ill")

    await page.get_by_role("button", name="1 as told, everybody else is here").click()

    await expect(page.get_by_text("Register taken")).to_be_visible()
    assert tuple(await site.services.database.pool.fetchrow(_LAST, ILL)) == ("absent", "Гүлнар Ахметова")


async def test_a_teachers_morning_shows_who_is_to_be_found_and_asks_the_parents_once(site: Site) -> None:
    page = await site.open("/", "class_teacher", width=390)
    await page.goto(f"{site.address}{SCHOOL}/morning")
    await expect(page.locator("h1")).to_have_text("Morning of 1А")  # who has one class is led to it
    lost = page.locator("section", has=page.get_by_role("heading", name="In the building, not in class"))
    child = lost.locator(f"#c-{site.sample.child_ref}")
    await expect(child).to_contain_text("Absent from class: ill")

    await child.get_by_role("button", name="Ask the parents where the child is").click()

    await expect(child).to_contain_text("The parents were asked at")
    await expect(child.get_by_role("button", name="Ask the parents")).to_have_count(0)
    await child.get_by_role("link", name="Write to the family").click()
    await expect(page.locator("#child")).to_have_value(site.sample.child_ref)
    page = await site.open("/notices", "guardian", width=390)
    await expect(page.get_by_text("is not where the class is, and Әсел Омарова asks where")).to_have_count(1)


async def test_whose_parents_get_no_notices_the_teacher_is_told_to_call(site: Site) -> None:
    page = await site.open(f"{SCHOOL}/morning/1", "class_teacher", width=390)
    gone = page.locator("section", has=page.get_by_role("heading", name="Left before the lessons end"))

    await gone.get_by_role("button", name="Ask the parents where the child is").first.click()

    await expect(page.get_by_role("alert")).to_contain_text("Call them")


async def test_a_morning_is_live_and_a_touch_marks(site: Site) -> None:
    page = await site.open(f"{SCHOOL}/morning/2", "office", width=390)
    line = page.locator("#c-student00015")
    await expect(page.locator("section", has=line).get_by_role("heading")).to_contain_text("not marked yet")
    path, form = f"{SCHOOL}/morning/2/mark", {"ref": "student00015", "said": "absent_family", "seen": "0"}

    await ask(site.app, "POST", path, site.sample.tokens["deputy"], form)

    lost = page.locator("section", has=page.get_by_role("heading", name="In the building, not in class"))
    await expect(lost.locator("#c-student00015")).to_contain_text("Absent from class: family", timeout=LIVE_MS)
    await lost.locator("#c-student00015").get_by_role("button", name="Ill").click()
    await expect(line.get_by_role("button", name="Ill")).to_have_attribute("aria-pressed", "true")


async def test_a_trip_is_written_down_and_called_off(site: Site) -> None:
    page = await site.open(f"{SCHOOL}/trips?class_id=5", "office", width=390)
    await page.get_by_label("What the trip is for").fill("Театр")
    await page.get_by_label("Where to").fill("Әуезов театры")
    await page.get_by_role("button", name="Write it down").click()
    trip = page.locator("article", has=page.get_by_role("heading", name="9В: Театр"))
    await expect(trip).to_contain_text("On a trip")

    await trip.get_by_role("button", name="Call it off").click()

    await expect(trip).to_contain_text("called off by Гүлнар Ахметова")


async def test_a_parent_names_who_collects_the_child_and_ends_it(site: Site) -> None:
    path = f"/children/{site.sample.child_ref}/collectors"
    page = await site.open(path, "guardian", width=390)
    await name_somebody(page, "Сейіт Марал", "8 701 555 01 77")
    aunt = page.locator("article", has=page.get_by_role("heading", name="Сейіт Марал"))
    await expect(aunt).to_contain_text("+77015550177")
    await expect(aunt).to_contain_text("May collect now")

    await aunt.get_by_role("button", name="End it").click()

    await expect(aunt).to_contain_text("Ended")
    uncle = page.locator("article", has=page.get_by_role("heading", name="Қожахмет Айдар"))  # by the school's paper
    await uncle.get_by_role("button", name="No: may not collect the child").click()
    await expect(uncle).to_contain_text("A guardian says no")
    await name_somebody(page, "Қожахмет Айдар", "8 701 555 01 78")  # who said no may say yes
    await expect(page.get_by_role("heading", name="Қожахмет Айдар")).to_have_count(2)


async def test_the_office_names_by_a_paper_and_ends_it(site: Site) -> None:
    page = await site.open(f"{SCHOOL}/people/{site.sample.child_ref}/collectors", "office")
    await page.get_by_text("Name somebody by a paper").click()
    await name_fields(page, "Басқа Адам", "8 701 555 01 80")
    await page.get_by_label("Where it is written").fill("өтініш 40")
    await page.get_by_role("button", name="Add", exact=True).click()

    named = page.locator("article", has=page.get_by_role("heading", name="Басқа Адам"))
    await expect(named).to_contain_text("өтініш 40")
    await named.get_by_role("button", name="End it").click()
    await expect(named).to_contain_text("Ended")


async def name_somebody(page: Page, name: str, phone: str) -> None:
    """Fill the parent's form, and send it."""
    if not await page.get_by_label("Surname and given name").is_visible():
        await page.get_by_text("Name somebody", exact=True).click()
    await name_fields(page, name, phone)
    await page.get_by_role("button", name="Add", exact=True).click()


async def name_fields(page: Page, name: str, phone: str) -> None:
    await page.get_by_label("Surname and given name").fill(name)
    await page.get_by_label("Phone").fill(phone)


async def test_a_class_teacher_and_the_guard_see_who_collects_whom_without_phones(site: Site) -> None:
    page = await site.open(f"{SCHOOL}/collectors", "class_teacher", width=390)
    await expect(page.locator("main")).to_contain_text("Қожахмет Бибігүл")
    await expect(page.locator("main")).not_to_contain_text("7015550150")
    await expect(page.locator("main")).not_to_contain_text("Ким Ольга")  # once, and not today

    page = await site.open(f"{SCHOOL}/collectors", "guard")
    await expect(page.get_by_text("No child is shown")).to_be_visible()
    await page.get_by_label("Class").select_option("1А")
    await page.get_by_role("button", name="Show").click()
    await expect(page.locator("main")).to_contain_text("Қожахмет Бибігүл")
