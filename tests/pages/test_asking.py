"""Questionnaires, video lessons and what is often asked, in a browser: made, answered on a phone, and come to."""

import pytest
from playwright.async_api import expect

from cloud.accounts.logins import login_digest
from simulators.bigbluebutton import ROOT, SimulatedBigBlueButton
from simulators.served import served
from tests.pages.asking import ask
from tests.pages.asking_sample import SECRET
from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

SCHOOL = "/schools/almaty15"


@pytest.mark.requirement("KZ456-27.16", part="questionnaires")
async def test_a_deputy_makes_a_questionnaire_and_a_parent_answers_on_a_phone_without_a_script(site: Site) -> None:
    page = await site.open(f"{SCHOOL}/questionnaires", "deputy")
    await page.get_by_text("Make a new one").click()
    await page.get_by_role("textbox", name="Title In English").fill("School bus")
    await page.get_by_label("Anonymous: nobody").uncheck()
    await page.get_by_role("button", name="Make the draft").click()
    await expect(page.locator("h1")).to_have_text("School bus")
    await page.locator("#new-kind").select_option("several")
    await page.locator("#new-words_en").fill("Which way?")
    await page.get_by_role("button", name="Add the question").click()
    await expect(page.get_by_role("alert")).to_contain_text("to choose from")
    await page.locator("#new-options_en").fill("North\nSouth")
    await page.get_by_role("button", name="Add the question").click()
    await expect(page.locator("article li")).to_have_text(["North", "South"])
    await page.get_by_role("button", name="Publish").click()
    await expect(page.locator(".page-head .badge-of")).to_have_text("Asks now")

    page = await site.open("/questionnaires", "guardian", width=390, script=False)
    await page.get_by_role("link", name="School bus").click()
    await page.get_by_label("North").check()
    await page.get_by_label("South").check()
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_role("status")).to_contain_text("your answers are kept")
    await page.get_by_role("link", name="School bus").click()
    await expect(page.get_by_label("North")).to_be_checked()  # by name: it can be changed
    await expect(page.locator("main")).to_contain_text("You have answered. You can change your answer until")
    await page.get_by_label("North").uncheck()
    await page.get_by_role("button", name="Keep the changes").click()

    page = await site.open(f"{SCHOOL}/questionnaires", "director")
    await page.get_by_role("link", name="School bus").click()
    await expect(page.locator("tbody tr")).to_contain_text(["North", "South"])
    await expect(page.locator("tbody tr", has_text="South")).to_contain_text("100")
    await expect(page.locator("tbody tr", has_text="North")).to_contain_text("0")


@pytest.mark.requirement("KZ456-27.15", part="questionnaires")
async def test_results_are_charts_with_tables_and_files_and_the_anonymous_name_nobody(site: Site) -> None:
    page = await site.open(f"{SCHOOL}/questionnaires/1", "director")

    await expect(page.locator("svg.chart-drawn").first).to_be_visible()
    await expect(page.locator("main")).to_contain_text("The results are of 12 answers")
    await expect(page.locator("main")).to_contain_text("Рақмет аспаздарға!")
    await expect(page.locator("main")).not_to_contain_text("Айгүл Қожахмет")
    for form in ("csv", "xlsx"):
        path = f"{SCHOOL}/questionnaires/1/results.{form}"
        assert await ask(site.app, "GET", path, site.sample.tokens["director"]) == 200
        assert await ask(site.app, "GET", path, site.sample.tokens["teacher"]) == 404


async def test_results_of_one_that_is_over_promise_no_answers_to_come(site: Site) -> None:
    page = await site.open(f"{SCHOOL}/questionnaires/5", "director")

    await expect(page.locator("main .state")).to_have_text("Nobody answered")


async def test_only_fields_of_the_chosen_kind_are_shown(site: Site) -> None:
    page = await site.open(f"{SCHOOL}/questionnaires/3", "director", script=False)
    await page.get_by_text("Add a question").click()

    for kind, most, options in (("one", False, True), ("scale", True, False), ("words", False, False)):
        await page.locator("#new-kind").select_option(kind)
        await expect(page.locator("#new-most")).to_be_visible(visible=most)
        await expect(page.locator("#new-options_en")).to_be_visible(visible=options)


async def test_a_wrong_answer_stands_in_the_form_again(site: Site) -> None:
    page = await site.open("/questionnaires/4", "teacher", width=390, script=False)
    await page.get_by_label("Tuesday").check()
    await page.get_by_label("At which hour?").fill("24")
    await page.get_by_role("button", name="Send").click()

    await expect(page.get_by_role("alert")).to_contain_text("from 0 to 23")
    await expect(page.get_by_label("Tuesday")).to_be_checked()
    await expect(page.get_by_label("At which hour?")).to_have_value("24")


