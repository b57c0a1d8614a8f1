"""The program of a reader head: `run("head_pico")` at the end of a board's `main.py`."""

import asyncio
import os
from binascii import hexlify

import machine

from firmware import VERSION
from firmware.node.clock import Clock
from firmware.node.head import Head
from firmware.node.head_line import HeadLine
from firmware.node.wiring import chip_of, contacts_of, end_of, lamp_of, scanner_of, wiegand_of
from schemas import head

WATCHDOG_MS = 8_000  # an RP2040 takes 8.388 s at most
BOOTS = "boots"  # the file that counts how often the head has started: all that it stores


def run(board_name, reader=None, alone=head.CLOSED):
    """Run for ever. `reader` is one of the board's READERS, when it is not the board's own."""
    board = getattr(__import__("firmware.boards." + board_name).boards, board_name)
    asyncio.run(_run(board, reader or board.READER, alone))


async def _run(board, reader, alone):
    clock = Clock()
    lamp = lamp_of(board)  # first of all: the relays rest
    features = (head.HAS_APDUS if reader != "rc522" else 0) | (head.HAS_RELAYS if "relay_in" in board.OUTPUTS else 0)
    hello = head.Hello(head.VERSION, count_boot(), features, hexlify(machine.unique_id()).decode(), board.NAME, VERSION)
    others = ((head.WIEGAND, wiegand_of(board, clock)), (head.QR, scanner_of(board)))
    watchdog = machine.WDT(timeout=WATCHDOG_MS)
    one = Head(
        HeadLine(hello, alone), end_of(board, head.BAUD), chip_of(board, reader, clock), lamp, contacts_of(board),
        clock, watchdog.feed, tuple(other for other in others if other[1] is not None),
    )  # fmt: skip
    await asyncio.gather(one.serve(), one.read_cards())


def count_boot(path=BOOTS):
    """Return a number that no start before had: how often the head has started, or one drawn by lot.

    Drawn where the file is lost, spoilt or cannot be written: an agent that took this life for the last one would
    take its taps for those of the last one, too, and not answer.
    """
    try:
        with open(path) as file:
            boots = int(file.read())
    except (OSError, ValueError):
        boots = int.from_bytes(os.urandom(3), "big")
    boots = boots + 1 & 0xFFFFFFFF
    try:
        with open(path, "w") as file:
            file.write(str(boots))
    except OSError:  # flash that is full or worn out
        return int.from_bytes(os.urandom(4), "big")
    return boots
