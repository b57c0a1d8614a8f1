"""A teacher's day without a mouse: from the first page to the last mark, by the keyboard alone."""

import pytest
from playwright.async_api import Page, expect

from cloud.core.actor import Actor, Reach, Role
from cloud.homework.handing import hand_in
from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

TASK = "№ 51: шешуімен, пернетақтадан берілген"
STEPS_MAX = 80  # of Tab, from one end of a page to the other
_NAMED = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return ["", ""];
  const name = at.getAttribute("aria-label") || at.labels?.[0]?.textContent || at.textContent;
  return [at.tagName.toLowerCase(), name.replace(/\\s+/g, " ").trim()];
}"""
_LAST = """
SELECT here, points FROM journal_mark JOIN person ON person.id = person_id
WHERE lesson_id = $1 AND ref = $2 ORDER BY journal_mark.number DESC LIMIT 1
"""


class Keyboard:
    """Hands that only press keys; a thing is found by what a screen reader would call it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def at(self) -> tuple[str, str]:
        """Return the tag and the name of what has the focus."""
        tag, name = await self.page.evaluate(_NAMED)
        return tag, name

    async def to(self, tag: str, name: str) -> None:
        """Press Tab until something of this tag whose name begins so has the focus."""
        passed = []
        for _ in range(STEPS_MAX):
            await self.page.keyboard.press("Tab")
            found = await self.at()
            if found[0] == tag and found[1].startswith(name):
                return
            passed.append(found[1])
        raise AssertionError(f"{name} cannot be reached by Tab, only {passed}")

    async def press(self, tag: str, name: str) -> None:
        """Go to something and press Enter."""
        await self.to(tag, name)
        await self.page.keyboard.press("Enter")

    async def leads(self, tag: str, name: str, to: str) -> None:
        """Go to something, press Enter, and be led to a page with this heading."""
        await self.press(tag, name)
        await expect(self.page.get_by_role("heading", name=to, exact=True).first).to_be_visible()

    async def section(self, word: str, name: str) -> None:
        """Choose a section of the menu, which stands under a word where somebody has many."""
        if await self.page.locator(".shell-nav summary", has_text=word).count():
            await self.press("summary", word)
        await self.press("a", name)

    async def type(self, tag: str, name: str, text: str) -> None:
        """Write into a field, over what stands there."""
        await self.to(tag, name)
        await self.page.keyboard.press("Control+a")
        await self.page.keyboard.type(text)


async def test_a_teacher_plans_a_lesson_takes_the_class_and_marks_it_without_a_mouse(site: Site) -> None:
    page = await site.open("/", "teacher")
    keys, pool = Keyboard(page), site.services.database.pool
    await keys.press("a", "Skip to the content")
    await page.reload()

    await keys.section("Learning", "Journal")
    await expect(page.get_by_role("heading", name="Journal", exact=True)).to_be_visible()
    await keys.to("a", "Mathematics, 5А")
    await keys.press("a", "Mathematics, 5А")  # the second lesson of today; other tests have the first
    await expect(page.get_by_role("heading", name="The class")).to_be_visible()
    lesson_id, course_at = int(page.url.rsplit("/", 1)[1]), page.url.rsplit("/lessons/", 1)[0]

    await keys.type("input", "Theme", "Бөлшектерді қосу")
    await page.keyboard.press("Enter")
    await expect(page.locator(".page-head")).to_contain_text("Бөлшектерді қосу")

    await keys.press("button", "Accept for the rest")
    taken = page.locator("ul.register li").first
    await expect(taken).not_to_contain_text("to be taken as:")
    refs = await page.locator("ul.register li").evaluate_all("rows => rows.map(each => each.id.slice(2))")
    assert await pool.fetchrow(_LAST, lesson_id, refs[0]) is not None

    await keys.type("input", "Mark or letter", "9")
    await keys.type("input", "To the family", "Жақсы жұмыс істеді")
    await page.keyboard.press("Enter")
    await expect(page.locator(f"#c-{refs[0]}").get_by_label("Mark or letter")).to_have_value("9")

    await keys.press("a", "←")
    await expect(page.locator("table.journal")).to_be_visible()
    assert page.url.startswith(course_at)
    await keys.to("input", "")  # in the newest lesson, the third of today
    await page.keyboard.press("ArrowLeft")
    await expect(page.locator("td input")).to_have_value("9")
    for key in ("ArrowDown", "1", "0", "Enter", "8", "Enter", "a", "ArrowUp"):
        await page.keyboard.press(key)
    await expect(page.locator("#journal-state")).to_have_text("Everything is kept")
    written = [tuple(await pool.fetchrow(_LAST, lesson_id, ref)) for ref in refs[:4]]
    assert written == [("present", 9), ("present", 10), ("present", 8), ("absent", None)]

    name = (await page.locator("tr[data-r] th a").first.text_content() or "").strip()
    await page.keyboard.press("Escape")
    await keys.press("a", name)  # how a mark comes about
    await expect(page.get_by_role("heading", name="Mark of the year")).to_be_visible()
    await keys.press("a", "←")
    await expect(page.locator("table.journal")).to_be_visible()

    await keys.section("Learning", "Timetable")
    await expect(page.get_by_role("heading", name="Timetable").first).to_be_visible()
    await keys.press("summary", "Account, language, look")
    await keys.to("button", "Sign out")


