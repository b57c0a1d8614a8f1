"""Tests in a browser: taken on a phone, on a broken line, without a script; made, given and put into the journal."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Dialog, Locator, Page, expect

from cloud.assessments.attempts import hand_in
from cloud.core.actor import Actor, Reach, Role
from tests.pages.asking import ask
from tests.pages.site import Site, altered

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

TESTS = "/schools/almaty15/tests"
GIVEN = 3  # to be taken: many attempts, one question at a time, mixed
_LAST = "SELECT max(id) FROM assessment_attempt WHERE given_id = $1"
_HAND = "UPDATE assessment_attempt SET handed_at = $2 WHERE given_id = $1 AND handed_at IS NULL"
_ANSWERS = """
SELECT content->>'kind' AS kind, count(answered_at) AS answered FROM assessment_answer AS item
JOIN assessment_question AS question ON question.id = question_id WHERE attempt_id = $1 GROUP BY 1
"""
_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_ACCOUNT = """
SELECT account.id, account.name FROM student_account JOIN account ON account.id = account_id
JOIN person ON person.id = person_id WHERE person.ref = $1
"""


async def sat_down(site: Site, *, width: int = 390, script: bool = True) -> Page:
    """Let the child begin the test anew."""
    await site.services.database.pool.execute(_HAND, GIVEN, site.clock.now())
    page = await site.open(f"/children/{site.sample.child_ref}/tests/{GIVEN}", "student", width=width, script=script)
    await page.get_by_role("button", name="Begin").click()
    await expect(page.locator("[data-sitting]")).to_be_visible()
    return page


async def kept(page: Page) -> None:
    """Wait until the page says that everything is kept."""
    await expect(page.locator("[data-state]")).to_have_text("Everything is kept")


async def last(site: Site) -> int:
    """Return the latest attempt at the test."""
    return int(await site.services.database.pool.fetchval(_LAST, GIVEN))


async def answered(site: Site, attempt_id: int) -> dict[str, int]:
    """Return how many questions of each kind are answered in an attempt."""
    rows = await site.services.database.pool.fetch(_ANSWERS, attempt_id)
    return {row["kind"]: row["answered"] for row in rows}


async def reply(form: Locator) -> None:
    """Answer a question in some way, whatever kind it is."""
    match await form.get_attribute("data-kind"):
        case "choice":
            await form.locator("label").first.click()
        case "match":
            for select in await form.locator("select").all():
                await select.select_option(index=1)
        case "order":
            await form.locator("[name=down]").first.click()
        case "number":
            await form.locator("[name=answer]").fill("13")
        case _:
            await form.locator("[name=answer]").fill("метр")


async def go_to(page: Page, kind: str) -> Locator:
    """Show the first question of a kind, and return its form."""
    form = page.locator(f'form[data-kind="{kind}"]').first
    place = await form.get_attribute("data-place")
    await page.locator(f'.sitting-places a[href="#q{place}"]').click()
    await expect(form).to_be_visible()
    return form


@asynccontextmanager
async def saying_yes(page: Page) -> AsyncIterator[list[str]]:
    """Answer every question of the browser with yes, and collect what was asked."""
    asked: list[str] = []

    async def accept(dialog: Dialog) -> None:
        asked.append(dialog.message)
        await dialog.accept()

    page.on("dialog", accept)
    try:
        yield asked
    finally:
        page.remove_listener("dialog", accept)


@pytest.mark.requirement("KZ456-27.14", part="tests")
async def test_a_student_takes_a_test_on_a_phone_question_by_question(site: Site) -> None:
    page = await sat_down(site)
    attempt_id = await last(site)
    count = await page.locator("form[data-place]").count()
    assert await page.locator("[data-item]:visible").count() == 1

    for number in range(count):
        await reply(page.locator("[data-item]:visible form"))
        assert await page.evaluate(_WIDE) <= 0
        if number < count - 1:
            await page.get_by_role("button", name="Next").click()
    await kept(page)
    await page.reload()
    await expect(page.locator(".sitting-places .is-answered")).to_have_count(count)
    await page.get_by_role("button", name="Hand in").click()

    await expect(page.get_by_text(f"{count}/{count}")).to_be_visible()
    await expect(page.locator("main")).to_contain_text("answer waits for the teacher")
    assert sum((await answered(site, attempt_id)).values()) == count


@pytest.mark.requirement("KZ456-27.14", part="tests")
async def test_what_was_answered_on_a_broken_line_outlasts_the_page(site: Site) -> None:
    page = await sat_down(site)
    attempt_id = await last(site)
    async with altered(page), saying_yes(page):
        await page.route("**/answers/*", lambda route: route.abort())
        await reply(await go_to(page, "number"))
        await reply(await go_to(page, "order"))
        await expect(page.locator("[data-state]")).to_contain_text("Not kept yet: 2")
        order = await (await go_to(page, "order")).locator("[name=answer]").evaluate_all("all => all.map(e => e.value)")
        await page.unroute_all()
        await page.route("**/answers/*", lambda route: route.abort())
        await page.reload()

        await expect(page.locator("[data-state]")).to_contain_text("Not kept yet: 2")
        await expect(page.locator('form[data-kind="number"] input')).to_have_value("13")
        again = await page.locator('form[data-kind="order"] [name=answer]').evaluate_all("all => all.map(e => e.value)")
        assert again == order
        await page.unroute_all()
        await page.evaluate("window.dispatchEvent(new Event('online'))")
        await kept(page)

    counts = await answered(site, attempt_id)
    assert (counts["number"], counts["order"]) == (1, 1)


async def test_what_is_no_number_is_told_at_its_question(site: Site) -> None:
    page = await sat_down(site)
    form = await go_to(page, "number")

    await form.locator("input").fill("он үш")
    await form.locator("input").press("Enter")

    await expect(form.get_by_role("alert")).to_contain_text("Write a number")
    await form.locator("input").fill("12,5")
    await form.locator("input").press("Enter")
    await kept(page)
    await expect(form.get_by_role("alert")).to_have_text("")


@pytest.mark.requirement("KZ456-27.14", part="tests")
async def test_after_the_end_an_answer_is_refused_and_told(site: Site) -> None:
    page = await sat_down(site)
    row = await site.services.database.pool.fetchrow(_ACCOUNT, site.sample.child_ref)
    student = Actor(row["name"], row["id"], frozenset({Reach(Role.STUDENT, site.sample.school_id)}))
    await hand_in(site.services, student, site.sample.child_ref, await last(site))  # on another device

    form = await go_to(page, "number")
    await form.locator("input").fill("7")
    await form.locator("input").press("Enter")

    await expect(form.get_by_role("alert")).to_contain_text("not taken any more")
    await expect(form.locator("input")).to_be_disabled()
    await page.get_by_role("link", name="See what came of it").click()
    await expect(page.get_by_text("Attempt", exact=False).first).to_be_visible()


@pytest.mark.requirement("KZ456-27.14", part="tests")
async def test_without_a_script_each_question_is_a_form(site: Site) -> None:
    page = await sat_down(site, script=False)
    attempt_id = await last(site)

    for kind in ("choice", "match", "number", "text", "essay"):
        form = page.locator(f'form[data-kind="{kind}"]').first
        await reply(form)
        await form.get_by_role("button", name="Keep the answer").click()
    order = page.locator('form[data-kind="order"] li span')
    first = await order.first.inner_text()
    await page.locator('form[data-kind="order"] [name=down]').first.click()
    await expect(order.nth(1)).to_have_text(first)

    assert await answered(site, attempt_id) == {
        "choice": 1, "match": 1, "number": 1, "text": 1, "essay": 1, "order": 1,
    }  # fmt: skip
    await page.locator('form[data-kind="number"] input').fill("көп")
    await page.locator('form[data-kind="number"]').get_by_role("button", name="Keep the answer").click()
    await expect(page.get_by_role("alert").first).to_contain_text("Write a number")
    await page.get_by_role("button", name="Hand in").click()
    await expect(page.locator("[data-over]")).to_be_visible()


async def test_who_leaves_questions_open_is_asked_before_handing_in(site: Site) -> None:
    page = await sat_down(site)
    async with saying_yes(page) as asked:
        await page.get_by_role("button", name="Hand in").click()
        await expect(page.locator("[data-over]")).to_be_visible()

    assert asked == [f"Not answered: {10}. Hand in all the same?"]


@pytest.mark.requirement("KZ456-27.14", part="tests")
async def test_a_teacher_writes_a_question_makes_a_test_and_gives_it(site: Site) -> None:
    page = await site.open(f"{TESTS}/questions/new?kind=choice&grade=1", "class_teacher")
    await page.get_by_label("What is asked").fill("3 + 3 = ?")
    await page.get_by_label("Answer 1", exact=True).fill("6")
    await page.get_by_label("Answer 2", exact=True).fill("9")
    await page.get_by_role("button", name="Keep", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("Mark which answer is right")
    await expect(page.get_by_label("Answer 2", exact=True)).to_have_value("9")  # what was typed is not lost
    await page.get_by_label("Answer 1 is right").check()
    await page.get_by_label("Grade", exact=True).select_option("1")
    await page.get_by_role("button", name="Keep", exact=True).click()
    await expect(page.get_by_role("link", name="Bank of questions")).to_be_visible()

    await page.goto(site.address + TESTS)
    await page.get_by_text("Make a test", exact=True).click()
    await page.get_by_label("Name of the test").fill("Он минуттық тест")
    await page.get_by_label("Grade", exact=True).select_option("1")
    await page.get_by_role("button", name="Make", exact=True).click()
    await page.get_by_label("Name of the section").fill("Қосу")
    await page.get_by_role("button", name="Add", exact=True).click()
    await page.get_by_role("link", name="Choose from the bank").click()
    await page.get_by_role("row", name=re.compile(re.escape("3 + 3"))).get_by_role("checkbox").check()
    await page.get_by_role("button", name="Put into the test").click()
    await expect(page.get_by_text("3 + 3 = ?")).to_be_visible()
    await page.get_by_role("link", name="Choose from the bank").click()
    held = page.get_by_role("row", name=re.compile(re.escape("3 + 3")))
    await expect(held).to_contain_text("Already in the test")
    await expect(held.get_by_role("checkbox")).to_be_disabled()
    await page.go_back()
    await page.get_by_text("Give it to a class").click()
    await page.get_by_label("How many attempts").fill("0")
    await page.get_by_role("button", name="Give the test", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("1 to 10 attempts")
    await page.get_by_label("How many attempts").fill("2")
    await page.get_by_role("button", name="Give the test", exact=True).click()

    await expect(page.get_by_role("heading", name="Он минуттық тест")).to_be_visible()
    await expect(page.get_by_role("table", name="Results")).to_contain_text("Not begun")


@pytest.mark.requirement("KZ456-27.14", part="tests")
async def test_a_teacher_marks_an_essay_and_puts_results_into_the_journal(site: Site) -> None:
    page = await site.open(f"{TESTS}/given/1/attempts/1", "class_teacher")
    await expect(page.locator(".tiles")).not_to_contain_text("Percent")  # while an answer waits
    essay = page.locator("section", has_text="Саяхатқа барғанда")
    await essay.get_by_label("Points out of 5").fill("4,5")
    await essay.get_by_label("A word to the student").fill("Мысалдар жақсы!")
    await essay.get_by_role("button", name="Give the points").click()
    await expect(essay).to_contain_text("4.50 of 5")

    await page.goto(f"{site.address}{TESTS}/given/1")
    await expect(page.get_by_role("table", name="Results")).not_to_contain_text("so far")
    await page.get_by_role("button", name="Put the results in").click()

    await expect(page.get_by_role("status").first).to_contain_text("put into the journal")
    page = await site.open(f"/children/{site.sample.child_ref}/attempts/1", "guardian", width=390)
    await expect(page.locator("main")).to_contain_text("Мысалдар жақсы!")


@pytest.mark.requirement("KZ456-27.14", part="tests")
async def test_a_family_sees_its_own_childs_results_and_takes_no_test(site: Site) -> None:
    child = f"/children/{site.sample.child_ref}"
    page = await site.open(f"{child}/tests", "student", width=390)
    await page.get_by_role("link", name="Begin").first.click()
    await expect(page.get_by_role("button", name="Begin")).to_be_visible()
    page = await site.open(f"{child}/tests", "guardian", width=390)
    await expect(page.get_by_role("link", name="Begin")).to_have_count(0)
    await page.goto(f"{site.address}{child}/tests/1")
    await expect(page.get_by_text("The student takes the test in their own account.")).to_be_visible()
    await page.get_by_role("link", name="Attempt 1").click()
    await expect(page.locator("main")).to_contain_text("71-де 7 ондық бар.")

    tokens = site.sample.tokens
    assert await ask(site.app, "POST", f"{child}/tests/1", tokens["guardian"], {}) in {403, 404}
    for who in ("stranger", "childless", "father", "pupil"):
        for path in ("tests", "tests/1", "attempts/1", "attempts/2"):
            assert await ask(site.app, "GET", f"{child}/{path}", tokens[who]) in {403, 404}, (who, path)
    other = f"/children/{site.sample.sibling_ref}/attempts/1"  # the guardian's too, but another's attempt
    assert await ask(site.app, "GET", other, tokens["guardian"]) == 404
    assert await ask(site.app, "POST", f"{other}/answers/1", tokens["pupil"], {"answer": "a"}) == 404
