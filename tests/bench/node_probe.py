"""What a stand-alone gate takes of a board, measured on the MicroPython VM: prints a line `name figure` each.

Arguments: the folder of the compiled program; the files of a roster and of its tokens; the school's key, what it signed
and the signature, in hex; the reference of a person who is looked for.

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
CHECKS = 9  # of a pass
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


def steps_of(steps):
    """Return what a generator returns, and tell how long it took, and its longest step."""
    most, begun = 0, cpu_us()
    while True:
        began = time.ticks_us()
        try:
            next(steps)
        except StopIteration as end:
            return end.value, cpu_us() - begun, most
        most = max(most, time.ticks_diff(time.ticks_us(), began))


def measure_pass(public, message, signature):
    free("free_before_pass")
    from firmware.node import codes, passes  # noqa: F401
    from firmware.node.ed25519 import Key

    key = Key(public)
    tell("pass_prepare_us", steps_of(key.preparing())[1])
    free("free_pass")
    times = []
    for _ in range(CHECKS):
        is_good, took_us, most_us = steps_of(key.verifying(message, signature))
        assert is_good
        times.append((took_us, most_us))
    times.sort()
    tell("pass_us", times[CHECKS // 2][0])
    tell("pass_step_us", min(most for _, most in times))  # others are at work on this machine, too


def measure_search(slots, ref):
    found, took_us, _ = steps_of(slots.roster.searching(ref))
    assert found is not None, "the person is not there"
    tell("search_us", took_us)


free("free_boot")
journal = measure_journal()
with open(sys.argv[3]) as listed:
    slots = measure_roster(sys.argv[2], listed.read().split("\n"))
measure_pass(*[bytes.fromhex(part) for part in sys.argv[4:7]])
measure_search(slots, sys.argv[7])
