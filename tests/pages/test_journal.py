"""The journal in a browser: a class marked by the keyboard, on slow and broken lines, on a phone, without a script."""

import asyncio
import re

import pytest
from playwright.async_api import Locator, Page, Route, expect

from cloud.attendance.queries import school_or_own_today
from cloud.core.actor import Actor, Reach, Role
from cloud.core.rights import Right
from cloud.journal.marking import Change, mark, place_of
from tests.pages.asking import ask
from tests.pages.message_sample import PDF
from tests.pages.site import Site, altered

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

JOURNAL = "/schools/almaty15/journal"
_COURSE = """
SELECT course.id FROM course JOIN school_class AS class ON class.id = school_class_id JOIN school_subject AS subject
  ON subject.id = subject_id WHERE grade = 5 AND subject.code = 'mathematics'
"""
_LESSONS = 'SELECT id FROM lesson WHERE course_id = $1 ORDER BY "on", number'
_LAST = """
SELECT here, points FROM journal_mark JOIN person ON person.id = person_id WHERE lesson_id = $1 AND ref = $2
ORDER BY journal_mark.number DESC LIMIT 1
"""
_TEACHER = """
SELECT account.id, account.name FROM account JOIN staff_account ON account_id = account.id
JOIN course ON course.teacher_id = person_id WHERE course.id = $1
"""


