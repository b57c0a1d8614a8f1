"""The line reader, over a pseudo-terminal and a named pipe."""

import os
import termios
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.clock import SystemClock
from edge_agent.readers.credentials import Spelling
from edge_agent.readers.line import LineReader
from edge_agent.readers.tap import Health, Medium
from tests.edge_agent.readers.listening import listening
from tests.waiting import until_async


@pytest.fixture
def serial() -> Iterator[tuple[str, int, int]]:
    """Make a serial line: its path, the scanner's end, the computer's end."""
    master, slave = os.openpty()
    tty.setraw(slave)
    yield os.ttyname(slave), master, slave
    os.close(master)
    os.close(slave)


async def test_a_scanned_code_is_a_tap(serial: tuple[str, int, int]) -> None:
    path, scanner, computer = serial
    reader = LineReader("scanner", path, SystemClock(), Spelling(medium=Medium.QR), baud=115_200)

    async with listening(reader) as taps:
        await until_async(lambda: reader.health is Health.READY)
        os.write(scanner, "esik:Ә\r\n".encode())
        await until_async(lambda: taps)

    assert (taps[0].credential, taps[0].medium) == ("esik:Ә".encode(), Medium.QR)
    assert termios.tcgetattr(computer)[5] == termios.B115200


async def test_lines_come_in_pieces_and_in_heaps_and_garbage_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = LineReader("desk", str(path), SystemClock(), Spelling())

    async with listening(reader) as taps:
        await until_async(lambda: reader.health is Health.READY)
        for piece in (b"04A1", b"B2C3\n\n\r\n04", b"A1B2C4\nrubbish\n\xff\xfe\n04A1B2C5\n"):
            path.write_bytes(piece)  # each writer comes and goes
        await until_async(lambda: len(taps) == 3)

    assert [tap.credential[-1] for tap in taps] == [0xC3, 0xC4, 0xC5]
    assert (reader.counts.garbage, reader.counts.losses) == (2, 0)


async def test_an_ordinary_file_is_refused_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "taps"
    path.write_text("04A1B2C3\n")
    reader = LineReader("desk", str(path), SystemClock(), Spelling())

    async with listening(reader):
        await until_async(lambda: reader.health is Health.LOST)

    assert "replay" in reader.reason
