"""Boards are found by their USB numbers and their drives."""

import errno
from pathlib import Path

import pytest
from serial.tools.list_ports_common import ListPortInfo

from firmware.tools import flash_ports
from firmware.tools.flash_errors import PortRefused
from firmware.tools.flash_ports import check_port, drive_at, find_boards, find_drives, place_at

INFO = "UF2 Bootloader v3.0\r\nModel: {model}\r\nBoard-ID: X\r\n"


def port(device: str, vid: int, pid: int) -> ListPortInfo:
    found = ListPortInfo(device, skip_link_detection=True)
    found.vid, found.pid = vid, pid
    return found


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    """Return the drive of a Pico, in a folder with a space in its name."""
    drive = tmp_path / "RPI RP2"
    drive.mkdir()
    (drive / "INFO_UF2.TXT").write_text(INFO.format(model="Raspberry Pi RP2"))
    return drive


@pytest.fixture
def mounts(tmp_path: Path, drive: Path) -> Path:
    mounts = tmp_path / "mounts"
    escaped = str(drive).replace(" ", "\\040")
    mounts.write_text(f"proc /proc proc rw 0 0\n\n/dev/sdb1 {escaped} vfat rw 0 0\n")
    return mounts


def test_what_is_surely_a_board_comes_first_and_what_is_none_not_at_all(mounts: Path, drive: Path) -> None:
    ports = [
        port("/dev/ttyUSB0", 0x1A86, 0x7523),
        port("/dev/ttyS0", 0, 0),
        port("/dev/ttyACM1", 0x2E8A, 0x0005),
        port("/dev/ttyACM0", 0x303A, 0x1001),
        port("/dev/ttyACM9", 0x1234, 0x0001),
    ]

    found = find_boards(ports, mounts)

    assert [place.path for place in found] == [str(drive), "/dev/ttyACM0", "/dev/ttyACM1", "/dev/ttyUSB0"]
    assert "Raspberry Pi RP2, waits for an image" in found[0].what
    assert "CH340" in found[3].what


def test_drives_are_looked_for_among_what_is_mounted(mounts: Path, drive: Path, tmp_path: Path) -> None:
    assert [found.folder for found in find_drives(mounts)] == [drive]
    assert find_drives(tmp_path / "nothing") == []


def test_a_folder_is_a_drive_by_its_info_file(drive: Path, tmp_path: Path) -> None:
    assert drive_at(drive) == place_at(str(drive))
    (drive / "INFO_UF2.TXT").write_text(INFO.format(model="Feather"))
    assert drive_at(drive) is None
    with pytest.raises(PortRefused, match="no drive of an RP2040"):
        place_at(str(tmp_path))


def test_a_port_that_is_not_there_is_told_with_what_to_do() -> None:
    with pytest.raises(PortRefused, match="there is no port") as refused:
        check_port("/dev/ttyNONE0")

    assert "esik device ports" in refused.value.advice


def test_what_is_no_serial_port_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(PortRefused, match="cannot be opened"):
        check_port(str(tmp_path / "file"))


def test_a_port_that_one_may_not_use_names_the_group() -> None:
    refused = flash_ports._refused("/dev/ttyUSB0", PermissionError(errno.EACCES, "Permission denied"))

    assert str(refused) == "you may not use /dev/ttyUSB0"
    assert "usermod -aG dialout" in refused.advice