class Grid:
    """The open journal of 5А's mathematics, whose teacher it is; nothing is written at first.

    Students are told by their places in the list, lessons by theirs in the order of days.
    """

    def __init__(self, site: Site, page: Page, course_id: int, lessons: list[int], refs: list[str]) -> None:
        self.site, self.page, self.course_id, self.lessons, self.refs = site, page, course_id, lessons, refs

    def cell(self, student: int, lesson: int) -> Locator:
        return self.page.locator(f'tr[data-r="{self.refs[student]}"] > td').nth(lesson)

    async def go(self, student: int, lesson: int) -> None:
        await self.cell(student, lesson).click()

    async def type(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def kept(self) -> None:
        """Wait until the page says that everything is kept."""
        await expect(self.page.locator("#journal-state")).to_have_text("Everything is kept")

    async def last(self, student: int, lesson: int) -> tuple[str, int | None] | None:
        row = await self.site.services.database.pool.fetchrow(_LAST, self.lessons[lesson], self.refs[student])
        return None if row is None else (row["here"], row["points"])


async def opened(site: Site, who: str = "teacher", *, width: int = 1280, script: bool = True) -> Grid:
    course_id = await site.services.database.pool.fetchval(_COURSE)
    lessons = [row["id"] for row in await site.services.database.pool.fetch(_LESSONS, course_id)]
    page = await site.open(f"{JOURNAL}/{course_id}", who, width=width, script=script)
    refs = await page.locator("tr[data-r]").evaluate_all("rows => rows.map(each => each.dataset.r)")
    return Grid(site, page, course_id, lessons, refs)


@pytest.mark.requirement("KZ456-27.12")
async def test_a_class_is_marked_by_the_keyboard_as_in_a_spreadsheet(site: Site) -> None:
    grid = await opened(site)
    await grid.go(0, 0)

    await grid.type("7", "Enter", "8", "ArrowDown", "a", "Enter", "1", "0", "Tab", "9", "Shift+Tab", "ArrowUp")
    await grid.kept()

    assert [await grid.last(number, 0) for number in (0, 1, 2, 3)] == [
        ("present", 7), ("present", 8), ("absent", None), ("present", 10),
    ]  # fmt: skip
    assert await grid.last(3, 1) == ("present", 9)
    await expect(grid.page.locator("td input")).to_have_value("a")  # up from the last but one
    await expect(grid.page.locator("td input")).to_be_focused()
    await expect(grid.page.locator(f'tr[data-r="{grid.refs[3]}"] .mark')).to_have_text("(5)")
    await grid.type("Escape")
    await expect(grid.page.locator("[data-put]").first).to_be_focused()
    await grid.page.reload()
    await expect(grid.cell(0, 0)).to_have_text("7")
    await expect(grid.cell(3, 0)).to_have_text("10")


async def test_what_was_typed_is_taken_back_step_by_step(site: Site) -> None:
    grid = await opened(site)
    await grid.go(4, 0)
    await grid.type("5", "Enter", "6", "Enter")
    await grid.kept()

    await grid.type("Control+z", "Control+z")
    await grid.kept()

    assert [await grid.last(number, 0) for number in (4, 5)] == [("present", None), ("present", None)]
    await expect(grid.cell(5, 0)).to_have_text("")
    await expect(grid.page.locator("td input")).to_have_value("")


async def test_on_a_slow_line_no_keystroke_is_lost(site: Site) -> None:
    grid = await opened(site)
    opens, asked = asyncio.Event(), 0

    async def hold(route: Route) -> None:
        nonlocal asked
        asked += 1
        await opens.wait()
        await route.continue_()

    async with altered(grid.page):
        await grid.page.route("**/cells", hold)
        await grid.go(0, 1)
        for number in range(10):
            await grid.type(str(number % 9 + 1), "Enter")
        await grid.go(0, 1)
        await grid.type("9", "Enter")  # over a value that is still under way
        await expect(grid.page.locator("#journal-state")).to_have_text("Keeping: 10")
        assert asked == 4  # at once; the others wait in the page
        assert await grid.last(0, 1) is None
        opens.set()
        await grid.kept()

    marks = [await grid.last(number, 1) for number in range(10)]
    assert marks == [("present", 9), *(("present", number % 9 + 1) for number in range(1, 10))]


async def test_on_a_broken_line_marks_wait_and_go_on_by_themselves(site: Site) -> None:
    grid = await opened(site)
    async with altered(grid.page):
        await grid.page.route("**/cells", lambda route: route.abort())
        await grid.go(6, 2)
        await grid.type("8", "Enter", "9", "Enter")
        state = grid.page.locator("#journal-state")
        await expect(state).to_contain_text("Not kept yet: 2")
        await expect(grid.cell(6, 2)).to_have_class(re.compile("is-waiting"))
        await grid.page.unroute_all()
        await grid.page.evaluate("window.dispatchEvent(new Event('online'))")
        await grid.kept()

    assert [await grid.last(number, 2) for number in (6, 7)] == [("present", 8), ("present", 9)]


async def test_what_cannot_be_is_told_at_its_cell_and_nothing_is_written(site: Site) -> None:
    grid = await opened(site)
    await grid.go(8, 2)

    await grid.type("1", "1", "Enter")

    await expect(grid.page.get_by_role("alert")).to_contain_text("Points are 1 to 10 here")
    await expect(grid.page.locator("#journal-state")).to_have_text("Not kept: 1")
    await expect(grid.cell(8, 2)).to_have_class(re.compile("is-wrong"))
    assert await grid.last(8, 2) is None
    await grid.go(8, 2)
    await grid.type("9", "Enter")
    await grid.kept()
    assert await grid.last(8, 2) == ("present", 9)


async def test_of_two_browsers_in_one_cell_the_later_is_told_what_stands(site: Site) -> None:
    grid = await opened(site)
    row = await site.services.database.pool.fetchrow(_TEACHER, grid.course_id)
    school = await school_or_own_today(
        site.services, Actor.system("test"), "almaty15", Right.JOURNAL_READ, Right.JOURNAL_KEEP
    )
    elsewhere = Actor(row["name"], row["id"], frozenset({Reach(Role.TEACHER, school.id)}))
    place = await place_of(site.services, elsewhere, school, grid.course_id, grid.lessons[3])
    await mark(site.services, elsewhere, school, place, [Change(grid.refs[9], "6", 0)])

    await grid.go(9, 3)
    await grid.type("9", "ArrowUp")

    await expect(grid.page.get_by_role("alert")).to_contain_text("wrote here since you opened the page")
    await expect(grid.cell(9, 3)).to_have_text("6")
    assert await grid.last(9, 3) == ("present", 6)
    await grid.go(9, 3)
    await grid.type("9", "ArrowUp")
    await grid.kept()
    assert await grid.last(9, 3) == ("present", 9)


async def test_on_a_phone_a_touch_says_who_is_absent_and_leads_on(site: Site) -> None:
    grid = await opened(site, width=390)
    await grid.go(0, 3)

    await grid.page.get_by_role("button", name="Not at the lesson").click()
    await grid.page.keyboard.type("8")
    await grid.kept()

    assert [await grid.last(number, 3) for number in (0, 1)] == [("absent", None), ("present", 8)]
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await grid.page.evaluate(wide) <= 0


async def test_without_a_script_a_lesson_takes_the_class_and_keeps_a_word_to_the_family(site: Site) -> None:
    grid = await opened(site, script=False)
    await grid.page.goto(f"{site.address}{JOURNAL}/{grid.course_id}/lessons/{grid.lessons[3]}")
    line = grid.page.locator(f"#c-{grid.refs[5]}")
    await expect(line).to_contain_text("to be taken as:")
    await line.get_by_label("Mark or letter").fill("7")
    await line.get_by_label("To the family").fill("Жақсы жауап берді")
    await grid.page.get_by_role("button", name="Keep", exact=True).click()
    await expect(line.get_by_label("Mark or letter")).to_have_value("7")

    await grid.page.get_by_role("button", name="Accept for the rest").click()

    await expect(grid.page.get_by_role("button", name="Accept for the rest")).to_have_count(0)
    assert await grid.last(5, 3) == ("present", 7)
    assert (await grid.last(4, 3)) is not None
    await line.get_by_label("Mark or letter").fill("99")
    await grid.page.get_by_role("button", name="Keep", exact=True).click()
    await expect(grid.page.get_by_role("alert")).to_contain_text("Points are 1 to 10 here")
    await expect(line.get_by_label("Mark or letter")).to_have_value("99")  # what was typed is not lost


@pytest.mark.requirement("KZ456-27.9")
async def test_a_teacher_forms_the_own_lesson_and_the_family_reads_of_it(site: Site) -> None:
    page = await site.open(f"{JOURNAL}/{site.sample.course_id}", "class_teacher", width=390)
    await page.get_by_text("Add a lesson by hand").click()
    await page.get_by_label("Day", exact=True).fill("30.08.2026")
    await page.get_by_role("button", name="Add").click()
    await expect(page.get_by_role("alert").first).to_contain_text("no lessons on this day")  # a Sunday
    await page.get_by_label("Day", exact=True).fill("28.08.2026")
    await page.get_by_label("Lesson of the day").fill("6")
    await page.get_by_role("button", name="Add").click()

    await page.get_by_label("Theme").fill("Сандар әлемі")
    await page.get_by_label("Notes for yourself").fill("Өзім үшін")
    await page.get_by_label("Links").fill("https://bilim.example/1/6")
    await page.get_by_role("button", name="Keep the plan").click()
    await expect(page.get_by_label("Theme")).to_have_value("Сандар әлемі")
    await page.set_input_files("#file", {"name": "Суреттер.pdf", "mimeType": "application/pdf", "buffer": PDF})
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.get_by_role("link", name="Суреттер.pdf")).to_be_visible()

    page = await site.open(f"/children/{site.sample.child_ref}/diary?week=2026-08-24", "guardian", width=390)
    lesson = page.locator(".diary li", has_text="Сандар әлемі")
    await expect(lesson.get_by_role("link", name="https://bilim.example/1/6")).to_be_visible()
    await expect(lesson.get_by_role("link", name="Суреттер.pdf")).to_be_visible()
    await expect(page.locator("main")).not_to_contain_text("Өзім үшін")


