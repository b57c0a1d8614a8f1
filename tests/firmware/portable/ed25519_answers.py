"""Tells for each line of a file (key, message and signature in hex, between commas) whether it is good: 1 or 0."""

import sys

from firmware.node.ed25519 import Key, KeyRefused


def answer(public, message, signature):
    try:
        steps = Key(public).verifying(message, signature)
    except KeyRefused:
        return 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return int(end.value)


with open(sys.argv[1]) as file:
    for line in file:
        print(answer(*[bytes.fromhex(part) for part in line.strip().split(",")]))
