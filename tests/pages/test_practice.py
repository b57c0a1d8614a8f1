"""Practice, logs of attempts and packages of questions, in a browser."""

import io
import re
import zipfile
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from cloud.assessments.qti_packages import read_package
from cloud.practice.mistakes import mistakes_of
from tests.cloud.assessments.qti_samples import FOREIGN
from tests.pages.asking import ask
from tests.pages.site import Site
from tests.pages.test_assessments import saying_yes

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

TESTS = "/schools/almaty15/tests"
GIVEN = 3  # to be taken: many attempts
_HAND = "UPDATE practice_attempt SET handed_at = $1 WHERE handed_at IS NULL"
_HAND_TEST = "UPDATE assessment_attempt SET handed_at = $2 WHERE given_id = $1 AND handed_at IS NULL"
_LAST = "SELECT max(id) FROM assessment_attempt WHERE given_id = $1"
_EVENTS = "SELECT kind FROM sitting_event WHERE attempt_id = $1 ORDER BY at, id"
# What a window does that another one is put before, and what it does when it is in front again.
AWAY = "Object.defineProperty(document, 'hidden', {value: true, configurable: true});"
HERE = "Object.defineProperty(document, 'hidden', {value: false, configurable: true});"
TELL = "document.dispatchEvent(new Event('visibilitychange'));"
PASTE = "document.querySelector('form[data-place] input').dispatchEvent(new ClipboardEvent('paste', {bubbles: true}))"


def content_of(path: Path) -> bytes:
    return path.read_bytes()


def own(site: Site, path: str = "") -> str:
    return f"/children/{site.sample.child_ref}/practice{path}"


async def subject(site: Site) -> int:
    """Return the subject whose bank the sample has."""
    return int(await site.services.database.pool.fetchval("SELECT min(subject_id) FROM practice_theme"))


async def practising(site: Site, *, script: bool = True) -> Page:
    """Open the student's page, with nothing going on."""
    await site.services.database.pool.execute(_HAND, site.clock.now())
    return await site.open(own(site), "student", width=390, script=script)


async def begin_theme(page: Page, theme: str) -> None:
    """Begin practice of a theme."""
    form = page.locator("form", has=page.get_by_label("Subject and theme"))
    value = await form.locator("option", has_text=f"{theme} (").get_attribute("value")
    await form.locator("select").select_option(value)
    await form.get_by_role("button", name="Begin").click()
    await expect(page.locator("[data-sitting]")).to_be_visible()


@pytest.mark.requirement("KZ456-32")
async def test_a_student_practises_a_theme_and_puts_mistakes_right(site: Site) -> None:
    page = await practising(site)
    await begin_theme(page, "Қосу")
    for form in await page.locator("form[data-place]").all():  # the first option is the right one for some
        await form.locator("label").first.click()
    await expect(page.locator("[data-state]")).to_have_text("Everything is kept")
    await page.get_by_role("button", name="Hand in").click()
    await expect(page.get_by_text("this is right")).to_have_count(6)
    await page.wait_for_load_state()  # the whole of it
    wrong = await page.locator("section", has_text="Not right").count()

    await page.goto(site.address + own(site))
    left = page.get_by_role("row", name=re.compile("Қосу")).first.locator("td").last
    person_id = await site.services.database.pool.fetchval(
        "SELECT id FROM person WHERE ref = $1", site.sample.child_ref
    )
    mistakes = [each for each in await mistakes_of(site.services, person_id) if each.theme == "Қосу"]
    assert len(mistakes) >= wrong  # with those of tests
    await expect(left).to_have_text(str(len(mistakes)) if mistakes else "—")
    await page.get_by_role("button", name="Put mistakes right").click()

    await expect(page.get_by_role("heading", name="Work on mistakes")).to_be_visible()
    await expect(page.locator("form[data-place]").first).to_be_visible()


@pytest.mark.requirement("KZ456-32")
async def test_the_national_format_says_what_the_banks_lack(site: Site) -> None:
    page = await practising(site)
    await page.get_by_label("Profile subjects").select_option("mathematics+physics")
    await page.locator("form", has=page.get_by_label("Profile subjects")).get_by_role("button", name="Begin").click()

    await expect(page.get_by_text("Physics: the school's banks have 0 of 40 questions.")).to_be_visible()
    await expect(page.locator("[data-clock]")).to_have_text(re.compile(r"^\d(:\d\d){2} left$"))
    async with saying_yes(page):
        await page.get_by_role("button", name="Hand in").click()
        await expect(page.get_by_role("table", name="By part")).to_contain_text("there were no questions")
    await expect(page.get_by_text("Physics: the school's banks have 0 of 40 questions.")).to_be_visible()


