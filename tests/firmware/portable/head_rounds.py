"""Shows cards to a head's firmware and prints how many microseconds each waited for its light; runs on MicroPython."""

# mypy: ignore-errors

import asyncio
import json
import sys
import time

from machine import UART

from firmware.node.clock import Clock
from firmware.node.contacts import Contacts
from firmware.node.ends import UartEnd
from firmware.node.head import Head
from firmware.node.head_line import HeadLine
from firmware.node.lamp import Lamp
from schemas import head


class Deck:
    """A chip on which another card lies at every look."""

    has_apdus = False

    def __init__(self):
        self.shown = 0

    async def start(self):
        pass

    async def sense(self):
        self.shown += 1
        return b"\x04" + self.shown.to_bytes(6, "big")


class Timed(Lamp):
    """Lights that note when they are lit."""

    lit_us = 0

    def show(self, light, sound, now_ms):
        self.lit_us = time.ticks_us()
        super().show(light, sound, now_ms)


class TimedLine(HeadLine):
    """A line that notes when a card was told, once an agent is there."""

    told_us = 0
    is_measuring = False

    def tap(self, medium, credential, now_ms):
        self.is_measuring = self.is_served(now_ms)
        self.told_us = time.ticks_us()
        return super().tap(medium, credential, now_ms)


async def main(count):
    """Show so many cards."""
    clock, lamp, deck = Clock(), Timed({}), Deck()
    line = TimedLine(head.Hello(head.VERSION, 1, 0, "bench", "bench", "0"))
    one = Head(line, UartEnd(UART(0, head.BAUD)), deck, lamp, Contacts({}), clock, lambda: None)
    tasks = [asyncio.create_task(one.serve()), asyncio.create_task(one.read_cards())]
    samples, lit_us = [], 0
    while len(samples) < count:
        await asyncio.sleep_ms(1)
        if lamp.lit_us != lit_us and not line.is_waiting():
            lit_us = lamp.lit_us
            if line.is_measuring:
                samples.append(time.ticks_diff(lit_us, line.told_us))
    for task in tasks:
        task.cancel()
    print(json.dumps(samples))


asyncio.run(main(int(sys.argv[1])))
