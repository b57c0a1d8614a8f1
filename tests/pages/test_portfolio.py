"""Portfolios in a browser: from a parent's phone over the class teacher's list to a certificate that anybody checks."""

import io

import pytest
from PIL import Image
from playwright.async_api import expect

from tests.pages.asking import ask
from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

SCHOOL = "/schools/almaty15"


def photo() -> dict[str, object]:
    out = io.BytesIO()
    Image.new("RGB", (300, 200), "#9cb").save(out, "WEBP")
    return {"name": "медаль.webp", "mimeType": "image/webp", "buffer": out.getvalue()}


@pytest.mark.requirement("KBR-4.1.achievements")
@pytest.mark.requirement("KBR-4.2.portfolio")
async def test_a_parent_adds_with_a_photo_the_teacher_sends_back_and_confirms_and_the_student_sees_it(
    site: Site,
) -> None:
    path = f"/children/{site.sample.child_ref}/portfolio"
    page = await site.open(path, "guardian", width=390)
    await page.get_by_text("Add an achievement").click()
    await page.get_by_label("What it is").select_option("work")
    await page.get_by_label("Its name or the organisation's").fill("Күн сағаты жобасы")
    await page.get_by_label("Level").select_option("school")
    await page.locator("#file-new").set_input_files(photo())  # type: ignore[arg-type]  # a payload of Playwright's
    await page.get_by_role("button", name="Add to the portfolio").click()
    await expect(page.locator("article", has_text="Күн сағаты жобасы")).to_contain_text("Waits for the school")

    page = await site.open(f"{SCHOOL}/portfolio", "class_teacher", width=390)
    waiting = page.locator("article", has_text="Күн сағаты жобасы")
    await expect(waiting.get_by_role("link", name="File 1")).to_be_visible()
    await waiting.get_by_text("Send back").first.click()
    await waiting.get_by_label("Why: whoever added it reads this").fill("Қай жылы?")
    await waiting.get_by_role("button", name="Send back").click()
    await expect(page.locator("h1")).to_have_text("Profiles")
    await expect(page.locator("article", has_text="Күн сағаты жобасы")).to_have_count(0)

    page = await site.open(path, "guardian", width=390)
    mine = page.locator("article", has_text="Күн сағаты жобасы")
    await expect(mine).to_contain_text("Әсел Омарова: Қай жылы?")
    await mine.get_by_label("New text (replaces the old)").fill("2026 жылы")
    await mine.get_by_role("button", name="Send", exact=True).click()

    page = await site.open(f"{SCHOOL}/portfolio", "class_teacher", width=390)
    await page.locator("article", has_text="2026 жылы").get_by_role("button", name="Confirm").click()

    page = await site.open(path, "student", width=390)
    seen = page.locator("article", has_text="Күн сағаты жобасы")
    await expect(seen).to_contain_text("Confirmed by the school")
    await expect(seen.get_by_role("button", name="Take the entry back")).to_have_count(0)


@pytest.mark.requirement("KBR-4.1.main")
async def test_the_office_changes_a_field_and_a_wrong_one_is_told_with_what_was_typed(site: Site) -> None:
    page = await site.open(f"{SCHOOL}/people/{site.sample.child_ref}/profile", "office")
    main = page.locator("section#main")
    await main.get_by_text("Change", exact=True).click()
    await main.get_by_label("E-mail").fill("aigerim@mail")
    await main.get_by_label("Insurance number").fill("АА-17")
    await main.get_by_role("button", name="Keep").click()
    await expect(page.get_by_role("alert")).to_contain_text("no e-mail address")
    await expect(main.get_by_label("Insurance number")).to_have_value("АА-17")

    await main.get_by_label("E-mail").fill("aigerim@mail.kz")
    await main.get_by_role("button", name="Keep").click()

    await expect(page.locator("section#main dl").last).to_contain_text("aigerim@mail.kz")
    await page.get_by_text("Who changed what").click()
    await expect(page.locator("details[open]")).to_contain_text("Insurance number: АА-17")


async def test_the_office_sees_parents_and_meals_in_a_profile_and_the_class_teacher_neither(site: Site) -> None:
    path = f"{SCHOOL}/people/{site.sample.child_ref}/profile"
    page = await site.open(path, "office")
    await expect(page.locator("section#extra")).to_contain_text("Parents and representatives")
    await expect(page.locator("section#extra")).to_contain_text("Meals at school")

    page = await site.open(path, "class_teacher")

    await expect(page.locator("section#extra h2")).to_be_visible()
    await expect(page.locator("section#extra")).not_to_contain_text("Parents and representatives")
    await expect(page.locator("section#extra")).not_to_contain_text("Meals at school")


