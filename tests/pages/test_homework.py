"""Homework in a browser: a teacher sets it and checks it by the keyboard, a parent hands a photo in from a phone."""

import pytest
from playwright.async_api import expect

from tests.pages.asking import ask
from tests.pages.homework_sample import OF_TESTS, READ, WAITING, page_of_book
from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

HOMEWORK = "/schools/almaty15/homework"
_ID = "SELECT id FROM homework WHERE task = $1"
_POINTS = """
SELECT points FROM journal_mark JOIN person ON person.id = person_id JOIN homework_answer AS answer
  ON answer.lesson_id = journal_mark.lesson_id AND answer.person_id = person.id
WHERE homework_id = $1 AND ref = $2 ORDER BY journal_mark.number DESC LIMIT 1
"""


def photo(name: str, words: str) -> dict[str, object]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": page_of_book(words)}


@pytest.mark.requirement("KZ456-27.11")
async def test_a_teacher_checks_by_the_keyboard_from_one_student_to_the_next(site: Site) -> None:
    pool = site.services.database.pool
    homework_id = await pool.fetchval(_ID, OF_TESTS)
    page = await site.open(f"{HOMEWORK}/{homework_id}", "teacher")
    names = await page.locator("tbody th a").all_inner_texts()
    refs = [str(await each.get_attribute("href")).rpartition("/")[2] for each in await page.locator("tbody th a").all()]
    await page.get_by_role("link", name="Check: 3").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text(names[WAITING[0]])
    await expect(page.get_by_label("Mark, into the journal")).to_be_focused()

    await page.keyboard.type("8")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text(names[WAITING[1]])
    await page.keyboard.type("7")
    await page.get_by_label("To the student and the family").focus()
    await page.keyboard.type("№ 34 қайта қара")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text(names[WAITING[2]])
    await page.get_by_label("To the student and the family").focus()
    await page.keyboard.type("Шешуін жаз")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Return for rework")).to_be_focused()
    await page.keyboard.press("Enter")

    await expect(page.locator("caption")).to_have_text("Students")
    rows = [page.locator("tbody tr").nth(place) for place in WAITING]
    await expect(rows[0]).to_contain_text("Checked")
    await expect(rows[0].locator("td").last).to_have_text("8")
    await expect(rows[1].locator("td").last).to_have_text("7")
    await expect(rows[2]).to_contain_text("Returned for rework")
    assert [await pool.fetchval(_POINTS, homework_id, refs[place]) for place in WAITING] == [8, 7, None]
    await rows[0].get_by_role("link").click()
    await page.get_by_label("Mark, into the journal").fill("11")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("Points are 1 to 10 here")
    await expect(page.get_by_label("Mark, into the journal")).to_have_value("11")
    assert await pool.fetchval(_POINTS, homework_id, refs[WAITING[0]]) == 8


@pytest.mark.requirement("KZ456-27.11")
@pytest.mark.requirement("KZ456-27.1", part="homework")
async def test_a_parent_hands_photos_in_from_a_phone_and_reads_what_the_teacher_says(site: Site) -> None:
    page = await site.open(f"{HOMEWORK}/new?course_id={site.sample.course_id}", "class_teacher", width=390)
    await page.get_by_label("What is to be done").fill("Үй шаруашылығының есебі, № 40")
    await page.get_by_label("The last day").fill("2026-09-08")
    await expect(page.get_by_label("By the end of another day:")).to_be_checked()
    await page.get_by_label("Minutes it takes").fill("15")
    await page.get_by_role("button", name="Set homework").click()
    await expect(page.locator("main")).to_contain_text("Үй шаруашылығының есебі, № 40")
    address = page.url.removeprefix(site.address)

    page = await site.open(f"/children/{site.sample.child_ref}", "guardian", width=390)
    await page.get_by_role("link", name="Homework", exact=True).click()
    await page.locator("li", has_text="Үй шаруашылығының есебі").get_by_role("link", name="Hand in").click()
    await page.locator("#files").set_input_files(photo("1.jpg", "40)  3 + 4"))  # type: ignore[arg-type]  # a payload
    await page.get_by_label("Written answer").fill("Бірінші бет")
    await page.get_by_role("button", name="Save draft").click()
    await expect(page.get_by_text("Added, and not handed in yet")).to_be_visible()
    await expect(page.get_by_label("Written answer")).to_have_value("Бірінші бет")
    await page.locator("#files").set_input_files(photo("2.jpg", "= 7"))  # type: ignore[arg-type]  # a payload
    await page.get_by_role("button", name="Hand in", exact=True).click()
    await expect(page.locator("#handing img")).to_have_count(2)
    await expect(page.locator("#task-head").locator("..")).to_contain_text("Handed in")
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(wide) <= 0

    page = await site.open(address, "class_teacher")
    await page.get_by_role("link", name="Check: 1").click()
    await expect(page.locator("a.work-page img")).to_have_count(2)
    await expect(page.locator("a.work-page img").first).to_have_js_property("naturalWidth", 900)
    await page.get_by_label("To the student and the family").fill("Өте ұқыпты")
    await page.get_by_role("button", name="Checked").click()
    await expect(page.locator("caption")).to_have_text("Students")

    page = await site.open(f"/children/{site.sample.child_ref}/homework", "student", width=390)
    done = page.locator("#done-head").locator("..").locator("li", has_text="Өте ұқыпты")
    await expect(done).to_contain_text("Checked")


