"""Appends with less and less memory until many fail; then tells whether the journal holds what was accepted.

Prints: failed, accepted, head, whether the last one is there, whether the numbers have no hole. Runs on MicroPython.
"""

import gc
import os

from esp32 import Partition

from firmware.node.flash import Region
from firmware.node.journal import Journal

ROOMY, STEP = 5_000, 60  # bytes; an append takes some of them


def opened():
    return Journal(Region(Partition.find(Partition.TYPE_DATA, label="journal")[0]), "gate-1", os.urandom)


def taken(leave):
    """Take memory until only so much is left, in small pieces, and return it."""
    gc.collect()
    pieces = ()
    try:
        while gc.mem_free() > leave:  # type: ignore[attr-defined] # MicroPython's
            pieces = (pieces, bytearray(32))  # type: ignore[assignment] # a chain
    except MemoryError:
        pass
    return pieces


def main():
    journal, failed, accepted = opened(), 0, []
    last = journal.append([b"{}"])[0]
    accepted.append(last.seq)
    for leave in range(ROOMY, 0, -STEP):
        pieces = taken(leave)
        try:
            last = journal.append([b'{"k":"decision","n":%d}' % leave])[0]
            accepted.append(last.seq)
        except MemoryError:
            failed += 1
        del pieces
        gc.collect()
    again = opened()
    found = again.read(last.epoch, last.seq - 1, 1)
    head = again.epochs()[0].head
    print(failed, len(accepted), head, found == [last], accepted == list(range(1, len(accepted) + 1)))


main()
