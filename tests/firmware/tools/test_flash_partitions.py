"""A gate's journal and rosters get room in the flash, behind a file system that is made smaller."""

import struct
from hashlib import md5
from itertools import pairwise

import pytest

from firmware.tools.flash_errors import ImageRefused
from firmware.tools.flash_partitions import (
    TABLE_AT,
    TABLE_SIZE,
    Partition,
    pack_table,
    read_table,
    takes_updates,
    with_room,
)
from simulators.esp_image import make_micropython, partitions

IMAGE = make_micropython(9, bytes(9_999))
OLD = make_micropython(9, bytes(9_999), has_files=True)
MB = 1 << 20


@pytest.mark.parametrize("plain", [IMAGE, OLD], ids=["1.26", "1.25"])
@pytest.mark.parametrize(("flash", "sectors"), [(4, 240), (8, 512), (16, 1_280), (32, 1_280)])
def test_the_flash_is_divided_to_its_end_and_nothing_overlaps(flash: int, sectors: int, plain: bytes) -> None:
    image = with_room(plain, 0, flash * MB)

    found = partitions(image)
    assert list(found) == ["nvs", "phy_init", "vfs", "roster", "journal"]
    ends = [(at, at + size) for at, size in found.values()]
    assert all(end <= begin for (_, end), (begin, _) in pairwise(ends))
    assert ends[-1] == (flash * MB - sectors * 4_096, flash * MB)
    assert ends[2][1] == ends[3][0]
    assert all(at % 4_096 == 0 for at, _ in found.values())
    assert (image[:TABLE_AT], image[TABLE_AT + TABLE_SIZE :]) == (plain[:TABLE_AT], plain[TABLE_AT + TABLE_SIZE :])
    assert takes_updates(image, 0) is (flash > 4)


def test_a_table_carries_its_digest() -> None:
    table = pack_table(rows := [Partition(1, 0x40, 0x10_000, 0x1000, "journal")])

    assert len(table) == TABLE_SIZE
    assert table[32:64] == b"\xeb\xeb" + b"\xff" * 14 + md5(table[:32], usedforsecurity=False).digest()
    assert read_table(table) == rows
    assert struct.unpack_from("<II", table, 4) == (0x10_000, 0x1000)


def test_an_image_that_begins_later_in_the_flash_has_its_table_earlier() -> None:
    image = with_room(IMAGE[0x1000:], 0x1000, 4 * MB)

    assert "journal" in partitions(bytes(0x1000) + image)


def crowded() -> bytes:
    """Return an image with something behind the file system already."""
    rows = [*read_table(OLD[TABLE_AT:]), Partition(1, 0x40, 0x3F_0000, 0x1000, "own")]
    return IMAGE[:TABLE_AT] + pack_table(rows) + IMAGE[TABLE_AT + TABLE_SIZE :]


@pytest.mark.parametrize("image", [bytes(70_000), IMAGE[:TABLE_AT], crowded()])
def test_an_image_without_such_a_table_is_refused(image: bytes) -> None:
    with pytest.raises(ImageRefused, match="no partition table"):
        with_room(image, 0, 4 * MB)


def test_a_flash_that_is_too_small_is_refused() -> None:
    with pytest.raises(ImageRefused, match="a flash of 2 MB is too small"):
        with_room(IMAGE, 0, 2 * MB)
