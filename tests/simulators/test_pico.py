"""A simulated Pico shows a drive, takes a UF2 file, and goes back to its drive when a program asks."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from simulators.pico import Pico, make_uf2
from tests.simulators.boards import run
from tests.waiting import until_async


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    drive = tmp_path / "drive"
    drive.mkdir()
    return drive


@pytest.fixture
async def pico(tmp_path: Path, drive: Path) -> AsyncIterator[Pico]:
    pico = Pico(tmp_path, drive, chip="rp2350")
    await pico.plug()
    yield pico
    await pico.unplug()


def names(drive: Path) -> set[str]:
    return {path.name for path in drive.iterdir()}


def put(drive: Path, content: bytes) -> None:
    (drive / "MICROPYTHON.UF2").write_bytes(content)


async def test_a_whole_file_starts_and_the_drive_goes(pico: Pico, drive: Path) -> None:
    put(drive, make_uf2("rp2350", bytes(9_999))[:-512])
    assert names(drive) == {"INFO_UF2.TXT", "MICROPYTHON.UF2"}

    put(drive, make_uf2("rp2350", bytes(9_999)))
    await until_async(lambda: pico.is_running)

    assert names(drive) == set()
    said = await run("mpremote", "connect", pico.path, "exec", "import sys; print(sys.platform)")
    assert "rp2" in said.text


async def test_a_program_that_asks_for_the_loader_brings_the_drive_back(pico: Pico, drive: Path) -> None:
    put(drive, make_uf2("rp2350", bytes(99)))
    await until_async(lambda: pico.is_running)

    await run("mpremote", "connect", pico.path, "bootloader")

    await until_async(lambda: "INFO_UF2.TXT" in names(drive))
    assert not pico.is_running


async def test_another_chips_file_does_nothing(pico: Pico, drive: Path) -> None:
    put(drive, make_uf2("rp2040", bytes(99)))

    assert not pico._has_file()
