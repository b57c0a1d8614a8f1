"""Does to a PN532 core what a transcript says, and prints what it did; runs on CPython and MicroPython."""

import json


def main(core, transcript):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  it runs on MicroPython too
    print(json.dumps(replay(core, json.loads(transcript))))  # type: ignore[no-untyped-call]  # noqa: T201


def replay(core, steps):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Return for each step [verb, hexadecimal, now_ms] what came of it: events, output, due_ms."""
    chip = core.Pn532()
    return [_step(chip, *step) for step in steps]  # type: ignore[no-untyped-call]


def _step(chip, verb, sent, now_ms):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    given = [bytes.fromhex(sent)] if sent else []
    events = getattr(chip, verb)(*given, now_ms)
    told = [[kind, value.hex() if isinstance(value, bytes) else value] for kind, value in events or []]
    return [told, chip.take_output().hex(), chip.due_ms]
