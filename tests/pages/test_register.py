"""The class register in a browser: a teacher's one touch on a phone, and what the office, canteen and parents see."""

import pytest
from playwright.async_api import Locator, Page, expect

from cloud.attendance.queries import school_today
from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.register.actions import mark
from cloud.register.kinds import BY_CODE
from tests.pages.asking import ask
from tests.pages.sample import DAY
from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

REGISTER = "/schools/almaty15/register"
SYSTEM = Actor.system("test")
UNSEEN = 49  # a student of 9В who has not come
_LAST = """
SELECT says, by_name FROM register_mark AS mark JOIN person ON person.id = person_id WHERE ref = $1
ORDER BY mark.number DESC LIMIT 1
"""


def line(page: Page, number: int) -> Locator:
    """Return the line of a student of the sample."""
    return page.locator(f"#c-student{number:05d}")


async def last(site: Site, number: int) -> tuple[str, str]:
    return tuple(await site.services.database.pool.fetchrow(_LAST, f"student{number:05d}"))


async def class_of(site: Site, number: int) -> int:
    asked = "SELECT school_class_id FROM person WHERE ref = $1"
    return int(await site.services.database.pool.fetchval(asked, f"student{number:05d}"))


async def test_a_teacher_takes_the_register_on_a_phone_and_sees_what_the_gates_saw(site: Site) -> None:
    page = await site.open(REGISTER, "class_teacher", width=390)
    await expect(page.locator("h1")).to_have_text("Register of 1А")  # who has one class is led to it
    await expect(line(page, 0)).to_contain_text("Marked absent, but came through the gate")
    await expect(line(page, 0)).to_contain_text("Gate: came")
    await expect(line(page, 4).get_by_role("button", name="Ill")).to_have_attribute("aria-pressed", "false")

    await line(page, 4).get_by_role("button", name="Ill").click()

    await expect(line(page, 4).get_by_role("button", name="Ill")).to_have_attribute("aria-pressed", "true")
    await expect(page.get_by_text("Register taken")).to_have_count(0)
    await page.get_by_role("button", name="Everybody else is here").click()
    await expect(page.get_by_text("Register taken")).to_be_visible()
    await expect(page.get_by_role("button", name="Everybody else")).to_have_count(0)
    assert [await last(site, number) for number in (4, 9)] == [("absent", "Әсел Омарова"), ("present", "Әсел Омарова")]
    await page.get_by_text("What was said, by whom and when").click()
    await expect(page.get_by_role("table")).to_contain_text("Absent from class: ill")


async def test_the_office_marks_by_keyboard_alone_and_without_a_script(site: Site) -> None:
    page = await site.open(f"{REGISTER}/{await class_of(site, 30)}", "office", script=False)

    await line(page, 30).get_by_role("button", name="Here").focus()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")

    await expect(line(page, 30).get_by_role("button", name="Ill")).to_have_attribute("aria-pressed", "true")
    await line(page, 30).get_by_role("button", name="Unmark").focus()
    await page.keyboard.press("Enter")
    await expect(line(page, 30).get_by_role("button", name="Ill")).to_have_attribute("aria-pressed", "false")
    assert await last(site, 30) == ("unsaid", "Гүлнар Ахметова")


async def test_whoever_comes_second_is_told_and_shown_what_stands(site: Site) -> None:
    class_id = await class_of(site, 31)
    page = await site.open(f"{REGISTER}/{class_id}", "office", width=390)
    school = await school_today(site.services, SYSTEM, "almaty15", Right.PRESENCE_READ)
    await mark(site.services, SYSTEM, school, class_id, DAY, "student00031", BY_CODE["absent_family"], 0)

    await line(page, 31).get_by_role("button", name="Here").click()

    await expect(page.get_by_role("alert")).to_contain_text("Somebody said something else")
    await expect(line(page, 31).get_by_role("button", name="Family")).to_have_attribute("aria-pressed", "true")
    await page.get_by_role("link", name="Mon, Aug 31").click()
    await expect(page.get_by_text("Monday, August 31")).to_be_visible()
    assert await last(site, 31) == ("absent", "system: test")


async def test_the_office_sees_every_class_and_what_contradicts_the_gates(site: Site) -> None:
    page = await site.open(REGISTER, "office")
    await page.get_by_role("link", name="9В").click()
    await expect(line(page, UNSEEN)).to_contain_text("Gate: not seen")
    await line(page, UNSEEN).get_by_role("button", name="Here").click()
    await expect(line(page, UNSEEN)).to_contain_text("Marked in class, but no gate saw the child")

    await page.get_by_role("link", name="All classes").click()

    await expect(page.get_by_role("row", name="9В")).to_contain_text("Marked in class, but no gate saw the child")
    await page.goto(f"{site.address}{REGISTER}?on=41.13.2026")
    await expect(page.get_by_role("alert")).to_contain_text("no such day")


async def test_what_is_closed_is_shown_and_says_why(site: Site) -> None:
    page = await site.open(f"{REGISTER}/1?on=31.08.2026", "class_teacher")
    await expect(page.get_by_text("A teacher marks today.")).to_be_visible()
    await expect(page.locator(".register button")).to_have_count(0)

    page = await site.open(f"{REGISTER}/1?on=30.08.2026", "office")  # a Sunday
    await expect(page.get_by_text("no lessons on this day")).to_be_visible()

    page = await site.open(f"{REGISTER}/1", "director")
    await expect(page.get_by_text("You can look.")).to_be_visible()
    await expect(page.locator(".register button")).to_have_count(0)


@pytest.mark.parametrize(
    "form",
    [
        {"on": "01.09.2026", "ref": "student00040", "said": "gone"},
        {"on": "01.09.2026", "ref": "nobody", "said": "present"},
        {"on": "01.01.2030", "ref": "student00040", "said": "present"},
        {"on": "01.09.2026", "ref": "student00040", "said": "present", "seen": "-1"},
        {"on": "01.09.2026", "ref": "student00000", "said": "present"},
    ],
)
async def test_a_form_that_is_wrong_writes_nothing(site: Site, form: dict[str, str]) -> None:
    count = "SELECT count(*) FROM register_mark"
    before = await site.services.database.pool.fetchval(count)
    path = f"{REGISTER}/{await class_of(site, 40)}/mark"

    status = await ask(site.app, "POST", path, site.sample.tokens["office"], form)

    assert status in {303, 404, 422}
    assert await site.services.database.pool.fetchval(count) == before


async def test_parents_and_the_student_see_what_the_class_said_and_the_canteen_sees_no_reason(site: Site) -> None:
    for path, who in (("/", "guardian"), (f"/children/{site.sample.child_ref}", "guardian"), ("/", "student")):
        page = await site.open(path, who, width=390)
        await expect(page.get_by_text("Absent from class: ill").first).to_be_visible()

    page = await site.open("/schools/almaty15/sold?odd=absent_in_class", "canteen")
    table = page.get_by_role("table", name="Ate free or for less, but was marked absent from class on this day")
    await expect(table).to_contain_text("marked by Әсел Омарова")
    await expect(page.locator("main")).not_to_contain_text("family")
