"""Codes out of a scanner's serial line, on CPython and on MicroPython."""

# mypy: ignore-errors

from firmware.drivers.scanner import CODE_MAX, Scanner


class Uart:
    """What was sent, given out in pieces."""

    def __init__(self, sent, piece=64):
        self.sent, self.piece = sent, piece

    def read(self, count):
        count = min(count, self.piece)
        found, self.sent = self.sent[:count], self.sent[count:]
        return found or None


def codes(sent, piece=64):
    scanner = Scanner(Uart(sent, piece))
    found = [scanner.take() for _ in range(len(sent) + 2)]
    return [code for code in found if code is not None], scanner.garbage


def test_a_code_is_a_line_however_it_comes() -> None:
    for end in (b"\r", b"\n", b"\r\n"):
        for piece in (1, 7, 64):
            assert codes(b"ESIK:ABCDEFGH" + end + b"ESIK:12345678" + end, piece) == (
                [b"ESIK:ABCDEFGH", b"ESIK:12345678"], 0,
            )  # fmt: skip


def test_noise_is_no_code_and_the_next_one_is_read() -> None:
    assert codes(b"\x00\xff\x13\nabc\n\n\r\nESIK:ABC\n") == ([b"ESIK:ABC"], 2)


def test_a_line_without_an_end_takes_no_memory() -> None:
    assert codes(b"A" * (CODE_MAX + 1) + b"\nESIK:ABC\n") == ([b"ESIK:ABC"], 1)
    assert codes(b"A" * CODE_MAX + b"\n") == ([b"A" * CODE_MAX], 0)
