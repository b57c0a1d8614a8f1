"""What a stand-alone gate takes of a board, measured on the MicroPython VM: prints a line `name figure` each.

Its flash is the simulated board's; the program is compiled, as it is on a board. Runs on MicroPython.
"""

import gc
import sys
import time

sys.path.insert(0, sys.argv[1])
gc.collect()
print("free_empty", gc.mem_free())

import os

from esp32 import Partition
from firmware.boards import gate_esp32s3  # noqa: F401
from firmware.node import standalone, standalone_parts  # noqa: F401
from firmware.node.decision import Question, decide
from firmware.node.flash import Region
from firmware.node.journal import RESERVE, Journal
from firmware.node.clock import Stamp
from firmware.node.slots import Slots

RECORDS = 10_000
ASKED = 2_000
RECORD = '{"k":"%s","m":%d,"t":%d,"q":"ntp","g":"main","d":"in","o":"%s","w":"ok","r":28771200,"p":"k3v9x0a7m2qd"}'


def tell(name, figure):
    print(name, figure)


def cpu_us():
    """Return the processor's time: others are at work on this machine, too."""
    return time.clock() * 1e6


def free(name):
    gc.collect()
    tell(name, gc.mem_free())


def region(label):
    return Region(Partition.find(Partition.TYPE_DATA, label=label)[0])


def measure_journal():
    flash = region("journal")
    journal = Journal(flash, "gate-1", os.urandom)
    tell("capacity", journal.capacity)
    most, begun = 0, cpu_us()
    for number in range(RECORDS):
        kind = "decision" if number % 2 else "passage"
        record = (RECORD % (kind, number * 700, 1_790_000_000_000 + number, "allowed")).encode()
        before = flash.programmed
        journal.append([record])
        most = max(most, flash.programmed - before)
    tell("append_us", (cpu_us() - begun) / RECORDS)
    tell("append_bytes_mean", flash.programmed / RECORDS)
    tell("append_bytes_most", most)
    tell("is_reserve", int(journal.fill == RESERVE))
    begun = cpu_us()
    journal = Journal(region("journal"), "gate-1", os.urandom)
    tell("recovery_ms", (cpu_us() - begun) / 1000)
    tell("recovered", journal.held)
    free("free_journal")
    begun, epoch, seq = cpu_us(), journal.epochs()[0].epoch, 0
    while seq < RECORDS:
        entries = journal.read(epoch, seq, 7)
        seq = entries[-1].seq
    tell("drain_us", (cpu_us() - begun) / RECORDS)
    return journal


def measure_roster(file, tokens):
    slots = Slots(region("roster"), "alm005", bytes(range(32)))
    begun = cpu_us()
    intake = slots.begin(0)
    with open(file, "rb") as content:
        while chunk := content.read(1024):
            intake.feed(chunk)
    slots.flip(intake)
    tell("flip_ms", (cpu_us() - begun) / 1000)
    tell("cards", slots.roster.cards)
    free("free_roster")
    stamp, begun = Stamp(0, 1_788_145_200_000, "ntp"), cpu_us()
    for number in range(ASKED):
        found = decide(Question(tokens[number % len(tokens)], "main", "in", stamp), slots.roster)
        assert found.reason == "ok", found.reason
    tell("decide_us", (cpu_us() - begun) / ASKED)
    return slots


free("free_boot")
journal = measure_journal()
with open(sys.argv[3]) as listed:
    slots = measure_roster(sys.argv[2], listed.read().split("\n"))
