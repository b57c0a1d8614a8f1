"""Flash that is erased by sectors and otherwise only clears bits."""

import pytest

from simulators.nor_flash import SECTOR, FlashRefused, NorFlash


def test_what_was_not_erased_is_not_overwritten() -> None:
    flash = NorFlash(4 * SECTOR)

    flash.write(10, b"\xf0")
    flash.write(10, b"\x3c")

    assert flash.read(9, 3) == b"\xff\x30\xff"


def test_whole_sectors_are_erased() -> None:
    flash = NorFlash(4 * SECTOR)
    flash.write(0, bytes(4 * SECTOR))

    flash.erase(SECTOR + 1, SECTOR)

    assert flash.read(0, 4 * SECTOR) == bytes(SECTOR) + b"\xff" * 2 * SECTOR + bytes(SECTOR)


@pytest.mark.parametrize(("at", "size"), [(-1, 1), (SECTOR, 1), (0, SECTOR + 1)])
def test_nothing_stands_outside(at: int, size: int) -> None:
    flash = NorFlash(SECTOR)

    with pytest.raises(FlashRefused):
        flash.read(at, size)


def test_it_says_who_made_it_and_how_big_it_is() -> None:
    assert NorFlash(8 * 1024 * 1024).jedec_id == 0x17_40_EF