@pytest.mark.requirement("KZ456-32")
async def test_without_a_script_practice_is_a_page_of_forms(site: Site) -> None:
    page = await practising(site, script=False)
    await begin_theme(page, "Қайталау")
    form = page.locator('form[data-kind="number"]')
    await form.locator("input").fill("13")
    await form.get_by_role("button", name="Keep the answer").click()
    await expect(page.locator('form[data-kind="number"] input')).to_have_value("13")
    await page.get_by_role("button", name="Hand in").click()

    await expect(page.get_by_text("1/6")).to_be_visible()


@pytest.mark.requirement("KZ456-32")
async def test_what_is_closed_again_is_not_offered(site: Site) -> None:
    themes = f"{TESTS}/practice?subject={await subject(site)}"
    page = await site.open(themes, "class_teacher")
    await page.get_by_role("button", name="Close Қосу, grade 1").click()
    await expect(page.get_by_role("button", name="Open Қосу, grade 1")).to_be_visible()

    page = await practising(site)
    await expect(page.get_by_label("Subject and theme")).not_to_contain_text("Қосу")
    page = await site.open(themes, "class_teacher")
    await page.get_by_role("button", name="Open Қосу, grade 1").click()
    await expect(page.get_by_role("button", name="Close Қосу, grade 1")).to_be_visible()


@pytest.mark.requirement("KZ456-32")
async def test_school_and_family_see_what_came_of_it_and_others_do_not(site: Site) -> None:
    page = await site.open(f"{TESTS}/practice/classes/1", "class_teacher")
    await page.locator(f'a[href$="/students/{site.sample.child_ref}"]').click()
    await expect(page.get_by_role("table", name="By theme")).to_contain_text("Қайталау")
    page = await site.open(own(site), "guardian", width=390)
    await expect(page.get_by_role("table", name="Attempts")).to_contain_text("Unified national test")
    running = page.get_by_role("table", name="Attempts").get_by_role("row", name="Under way")
    await expect(running.get_by_role("link")).to_have_count(0)
    await expect(page.get_by_role("button", name="Begin")).to_have_count(0)

    tokens = site.sample.tokens
    for who in ("stranger", "childless", "father", "pupil"):
        for path in ("", "/1", "/4"):
            assert await ask(site.app, "GET", own(site, path), tokens[who]) in {403, 404}, (who, path)
    assert await ask(site.app, "POST", own(site), tokens["guardian"], {"way": "mistakes"}) in {403, 404}
    sibling = f"/children/{site.sample.sibling_ref}/practice/1"  # the guardian's too, but another's attempt
    assert await ask(site.app, "GET", sibling, tokens["guardian"]) == 404


async def sat_down(site: Site, *, script: bool = True) -> tuple[Page, int]:
    """Let the child begin the test anew, with a log; return the attempt."""
    pool = site.services.database.pool
    page = await site.open(f"{TESTS}/given/{GIVEN}", "class_teacher")
    await page.get_by_text("A log while the test is taken").click()
    if await page.get_by_role("button", name="Turn the log on").count():
        await page.get_by_role("button", name="Turn the log on").click()
        await page.get_by_text("A log while the test is taken").click()
    await expect(page.get_by_role("button", name="Turn the log off")).to_be_visible()
    await pool.execute(_HAND_TEST, GIVEN, site.clock.now())
    page = await site.open(f"/children/{site.sample.child_ref}/tests/{GIVEN}", "student", width=390, script=script)
    await expect(page.get_by_text("the page writes a log while the test is taken")).to_be_visible()
    begin = page.get_by_role("button", name="Begin")
    if script:
        async with page.expect_response("**/log"):  # the page's first sign
            await begin.click()
    else:
        await begin.click()
    await expect(page.locator("[data-sitting]")).to_be_visible()
    return page, int(await pool.fetchval(_LAST, GIVEN))


async def without_log(site: Site) -> None:
    """Leave the test as other tests know it."""
    pool = site.services.database.pool
    await pool.execute(_HAND_TEST, GIVEN, site.clock.now())
    await pool.execute("DELETE FROM sitting_watch WHERE given_id = $1", GIVEN)


