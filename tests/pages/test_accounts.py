"""What the office and IT do with accounts on their pages: one of staff from making to deleting, and a class's sheet."""

import re
from dataclasses import replace

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from cloud.core.roles import Role
from cloud.people.actions import add_guardian
from cloud.people.bulk import GuardianGiven
from cloud.people.kinds import Relation
from cloud.schools.actions import add_class
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import SYSTEM, a_school
from tests.cloud.sms_gateway import a_gateway
from tests.pages import roles_sample
from tests.pages.site import Site
from tests.servers.axe import violations

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

HERE = "/schools/sheets1"  # a school of its own
ACCOUNTS = f"{HERE}/accounts"
PASSWORD = re.compile(r"^[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}$")


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="school", autouse=True)
async def _school(site: Site) -> int:
    """Write a school with IT, an office and a class of two."""
    services, tokens = site.services, site.sample.tokens
    school_id = await a_school(services, "sheets1")
    class_id = await add_class(services, SYSTEM, school_id, 5, "А")
    for number in ("1", "2"):
        await a_student(services, school_id, number, class_id)
    for role in (Role.IT, Role.OFFICE):
        login = f"{role.value}_of_sheets"
        tokens[login] = await roles_sample.account(services, login, [(role, school_id)])
    return school_id


async def do(page: Page, deed: str, yes: str) -> None:
    """Open a deed, and say yes to its question."""
    await page.get_by_text(deed, exact=True).click()
    await page.get_by_role("button", name=yes).click()


async def make(page: Page, name: str, login: str) -> None:
    await page.get_by_label("Surname and given name").fill(name)
    await page.get_by_label("Login", exact=True).fill(login)
    await page.get_by_label("Role", exact=True).select_option("nurse")
    await page.get_by_role("button", name="Make the account").click()


@pytest.mark.requirement("KZ456-5.7")
async def test_an_account_is_made_changed_closed_opened_and_deleted_and_the_journal_has_it(
    site: Site, school: int
) -> None:
    page = await site.open(ACCOUNTS, "it_of_sheets", width=390)
    await make(page, "Нұрлан Сейіт", "nurse 7")
    await expect(page.get_by_role("alert")).to_contain_text("A login is an e-mail address")
    await expect(page.get_by_label("Surname and given name")).to_have_value("Нұрлан Сейіт")
    await make(page, "Нұрлан Сейіт", "it_of_sheets")
    await expect(page.get_by_role("alert")).to_contain_text("Choose another one")
    await make(page, "Нұрлан Сейіт", "nurse7")
    await expect(page.locator(".way-in dd").nth(1)).to_have_text(PASSWORD)

    await page.goto(f"{site.address}{ACCOUNTS}?search=нұрлан")
    await page.get_by_role("link", name="Нұрлан Сейіт").click()
    await expect(page.locator(".way-in")).to_have_count(0)  # shown once
    await page.get_by_label("Login", exact=True).fill("nurse8")
    await page.get_by_role("button", name="Keep").click()
    await expect(page.get_by_role("status")).to_contain_text("The account is changed")
    await do(page, "Close the account", "Yes, close it")
    await expect(page.get_by_role("status")).to_contain_text("closed")
    await do(page, "Open again", "Yes, open it")
    await do(page, "New first password", "Yes, give a new one")
    await expect(page.locator(".way-in dd").nth(0)).to_have_text("nurse8")
    await do(page, "Delete the account", "Yes, delete it")

    await expect(page.get_by_role("status")).to_contain_text("deleted")
    verbs = await site.services.database.pool.fetch(
        "SELECT verb FROM audit_entry WHERE school_id = $1 AND verb LIKE 'account.%' ORDER BY id DESC LIMIT 7",
        school,
    )
    assert [row["verb"].removeprefix("account.") for row in reversed(verbs)] == [
        "added", "edited", "closed", "opened_again", "password_reset", "role_taken", "deleted",
    ]  # fmt: skip


async def test_what_may_not_be_given_is_shown_and_not_changed(site: Site) -> None:
    page = await site.open(ACCOUNTS, "office_of_sheets")
    await page.locator("tr", has_text="it_of_sheets").get_by_role("link").click()

    await expect(page.get_by_role("main")).to_contain_text("somebody else changes it")
    assert await page.get_by_role("main").get_by_role("button").count() == 0


async def test_a_class_gets_its_sheet_with_a_way_in_for_each_student(site: Site) -> None:
    page = await site.open(f"{HERE}/ways-in", "office_of_sheets")
    await page.get_by_role("button", name="Print for students").first.click()

    slips = page.locator(".code-card")
    await expect(slips.first.locator("dd").nth(0)).to_have_text(re.compile(r"^sheets1\.\d{6}$"))
    await expect(slips.first.locator("dd").nth(1)).to_have_text(PASSWORD)
    await expect(slips).to_have_count(2)


async def test_guardians_are_sent_their_way_in_by_sms_after_the_office_saw_how_many(site: Site, school: int) -> None:
    services, state = site.services, site.app.state
    child = await a_student(services, school, "3", await add_class(services, SYSTEM, school, 6, "Б"))
    for phone in ("+77015990001", "+77015990002"):
        await add_guardian(services, SYSTEM, child, GuardianGiven("Әліби Сауле", phone, None), Relation.OTHER)
    async with a_gateway() as gateway:
        gateway.simulated.refused["+77015990002"] = 8
        state.services = replace(services, settings=replace(services.settings, sms_url=gateway.url))
        try:
            page = await site.open(f"{HERE}/ways-in", "office_of_sheets")
            await page.get_by_role("link", name="By SMS to guardians: 6Б").click()
            await expect(page.get_by_role("heading", level=2)).to_have_text("2 messages would be sent now")
            assert await violations(page) == []
            await page.get_by_label("English").check()
            await page.get_by_role("button", name="Send 2 messages").click()
            await expect(page.get_by_role("status").first).to_have_text("The gateway took 1 message.")
            slip = page.locator(".code-card")
            await expect(slip).to_have_count(1)
            assert await violations(page) == []
            await expect(slip).to_contain_text("none can be sent to this number")
            await expect(slip.locator("dd").nth(1)).to_have_text(PASSWORD)
        finally:
            state.services = services

    (taken,) = gateway.simulated.taken
    assert taken.to == "+77015990001"
    assert f": sign in at {site.address}/sign-in\nLogin: this number\nPassword: " in taken.words


async def test_without_a_gateway_there_is_no_page_of_texts(site: Site) -> None:
    services, state = site.services, site.app.state
    state.services = replace(services, settings=replace(services.settings, sms_url=""))
    try:
        page = await site.open(f"{HERE}/ways-in", "office_of_sheets")
        links = await page.get_by_role("link", name="SMS").count()
        answer = await page.goto(f"{site.address}{HERE}/ways-in/sms")
    finally:
        state.services = services

    assert links == 0
    assert answer is not None
    assert answer.status == 404
