"""The file with MicroPython that somebody downloaded: whole, the one that was meant, and for this chip; pure.

The forms are Espressif's "Firmware Image Format" and Microsoft's "USB Flashing Format (UF2)".
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from firmware.tools.flash_chips import CHIPS, Chip, Way
from firmware.tools.flash_errors import ImageRefused

SIZE_MIN, SIZE_MAX = 100 * 1024, 32 * 1024 * 1024
ESP_MAGIC = 0xE9
_ESP_CHIP_ID = struct.Struct("<12xH")  # in the header's extension, after a pin and its strengths
_UF2_BLOCK = struct.Struct("<IIIIIIII")
_UF2_SIZE = 512
_UF2_FIRST, _UF2_SECOND, _UF2_LAST = 0x0A32_4655, 0x9E5D_5157, 0x0AB1_6F30
_UF2_HAS_FAMILY = 0x2000
_UF2_ABSOLUTE = 0xE48B_FF57  # a lone block before those of an RP2350: the way around its erratum E10
_DIGEST_DIGITS = 64
_DOWNLOAD = "download it anew from micropython.org, for exactly this board, and give the SHA-256 of what you checked"


@dataclass(frozen=True, slots=True)
class Image:
    """An image that was checked."""

    content: bytes
    chip: Chip

    @property
    def digest(self) -> str:
        """Return its SHA-256, 64 hex digits."""
        return sha256(self.content).hexdigest()


def read_image(content: bytes, digest: str) -> Image:
    """Return the image in a file whose SHA-256 was given. Raises ImageRefused, saying what the file is instead."""
    _check_digest(content, digest)
    if not SIZE_MIN <= len(content) <= SIZE_MAX:
        raise ImageRefused(f"the image has {len(content):,} bytes; MicroPython has from 0.3 to 4 million", _DOWNLOAD)
    if content[0] == ESP_MAGIC:
        return Image(content, _esp_chip(content))
    if content.startswith(_UF2_FIRST.to_bytes(4, "little")):
        return Image(content, _uf2_chip(content))
    if content[:4] in {b"\x7fELF", b"PK\x03\x04"} or content[:2] == b"\x1f\x8b":
        raise ImageRefused("the file is a program or an archive, not an image", "take the .bin or .uf2 file itself")
    raise ImageRefused("the file begins as no image of ESP32 (E9) or RP2040/RP2350 (UF2) does", _DOWNLOAD)


def check_fits(image: Image, chip: Chip) -> None:
    """Raise ImageRefused when an image is for another chip than the one that was found."""
    if image.chip is not chip:
        raise ImageRefused(
            f"the image is for {image.chip.name}, the board has {chip.name}",
            "take MicroPython for this board, or name the port of the other board with --port",
        )


def _check_digest(content: bytes, digest: str) -> None:
    wanted = digest.strip().lower()
    if len(wanted) != _DIGEST_DIGITS or not set(wanted) <= set("0123456789abcdef"):
        raise ImageRefused("--sha256 is not 64 hexadecimal digits", "copy it whole from where you got the image")
    found = sha256(content).hexdigest()
    if found != wanted:
        raise ImageRefused(f"the image's SHA-256 is {found[:16]}..., not {wanted[:16]}...", _DOWNLOAD)


def _esp_chip(content: bytes) -> Chip:
    (number,) = _ESP_CHIP_ID.unpack_from(content)
    for chip in CHIPS.values():
        if chip.way is Way.ESPTOOL and chip.number == number:
            return chip
    raise ImageRefused(
        f"the image is for a chip of Espressif's that we know no board with (number {number})", _DOWNLOAD
    )


def _uf2_chip(content: bytes) -> Chip:
    families = set(_uf2_families(content))
    for chip in CHIPS.values():
        if chip.way is Way.UF2 and families == {chip.number}:
            return chip
    told = ", ".join(f"{family:08x}" for family in sorted(families))
    raise ImageRefused(f"the UF2 file is for other chips than RP2040 and RP2350 (family {told or 'none'})", _DOWNLOAD)


def _uf2_families(content: bytes) -> Iterator[int]:
    """Yield the family of every block. Raises ImageRefused when a block is not whole or out of its place."""
    if len(content) % _UF2_SIZE:
        raise ImageRefused("the UF2 file is cut: it is no whole number of blocks", _DOWNLOAD)
    counts: dict[int, int] = {}
    for at in range(0, len(content), _UF2_SIZE):
        first, second, flags, _, size, number, count, family = _UF2_BLOCK.unpack_from(content, at)
        last = int.from_bytes(content[at + _UF2_SIZE - 4 : at + _UF2_SIZE], "little")
        is_whole = (first, second, last) == (_UF2_FIRST, _UF2_SECOND, _UF2_LAST) and size <= 476
        if is_whole and family == _UF2_ABSOLUTE:
            continue
        if not is_whole or not flags & _UF2_HAS_FAMILY or number != counts.get(family, 0):
            raise ImageRefused(f"block {at // _UF2_SIZE} of the UF2 file is damaged", _DOWNLOAD)
        counts[family] = number + 1
        if number + 1 == count:
            counts[family] = -1
        yield family
    if any(count != -1 for count in counts.values()):
        raise ImageRefused("the UF2 file is cut: its last blocks are missing", _DOWNLOAD)
