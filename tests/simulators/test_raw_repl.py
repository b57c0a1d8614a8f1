"""The simulated prompt with a real MicroPython behind it, judged by MicroPython's own mpremote."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from simulators.board import Board
from simulators.esp_image import make_micropython
from tests.simulators.boards import run

FILES_SIZE = 64 * 1024


@pytest.fixture
async def board(tmp_path: Path) -> AsyncIterator[Board]:
    """Return a board whose MicroPython runs, with a small file system."""
    board = Board(tmp_path, files_size=FILES_SIZE)
    board.flash.write(0, make_micropython(board.make.chip_id, bytes(99)))
    await board.plug()
    yield board
    await board.unplug()


async def test_mpremote_copies_files_and_reads_them_back(board: Board, tmp_path: Path) -> None:
    (tmp_path / "here.bin").write_bytes(bytes(range(256)) * 20)

    words = ["connect", board.path, "mkdir", ":lib", "+", "cp", str(tmp_path / "here.bin"), ":lib/there.bin"]
    said = await run("mpremote", *words, "+", "cp", ":/lib/there.bin", str(tmp_path / "back.bin"), "+", "ls", ":lib")

    assert said.status == 0, said.text
    assert "5120 there.bin" in said.text
    assert (tmp_path / "back.bin").read_bytes() == (tmp_path / "here.bin").read_bytes()


async def test_programs_see_the_board_and_their_errors_are_told(board: Board) -> None:
    ask = "import sys; print(sys.platform, sys.implementation._machine); 1/0"

    said = await run("mpremote", "connect", board.path, "exec", ask)

    assert "esp32 Simulated ESP32-S3 board" in said.text
    assert "ZeroDivisionError" in said.text
    assert said.status == 1


async def test_files_outlive_the_power_and_a_soft_reset_forgets_names(board: Board) -> None:
    await run("mpremote", "connect", board.path, "exec", "x = 1; f = open('kept', 'w'); f.write('all'); f.close()")
    await board.unplug()
    await board.plug()

    said = await run("mpremote", "connect", board.path, "exec", "print(open('/kept').read(), 'x' in globals())")

    assert "all False" in said.text


async def test_a_full_board_says_so(board: Board) -> None:
    said = await run("mpremote", "connect", board.path, "exec", "open('big', 'wb').write(bytes(99_000))")

    assert "OSError: 28" in said.text


async def test_a_program_that_never_ends_is_interrupted_by_whoever_comes_next(board: Board) -> None:
    said = await run("mpremote", "connect", board.path, "exec", "--no-follow", "while True: pass")
    assert said.status == 0, said.text

    async with asyncio.timeout(20):
        said = await run("mpremote", "connect", board.path, "exec", "print('here')")

    assert "here" in said.text


async def test_what_typed_keys_do_is_answered_as_on_a_board(board: Board) -> None:
    reader, writer = await _terminal(board)

    writer.write(b"\x01import os\x03print(6*7)\x04\x02\x04")

    await asyncio.wait_for(reader.readuntil(b"OK42\n\x04\x04>"), 30)
    await asyncio.wait_for(reader.readuntil(b"MPY: soft reboot\r\n"), 30)
    await asyncio.wait_for(reader.readuntil(b">>> "), 30)
    writer.close()


async def _terminal(board: Board) -> tuple[asyncio.StreamReader, asyncio.WriteTransport]:
    loop, reader = asyncio.get_running_loop(), asyncio.StreamReader()
    terminal = open(board.path, "r+b", buffering=0)  # noqa: ASYNC230, PTH123, SIM115 # a device; the transports close it
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), terminal)
    again = open(board.path, "wb", buffering=0)  # noqa: ASYNC230, PTH123, SIM115
    writer, _ = await loop.connect_write_pipe(asyncio.Protocol, again)
    return reader, writer
