"""A pass is checked beside everything else, on CPython and on MicroPython."""

import asyncio
from binascii import unhexlify

from firmware.drivers.pause import sleep_ms
from firmware.node.clock import Stamp
from firmware.node.passes import Passes

PUBLIC = unhexlify("3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29")
CODE = (
    b"ESIK:LMYSYITBNRWTAMBVEIWCE2ZTOY4XQMDBG5WTE4LEEIWCENLFGVSTKZJVMU2WKNLFGVSTKZJCFQYTOOBYGE2DKMRWGAWDCXNM"
    b"KHK2VKQN7XZRTTANIJG2QGR24EAWOTSQ43OBZS5G6SPOR6YTF2E2Q4CXVQHQZ6NMNFV2MPWHD32R6V2JU4I7NCNIKCJ5BB6LORMQY"
)
LAST_MS = 1_788_145_260_000


class Others:
    """Everything else: counts how often it had its turn."""

    def __init__(self) -> None:
        self.turns = 0

    async def go_on(self) -> None:
        while True:
            self.turns += 1
            await sleep_ms(0)


async def checked(code, prepared):
    """Return what a code is, and how often the others had their turn meanwhile."""
    passes, others = Passes("alm005", PUBLIC, lambda: None), Others()
    if prepared:
        await passes.prepare()
    task = asyncio.create_task(others.go_on())
    found = await passes.believed(code)
    task.cancel()
    return found, others.turns


def test_everything_else_goes_on_while_a_pass_is_checked() -> None:
    found, turns = asyncio.run(checked(CODE, True))
    _, turns_at_first = asyncio.run(checked(CODE, False))

    assert found is not None
    assert turns > 80
    assert turns_at_first > turns + 100


def test_what_was_believed_is_over_with_its_time_and_its_use() -> None:
    found, _ = asyncio.run(checked(CODE, True))

    assert not found.standing("in", Stamp(0, LAST_MS, "ntp")).is_over
    assert found.standing("in", Stamp(0, LAST_MS + 1, "ntp")).is_over
    assert found.standing("in", Stamp(0, LAST_MS, "floor")).is_over
    assert not found.standing("out", Stamp(0, LAST_MS, "floor")).is_over
    found.use(Stamp(0, LAST_MS, "ntp"))
    assert not found.standing("in", Stamp(1_000, LAST_MS, "ntp")).is_over
    assert found.standing("in", Stamp(2_001, LAST_MS, "ntp")).is_over


def test_a_code_that_is_spoilt_is_no_pass() -> None:
    for code in (CODE[:-1], CODE[:40] + b"A" + CODE[41:], b"ESIK:", b"\xff"):
        assert asyncio.run(checked(code, True))[0] is None
