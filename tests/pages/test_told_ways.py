"""How a guardian is told is chosen on a page, and the office sees what reached whom, lets it go again, limits SMS."""

import asyncio
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.policy import default
from typing import cast

import pytest
import pytest_asyncio
from aiosmtpd.smtp import SMTP, Envelope, Session
from playwright.async_api import Locator, Page, expect

from cloud.notifications.channels.choices import ALL, scopes_of
from cloud.notifications.channels.rules import Choice, Quiet
from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]
HERE, OFFICE = "/notices/ways", "/schools/almaty15/deliveries"


class Mailbox:
    """What aiosmtpd calls with each letter: its words are kept."""

    def __init__(self) -> None:
        self.letters: list[str] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 (its name)
        letter = message_from_bytes(cast(bytes, envelope.original_content), policy=default)
        self.letters.append(letter.get_content())
        return "250 OK"


@pytest_asyncio.fixture(loop_scope="session", name="mailbox")
async def _mailbox(site: Site) -> AsyncIterator[Mailbox]:
    """Run the mail server that the site's settings name."""
    loop, kept = asyncio.get_running_loop(), Mailbox()
    server = await loop.create_server(lambda: SMTP(kept, loop=loop, hostname="mail"), "127.0.0.1", site.smtp_port)
    yield kept
    server.close()
    await server.wait_closed()


async def test_a_guardian_connects_a_mailbox_by_the_code_that_comes_there(site: Site, mailbox: Mailbox) -> None:
    account_id = await account_of(site)
    await site.services.database.pool.execute(
        "DELETE FROM channel_address WHERE account_id = $1 AND channel = 'email'", account_id
    )
    page = await site.open(HERE, "guardian")

    await page.get_by_role("button", name="Send a code: a•••@example.kz").click()
    await page.get_by_label("The code that was sent to").fill("wrong-code")
    await page.get_by_role("button", name="Connect").click()
    await expect(page.get_by_role("alert")).to_contain_text("The code does not fit")
    await page.get_by_label("The code that was sent to").fill(code_in(mailbox))
    await page.get_by_role("button", name="Connect").click()

    await expect(page.get_by_role("status").filter(has_text="Connected.")).to_be_visible()
    await expect(page.get_by_role("button", name="Remove: E-mail a•••@example.kz")).to_be_visible()


async def test_a_guardian_is_told_that_nobody_is_at_an_address_any_more(site: Site) -> None:
    page = await site.open(HERE, "guardian", language="ru")

    await expect(page.get_by_text("по этому адресу никого не нашли")).to_be_visible()


async def test_what_is_chosen_for_one_child_holds_for_it_alone_and_is_shown_again(site: Site) -> None:
    page = await site.open(f"{HERE}?child={site.sample.sibling_ref}", "guardian")
    await expect(page.get_by_text("As for all children.")).to_be_visible()

    await page.get_by_label("From", exact=True).fill("21:30")
    await kind(page, "Meal taken").get_by_label("E-mail").uncheck()
    await kind(page, "Not sold").get_by_label("also in quiet hours").check()
    await page.get_by_label("Wait for").select_option("300")
    await page.get_by_role("button", name="Save").click()

    await expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    await expect(kind(page, "Meal taken").get_by_label("E-mail")).not_to_be_checked()
    await expect(kind(page, "Not sold").get_by_label("also in quiet hours")).to_be_checked()
    account_id = await account_of(site)
    scopes = await scopes_of(site.services.database.pool, [account_id])
    own = scopes[account_id, site.sample.sibling_id]
    assert (own.quiet, own.after_s, own.steps) == (Quiet(21 * 60 + 30, 7 * 60), 300, ("email",))
    assert own.choices["meal_taken"] == Choice(frozenset(), is_urgent=False)
    assert own.chosen("topup", ["email", "webpush", "sms"]) >= {"email"}
    assert scopes[account_id, ALL].after_s == 60
    await page.get_by_role("button", name="Use what is chosen for all children").click()
    assert (account_id, site.sample.sibling_id) not in await scopes_of(site.services.database.pool, [account_id])


async def test_a_notice_says_how_it_reached_the_guardian(site: Site) -> None:
    page = await site.open("/notices", "guardian")
    said = await page.locator(".notices .went").all_inner_texts()
    while await (older := page.get_by_role("link", name="Older")).count():  # other tests have told of newer ones
        await page.goto(site.address + (await older.get_attribute("href") or ""))
        said += await page.locator(".notices .went").all_inner_texts()

    assert any(text.startswith("E-mail: sent at ") for text in said)
    assert any("the school's SMS of the month are used up" in text for text in said)
    assert any("held in quiet hours until" in text for text in said)


async def test_the_office_lets_what_was_given_up_go_again_and_limits_sms(site: Site) -> None:
    pool = site.services.database.pool
    page = await site.open(f"/schools/almaty15/people/{site.sample.child_ref}/notices", "office")
    await page.get_by_role("link", name="How notices reach guardians").click()
    before = int(await pool.fetchval("SELECT count(*) FROM delivery WHERE state = 'dead'"))
    await expect(page.locator("tbody input[name=delivery]")).to_have_count(before)

    await page.locator("tbody input[name=delivery]").first.uncheck()
    await page.get_by_role("button", name="Try those chosen again").click()
    await expect(page.locator("tbody input[name=delivery]")).to_have_count(1)
    await page.get_by_label("At most a month, parts").fill("250")
    await page.get_by_role("button", name="Set the limit").click()
    await expect(page.get_by_text("parts of 250 are used")).to_be_visible()
    await page.get_by_label("At most a month, parts").fill("9999999")
    await page.get_by_role("button", name="Set the limit").click()

    await expect(page.get_by_role("alert")).to_contain_text("A whole number from 0 to 3000")
    assert before > 1
    wanted = ["delivery.retried", "school.sms_limit_set"]
    assert await pool.fetchval("SELECT count(*) FROM audit_entry WHERE verb = ANY($1)", wanted) == 2


def kind(page: Page, name: str) -> Locator:
    """Return the choices of a kind."""
    return page.locator("fieldset", has=page.locator("legend", has_text=name))


def code_in(mailbox: Mailbox) -> str:
    """Return the code of the last letter."""
    return mailbox.letters[-1].partition("Code: ")[2].partition(". ")[0]


async def account_of(site: Site) -> int:
    """Return the mother's account."""
    return int(await site.services.database.pool.fetchval("SELECT account_id FROM guardian WHERE ref = '0000guardian'"))
