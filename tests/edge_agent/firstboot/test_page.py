"""The first page in a browser: it fits and is accessible in every state, follows what happens, and scans by camera."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser, expect

from edge_agent.firstboot.app import create_first_app
from edge_agent.firstboot.desk import FirstDesk, Phase, Standing
from edge_agent.status.server import serve_status
from tests.edge_agent.firstboot.test_firstboot import CODE, Asked
from tests.servers.axe import violations
from tests.servers.process import answers, free_port
from tests.waiting import until_async

STATES = (
    Standing(Phase.WAITING),
    Standing(Phase.ASKING, device="almaty5-main"),
    Standing(Phase.REFUSED, "pin_wrong"),
    Standing(Phase.ENROLLED, device="almaty5-main"),
)
# A camera that sees the code at the third look, as browsers with one offer it; Debian's Chromium has no detector.
CAMERA = """
navigator.mediaDevices.getUserMedia = async () => document.createElement("canvas").captureStream();
window.BarcodeDetector = class {
  looks = 0;
  async detect() {
    this.looks += 1;
    return this.looks < 3 ? [{ rawValue: "https://elsewhere.example" }] : [{ rawValue: "CODE" }];
  }
};
"""


@asynccontextmanager
async def serving(desk: FirstDesk) -> AsyncIterator[str]:
    port = free_port()
    task = asyncio.create_task(serve_status(create_first_app(desk), "127.0.0.1", port))
    try:
        await until_async(lambda: answers(port))
        yield f"http://127.0.0.1:{port}/"
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_the_page_fits_and_is_accessible_in_every_state(
    browser: Browser, tmp_path: Path, theme: Literal["light", "dark"]
) -> None:
    desk = FirstDesk(["main"], Asked(tmp_path).ask)
    page = await browser.new_page(color_scheme=theme)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    async with serving(desk) as url:
        for standing, language in zip(STATES, ("kk", "ru", "en", "kk"), strict=True):
            desk.standing = standing
            for width in (1280, 390):
                await page.set_viewport_size({"width": width, "height": 900})
                await page.goto(f"{url}?lang={language}")
                assert await page.evaluate("document.documentElement.scrollWidth") <= width
            assert await violations(page) == []
    assert complaints == []


async def test_a_code_that_a_scanner_types_needs_no_touch_of_the_page(browser: Browser, tmp_path: Path) -> None:
    asked = Asked(tmp_path)
    page = await browser.new_page()
    async with serving(FirstDesk(["main"], asked.ask)) as url:
        await page.goto(url + "?lang=en")
        await expect(page.locator("[autofocus]")).to_be_focused()  # what comes before it is lost
        await page.keyboard.type(CODE.text() + "\n")
        await until_async(lambda: asked.codes)
        asked.may_answer.set()
        await expect(page.get_by_role("heading")).to_have_text("Done")

    assert [code.token for code in asked.codes] == [CODE.token]
    assert CODE.token.hex() not in page.url


async def test_a_camera_that_can_read_codes_enrols_and_anything_else_it_sees_is_passed_over(
    browser: Browser, tmp_path: Path
) -> None:
    asked = Asked(tmp_path)
    asked.may_answer.set()
    page = await browser.new_page()
    await page.add_init_script(CAMERA.replace("CODE", CODE.text()))
    async with serving(FirstDesk(["main"], asked.ask)) as url:
        await page.goto(url + "?lang=en")
        await page.get_by_role("button", name="Scan with the camera").click()
        await expect(page.get_by_role("heading")).to_have_text("Done")


async def test_without_a_camera_that_reads_codes_none_is_offered_and_an_open_page_follows_what_happens(
    browser: Browser, tmp_path: Path
) -> None:
    asked = Asked(tmp_path, "code_used")
    asked.may_answer.set()
    desk = FirstDesk(["main"], asked.ask)
    page = await browser.new_page()
    async with serving(desk) as url:
        await page.goto(url + "?lang=ru")
        await expect(page.get_by_role("button", name="Сканировать камерой")).to_be_hidden()

        await desk.take(CODE.text())  # by the door's own scanner

        await expect(page.get_by_role("alert")).to_contain_text("Этот код уже использовало другое устройство")