@pytest.mark.requirement("KZ456-27.14", part="proctoring")
async def test_leaving_the_page_and_pasting_stand_in_the_log_beside_the_attempt(site: Site) -> None:
    page, attempt_id = await sat_down(site)
    await expect(page.get_by_text("This test is taken with a log")).to_be_visible()
    await expect(page.locator("main")).not_to_contain_text("Ask before you judge")
    number = page.locator('form[data-kind="number"]').first
    place = await number.get_attribute("data-place")
    await page.locator(f'.sitting-places a[href="#q{place}"]').click()
    await number.locator("input").focus()
    await page.evaluate(PASTE)
    await page.evaluate(AWAY + TELL)
    async with page.expect_response("**/log") as answered:
        await page.evaluate(HERE + TELL)
    assert (await (await answered.value).json()) == {"is_logged": True}

    kinds = [row["kind"] for row in await site.services.database.pool.fetch(_EVENTS, attempt_id)]
    assert sorted(kinds) == ["back", "left", "pasted"]
    page = await site.open(f"{TESTS}/given/{GIVEN}/attempts/{attempt_id}", "class_teacher")
    log = page.locator("section", has=page.get_by_role("heading", name="Log of the page"))
    await expect(log).to_contain_text("With a log")
    await log.get_by_text("3 entries").click()
    await expect(log.get_by_role("table")).to_contain_text("Something was pasted into an answer")
    await expect(log.get_by_role("row", name=re.compile("pasted"))).to_contain_text(str(place))
    await log.get_by_text("What this log is, and what it is not").click()
    await expect(log).to_contain_text("it proves nothing by itself")
    await expect(log).to_contain_text("Ask before you judge")
    await without_log(site)


@pytest.mark.requirement("KZ456-27.14", part="proctoring")
async def test_a_test_without_a_script_is_taken_and_nothing_is_heard(site: Site) -> None:
    page, attempt_id = await sat_down(site, script=False)
    form = page.locator('form[data-kind="number"]').first
    await form.locator("input").fill("13")
    await form.get_by_role("button", name="Keep the answer").click()
    await page.get_by_role("button", name="Hand in").click()
    await expect(page.locator("[data-over]")).to_be_visible()

    page = await site.open(f"{TESTS}/given/{GIVEN}/attempts/{attempt_id}", "class_teacher")
    await expect(page.get_by_text("Without a log: nothing was heard from the page")).to_be_visible()
    await without_log(site)


async def test_what_is_no_message_of_a_page_writes_nothing(site: Site) -> None:
    pool, tokens = site.services.database.pool, site.sample.tokens
    before = await pool.fetchval("SELECT count(*) FROM sitting_event")
    path = f"/children/{site.sample.child_ref}/attempts/2/log"

    for events in ("", "[", "[" * 5_000, '{"what": "left"}', '[{"what": "spy", "ago_s": 1}]'):
        assert await ask(site.app, "POST", path, tokens["student"], {"events": events}) == 200, events
    for who in ("guardian", "class_teacher", "stranger"):
        assert await ask(site.app, "POST", path, tokens[who], {"events": "[]"}) in {403, 404}, who

    assert await pool.fetchval("SELECT count(*) FROM sitting_event") == before


@pytest.mark.requirement("KZ456-27.14", part="tests")
async def test_a_package_goes_out_and_another_one_comes_in_with_what_was_left_out(site: Site, tmp_path: Path) -> None:
    page = await site.open(f"{TESTS}/packages?subject={await subject(site)}", "class_teacher")
    await page.get_by_label("Theme", exact=True).select_option("Қосу")
    async with page.expect_download() as downloading:
        await page.get_by_role("button", name="Download the package").click()
    await (await downloading.value).save_as(tmp_path / "out.zip")
    taken_out = content_of(tmp_path / "out.zip")
    assert {entry.theme for entry in read_package(taken_out).package.entries} == {"Қосу"}

    with zipfile.ZipFile(io.BytesIO(taken_out)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["items/item-001.xml"] = FOREIGN.format(more="").encode()
    files["items/item-002.xml"] = FOREIGN.format(more='<p onclick="alert(1)">x</p>').encode()
    package = tmp_path / "package.zip"
    with zipfile.ZipFile(package, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    await page.locator("#file").set_input_files(package)
    await page.get_by_role("button", name="Import the file", exact=True).click()

    await expect(page.get_by_text("1 question went into the bank.")).to_be_visible()
    await expect(page.get_by_role("table", name="Left out: 1")).to_contain_text("items/item-002.xml")
    await expect(page.get_by_role("table", name="Left out: 1")).to_contain_text("It runs a program by “onclick”")
    await page.locator("#file").set_input_files({"name": "a.zip", "mimeType": "application/zip", "buffer": b"PK no"})
    await page.get_by_role("button", name="Import the file", exact=True).click()
    await expect(page.get_by_role("alert").first).to_contain_text("This is no package of QTI 3")