async def test_a_deputy_looks_and_writes_nothing(site: Site) -> None:
    grid = await opened(site, "deputy")

    await expect(grid.page.locator("table.journal")).to_be_visible()
    await expect(grid.page.locator("[data-put], td input")).to_have_count(0)
    await expect(grid.page.get_by_text("Add a lesson by hand")).to_have_count(0)


async def test_when_students_came_is_told_to_who_may_know_it(site: Site) -> None:
    address = f"{JOURNAL}/{site.sample.course_id}/lessons/{site.sample.lesson_id}"
    for who, is_told in (("class_teacher", True), ("deputy", True), ("methodologist", False)):
        page = await site.open(address, who)
        await expect(page.locator("ul.register li").first).to_be_visible()
        gates = page.locator("ul.register li", has_text="Gate:")
        assert (await gates.count() > 0) == is_told, who


@pytest.mark.requirement("KZ456-27.1", part="journal")
async def test_parents_see_their_own_childs_marks_words_and_how_a_mark_comes_about(site: Site) -> None:
    page = await site.open(f"/children/{site.sample.child_ref}", "guardian", width=390)
    await page.get_by_role("link", name="Diary", exact=True).click()
    await expect(page.get_by_role("heading", name="Diary")).to_be_visible()
    await expect(page.locator("main")).to_contain_text("Жарайсың!")
    await expect(page.locator("main")).not_to_contain_text("Ауызша есеп")  # the teacher's own notes

    await expect(page.get_by_role("link", name="Жаттығулар.pdf")).to_be_visible()

    await page.get_by_role("link", name="Marks of the quarter").click()
    subject = page.locator("section", has=page.get_by_role("heading", name="Mathematics"))
    await subject.get_by_text("How the mark comes about").click()

    table = subject.get_by_role("region", name="How the mark comes about")
    await expect(table).to_contain_text("36/40")
    await expect(table).to_contain_text("14/15")
    await expect(table.get_by_role("row", name="SOCH")).to_contain_text("→ 0")  # the others have its weight
    await expect(subject.get_by_text("Mark 5")).to_be_visible()
    await expect(subject.get_by_text("The SOCH has not been held yet.")).to_be_visible()


