"""The chips that boards of ours have, as what writes their flash needs to know them."""

from dataclasses import dataclass
from enum import Enum


class Way(Enum):
    """How MicroPython gets onto a chip."""

    ESPTOOL = "esptool"  # by Espressif's esptool, over a serial line
    UF2 = "uf2"  # as a file that is copied to a drive, which the chip shows while BOOTSEL is held


@dataclass(frozen=True, slots=True)
class Chip:
    """A chip. `number` is what its images carry: Espressif's chip id, or a UF2 family."""

    key: str
    name: str  # as esptool prints it, or as INFO_UF2.TXT names the model
    way: Way
    number: int
    image_at: int = 0  # where in the flash an image begins
    is_rp2: bool = False

    @property
    def family(self) -> str:
        """Return what `firmware/boards` calls it: RP2040 and RP2350 have the same pins."""
        return "rp2" if self.is_rp2 else self.key


CHIPS = {
    chip.key: chip
    for chip in (
        Chip("esp32", "ESP32", Way.ESPTOOL, 0, image_at=0x1000),
        Chip("esp32c3", "ESP32-C3", Way.ESPTOOL, 5),
        Chip("esp32s3", "ESP32-S3", Way.ESPTOOL, 9),
        Chip("esp32c6", "ESP32-C6", Way.ESPTOOL, 13),
        Chip("rp2040", "Raspberry Pi RP2", Way.UF2, 0xE48B_FF56, is_rp2=True),
        Chip("rp2350", "Raspberry Pi RP2350", Way.UF2, 0xE48B_FF59, is_rp2=True),
    )
}


def chip_named(name: str) -> Chip | None:
    """Return the chip that a program or a drive calls by this name, None when we know none."""
    return next((chip for chip in CHIPS.values() if chip.name == name), None)
