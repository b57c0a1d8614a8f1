"""Writes `schemas/vectors/head.json` and the tables of `docs/head.md`: `python -m tests.schemas.make_head_vectors`."""

import json
from pathlib import Path
from random import Random

from schemas import cobs, head

PATH, PAGE = Path("schemas/vectors/head.json"), Path("docs/head.md")
MARK = "<!-- {}: written by `python -m tests.schemas.make_head_vectors` -->"
MESSAGES: list[head.Message] = [
    head.Hello(1, 7, head.HAS_APDUS | head.HAS_RELAYS, "e66164084373532b", "head-rp2350", "0.3.0"),
    head.Heartbeat(86_400, 1_200, 3, 1, 2, 1, head.PASSED_IN | head.FIRE),
    head.Tap(1, head.UID, bytes.fromhex("04a1b2c3d4e5f6")),
    head.Tap(0xFFFFFFFF, head.QR, b"ESIK:" + b"A" * 395),
    head.Tap(256, head.WIEGAND, bytes.fromhex("00000000")),
    head.Withdrawn(1),
    head.Inputs(9, head.PASSED_IN),
    head.ApduAnswer(1, 0, head.OK, bytes.fromhex("6100af")),
    head.ApduAnswer(1, 255, head.CARD_GONE, b""),
    head.Done(513),
    head.Trouble("the PN532 gave no acknowledgement"),
    head.Trouble("оқу құралы жауап бермейді"),
    head.Who(1),
    head.Welcome(1, head.WELCOME, head.OPEN_OUT, 500, 3_000),
    head.Welcome(2, head.VERSION_REFUSED, head.CLOSED, 500, 3_000),
    head.Answer(1, head.GRANTED, head.GREEN, head.SHORT),
    head.Answer(2, head.UNKNOWN, head.RED, head.LONG),
    head.Apdu(1, 0, bytes.fromhex("00a4040007d276000085010100")),
    head.Apdu(1, 1, bytes(range(256)) + bytes(5)),
    head.Output(513, head.RELAY_IN, 1, 200),
    head.Heard(9),
    head.Alive(),
]
REFUSED = [
    "", "00", "7f", "ff01", "01", "0101", "0301000000", "04", "0401", "04010000", "040100000000", "05090000000101",
    "0701000000ff", "8101ff", "8201", "87ff", "83010000000002", "080161ff", "0802ff", "08" + "02" + "c328",
    "08" + "41" + "61" * 65, "03" + "01000000" + "00" + "00" * 513, "84" + "01000000" + "00" + "00" * 262,
    "06" + "01000000" + "00" + "00" + "00" * 259, "01" + "01" + "07000000" + "03" + "40" + "61" * 63,
]  # fmt: skip


def main() -> None:
    """Write both files, from the project's root."""
    vectors = {
        "messages": [_message(message) for message in MESSAGES],
        "refused": [{"body": body, "error": _error(bytes.fromhex(body))} for body in REFUSED],
        "lines": [_line(line) for line in _lines()],
    }
    PATH.write_text(json.dumps(vectors, indent=1, ensure_ascii=False) + "\n")
    PAGE.write_text(written_into(PAGE.read_text()))


def written_into(page: str) -> str:
    """Return the page with what the code says between its marks."""
    for name, text in (("messages", _table()), ("example", _example())):
        before, _, rest = page.partition(MARK.format(name))
        page = (
            f"{before}{MARK.format(name)}\n\n{text}\n\n<!-- {name} end -->{rest.partition(f'<!-- {name} end -->')[2]}"
        )
    return page


def _table() -> str:
    lines = ["| from | kind | message | fields | what it says |", "| --- | --- | --- | --- | --- |"]
    for who, kinds in (("head", head.FROM_HEAD), ("agent", head.FROM_AGENT)):
        for kind in kinds:
            fields = ", ".join(f"`{name}` {_type(type_)}" for name, type_ in kind.LAYOUT)
            words = " ".join(str(kind.__doc__).split())
            lines.append(f"| {who} | `{kind.KIND:02x}` | `{kind.__name__}` | {fields} | {words} |")
    return "\n".join(lines)


def _type(field: object) -> str:
    return f"u{field * 8}" if isinstance(field, int) else str(field)


def _example() -> str:
    lines = []
    for message in MESSAGES[:3]:
        told = _message(message)
        lines += [f"{message!r}", f"  body  {told['body']}", f"  frame {told['frame']}"]
    return "\n".join(["```text", *lines, "```"])


def _message(message: head.Message) -> dict[str, object]:
    framed = message.frame()
    values = {name: getattr(message, name) for name, _ in message.LAYOUT}
    return {
        "kind": type(message).__name__,
        "fields": {name: value.hex() if isinstance(value, bytes) else value for name, value in values.items()},
        "body": cobs.unframe(framed.strip(b"\0")).hex(),
        "frame": framed.hex(),
    }


def _error(body: bytes) -> str:
    try:
        head.decode(body)
    except head.MessageRefused as refused:
        return str(refused)
    raise AssertionError(f"taken: {body.hex()}")


def _lines() -> list[bytes]:
    """Return what may come over a line: frames after noise, cut, doubled, spoilt, and what is far too long."""
    rng = Random(1)
    tap, heard = head.Tap(5, head.UID, bytes.fromhex("01020304")).frame(), head.Heard(5).frame()
    spoilt = [tap[:at] + bytes([tap[at] ^ 1 << rng.randrange(8)]) + tap[at + 1 :] for at in range(len(tap))]
    return [
        tap, tap + tap, tap + heard, tap[1:], tap[:-1] + heard, tap[:-1], bytes(9) + tap, b"U" * 5 + tap,
        b">>> print(1)\r\n1\r\n" + tap, tap[:6] + tap, tap[6:] + heard, b"\xff" * 600 + tap, b"\xff" * 600,
        *(line + heard for line in spoilt),
    ]  # fmt: skip


def _line(line: bytes) -> dict[str, object]:
    frames = cobs.Frames()
    bodies = [body.hex() for body in frames.feed(line)]
    return {"line": line.hex(), "bodies": bodies, "broken": frames.broken}


if __name__ == "__main__":
    main()
