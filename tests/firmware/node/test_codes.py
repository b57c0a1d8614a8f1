"""Codes on their way from the scanner to the gate: numbers at once, passes when they were checked."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from firmware.drivers.scanner import Scanner
from firmware.node.codes import PAUSE_MS, Codes
from firmware.node.passes import Believed, Passes
from simulators.loop import run
from tests.edge_agent.school import PUBLIC_KEY, SCHOOL
from tests.firmware.node.test_passes import ALIYAS, text_of
from tests.firmware.node.test_standalone import Line

FIRST, SECOND = (text_of(replace(ALIYAS, serial=each * 8)) for each in ("11", "22"))
AMIDST = 30  # steps: a check takes some fifty


class Bench:
    """A scanner, and what its gate was shown: codes, and whether they were believed."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, bool]] = []
        self.checking: asyncio.Task[None]
        self.codes = Codes(Scanner(Line(b"")), Passes(SCHOOL, PUBLIC_KEY, lambda: None), self._show)

    def _show(self, code: bytes, believed: Believed | None) -> None:
        self.shown.append((code.decode(), believed is not None))

    def scan(self, *texts: str) -> None:
        self.codes._scanner = Scanner(Line("".join(text + "\r" for text in texts).encode()))
        for _ in range(40):
            self.codes.hear()


def story(told: Callable[[Bench], Awaitable[None]]) -> list[tuple[str, bool]]:
    """Tell it with the sums made, and passes checked beside; return what was shown in the end."""

    async def whole() -> list[tuple[str, bool]]:
        bench = Bench()
        bench.checking = asyncio.create_task(bench.codes.check())
        await asyncio.sleep(2 * PAUSE_MS / 1_000)
        await told(bench)
        await asyncio.sleep(1)
        bench.checking.cancel()
        return bench.shown

    return run(whole())


async def amidst(bench: Bench) -> None:
    """Let the check of a pass come to its middle."""
    for _ in range(3):
        for _ in range(AMIDST):
            await asyncio.sleep(0)
        if bench.codes._checked is not None:
            return
        await asyncio.sleep(PAUSE_MS / 1_000)
    raise AssertionError("no pass is checked")


@pytest.mark.parametrize("text", [FIRST, SECOND])
def test_a_pass_is_shown_with_what_it_is(text: str) -> None:
    async def told(bench: Bench) -> None:
        bench.scan(text)

    assert story(told) == [(text, True)]


def test_what_only_looks_like_a_pass_is_shown_as_a_number() -> None:
    spoilt = FIRST[:30] + ("A" if FIRST[30] != "A" else "B") + FIRST[31:]

    async def told(bench: Bench) -> None:
        bench.scan(spoilt)

    assert story(told) == [(spoilt, False)]


def test_a_number_is_shown_while_a_pass_is_checked() -> None:
    async def told(bench: Bench) -> None:
        bench.scan(FIRST)
        await amidst(bench)
        bench.scan("QR-1234567")

    assert story(told) == [("QR-1234567", False), (FIRST, True)]


def test_a_code_that_is_held_to_the_scanner_is_checked_once_and_the_next_one_waits() -> None:
    async def told(bench: Bench) -> None:
        bench.scan(FIRST)
        await amidst(bench)
        bench.scan(FIRST, FIRST, SECOND, FIRST)

    assert story(told) == [(FIRST, True), (SECOND, True)]


def test_a_check_that_failed_begins_anew() -> None:
    async def told(bench: Bench) -> None:
        bench.scan(FIRST)
        await amidst(bench)
        bench.checking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await bench.checking
        bench.checking = asyncio.create_task(bench.codes.check())
        await asyncio.sleep(0)
        bench.scan(FIRST)

    assert story(told) == [(FIRST, True)]