async def test_a_file_that_is_no_photo_is_told_and_the_words_are_not_lost(site: Site) -> None:
    path = f"/children/{site.sample.child_ref}/homework/3"
    page = await site.open(path, "guardian", width=390)
    wrong = {"name": "ойын.jpg", "mimeType": "image/jpeg", "buffer": b"MZ" + bytes(300)}

    await page.get_by_label("Written answer").fill("Міне, сурет")
    await page.locator("#files").set_input_files(wrong)  # type: ignore[arg-type]  # a payload of Playwright's
    await page.get_by_role("button", name="Hand in", exact=True).click()

    await expect(page.get_by_role("alert")).to_contain_text("no file that can be read")
    await expect(page.get_by_label("Written answer")).to_have_value("Міне, сурет")
    await page.locator("#files").set_input_files({**wrong, "buffer": bytes(11 << 20)})  # type: ignore[arg-type]
    await expect(page.get_by_text("The file is too big: 10 MB at most.")).to_be_visible()


async def test_homework_stands_in_the_diary_and_a_teacher_finds_it_at_the_lesson(site: Site) -> None:
    page = await site.open(f"/children/{site.sample.child_ref}/diary", "guardian", width=390)
    await expect(page.locator(".diary li", has_text="Көбейту кестесі").first).to_contain_text("To be done")

    lesson = f"/schools/almaty15/journal/{site.sample.course_id}/lessons/{site.sample.lesson_id}"
    page = await site.open(lesson, "class_teacher")
    await expect(page.get_by_role("link", name="Көбейту кестесі")).to_be_visible()
    await page.get_by_role("link", name="Set homework").click()

    await expect(page.get_by_label("What is to be done")).to_be_visible()


@pytest.mark.requirement("KZ456-27.11")
async def test_the_load_of_a_day_is_told_where_homework_is_set_and_a_deputy_sets_the_norm(site: Site) -> None:
    page = await site.open(f"{HOMEWORK}/load?class_id=1", "class_teacher")
    soon = page.locator("tbody tr", has_text="Thu, Sep 3")
    await expect(soon).to_contain_text("Mathematics: 25 min")
    await expect(soon).to_contain_text("Above the norm")  # of grade 1, which has none
    await expect(page.locator(".page-head")).to_contain_text("In this grade no homework is set")
    page = await site.open(f"{HOMEWORK}/1", "class_teacher")
    await expect(page.locator(".stack > .note")).to_have_text("In this grade no homework is set.")
    await expect(page.locator("tbody")).to_contain_text("Not handed in")
    await expect(page.locator("tbody")).not_to_contain_text("To be done")

    page = await site.open(f"{HOMEWORK}/norms", "deputy", width=390)
    await page.get_by_label("Grade 1, min", exact=True).fill("40")
    await page.get_by_role("button", name="Keep").click()
    await expect(page.get_by_label("Grade 1, min (recommended: 0)")).to_have_value("40")
    page = await site.open(f"{HOMEWORK}/load?class_id=1", "class_teacher")
    await expect(page.locator("tbody tr", has_text="Thu, Sep 3")).to_contain_text("Within the norm")
    page = await site.open(f"{HOMEWORK}/1", "class_teacher")
    await expect(page.locator("main")).to_contain_text("In all 25 min, the norm is 40")

    page = await site.open(f"{HOMEWORK}/norms", "deputy")
    await page.get_by_label("Grade 1, min (recommended: 0)").fill("999")
    await page.get_by_role("button", name="Keep").click()
    await expect(page.get_by_role("alert")).to_contain_text("Minutes are 0 to 300")
    await page.get_by_label("Grade 1, min (recommended: 0)").fill("0")
    await page.get_by_role("button", name="Keep").click()
    await expect(page.get_by_label("Grade 1, min", exact=True)).to_have_value("0")


async def test_who_reads_journals_looks_and_checks_nothing(site: Site) -> None:
    homework_id = await site.services.database.pool.fetchval(_ID, READ)
    page = await site.open(f"{HOMEWORK}/{homework_id}/students/{site.sample.child_ref}", "deputy")

    await expect(page.locator("main")).to_contain_text("№ 25 (ә) түсінбедік.")
    await expect(page.locator("form#check")).to_have_count(0)
    page = await site.open(f"{HOMEWORK}/{homework_id}", "deputy")
    await expect(page.get_by_role("button", name="Close for handing in")).to_have_count(0)


async def test_a_parent_who_opens_another_childs_work_is_refused(site: Site) -> None:
    homework_id = await site.services.database.pool.fetchval(_ID, READ)
    own = f"/children/{site.sample.child_ref}/homework"
    for path in (own, f"{own}/{homework_id}", f"{own}/{homework_id}/files/1", f"{own}/{homework_id}/handed/1"):
        assert await ask(site.app, "GET", path, site.sample.tokens["guardian"]) == 200
        for who in ("stranger", "childless", "pupil", "teacher", "deputy"):
            assert await ask(site.app, "GET", path, site.sample.tokens[who]) in {403, 404}, (path, who)
    school = f"{HOMEWORK}/{homework_id}/students/{site.sample.child_ref}/files/1"
    assert await ask(site.app, "GET", school, site.sample.tokens["class_teacher"]) == 200
    for who in ("guardian", "student", "guard"):
        assert await ask(site.app, "GET", school, site.sample.tokens[who]) in {403, 404}
