"""The office's page of a person: cards, consents with their withdrawal, guardians with rights of their own, leaving."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Page, expect

from cloud.core.actor import Actor
from cloud.core.page_wakeups import CHANNEL
from cloud.core.wakeups import notify
from cloud.people.actions import add_guardian, add_person, give_consent, withdraw_consent
from cloud.people.bulk import GuardianGiven, PersonGiven
from cloud.people.kinds import PersonRole, Purpose, Relation
from tests.pages.sample import DAY, NOW, arrive
from tests.pages.site import Site
from tests.pages.test_ways import fresh, sign_in

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

SYSTEM = Actor.system("test")


async def test_the_office_gives_a_card_by_reading_it_and_takes_it_back(site: Site) -> None:
    page = await site.open(f"/schools/almaty15/people/{site.sample.sibling_ref}", "office")
    await expect(page.get_by_text("No card yet.")).to_be_visible()

    await page.get_by_label("Number of a new card").fill("no number")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("A card number is 8, 14 or 20")
    await page.get_by_label("Number of a new card").fill("04A1B2C3D4E5F6")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Active", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Block").click()
    await page.get_by_role("button", name="Free again").click()
    await page.get_by_role("button", name="Take back").click()

    await expect(page.get_by_text("Returned", exact=True)).to_be_visible()


async def test_a_card_that_proves_itself_is_given_as_what_it_is_and_by_its_number_alone_to_nobody(site: Site) -> None:
    page = await site.open(f"/schools/almaty15/people/{site.sample.sibling_ref}", "office")

    await page.get_by_label("Kind of card").select_option("desfire")
    await page.get_by_label("Number of a new card").fill("04B1B2C3D4E5F6")
    await page.get_by_role("button", name="Give").click()
    await expect(page.get_by_text(re.compile("issued .*DESFire, proves itself"))).to_be_visible()
    await page.get_by_label("Number of a new card").fill("04B1B2C3D4E5F6")
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("alert")).to_contain_text("Take it back there first")


async def test_the_office_opens_a_guardians_account_whose_password_is_shown_once(site: Site) -> None:
    guardian = GuardianGiven("Болат Сұлтанов", "+7 701 555 66 77", None)
    system = Actor.system("test")
    await add_guardian(site.services, system, site.sample.sibling_id, guardian, Relation.FATHER)
    page = await site.open(f"/schools/almaty15/people/{site.sample.sibling_ref}", "office")

    await page.get_by_role("button", name="Open an account").click()

    await expect(page.locator(".way-in code")).to_have_count(2)
    login, password = await page.locator(".way-in code").all_inner_texts()
    await page.goto(page.url.partition("/guardians")[0])
    await expect(page.locator(".way-in")).to_have_count(0)
    parent = await fresh(site, "/sign-in")
    await sign_in(parent, login, password)
    await expect(parent.locator("h1")).to_have_text("Choose your own password")


async def test_the_office_notes_a_consent_and_its_withdrawal_with_date_and_document(site: Site) -> None:
    page = await of_somebody_new(site, "Сейтқали", "ru")
    await expect(page.get_by_role("main")).to_contain_text("Согласие на карту не записано")

    await note(page, "31.02.2026", "заявление № 12")
    await expect(page.get_by_role("alert")).to_contain_text("Такого дня нет")
    await expect(page.get_by_label("В каком документе записано")).to_have_value("заявление № 12")
    await note(page, "01.09.2036", "заявление № 12")
    await expect(page.get_by_role("alert")).to_contain_text("Этот день ещё не наступил")
    await note(page, "31.08.2026", "заявление № 12")

    await expect(page.get_by_role("main")).to_contain_text("31 августа 2026\u202fг., на бумаге: заявление № 12")
    await expect(page.get_by_role("main")).not_to_contain_text("Согласие на карту не записано")
    await page.get_by_text("Отозвать", exact=True).click()
    form = page.locator("form[action$='/withdraw']")
    await expect(form.get_by_label("Дата")).to_have_value("01.09.2026")
    await form.get_by_label("В каком документе записано").fill("заявление № 40")
    await form.get_by_role("button").click()
    await expect(page.get_by_role("main")).to_contain_text("1 сентября 2026\u202fг., на бумаге: заявление № 40")
    await expect(page.get_by_role("main")).to_contain_text("Согласие на карту не записано")


async def test_a_field_left_empty_is_told_of_in_the_language_of_the_page(site: Site) -> None:
    page = await of_somebody_new(site, "Қанат", "kk")

    await page.get_by_role("button", name="Беру").click()

    assert await page.locator("#number").evaluate("field => field.validationMessage") == "Мұны толтырыңыз."


async def test_each_guardian_has_rights_of_the_own_and_may_end(site: Site) -> None:
    page = await of_somebody_new(site, "Жұмабек", "en")
    await add(page, "Жұмабек Алия", "12345", "mother")
    await expect(page.get_by_role("alert")).to_contain_text("This is no phone number")

    await add(page, "Жұмабек Алия", "+7 705 111 22 33", "mother")
    await expect(page.get_by_role("link", name="+77051112233")).to_be_visible()
    await page.get_by_text("Rights: 8 of 8").click()
    await page.get_by_label("Blocks the card").uncheck()
    await page.get_by_role("button", name="Keep").click()
    await page.get_by_text("Rights: 7 of 8").click()
    await page.get_by_role("button", name="No longer a guardian").click()

    await expect(page.get_by_role("main")).to_contain_text("until September 1, 2026")
    await expect(page.get_by_role("link", name="+77051112233")).to_have_count(0)


async def test_who_leaves_the_school_is_on_no_list_and_stays_on_record(site: Site) -> None:
    page = await of_somebody_new(site, "Кетебай", "en")
    address = page.url

    await page.get_by_text("Leaves the school").click()
    await page.get_by_role("button", name="Yes, has left").click()

    await expect(page.get_by_role("main")).to_contain_text("This person has left the school")
    await page.goto(f"{site.address}/schools/astana7/office?search=Кетебай")
    await expect(page.get_by_text("Nobody fits")).to_be_visible()
    await page.goto(address)
    await expect(page.locator("h1")).to_have_text("Кетебай Асан")


async def of_somebody_new(site: Site, surname: str, language: str) -> Page:
    """Open the page of somebody who came to the school just now."""
    given = PersonGiven(role=PersonRole.STUDENT, surname=surname, given_name="Асан", number=surname)
    person_id = await add_person(site.services, SYSTEM, site.sample.other_school_id, given)
    ref = await site.services.database.pool.fetchval("SELECT ref FROM person WHERE id = $1", person_id)
    return await site.open(f"/schools/astana7/people/{ref}", "other_office", language=language)


async def note(page: Page, day: str, source: str) -> None:
    await page.get_by_label("Дата").fill(day)
    await page.get_by_label("В каком документе записано").fill(source)
    await page.get_by_role("button", name="Записать").click()


async def add(page: Page, name: str, phone: str, relation: str) -> None:
    if not await page.get_by_label("Full name").is_visible():
        await page.get_by_text("Add a guardian").click()
    await page.get_by_label("Full name").fill(name)
    await page.get_by_label("Phone").fill(phone)
    await page.get_by_label("What they are to the child").select_option(relation)
    await page.get_by_role("button", name="Add", exact=True).click()


async def test_the_office_prints_a_pass_for_who_forgot_the_card(site: Site) -> None:
    page = await site.open(f"/schools/almaty15/people/{site.sample.child_ref}", "office")
    name = await page.locator("h1").inner_text()

    await page.get_by_role("button", name="Card forgotten? A pass for today").click()

    await expect(page.get_by_role("img", name="A pass for the day")).to_be_visible()
    await expect(page.get_by_role("heading", name=name)).to_be_visible()
    await expect(page.get_by_role("main")).to_contain_text("September 1, 2026")
    await expect(page.get_by_role("button", name="Print")).to_be_visible()


async def test_a_parent_shows_a_code_that_is_drawn_anew(site: Site) -> None:
    page = await site.open(f"/children/{site.sample.child_ref}", "guardian", width=390)
    await page.get_by_role("link", name="Card forgotten? Show a code").click()
    code = page.get_by_role("img", name="A code instead of the card")
    first = await code.inner_html()

    async with site.services.database.transaction() as connection:
        await notify(connection, CHANNEL, f"{site.sample.school_id}:{site.sample.child_ref}")

    await expect(code).not_to_have_js_property("innerHTML", first)


async def test_cards_are_given_out_by_tapping_down_a_class_list(site: Site) -> None:
    page = await site.open("/schools/almaty15/cards?class=11А", "office")
    number = page.get_by_label("Hold a new card to the reader")
    await expect(number).to_be_focused()
    names = await page.locator("tbody th").all_inner_texts()

    await page.keyboard.type("04AA00000000A1\n")
    await expect(page.get_by_role("status")).to_contain_text(names[0])
    await expect(page.locator("#turn")).to_have_text(names[1])
    await page.keyboard.type("04AA00000000A1\n")
    await expect(page.get_by_role("alert")).to_contain_text(f"belongs to {names[0]}")
    await expect(page.locator("#turn")).to_have_text(names[1])
    await page.get_by_role("link", name="Skip:").click()
    await expect(page.locator("#turn")).to_have_text(names[2])
    await page.keyboard.type("04AA00000000A3\n")

    await expect(page.locator("#turn")).to_have_text(names[3])
    await expect(page.locator("caption")).to_contain_text(f"2 of {len(names)}")


async def test_a_photo_that_the_office_puts_stands_beside_the_name_at_the_gate_until_the_consent_ends(
    site: Site, tmp_path: Path
) -> None:
    face = tmp_path / "face.png"
    Image.new("RGB", (400, 500), "#c96").save(face)
    sample = site.sample
    await give_consent(site.services, SYSTEM, sample.sibling_id, Purpose.PHOTO, DAY, "form 12")
    page = await site.open(f"/schools/almaty15/people/{sample.sibling_ref}", "office")

    await page.get_by_label("A new photo").set_input_files(face)
    await page.get_by_role("button", name="Put the photo").click()
    await expect(page.locator("img.face")).to_be_visible()
    await arrive(site.services, sample.sibling_id, sample.school_id, sample.sibling_ref, NOW - timedelta(seconds=4))
    gate = await site.open("/schools/almaty15/gate", "guard")
    face_shown = gate.locator(f".taps img[src*='{sample.sibling_ref}']")
    await expect(face_shown.first).to_be_visible()
    loaded = await face_shown.first.evaluate("each => each.naturalWidth")
    await withdraw_consent(site.services, SYSTEM, sample.sibling_id, Purpose.PHOTO, DAY, "form 13")
    await gate.reload()

    assert loaded == 320
    await expect(face_shown).to_have_count(0)
