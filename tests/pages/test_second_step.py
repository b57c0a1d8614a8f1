"""The second step in a browser: led to it, set up, asked for, refused; codes on paper; a passkey of Chromium's own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from playwright.async_api import Page, expect

from cloud.accounts.actions import add_account
from cloud.accounts.totp import code_at, step_at
from cloud.app import create_app, serve
from cloud.core.actor import Actor, Reach, Role
from tests.cloud.accounts.factory import GOOD, secret_of, somebody
from tests.pages.site import Site
from tests.pages.test_ways import change, fresh, sign_in
from tests.servers.process import free_port

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

PASSWORD, LOGIN = "дождь пирог весло", "with-app"
WANTED = "/schools/almaty15/import"
REFUSING = "() => { navigator.credentials.get = () => Promise.reject(new DOMException('', 'NotAllowedError')); }"


@pytest.mark.requirement("KZ456-5.11", part="mfa")
async def test_staff_are_led_to_set_an_app_up_and_sign_in_with_its_code_or_one_on_paper(site: Site) -> None:
    page = await fresh(site, "/sign-in")
    await newcomer(site, page)
    await expect(page.locator("h1")).to_have_text("Second step")
    await page.goto(site.address + WANTED)
    await expect(page.locator("h1")).to_have_text("Second step")

    secret, paper = await set_up(site, page)
    await page.get_by_role("link", name="I have kept them").click()
    await expect(page.locator("h1")).to_contain_text("Today")

    step = step_at(site.clock.now())
    await half_way(site)
    await show(page, "000000")
    await expect(page.get_by_role("alert").first).to_contain_text("This code is wrong")
    await show(page, code_at(secret, step))
    await expect(page).to_have_url(site.address + WANTED)

    await half_way(site)
    await show(page, code_at(secret, step))  # overheard: it was used already
    await expect(page.get_by_role("alert").first).to_contain_text("This code is wrong")
    await show(page, paper)
    await expect(page).to_have_url(site.address + WANTED)


async def test_a_passkey_of_the_browser_is_made_and_signs_in_and_another_device_is_refused(site: Site) -> None:
    office = await somebody(site.services, school_id=site.sample.school_id)
    async with beside_localhost(site) as (address, page):
        cookie = {"name": "esik_session", "value": office.token, "url": address}
        await page.context.add_cookies([cookie])  # type: ignore[list-item]  # a typed dictionary of playwright's own
        await with_authenticator(page)
        await page.goto(f"{address}/account/second-step")
        await page.get_by_role("button", name="Make a passkey").click()
        await expect(page.locator("ol.codes li")).to_have_count(10)

        await page.context.clear_cookies()
        await page.goto(f"{address}/sign-in?next=/account/second-step")
        await sign_in(page, office.login, GOOD)
        await expect(page.locator("h1")).to_have_text("Second step")
        assert "esik_session" not in {each["name"] for each in await page.context.cookies()}
        await page.get_by_role("button", name="Sign in with a passkey").click()
        await expect(page.get_by_text("last used on")).to_be_visible()

        await page.context.clear_cookies()
        await page.goto(f"{address}/sign-in")
        await sign_in(page, office.login, GOOD)
        await expect(page.locator("h1")).to_have_text("Second step")
        await page.evaluate(REFUSING)
        await page.get_by_role("button", name="Sign in with a passkey").click()
        await expect(page.get_by_text("The passkey did not answer")).to_be_visible()
        assert "esik_session" not in {each["name"] for each in await page.context.cookies()}


async def newcomer(site: Site, page: Page) -> None:
    """Make somebody of an office, who signs in for the first time and chooses a password."""
    reach = Reach(Role.OFFICE, site.sample.school_id)
    made = await add_account(site.services, Actor.system("test"), LOGIN, "Сандуғаш", reach)
    await sign_in(page, made.login, made.password)
    await change(page, made.password, PASSWORD)


async def set_up(site: Site, page: Page) -> tuple[bytes, str]:
    """Set an app up, with the code of half a minute ago; return its secret and a code on paper."""
    await page.get_by_role("button", name="Begin").click()
    await page.get_by_text("The camera does not read it?").click()
    secret = secret_of(await page.locator("details code").inner_text())
    await page.get_by_label("Code that the app shows").fill(code_at(secret, step_at(site.clock.now()) - 1))
    await page.get_by_role("button", name="Set up", exact=True).click()
    await expect(page.locator("ol.codes li")).to_have_count(10)
    return secret, await page.locator("ol.codes li").first.inner_text()


async def half_way(site: Site) -> None:
    """Sign in anew with the password, which opens nothing yet."""
    page = await fresh(site, f"/sign-in?next={WANTED}")
    await sign_in(page, LOGIN, PASSWORD)
    await expect(page.locator("h1")).to_have_text("Second step")
    assert "esik_session" not in {each["name"] for each in await page.context.cookies(site.address)}


async def show(page: Page, code: str) -> None:
    await page.get_by_label("Code from the app").fill(code)
    await page.get_by_role("button", name="Sign in", exact=True).click()


@asynccontextmanager
async def beside_localhost(site: Site) -> AsyncIterator[tuple[str, Page]]:
    """Serve the same school under a name, for a passkey is bound to none that is a number; yield address and page."""
    port = free_port()
    settings = replace(site.services.settings, http_port=port, public_url=f"http://localhost:{port}")
    started = asyncio.Event()
    context = await site.browser.new_context(locale="en-US", reduced_motion="reduce")
    async with asyncio.TaskGroup() as tasks:
        app = create_app(replace(site.services, settings=settings))
        serving = tasks.create_task(serve(app, started), name="web of passkeys")
        await started.wait()
        try:
            yield settings.public_url, await context.new_page()
        finally:
            await context.close()
            serving.cancel()


async def with_authenticator(page: Page) -> None:
    """Give the page's browser a device that makes passkeys, with somebody's finger on it."""
    line = await page.context.new_cdp_session(page)
    await line.send("WebAuthn.enable")
    await line.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True,
    }})  # fmt: skip
