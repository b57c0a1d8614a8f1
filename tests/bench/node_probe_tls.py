"""What TLS takes of a stand-alone gate, measured on the MicroPython VM: prints a line `name figure` each.

Arguments: the folder of the compiled program; the board's folder, with its bundle, settings and roster. The whole gate
is put together and connects twice to its broker: the first time brings what the library itself needs once. Every page
of MicroPython's heap is touched before, so that what the process grows by afterwards is not this heap.
"""

import gc
import os
import sys

HOG = 1024
IN_USE = (("system", "current", 1), ("total", "fast", -1), ("total", "rest", -1))


def touch():
    """Let the kernel give every page of MicroPython's heap."""
    hogs = []
    try:
        while True:
            hogs.append(bytearray(HOG))
    except MemoryError:
        return


def free(name):
    gc.collect()
    print("free_" + name, gc.mem_free())


def resident():
    """Return the bytes of anonymous memory that the process has: RssAnon of proc(5)."""
    with open("/proc/self/status") as file:
        return int(file.read().split("RssAnon:")[1].split()[0]) * 1024


def allocated(folder):
    """Return the bytes that the C library has given out and not got back: malloc_info(3)."""
    libc = ffi.open(None)
    file = libc.func("p", "fopen", "ss")(folder + "/malloc", "w")
    libc.func("i", "malloc_info", "ip")(0, file)
    libc.func("i", "fclose", "p")(file)
    with open(folder + "/malloc") as told:
        whole = told.read().rpartition("</heap>")[2]
    return sum(sign * _size(whole, '<%s type="%s"' % (tag, kind)) for tag, kind, sign in IN_USE)


def _size(text, begin):
    return int(text.split(begin)[1].split('size="')[1].split('"')[0])


def take_roster(slots):
    intake = slots.begin(0)
    with open("roster", "rb") as content:
        while chunk := content.read(1024):
            intake.feed(chunk)
    slots.flip(intake)


async def connect(gate, clock, folder):
    """Stand connected for a moment; tell what there is before, meanwhile and after."""
    link = Link(clock)
    gc.collect()
    ffi.open(None).func("i", "malloc_trim", "i")(0)  # what is free goes back to the kernel
    resident_before, before = resident(), allocated(folder)
    await link.open(gate.cloud.brokers()[0], "gate-1", None, gate.session.wire.subscriptions())
    print("resident", resident() - resident_before)
    print("allocated", allocated(folder) - before)
    free("tls")
    await link.close()


async def main(gate, clock, folder):
    for _ in range(2):
        await connect(gate, clock, folder)


sys.path.insert(0, sys.argv[1])
touch()
free("empty")

import asyncio

import ffi
from firmware.node import standalone, standalone_parts
from firmware.node.mqtt import Link

os.chdir(sys.argv[2])
bundle, settings, parts, clock = standalone_parts.read()
take_roster(parts.slots)
gate = standalone.StandAlone(bundle, settings, parts, clock)
free("gate")
print("cards", parts.slots.roster.cards)
asyncio.run(main(gate, clock, sys.argv[2]))
