"""What a test does in a window of whichever browser: it presses, types and looks, as a person does."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any, Protocol

PATIENCE_S = 60.0  # of a page that is to show something, on a busy machine
PAUSE_S = 0.05
ENTER = "\ue007"  # among the words that are typed: https://www.w3.org/TR/webdriver2/#keyboard-actions
SEEN = "each.getClientRects().length && each.textContent.includes({words})"
# A field stands at its label, as for whoever reads the page.
FIELD = "[...document.querySelectorAll('label')].find(each => each.textContent.trim() === {words})?.control"


class Unseen(AssertionError):
    """A page did not come to show something; the message holds what it shows instead."""


class Gone(Exception):
    """The page was left while it was asked."""


class Window(Protocol):
    """A window of a browser. An element is named by an expression of the page's own language."""

    complaints: list[str]  # errors of scripts, breaches of the policy

    async def open(self, address: str) -> None:
        """Open a page and return when it is loaded."""

    async def ask(self, expression: str) -> Any:
        """Return what an expression of the page becomes. Raises Gone when the page is left meanwhile."""

    async def press(self, element: str) -> None:
        """Bring an element into view and press it with a pointer. Raises Gone."""

    async def type(self, element: str, words: str) -> None:
        """Press an element and type words, key by key."""

    async def attach(self, element: str, path: Path) -> None:
        """Choose a file."""


def with_words(kind: str, words: str) -> str:
    """Name the first element of a kind (a CSS selector) that is seen and has words in it."""
    seen = SEEN.format(words=json.dumps(words))
    return f"[...document.querySelectorAll({json.dumps(kind)})].find(each => {seen})"


def field(label: str) -> str:
    """Name the field that has a label."""
    return FIELD.format(words=json.dumps(label))


async def sees(window: Window, kind: str, words: str) -> None:
    """Wait until the page shows words in an element of a kind. Raises Unseen."""
    await comes(window, f"!!{with_words(kind, words)}", f"{words!r} in {kind}")


async def comes(window: Window, expression: str, what: str) -> None:
    """Wait until an expression of the page is true, whatever page that is by then. Raises Unseen."""
    deadline = time.monotonic() + PATIENCE_S
    while not await _answer(window, expression):
        if time.monotonic() >= deadline:
            raise Unseen(f"no {what} on {await _answer(window, 'location.href + document.body.innerText')}")
        await asyncio.sleep(PAUSE_S)


async def goes(window: Window, kind: str, words: str) -> None:
    """Press the element that leads to another page, or to this one anew, and wait until that is whole."""
    await sees(window, kind, words)
    await window.ask("window.isLeft = true")
    await window.press(with_words(kind, words))
    await comes(window, "!window.isLeft && document.readyState === 'complete'", f"page behind {words!r}")


async def _answer(window: Window, expression: str) -> Any:
    try:
        return await window.ask(expression)
    except Gone:
        return None
