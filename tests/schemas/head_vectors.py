"""Checks the head's vectors with the files a head carries; runs on MicroPython and on CPython.

Run as `head_vectors.main(text)` with the text of `schemas/vectors/head.json`.
"""

# MicroPython has no typing module, and this file runs there as it stands.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import json

from schemas import cobs, head


def main(text):
    """Check everything; return how many things were checked. Raises AssertionError."""
    vectors = json.loads(text)
    for vector in vectors["messages"]:
        check_message(vector)
    for vector in vectors["refused"]:
        check_refused(vector)
    for vector in vectors["lines"]:
        check_line(vector)
    counts = {name: len(group) for name, group in vectors.items()}
    print(json.dumps(counts))
    return counts


def check_message(vector):
    message = head.decode(bytes.fromhex(vector["body"]))
    same(type(message).__name__, vector["kind"])
    same({name: told(getattr(message, name)) for name, _ in message.LAYOUT}, vector["fields"])
    same(message.frame().hex(), vector["frame"])
    same([body.hex() for body in cobs.Frames().feed(bytes.fromhex(vector["frame"]))], [vector["body"]])


def check_refused(vector):
    try:
        head.decode(bytes.fromhex(vector["body"]))
    except head.MessageRefused as error:
        same(str(error), vector["error"])
    else:
        raise AssertionError("taken: " + vector["body"])


def check_line(vector):
    """Feed a line whole and in pieces: it gives the same."""
    line = bytes.fromhex(vector["line"])
    for size in (1, 7, len(line)):
        frames = cobs.Frames()
        found = []
        for at in range(0, len(line), size):
            found += [body.hex() for body in frames.feed(line[at : at + size])]
        same((found, frames.broken), (vector["bodies"], vector["broken"]))


def told(value):
    if not isinstance(value, bytes):
        return value
    return value.hex() if value else ""  # MicroPython gives bytes for nothing


def same(got, wanted):
    if got != wanted:
        raise AssertionError(f"{got} is not {wanted}")
