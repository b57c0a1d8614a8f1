"""The browser shows a page and reaches no address but this machine's."""

import pytest
from playwright.async_api import Browser, Error


async def test_a_page_is_shown_with_kazakh_letters(browser: Browser) -> None:
    page = await browser.new_page(locale="kk-KZ")

    await page.set_content("<h1>Есік — қақпа</h1>")

    assert await page.inner_text("h1") == "Есік — қақпа"


async def test_no_address_outside_this_machine_is_reached(browser: Browser) -> None:
    page = await browser.new_page()

    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        await page.goto("http://school.example/")
