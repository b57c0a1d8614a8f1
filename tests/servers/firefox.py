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
from tests.servers.window import Gone, comes

PACKAGE = "firefox-esr"
PATIENCE_S = 60.0  # of one command, on a busy machine
MESSAGE_MAX = 16 * 1024 * 1024
_LISTENS = re.compile(rb"WebDriver BiDi listening on (ws://127\.0\.0\.1:\d+)")
GONE = {"no such node", "no such frame", "no such handle"}
GONE_WORDS = ("AbortError", "actor", "Document was unloaded", "discarded")  # an "unknown error" of a page that goes
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
    complaints: list[str] = field(default_factory=list)  # errors of scripts, breaches of the policy
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
                if told.get("method") == "log.entryAdded" and told["params"]["level"] == "error":
                    self.complaints.append(told["params"]["text"])
        if told["type"] == "error":
            failed = Gone if _left(told) else Refused
            raise failed(f"{method}: {told['error']}: {told['message']}")
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

    async def press(self, element: str) -> None:
        """Bring an element into view and press it with a pointer."""
        there = {"type": "element", "element": await self._find(element)}
        finger = {"type": "pointer", "id": "finger", "actions": [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": there},
            {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0},
        ]}  # fmt: skip
        await self.command("input.performActions", context=self.window, actions=[finger])

    async def type(self, element: str, words: str) -> None:
        """Press an element and type words, key by key."""
        await self.press(element)
        keys = [{"type": move, "value": each} for each in words for move in ("keyDown", "keyUp")]
        hands = [{"type": "key", "id": "hands", "actions": keys}]
        await self.command("input.performActions", context=self.window, actions=hands)

    async def attach(self, element: str, path: Path) -> None:
        """Choose a file."""
        found = await self._find(element)
        await self.command("input.setFiles", context=self.window, element=found, files=[str(path)])

    async def _find(self, element: str) -> dict[str, str]:
        await comes(self, f"!!({element})", element)
        script = (
            f"(each => {{ each.scrollIntoView({{ block: 'center', behavior: 'instant' }}); return each; }})({element})"
        )
        told = await self.command(
            "script.evaluate", expression=script, awaitPromise=False, target={"context": self.window}
        )
        if told["type"] == "exception":
            raise Refused(f"{element}: {told['exceptionDetails']['text']}")
        return {"sharedId": told["result"]["sharedId"]}

    async def add_cookie(self, name: str, value: str) -> None:
        """Give the browser a cookie of this machine's pages."""
        cookie = {"name": name, "value": {"type": "string", "value": value}, "domain": "127.0.0.1", "path": "/"}
        await self.command("storage.setCookie", cookie=cookie)


@asynccontextmanager
async def firefox(folder: Path, push_service: str = "") -> AsyncIterator[Firefox]:
    """Run a browser with a new profile in which nothing was chosen, unless a push service is named.

    Its address is one as ws://127.0.0.1:4711/.
    """
    profile, log = folder / "profile", folder / "firefox.log"
    profile.mkdir()
    chosen = {**PREFERENCES, "dom.push.serverURL": push_service} if push_service else {}
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
            await browser.command("session.subscribe", events=["log.entryAdded"])
            browser.window = (await browser.command("browsingContext.getTree"))["contexts"][0]["context"]
            yield browser
    finally:
        server.stop()


def _left(told: Mapping[str, str]) -> bool:
    """Tell whether a command failed because its page was left meanwhile."""
    return told["error"] in GONE or any(words in told["message"] for words in GONE_WORDS)


def _address(log: Path) -> str | None:
    found = _LISTENS.search(log.read_bytes()) if log.exists() else None
    return found[1].decode() if found else None
