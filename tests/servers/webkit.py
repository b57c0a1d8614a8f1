"""Debian's WebKitGTK on a screen that nobody sees, driven by its own WebDriver."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from tests.servers.process import Server, answers, free_port, program
from tests.servers.window import Gone, comes

PACKAGE = "webkit2gtk-driver"
PATIENCE_S = 60.0  # of one command, on a busy machine
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # https://www.w3.org/TR/webdriver2/#elements
GONE = {"no such window", "stale element reference", "javascript error"}
# This driver tells of no console: a page is listened to from the first question on, so that what went wrong while it
# was loaded is seen by what it lacks.
ASKED = """
const told = arguments[0];
if (!window.complaints) {
  window.complaints = [];
  window.addEventListener("error", each => window.complaints.push(each.message));
  window.addEventListener("unhandledrejection", each => window.complaints.push(String(each.reason)));
  document.addEventListener("securitypolicyviolation", each => window.complaints.push(each.violatedDirective));
}
Promise.resolve(%s).then(each => told(JSON.stringify([each, window.complaints.splice(0)])));
"""

CHOSEN = """
((field, name, encoded) => {
  const files = new DataTransfer();
  files.items.add(new File([Uint8Array.from(atob(encoded), each => each.charCodeAt(0))], name));
  field.files = files.files;
  field.dispatchEvent(new Event("change", { bubbles: true }));
})(%s, %s, %s)
"""
FOUND = 'const found = %s; found?.scrollIntoView({ block: "center", behavior: "instant" }); return found;'


class Refused(AssertionError):
    """The browser would not do what it was told to."""


@dataclass(slots=True)
class WebKit:
    """A window of a running browser."""

    line: httpx2.AsyncClient
    session: str
    complaints: list[str] = field(default_factory=list)

    async def command(self, name: str, **given: Any) -> Any:
        """Give a command and return its result. Raises Refused, and Gone when its page was left."""
        answer = (await self.line.post(f"/session/{self.session}/{name}", json=given)).json()["value"]
        if isinstance(answer, dict) and "error" in answer:
            failed = Gone if answer["error"] in GONE else Refused
            raise failed(f"{name}: {answer['error']}: {answer['message']}")
        return answer

    async def open(self, address: str) -> None:
        """Open a page and return when it is loaded."""
        await self.command("url", url=address)

    async def ask(self, expression: str) -> Any:
        """Return what an expression of the page becomes."""
        value, complaints = json.loads(await self.command("execute/async", script=ASKED % expression, args=[]))
        self.complaints += complaints
        return value

    async def press(self, element: str) -> None:
        """Bring an element into view and press it with a pointer."""
        await self.command(f"element/{await self._find(element)}/click")

    async def type(self, element: str, words: str) -> None:
        """Type words into an element, key by key."""
        await self.command(f"element/{await self._find(element)}/value", text=words)

    async def attach(self, element: str, path: Path) -> None:
        """Choose a file: by its bytes, for WebKitGTK 2.52 ends the page that sends one which its driver chose."""
        encoded = base64.b64encode(await asyncio.to_thread(path.read_bytes)).decode()
        await self.ask(CHOSEN % (element, json.dumps(path.name), json.dumps(encoded)))

    async def _find(self, element: str) -> str:
        await comes(self, f"!!({element})", element)
        found = await self.command("execute/sync", script=FOUND % element, args=[])
        if found is None:
            raise Refused(f"there is no {element}")
        return str(found[ELEMENT])


@asynccontextmanager
async def webkit(folder: Path) -> AsyncIterator[WebKit]:
    """Run a browser that was never used, with a screen of its own."""
    screen_log = folder / "screen.log"
    screen = Server(
        [str(program("Xvfb", "xvfb")), "-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"],
        screen_log, lambda: screen_log.read_bytes().endswith(b"\n"),
    )  # fmt: skip
    screen.start()
    try:
        port, shown = free_port(), screen_log.read_text().split()[-1]
        driver = Server(
            ["/usr/bin/env", f"DISPLAY=:{shown}", str(program("WebKitWebDriver", PACKAGE)), f"--port={port}"],
            folder / "driver.log", lambda: answers(port),
        )  # fmt: skip
        driver.start()
        try:
            async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as line:
                session = await _begin(line)
                yield WebKit(line, session)
                await line.delete(f"/session/{session}")
        finally:
            driver.stop()
    finally:
        screen.stop()


async def _begin(line: httpx2.AsyncClient) -> str:
    told = (await line.post("/session", json={"capabilities": {}})).json()["value"]
    if "sessionId" not in told:
        raise Refused(f"{told['error']}: {told['message']}")
    return str(told["sessionId"])
