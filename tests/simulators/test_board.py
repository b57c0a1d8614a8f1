"""A board that is plugged in, pulled out, and reset by hand."""

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from simulators.board import Board
from simulators.esp_image import make_micropython
from simulators.rom_loader import MAKES
from tests.simulators.boards import run
from tests.waiting import until_async


@pytest.fixture
async def board(tmp_path: Path) -> AsyncIterator[Board]:
    board = Board(tmp_path, link=tmp_path / "board")
    await board.plug()
    yield board
    await board.unplug()


IMAGE = make_micropython(MAKES["esp32s3"].chip_id, Random(1).randbytes(60_000))


@pytest.fixture
def image(tmp_path: Path) -> Path:
    image = tmp_path / "micropython.bin"
    image.write_bytes(IMAGE)
    (tmp_path / "esptool.cfg").write_text("[esptool]\nconnect_attempts = 1\n")  # patience for a cable that comes back
    return image


async def test_a_cable_that_is_pulled_in_the_middle_leaves_half_an_image_that_does_not_start(
    board: Board, image: Path, tmp_path: Path
) -> None:
    board.pull_after(45_000)

    said = await run("esptool", "--port", board.path, "write-flash", "0", str(image), folder=tmp_path)

    assert said.status != 0
    assert not board.is_plugged
    assert not (tmp_path / "board").is_symlink()
    assert board.flash.read(0, 4) != b"\xff" * 4
    await board.unplug()
    await board.plug()
    assert not board.is_running


async def test_without_modem_lines_only_the_button_leads_to_the_loader(board: Board) -> None:
    board.has_lines = False
    board.flash.write(0, IMAGE)
    await board.unplug()
    await board.plug()

    said = await run("esptool", "--port", board.path, "--connect-attempts", "1", "chip-id")
    assert "No serial data received" in said.text

    assert "python" in board.obey("boot")
    await until_async(lambda: not board.is_running)
    assert (await run("esptool", "--port", board.path, "chip-id")).status == 0


async def test_it_takes_commands(board: Board) -> None:
    assert "ESP32-S3 loader boots=1" in board.obey("status")
    assert "not understood: 'jump'" in board.obey("jump")
    board.obey("unplug")
    await until_async(lambda: not board.is_plugged)
    board.obey("plug")
    await until_async(lambda: board.is_plugged)
    assert "lines" in board.obey("pull soon")
    assert "loader" in board.obey("lines off")
    assert not board.has_lines
