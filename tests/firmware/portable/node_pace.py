"""How quick a stand-alone gate is on the VM: taps to the relay, then a backlog to the cloud; a line `name figure` each.

Arguments: the board's folder, the file of a roster, the file of card numbers, how many records the backlog has.
"""

import asyncio
import os
import sys
import time

import board

FIRE_PIN, RELAY_PIN = 14, 4
RECORD = '{"k":"decision","m":%d,"t":%d,"q":"ntp","g":"main","d":"in","o":"allowed","w":"ok","r":28771200,"p":"%s"}'
PERSON = "k3v9x0a7m2qd"
os.chdir(sys.argv[1])

from firmware.node import standalone, standalone_parts  # noqa: E402  the files stand in the folder


def made():
    bundle, settings, parts, clock = standalone_parts.read()
    board.drive(FIRE_PIN, 0)
    with open(sys.argv[2], "rb") as file:
        intake = parts.slots.begin(0)
        while True:
            piece = file.read(512)
            if not piece:
                break
            intake.feed(piece)
    parts.slots.flip(intake)
    gate = standalone.StandAlone(bundle, settings, parts, clock)
    gate._open_epoch()
    return gate, parts


def taps(gate, parts):
    with open(sys.argv[3]) as file:
        uids = [bytes.fromhex(line) for line in file.read().split()]
    for uid in uids:
        began = time.ticks_us()
        shown = gate.gate.show("uid", uid)
        took_us = time.ticks_diff(time.ticks_us(), began)
        assert shown.is_opened, shown.reason
        assert board.pins[RELAY_PIN].value(), "the relay rests"
        print("tap_us", took_us)
        for _ in range(26):
            time.sleep_ms(10)
            gate.gate.turn()
        parts.journal.tidy()


async def until(is_so):
    while not is_so():  # noqa: ASYNC110  whoever is waited for tells nobody
        await asyncio.sleep(0.01)


async def drain(gate, parts):
    for number in range(int(sys.argv[4])):
        parts.journal.append([(RECORD % (number, 1_790_000_000_000 + number, PERSON)).encode()])
    task = asyncio.create_task(gate.uplink.run())
    await until(lambda: gate.session.counters.welcomes)
    began, held = time.ticks_ms(), parts.journal.held
    await until(lambda: not parts.journal.held)
    print("drained", held)
    print("drain_ms", time.ticks_diff(time.ticks_ms(), began))
    task.cancel()


gate, parts = made()
taps(gate, parts)
asyncio.run(drain(gate, parts))
