"""MicroPython onto a chip: through esptool, or as a file onto the drive that the chip shows."""

import os
import re

from firmware.tools.flash_chips import Chip, chip_named
from firmware.tools.flash_errors import BoardLost, FlashRefused
from firmware.tools.flash_image import Image
from firmware.tools.flash_ports import Drive
from firmware.tools.flash_programs import Programs, Tell

_CHIP = re.compile(r"^Chip type:\s+(ESP32(?:-[A-Z]\d+)?)\b", re.MULTILINE)
_FLASH_SIZE = re.compile(r"^Detected flash size:\s+(\d+)MB", re.MULTILINE)
_PERCENT = re.compile(r"(\d+)(?:\.\d)?%")
_IMAGE = "micropython.bin"
_STEP = 10  # percent between two lines of progress
_CHUNK = 64 * 1024


def identify(programs: Programs, port: str) -> tuple[Chip, int]:
    """Return which chip hangs on a port, and its flash in bytes. Raises FlashRefused."""
    said = programs.esptool(port, "--after", "no-reset", "flash-id", tell=lambda _: None)
    name, size = _CHIP.search(said), _FLASH_SIZE.search(said)
    chip = chip_named(name[1]) if name else None
    if chip is None:
        raise FlashRefused(
            f"the chip on {port} is {name[1] if name else 'unknown'}, which no board of ours has",
            "take one of the boards in docs/flashing.md",
        )
    if size is None:
        raise FlashRefused(
            f"the flash of {chip.name} on {port} does not say how big it is", "run this again; then take another board"
        )
    return chip, int(size[1]) * 1024 * 1024


def write_by_esptool(programs: Programs, port: str, image: Image, tell: Tell) -> None:
    """Erase the whole chip, write the image, and compare what stands there. Raises FlashRefused.

    The image is told how big this board's flash is, or it would use no more than that of the smallest board.
    """
    (programs.folder / _IMAGE).write_bytes(image.content)
    what = ["--flash-size", "detect", f"{image.chip.image_at:#x}", _IMAGE]
    progress = Progress(tell)
    programs.esptool(port, "--after", "no-reset", "write-flash", "--erase-all", *what, tell=progress.hear)
    programs.esptool(port, "verify-flash", *what, tell=lambda _: None)
    tell("MicroPython is written and was read back: it is as in the file")


def write_to_drive(drive: Drive, image: Image, tell: Tell) -> None:
    """Copy the image to a board's drive; the board restarts by itself when it has all of it. Raises BoardLost."""
    written = 0
    progress = Progress(tell)
    try:
        with (drive.folder / "MICROPYTHON.UF2").open("wb", buffering=0) as file:
            for at in range(0, len(image.content), _CHUNK):
                written += file.write(image.content[at : at + _CHUNK])
                progress.hear(f"{100 * written // len(image.content)}%")
            os.fsync(file.fileno())
    except OSError as error:
        if written < len(image.content):
            raise BoardLost(
                f"the board's drive went away in the middle: {error.strerror}",
                "hold BOOTSEL while you put the cable in, and run this again",
            ) from None
    tell("MicroPython is copied; the board restarts by itself")


class Progress:
    """Tells of every tenth that a program has done."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._told = -_STEP

    def hear(self, line: str) -> None:
        """Take a line; tell of it when it says that a further tenth is done."""
        if line.startswith("Erasing flash"):
            self._tell("erasing the flash: up to a minute")
        found = _PERCENT.search(line)
        if found and int(found[1]) >= self._told + _STEP:
            self._told = int(found[1]) // _STEP * _STEP
            self._tell(f"writing MicroPython: {self._told} %")
