"""What esptool and mpremote say when they fail is told in plain words; they said it in 5.6 and 1.29."""

from pathlib import Path

import pytest

from firmware.tools.flash_errors import BoardLost, FlashRefused, PortInUse, PortRefused
from firmware.tools.flash_programs import Programs, told


@pytest.mark.parametrize(
    ("said", "error", "seen"),
    [
        ("Failed to connect to ESP32-S3: No serial data received.", FlashRefused, "does not answer"),
        ("Failed to connect to Espressif device: Wrong boot mode detected (0x28)!", FlashRefused, "does not answer"),
        ("A serial exception error: device reports readiness to read but returned no data", BoardLost, "went away"),
        ("Lost connection, retrying...\nERROR: could not open port /dev/ttyACM0", BoardLost, "went away"),
        ("OSError: [Errno 5] Input/output error", BoardLost, "went away"),
        ("Could not open /dev/ttyUSB0, the port is busy\n(Permission denied)", PortRefused, "may not use"),
        ("mpremote: failed to access /dev/ttyACM0 (it may be in use by another program)", PortInUse, "is in use"),
        ("Could not exclusively lock port /dev/ttyUSB0: Resource temporarily unavailable", PortInUse, "is in use"),
        ("A fatal error occurred: MD5 of file does not match data in flash!", FlashRefused, "not what was written"),
        ("Verification failed (digest mismatch).", FlashRefused, "not what was written"),
        ("mpremote: could not enter raw repl", FlashRefused, "MicroPython does not answer"),
        ('  File "<stdin>", line 1, in <module>\nOSError: 28', FlashRefused, "file system is full"),
        ("mpremote: cp: a.py: No space left on device.", FlashRefused, "file system is full"),
    ],
)  # fmt: skip
def test_a_failure_is_told_with_what_to_do(said: str, error: type[FlashRefused], seen: str) -> None:
    meant = told("esptool", f"some progress 10%\n{said}\n")

    assert type(meant) is error
    assert seen in str(meant)
    assert meant.advice


def test_a_failure_that_nobody_foresaw_keeps_the_programs_last_words() -> None:
    assert str(told("esptool", "first\nThe moon is wrong.\n\n")) == "esptool failed: The moon is wrong."


def test_a_program_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    programs = Programs(tmp_path, timeout_s=0.01)

    with pytest.raises(FlashRefused):
        programs.mpremote("/dev/none", "exec", "pass", tell=lambda _: None)


def test_a_port_that_went_away_is_not_said_to_be_in_use(tmp_path: Path) -> None:
    with pytest.raises(BoardLost, match="is not at"):
        Programs(tmp_path).mpremote(str(tmp_path / "gone"), "ls", tell=lambda _: None)