@pytest.mark.requirement("KZ456-27.10", part="video")
async def test_it_sets_a_server_the_teacher_leads_and_the_student_comes_by_their_own_ways(site: Site) -> None:
    reaching = site.services.settings
    object.__setattr__(reaching, "webhook_networks", "127.0.0.0/8")
    bbb = SimulatedBigBlueButton(SECRET)
    lesson = f"{SCHOOL}/journal/{site.sample.course_id}/lessons/{site.sample.lesson_id}"
    async with served(bbb.app) as address:
        try:
            page = await site.open(f"{SCHOOL}/calls", "it")
            await page.get_by_label("What it runs").select_option("bbb")
            await page.get_by_label("Address").fill(f"http://{address}{ROOT}")
            await page.get_by_label("Secret of the server").fill(SECRET)
            await page.get_by_role("button", name="Keep").click()
            await page.get_by_role("button", name="Ask whether it answers").click()
            await expect(page.get_by_role("status")).to_contain_text("The server answers")
            await _numbered(site, 12)
            page = await site.open(lesson, "class_teacher")
            await page.get_by_role("link", name="Video lesson").click()
            await page.get_by_role("button", name="Begin and lead the lesson").click()
            await page.wait_for_url("**/html5client/join**")

            page = await site.open(f"/children/{site.sample.child_ref}/diary", "guardian", width=390)
            await page.locator(f'a[href$="/lessons/{site.sample.lesson_id}/video"]').click()
            await page.get_by_role("button", name="Come in").click()
            await page.wait_for_url("**/html5client/join**")
            page = await site.open(lesson, "class_teacher")
            await expect(page.locator(f"#c-{site.sample.child_ref}")).to_contain_text("Came by video")
        finally:
            object.__setattr__(reaching, "webhook_networks", "")
            await site.services.database.pool.execute(
                "UPDATE call_server SET address = 'https://bbb.mektep.kz/bigbluebutton'"
            )
            await _numbered(site, 2)
    (meeting,) = bbb.meetings.values()
    assert [role for _, role in meeting.came] == ["MODERATOR", "VIEWER"]


async def _numbered(site: Site, number: int) -> None:
    """Give the lesson a number: of one for which the class has no bells, a video lesson is open the whole day."""
    query = "UPDATE lesson SET number = $2 WHERE id = $1"
    await site.services.database.pool.execute(query, site.sample.lesson_id, number)


async def test_a_video_lesson_that_is_over_tells_who_came_and_where_its_recording_lies(site: Site) -> None:
    lesson = f"{SCHOOL}/journal/{site.sample.course_id}/lessons/{site.sample.lesson_id - 1}/video"
    page = await site.open(lesson, "class_teacher")

    await expect(page.locator("main")).to_contain_text("Was open: Mon, Aug 31, 08:35–09:55.")
    await expect(page.get_by_role("link", name="Recording 1")).to_be_visible()
    await expect(page.locator("#came-head + ul li")).to_have_count(1)


@pytest.mark.requirement("KZ456-27.16", part="faq")
async def test_the_office_writes_an_answer_and_a_parent_finds_it_and_says_that_it_helped(site: Site) -> None:
    page = await site.open("/help", "office")
    await page.get_by_role("link", name="Keep what is often asked").click()
    await page.get_by_text("Write a question with its answer").click()
    await page.locator("#new-topic").fill("Bus")
    await page.locator("#new-question_en").fill("When does the bus leave?")
    await page.get_by_role("button", name="Keep").first.click()
    await expect(page.get_by_role("alert")).to_contain_text("in each both or neither")
    await page.locator("#new-answer_en").fill("At 14:10 from the north gate.")
    await page.get_by_role("button", name="Keep").first.click()

    page = await site.open("/help", "guardian", width=390)
    await page.get_by_label("Search", exact=True).fill("north bus")
    await page.get_by_role("button", name="Find").click()
    answer = page.locator("details", has_text="When does the bus leave?")
    await expect(answer).to_contain_text("At 14:10")
    await answer.get_by_role("button", name="It helped").click()
    await expect(page.locator("details[open]", has_text="When does the bus leave?")).to_contain_text("it helped")

    page = await site.open(f"{SCHOOL}/faq", "office")
    await expect(page.locator("article", has_text="When does the bus leave?")).to_contain_text("helped 1")


async def test_who_finds_nothing_is_led_to_ask(site: Site) -> None:
    page = await site.open("/help?search=zzzz", "guardian", width=390)

    await page.get_by_role("link", name="Ask the school").click()

    await expect(page.locator("#ask")).to_be_in_viewport()


async def test_a_questionnaire_that_asks_others_is_not_there(site: Site) -> None:
    digest = login_digest(site.services.vault, "guardian")
    assert await site.services.database.pool.fetchval("SELECT true FROM account WHERE login_digest = $1", digest)
    for who, number, status in (("guardian", 1, 200), ("guardian", 4, 404), ("teacher", 4, 200), ("teacher", 1, 404),
                                ("childless", 1, 404), ("other_office", 4, 404), ("guardian", 3, 404)):  # fmt: skip
        path = f"/questionnaires/{number}"
        assert await ask(site.app, "GET", path, site.sample.tokens[who]) == status, (who, number)
