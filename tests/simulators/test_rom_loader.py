"""The simulated boot loader, judged by Espressif's own esptool; what esptool never does wrong is done here by hand."""

import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from simulators.board import Board
from simulators.esp_image import make_micropython
from simulators.nor_flash import NorFlash
from simulators.rom_loader import MAKES, Op, RomLoader
from simulators.slip import SlipReader, slip
from tests.simulators.boards import run

S3 = MAKES["esp32s3"]


@pytest.fixture
async def board(tmp_path: Path) -> AsyncIterator[Board]:
    board = Board(tmp_path)
    await board.plug()
    yield board
    await board.unplug()


IMAGE = make_micropython(S3.chip_id, bytes(range(256)) * 100)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    image = tmp_path / "micropython.bin"
    image.write_bytes(IMAGE)
    return image


@pytest.fixture
def alien(tmp_path: Path) -> Path:
    alien = tmp_path / "alien.bin"
    alien.write_bytes(make_micropython(MAKES["esp32c3"].chip_id, bytes(999)))
    return alien


async def test_esptool_knows_the_chip_and_its_flash(board: Board) -> None:
    said = await run("esptool", "--port", board.path, "flash-id")

    assert said.status == 0, said.text
    for words in ("ESP32-S3 (QFN56)", "7c:df:a1:e0:5a:3c", "Stub flasher running", "Detected flash size: 4MB"):
        assert words in said.text


@pytest.mark.parametrize("stub", [[], ["--no-stub"]])
async def test_esptool_writes_and_verifies_what_then_starts(board: Board, image: Path, stub: list[str]) -> None:
    said = await run("esptool", "--port", board.path, *stub, "write-flash", "0", str(image))

    assert said.status == 0, said.text
    assert "Hash of data verified" in said.text
    assert board.flash.read(0, len(IMAGE)) == IMAGE
    assert board.is_running


async def test_esptool_finds_what_is_not_as_written(board: Board, image: Path) -> None:
    board.flash.write(70_000, bytes(1))

    said = await run("esptool", "--port", board.path, "verify-flash", "0", str(image))

    assert said.status != 0
    assert "Verification failed" in said.text


async def test_esptool_refuses_another_chips_image(board: Board, alien: Path) -> None:
    said = await run("esptool", "--port", board.path, "write-flash", "0", str(alien))

    assert said.status != 0
    assert "not an ESP32-S3 image" in said.text


def request(op: int, body: bytes = b"", checksum: int = 0) -> bytes:
    return slip(struct.pack("<BBHI", 0, op, len(body), checksum) + body)


def status(answers: bytes) -> int:
    (answer,) = SlipReader().feed(answers)
    return answer[9] if answer[8] else 0


def test_a_spoilt_block_is_refused() -> None:
    rom = RomLoader(S3, NorFlash(1 << 20))
    rom.receive(request(Op.FLASH_BEGIN, struct.pack("<IIIII", 4, 1, 4, 0, 0)))
    block = struct.pack("<IIII", 4, 0, 0, 0) + b"\1\2\3\4"

    assert status(rom.receive(request(Op.FLASH_DATA, block, checksum=0))) == 7
    assert status(rom.receive(request(Op.FLASH_DATA, block, checksum=0xEF ^ 1 ^ 2 ^ 3 ^ 4))) == 0
    assert rom.flash.read(0, 5) == b"\1\2\3\4\xff"


def test_what_the_rom_does_not_know_is_refused() -> None:
    rom = RomLoader(S3, NorFlash(1 << 20))

    assert status(rom.receive(request(0x77))) == 5
    assert status(rom.receive(request(Op.ERASE_FLASH))) == 5
    assert status(rom.receive(request(Op.READ_REG, b"\1"))) == 5


def test_an_entry_outside_what_was_loaded_starts_nothing() -> None:
    rom = RomLoader(S3, NorFlash(1 << 20))

    assert status(rom.receive(request(Op.MEM_END, struct.pack("<II", 0, 0x4037_8000)))) == 6
    assert not rom.is_stub


def test_writing_outside_the_flash_fails() -> None:
    rom = RomLoader(S3, NorFlash(1 << 20))

    assert status(rom.receive(request(Op.FLASH_BEGIN, struct.pack("<IIIII", 1 << 20, 1, 4, 4, 0)))) == 6
    assert status(rom.receive(request(Op.SPI_FLASH_MD5, struct.pack("<IIII", 0, 2 << 20, 0, 0)))) == 6


def test_noise_is_not_answered() -> None:
    rom = RomLoader(S3, NorFlash(1 << 20))

    assert rom.receive(b"\r\x03\r\x01" + slip(b"short") + slip(b"\1\x08" + bytes(6))) == b""
