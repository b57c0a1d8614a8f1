"""The programs that speak with boards, esptool and mpremote: run, followed, and their troubles told in plain words.

esptool is under the GPL: it is run as a program of its own, never imported.
"""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from firmware.tools.flash_errors import BoardLost, FlashRefused, PortInUse, PortRefused
from firmware.tools.flash_ports import check_port, is_gone

T = TypeVar("T")
Tell = Callable[[str], None]
BAUD = 460_800
_OUTPUT_MAX = 200_000  # characters of a program that are kept
_BUSY_PAUSE_S = 0.5
_HOLD_BOOT = (
    "hold the button BOOT, press and release RESET (or put the cable in), release BOOT, then run this again; "
    "use a cable that carries data, not one for charging only"
)
_GONE = "put the cable in again, a short one and not through a hub, and run this again: it begins anew"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a program says when it fails, and what that means."""

    sign: re.Pattern[str]
    error: type[FlashRefused]
    seen: str
    advice: str


def _trouble(sign: str, error: type[FlashRefused], seen: str, advice: str) -> Trouble:
    return Trouble(re.compile(sign, re.IGNORECASE), error, seen, advice)


# The first that is found counts: a cable that came out also makes a port unreachable.
TROUBLES = (
    _trouble(
        r"Errno 5\b|Input/output error|Lost connection|device disconnected|device reports readiness|serial exception"
        r"|write failed|ClearCommError|Device not configured",
        BoardLost, "the board went away in the middle", _GONE,
    ),
    _trouble(
        r"Permission denied",
        PortRefused, "you may not use this port", "join the group dialout, log out and in again",
    ),
    _trouble(
        r"in use by another program|Resource temporarily|busy|exclusively lock",
        PortInUse, "the port is in use", "close whatever else has it open: Thonny, mpremote, a serial monitor",
    ),
    _trouble(
        r"Failed to connect|No serial data received|Wrong boot mode|Invalid head of packet|Timed out",
        FlashRefused, "the board does not answer", _HOLD_BOOT,
    ),
    _trouble(
        r"MD5 of file does not match|Verification failed|verify failed|digest mismatch",
        FlashRefused, "what stands in the flash is not what was written",
        "run this again with --baud 115200 and a shorter cable, then take another board: its flash may be worn out",
    ),
    _trouble(
        r"could not enter raw repl",
        FlashRefused, "MicroPython does not answer",
        "press RESET and run this again; a board from the box needs --image and --sha256",
    ),
    _trouble(
        r"OSError: (\[Errno 28\]|28\b)|ENOSPC|No space left",
        FlashRefused, "the board's file system is full",
        "run this with --image, which erases the board, or take a board with more flash",
    ),
    _trouble(r"could not open port|failed to access", PortRefused, "the port cannot be opened", _GONE),
)  # fmt: skip


class Programs:
    """Runs programs in a folder of their own, so that no settings that lie about elsewhere change what they do.

    `attempts` is how often esptool tries to reach a board, a second or so each; `baud` the speed it then writes at. A
    port that is in use is tried again for `busy_s` seconds: a desktop looks at a new port whether it is a modem.
    """

    def __init__(
        self, folder: Path, *, attempts: int = 7, baud: int = BAUD, timeout_s: float = 600.0, busy_s: float = 10.0
    ) -> None:
        self.folder = folder
        self._busy_s = busy_s
        self._baud = str(baud)
        self._timeout_s = timeout_s
        (folder / "esptool.cfg").write_text(f"[esptool]\nconnect_attempts = {attempts}\n")

    def check_port(self, port: str) -> None:
        """Raise PortRefused when a serial port cannot be opened, with what to do about it."""
        self._patiently(port, lambda: check_port(port))

    def esptool(self, port: str, *words: str, tell: Tell) -> str:
        """Run esptool; return all it said. Raises FlashRefused."""
        run = ["-m", "esptool", "--port", port, "--baud", self._baud, *words]
        return self._patiently(port, lambda: self._run(run, tell))

    def mpremote(self, port: str, *words: str, tell: Tell) -> str:
        """Run mpremote; return all it said. Raises FlashRefused."""
        run = ["-m", "mpremote", "connect", f"port:{port}", *words]
        return self._patiently(port, lambda: self._run(run, tell))

    def _patiently(self, port: str, do: Callable[[], T]) -> T:
        """Do what opens a port first, again while somebody else has it: nothing was sent yet."""
        until_s = time.monotonic() + self._busy_s
        while True:
            try:
                return do()
            except PortInUse:
                if is_gone(port):  # mpremote says "in use" of either
                    raise BoardLost(f"the board is not at {port}", _GONE) from None
                if time.monotonic() >= until_s:
                    raise
                time.sleep(_BUSY_PAUSE_S)

    def _run(self, words: Sequence[str], tell: Tell) -> str:
        """Follow a program line by line; a carriage return ends a line too, as progress has it."""
        with subprocess.Popen(  # noqa: S603 # the words are ours; what a person named stands behind --port
            [sys.executable, "-u", *words],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as program:
            watch = threading.Timer(self._timeout_s, program.kill)
            watch.start()
            try:
                assert program.stdout is not None  # noqa: S101 # it is a pipe
                said = _follow(program.stdout, tell)
            finally:
                watch.cancel()
        if program.returncode:
            raise told(words[1], said)
        return said


def told(program: str, said: str) -> FlashRefused:
    """Return what a program's failure means, with its own last words when it is none that we know."""
    for trouble in TROUBLES:
        if trouble.sign.search(said):
            return trouble.error(trouble.seen, trouble.advice)
    last = next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "nothing")
    return FlashRefused(
        f"{program} failed: {last[:200]}", "run this again; if it fails again, tell the operator these words"
    )


def _follow(lines: Iterable[str], tell: Tell) -> str:
    said = ""
    for line in lines:
        if len(said) < _OUTPUT_MAX:
            said += line
        tell(line.strip())
    return said
