"""A stand-alone gate on the MicroPython VM: the program that its board runs, and hands that reach its contacts.

Lines of the file `hands` in the board's folder close and open contacts: a pin's number and its level. What became of
every card goes to standard output. Runs on MicroPython; the folder is the only argument.
"""

import asyncio
import gc
import os
import sys

import board

FIRE_PIN = 14
os.chdir(sys.argv[1])

from firmware.node import standalone, standalone_parts  # noqa: E402  the files stand in the folder


async def hands():
    """Move the contacts as the file says."""
    done = 0
    while True:
        try:
            with open("hands") as file:  # noqa: ASYNC230
                lines = file.read().split("\n")[:-1]
        except OSError:
            lines = []
        for line in lines[done:]:
            pin, level = line.split()
            board.drive(int(pin), int(level))
        done = len(lines)
        await asyncio.sleep(0.01)


async def main():
    bundle, settings, parts, clock = standalone_parts.read()
    board.drive(FIRE_PIN, 0)
    gate = standalone.StandAlone(bundle, settings, parts, clock)
    gc.collect()
    print("free", gc.mem_free())
    tell(gate)
    tasks = [asyncio.create_task(hands()), asyncio.create_task(watch(gate, parts))]
    await gate.run()
    for task in tasks:
        task.cancel()


async def watch(gate, parts):
    """Tell when the link or the roster has changed."""
    before, papers = None, parts.certificates
    first_ends_s = papers.newest.ends_s if papers is not None else 0
    while True:
        now = (gate.session.phase, parts.slots.version, gate.uplink.last_error)
        if now != before:
            before = now
            print("link", *now)
            if parts.slots.version and gate.session.phase == "flowing":
                print("roster", parts.slots.version)
        if papers is not None and papers.older is None and papers.newest.ends_s > first_ends_s:
            print("renewed")
            papers = None
        await asyncio.sleep(0.01)


def tell(gate):
    """Tell of every card and code."""
    show = gate.gate.show

    def told(medium, credential, believed=None):
        shown = show(medium, credential, believed)
        print("shown", shown.reason, "opened" if shown.is_opened else "closed", shown.took_ms)
        return shown

    gate.gate.show = told


asyncio.run(main())
