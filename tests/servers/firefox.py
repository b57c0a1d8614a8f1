"""Debian's Firefox ESR without windows, driven over WebDriver BiDi, with a push service on this machine."""

import asyncio
import itertools
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from tests.servers.process import Server, program

PACKAGE = "firefox-esr"
PATIENCE_S = 60.0  # of one command, on a busy machine
MESSAGE_MAX = 16 * 1024 * 1024
_LISTENS = re.compile(rb"WebDriver BiDi listening on (ws://127\.0\.0\.1:\d+)")
PREFERENCES: Mapping[str, object] = {
    "alerts.useSystemBackend": False,  # there is no desktop that would show anything
    "dom.push.connection.enabled": True,
    "dom.push.testing.allowInsecureServerURL": True,
    "dom.push.userAgentID": "",
    "permissions.default.desktop-notification": 1,  # as if "Allow" had been pressed
    "network.dns.localDomains": "localhost",
    "network.proxy.type": 0,
    "dom.ipc.processCount": 1,
    "fission.autostart": False,
    "browser.tabs.remote.separateFileUriProcess": False,
}


class Refused(AssertionError):
    """The browser would not do what it was told to."""


@dataclass(slots=True)
class Firefox:
    """A window of a running browser."""

    line: ClientConnection
    window: str = ""
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def command(self, method: str, **given: Any) -> dict[str, Any]:
        """Give a command and return its result. Raises Refused."""
        number = next(self._numbers)
        async with asyncio.timeout(PATIENCE_S):
            await self.line.send(json.dumps({"id": number, "method": method, "params": given}))
            while True:
                told = json.loads(await self.line.recv())
                if told.get("id") == number:
                    break
        if told["type"] == "error":
            raise Refused(f"{method}: {told['error']}: {told['message']}")
        return dict(told["result"])

    async def open(self, address: str) -> None:
        """Open a page and return when it is loaded."""
        await self.command("browsingContext.navigate", context=self.window, url=address, wait="complete")

    async def ask(self, script: str) -> Any:
        """Return what an expression of the page becomes, as if somebody had just touched the page."""
        told = await self.command(
            "script.evaluate", expression=f"Promise.resolve({script}).then(JSON.stringify)", awaitPromise=True,
            target={"context": self.window}, userActivation=True,
        )  # fmt: skip
        if told["type"] == "exception":
            raise Refused(told["exceptionDetails"]["text"])
        value = told["result"].get("value")
        return None if value is None else json.loads(value)

    async def add_cookie(self, name: str, value: str) -> None:
        """Give the browser a cookie of this machine's pages."""
        cookie = {"name": name, "value": {"type": "string", "value": value}, "domain": "127.0.0.1", "path": "/"}
        await self.command("storage.setCookie", cookie=cookie)


@asynccontextmanager
async def firefox(folder: Path, push_service: str) -> AsyncIterator[Firefox]:
    """Run a browser with a new profile whose push service is at an address as ws://127.0.0.1:4711/."""
    profile, log = folder / "profile", folder / "firefox.log"
    profile.mkdir()
    chosen = {**PREFERENCES, "dom.push.serverURL": push_service}
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in chosen.items()]
    (profile / "user.js").write_text("\n".join(lines))
    command = [str(program(PACKAGE, PACKAGE)), "--headless", "--no-remote", "--remote-debugging-port", "0"]
    server = Server([*command, "--profile", str(profile), "about:blank"], log, lambda: _address(log) is not None)
    server.start()
    try:
        address = _address(log)
        assert address is not None
        async with connect(f"{address}/session", max_size=MESSAGE_MAX, proxy=None) as line:
            browser = Firefox(line)
            await browser.command("session.new", capabilities={})
            browser.window = (await browser.command("browsingContext.getTree"))["contexts"][0]["context"]
            yield browser
    finally:
        server.stop()


def _address(log: Path) -> str | None:
    found = _LISTENS.search(log.read_bytes()) if log.exists() else None
    return found[1].decode() if found else None