async def test_a_teacher_sets_homework_checks_what_came_and_gives_a_test_without_a_mouse(site: Site) -> None:
    page = await site.open("/", "class_teacher")
    keys, services, child = Keyboard(page), site.services, site.sample.child_ref

    await keys.section("Learning", "Homework")
    await expect(page.get_by_role("heading", name="Homework", exact=True)).to_be_visible()
    await keys.leads("a", "Set homework", "For which course?")
    await keys.press("a", "Mathematics")
    await expect(page.get_by_label("What is to be done")).to_be_visible()
    await keys.type("textarea", "What is to be done", TASK)
    await keys.to("input", "The last day")
    await page.keyboard.type("09082026")
    await keys.type("input", "Minutes it takes", "10")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("table", name="Students")).to_be_visible()

    mother_id = await services.database.pool.fetchval("SELECT account_id FROM guardian WHERE ref = '0000guardian'")
    mother = Actor("Айгүл", mother_id, frozenset({Reach(Role.GUARDIAN, site.sample.school_id)}))
    await hand_in(services, mother, child, int(page.url.rsplit("/", 1)[1]), "Шықты", [])
    await page.reload()
    await keys.leads("a", "Check: 1", "What was handed in")
    await keys.type("textarea", "To the student and the family", "Ұқыпты")
    await keys.press("button", "Checked")
    await expect(page.get_by_role("table", name="Students")).to_contain_text("Checked")

    await keys.section("Learning", "Tests")
    await expect(page.get_by_role("heading", name="Tests", exact=True)).to_be_visible()
    await keys.press("summary", "Make a test")
    await keys.type("input", "Name of the test", "Пернетақтадан")
    await keys.to("select", "Subject")
    await page.keyboard.type("Math")
    await keys.leads("button", "Make", "Пернетақтадан")
    await keys.type("input", "Name of the section", "Бірінші")
    await keys.leads("button", "Add", "Бірінші")
    await keys.press("a", "Choose from the bank")
    await expect(page.get_by_role("button", name="Put into the test")).to_be_visible()
    name = await page.get_by_role("checkbox").first.evaluate("at => at.getAttribute('aria-label')")
    await keys.to("input", name)
    await page.keyboard.press("Space")
    await keys.leads("button", "Put into the test", "Пернетақтадан")
    await keys.press("summary", "Give it to a class")
    await keys.press("button", "Give the test")

    await expect(page.get_by_role("heading", name="Пернетақтадан")).to_be_visible()
    await expect(page.get_by_role("table", name="Results")).to_contain_text("Not begun")
