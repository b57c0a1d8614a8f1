"""The few registers of an ESP32 that its boot loader is asked for, and the flash chip that stands behind some."""

from simulators.nor_flash import NorFlash

# ESP32-S3 Technical Reference Manual; the C3 and C6 have the same parts elsewhere.
_SPI_BASES = (0x6000_2000, 0x6000_3000)
_CMD, _USR2, _W0 = 0x00, 0x20, 0x58
_USR_BIT = 1 << 18
_READ_JEDEC_ID = 0x9F
_EFUSE_MACS = (0x6000_7044, 0x6000_8844, 0x600B_0844)
_RTC_OPTION1 = 0x6000_812C  # bit 0: come up as a loader again; cleared by the host before it resets the chip
_WORD = 0xFFFF_FFFF


class Registers:
    """Words by their addresses; what was never written is zero."""

    def __init__(self, mac: bytes, flash: NorFlash) -> None:
        self._flash = flash
        self._words: dict[int, int] = {}
        for at in _EFUSE_MACS:
            self._words[at] = int.from_bytes(mac[2:])
            self._words[at + 4] = int.from_bytes(mac[:2])

    def read(self, address: int) -> int:
        """Return a word."""
        return self._words.get(address, 0)

    def write(self, address: int, value: int, mask: int) -> bool:
        """Set a word's masked bits; tell whether it is what the host does last before it resets the chip."""
        self._words[address] = self.read(address) & ~mask & _WORD | value & mask
        for base in _SPI_BASES:
            if address == base + _CMD and value & _USR_BIT:
                self._ask_flash(base)
        return address == _RTC_OPTION1 and not value & 1

    def _ask_flash(self, base: int) -> None:
        if self.read(base + _USR2) & 0xFF == _READ_JEDEC_ID:
            self._words[base + _W0] = self._flash.jedec_id
        self._words[base + _CMD] &= ~_USR_BIT