@pytest.mark.requirement("KBR-4.1.extra")
async def test_a_look_at_what_is_sensitive_stands_in_the_journal_and_the_office_has_no_way_there(site: Site) -> None:
    path, pool = f"{SCHOOL}/people/{site.sample.child_ref}/profile", site.services.database.pool
    counted = "SELECT count(*) FROM audit_entry WHERE verb = 'profile.sensitive_read'"
    before = await pool.fetchval(counted)
    page = await site.open(path, "office")
    await expect(page.get_by_role("link", name="Health, registers, family")).to_have_count(0)
    assert await ask(site.app, "GET", f"{path}/sensitive", site.sample.tokens["office"]) == 404

    page = await site.open(path, "class_teacher")
    await page.get_by_role("link", name="Health, registers, family").click()

    await expect(page.locator("dl")).to_contain_text("Дене шынықтыру: арнайы топ")
    assert await pool.fetchval(counted) == before + 1


@pytest.mark.requirement("KBR-4.2.advice")
async def test_a_teacher_sets_a_goal_ticks_a_step_and_the_family_reads_what_became_of_it(site: Site) -> None:
    page = await site.open(f"{SCHOOL}/people/{site.sample.child_ref}/profile", "class_teacher", width=390)
    await page.get_by_text("Set a goal").click()
    await page.get_by_label("What is to be reached").fill("Оқу жылдамдығы: 120 сөз")
    await page.locator("#goal-due").fill("2027-05-20")
    await page.get_by_role("button", name="Set the goal").click()
    goal = page.locator("article", has_text="Оқу жылдамдығы: 120 сөз")
    await goal.get_by_text("Add a step").first.click()
    await goal.get_by_label("What is to be done").fill("Күніне он бет")
    await goal.get_by_label("By which day").fill("2026-12-20")
    await goal.get_by_role("button", name="Add the step").click()
    await goal.get_by_role("button", name="Күніне он бет: Mark as done").click()
    await expect(goal.get_by_role("button", name="Күніне он бет: Reopen")).to_be_visible()

    page = await site.open(f"/children/{site.sample.child_ref}/portfolio", "guardian", width=390)
    goal = page.locator("article", has_text="Оқу жылдамдығы: 120 сөз")
    await expect(goal.get_by_role("listitem").filter(has_text="Күніне он бет").first).to_contain_text("Done")
    await goal.get_by_text("What became of it").click()
    await expect(goal).to_contain_text("step done: Күніне он бет")


@pytest.mark.requirement("KZ456-27.1", part="certificates")
async def test_a_certificate_is_given_shown_to_anybody_and_taken_back(site: Site) -> None:
    page = await site.open(f"{SCHOOL}/people/{site.sample.child_ref}/profile", "director")
    await page.get_by_text("Give a certificate").click()
    await page.get_by_label("What it is given for").fill("Кітап оқу марафоны")
    await page.get_by_role("button", name="Sign and give").click()
    address = await page.get_by_role("link", name="Кітап оқу марафоны").get_attribute("href")
    assert address is not None

    page = await site.open(address, "", language="kk", width=390)
    await expect(page.locator("h2").first).to_have_text("Кітап оқу марафоны")
    await expect(page.locator("svg.qr")).to_be_visible()
    await expect(page.locator(".badge-of")).to_have_class("badge-of tone-in")
    page = await site.open(f"{SCHOOL}/people/{site.sample.child_ref}/profile", "director")
    await page.locator("#awards details", has_text="Take the certificate back").first.locator("summary").click()
    await page.get_by_role("button", name="Кітап оқу марафоны: Take the certificate back").click()

    page = await site.open(address, "", width=390)
    await expect(page.locator(".badge-of")).to_have_text("Certificate was taken back")


@pytest.mark.requirement("KZ456-27.2")
async def test_a_teacher_adds_to_the_own_profile_and_the_office_confirms_it(site: Site) -> None:
    page = await site.open("/profile", "teacher", width=390)
    await page.get_by_text("Add", exact=True).click()
    await page.get_by_label("What it is").select_option("training")
    await page.get_by_label("Its name or the organisation's").fill("Цифрлық сауаттылық")
    await page.get_by_role("button", name="Add to the portfolio").click()
    await expect(page.get_by_role("alert")).to_contain_text("how many hours")
    await page.get_by_label("Hours, if it is a training").fill("72")
    await page.get_by_role("button", name="Add to the portfolio").click()
    await expect(page.locator("article", has_text="Цифрлық сауаттылық")).to_contain_text("72 hours")

    page = await site.open(f"{SCHOOL}/staff", "office")
    await expect(page.locator("section", has_text="Attestations that end")).to_contain_text("Attestation ends soon")
    await page.get_by_role("link", name="Цифрлық сауаттылық").click()
    entry = page.locator("article", has_text="Цифрлық сауаттылық")
    await entry.get_by_role("button", name="Confirm").click()

    await expect(entry).to_contain_text("Confirmed by the school")


async def test_a_file_is_handed_out_as_a_file_to_who_may_see_the_portfolio_alone(site: Site) -> None:
    child, tokens = site.sample.child_ref, site.sample.tokens
    for who, path in (("guardian", f"/children/{child}/portfolio/1/files/1"),
                      ("methodologist", f"{SCHOOL}/people/{child}/profile/entries/1/files/1")):  # fmt: skip
        assert await ask(site.app, "GET", path, tokens[who]) == 200
        for other in ("father", "stranger", "guard", "other_office", "teacher" if who == "guardian" else "cashier"):
            assert await ask(site.app, "GET", path, tokens[other]) == 404, other