async def test_a_parent_who_opens_another_child_is_refused(site: Site) -> None:
    file = f"diary/lessons/{site.sample.lesson_id}/files/1"
    own = f"/children/{site.sample.child_ref}/{file}"
    assert await ask(site.app, "GET", own, site.sample.tokens["guardian"]) == 200
    for path in ("diary", "diary/marks", file):
        for who in ("stranger", "childless", "teacher"):
            address = f"/children/{site.sample.child_ref}/{path}"
            assert await ask(site.app, "GET", address, site.sample.tokens[who]) in {403, 404}


async def test_a_deputy_sets_a_version_and_is_told_what_is_wrong_with_another(site: Site) -> None:
    page = await site.open(f"{JOURNAL}/grading", "deputy", width=390)
    await page.get_by_text("Set a new version").click()
    await page.get_by_label("SOCH, %").fill("60")
    await page.get_by_role("button", name="Set it").click()
    await expect(page.get_by_role("alert")).to_contain_text("100 percent")

    await page.get_by_label("SOR, %").fill("15")
    await page.get_by_label("SOCH, %").fill("60")
    await page.get_by_label("Counts for quarters").fill("01.08.2027")
    await page.get_by_label("Grades without marks").select_option("the preschool class")
    await page.get_by_role("button", name="Set it").click()

    await expect(page.get_by_role("heading", name="Counts now").locator("..")).to_contain_text("SOR 25 %")
    await expect(page.locator("section", has_text="Versions").last).to_contain_text("SOR 15 %, SOCH 60 %")
    await expect(page.locator("section", has_text="Versions").last).to_contain_text("in the preschool class")


async def test_the_sheet_of_a_class_is_a_file_too(site: Site) -> None:
    token = site.sample.tokens["class_teacher"]

    for name in ("sheet.csv", "sheet.xlsx", "attendance.csv", "attendance.xlsx"):
        assert await ask(site.app, "GET", f"{JOURNAL}/classes/1/{name}", token) == 200
    assert await ask(site.app, "GET", f"{JOURNAL}/classes/1/sheet.pdf", token) == 404
    assert await ask(site.app, "GET", f"{JOURNAL}/classes/4/sheet.csv", token) == 404  # of another class teacher


async def test_a_year_that_no_calendar_has_is_refused(site: Site) -> None:
    token = site.sample.tokens["deputy"]

    for page in ("", "/debts", "/classes/1/sheet", "/classes/1/attendance", "/classes/1/reports"):
        assert await ask(site.app, "GET", f"{JOURNAL}{page}?year=2099", token) == 200
        assert await ask(site.app, "GET", f"{JOURNAL}{page}?year=9999", token) == 422
