"""Where boards are: serial ports by their USB numbers, and the drives that RP2040 and RP2350 show."""

import errno
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import serial
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from firmware.tools.flash_chips import Chip, chip_named
from firmware.tools.flash_errors import PortInUse, PortRefused

INFO_FILE = "INFO_UF2.TXT"
_INFO_BYTES_MAX = 1_024
_MOUNTS = Path("/proc/self/mounts")
# USB vendors, and products where a vendor makes much else.
_ESPRESSIF, _RASPBERRY = 0x303A, 0x2E8A
_BRIDGES = {
    (0x10C4, 0xEA60): "CP210x",
    (0x1A86, 0x7523): "CH340",
    (0x1A86, 0x55D4): "CH9102",
    (0x0403, 0x6001): "FT232",
}


@dataclass(frozen=True, slots=True)
class Port:
    """A serial line where a board may be: its path, and what is known of it by its USB numbers."""

    path: str
    what: str


@dataclass(frozen=True, slots=True)
class Drive:
    """A drive that an RP2040 or RP2350 shows while it waits for an image."""

    folder: Path
    chip: Chip

    @property
    def path(self) -> str:
        return str(self.folder)

    @property
    def what(self) -> str:
        return f"{self.chip.name}, waits for an image"


def find_boards(ports: Iterable[ListPortInfo] | None = None, mounts: Path = _MOUNTS) -> list[Port | Drive]:
    """Return every place where a board may be, those first that surely are one."""
    found = [
        Port(port.device, what) for port in (list_ports.comports() if ports is None else ports) if (what := _what(port))
    ]
    return [*find_drives(mounts), *sorted(found, key=lambda port: ("?" in port.what, port.path))]


def find_drives(mounts: Path = _MOUNTS) -> list[Drive]:
    """Return the drives of boards that wait for an image, of all that are mounted."""
    try:
        rows = mounts.read_text().splitlines()
    except OSError:
        return []
    folders = [Path(row.split()[1].encode().decode("unicode_escape")) for row in rows if len(row.split()) > 1]
    return [drive for folder in folders if (drive := drive_at(folder)) is not None]


def drive_at(folder: Path) -> Drive | None:
    """Return the drive that is mounted at a folder, None when it is none of a board."""
    try:
        with (folder / INFO_FILE).open("rb") as file:
            info = file.read(_INFO_BYTES_MAX).decode("ascii", "replace")
    except OSError:
        return None
    for line in info.splitlines():
        key, _, told = line.partition(":")
        if key == "Model" and (chip := chip_named(told.strip())):
            return Drive(folder, chip)
    return None


def place_at(path: str) -> Port | Drive:
    """Return what stands at a path that somebody named. Raises PortRefused."""
    if Path(path).is_dir():
        drive = drive_at(Path(path))
        if drive is None:
            raise PortRefused(f"{path} is no drive of an RP2040 or RP2350", f"it would hold the file {INFO_FILE}")
        return drive
    return Port(whole_path(path), "named by --port")


def whole_path(path: str) -> str:
    """Return the port's path from the root, as programs are run in another folder; a name that is no path as it is."""
    return str(Path(path).absolute()) if Path(path).exists() else path


def is_gone(path: str) -> bool:
    """Tell whether nothing is at a port any more, or never was; of a name that is no path nobody can tell."""
    return path.startswith("/") and not Path(path).exists()


def check_port(path: str) -> None:
    """Raise PortRefused when a serial port cannot be opened, with what to do about it."""
    try:
        serial.Serial(path, exclusive=True).close()
    except (OSError, ValueError) as error:  # pyserial's own error is an OSError
        raise _refused(path, error) from None


def _refused(path: str, error: Exception) -> PortRefused:
    match getattr(error, "errno", None):
        case errno.ENOENT | errno.ENODEV | errno.ENXIO:
            return PortRefused(f"there is no port {path}", "plug the board in; `esik device ports` lists what is there")
        case errno.EACCES | errno.EPERM:
            return PortRefused(
                f"you may not use {path}",
                f"join the group that owns it: sudo usermod -aG dialout {_user()}, then log out and in again",
            )
        case errno.EBUSY | errno.EAGAIN:
            return PortInUse(f"{path} is in use", "close whatever else has it open: Thonny, mpremote, a serial monitor")
        case _:
            return PortRefused(f"{path} cannot be opened: {error}", "take out the cable, put it in, and run this again")


def _user() -> str:
    try:
        return os.getlogin()
    except OSError:
        return "YOUR-NAME"


def _what(port: ListPortInfo) -> str:
    if port.vid == _ESPRESSIF:
        return "an ESP32 on its own USB"
    if port.vid == _RASPBERRY:
        return "an RP2040 or RP2350 that runs MicroPython"
    if bridge := _BRIDGES.get((port.vid, port.pid)):
        return f"a board behind {bridge}, perhaps?"
    return ""
