"""The board of a simulated reader head: terminals for its buses, files for its pins, as the stand-ins want them."""

import asyncio
import contextlib
import os
import tty
from collections.abc import Callable
from pathlib import Path

_CHUNK = 4_096
_ABSENT = b"\xff\xff"


class Terminal:
    """One end of a pseudo-terminal, whose other end has a name; what comes is given to `take`."""

    def __init__(self, link: Path, take: Callable[[bytes], bytes]) -> None:
        """`take` returns what goes back at once."""
        self._link = link
        self._take = take
        # The simulator holds the other end open too, or its own would fail whenever nobody has it.
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        os.set_blocking(self._ours, False)
        link.unlink(missing_ok=True)
        link.symlink_to(os.ttyname(self._theirs))
        asyncio.get_running_loop().add_reader(self._ours, self._read)

    def send(self, content: bytes) -> None:
        """Say something to whoever has the other end; what does not fit is lost, as on any line."""
        if content:
            with contextlib.suppress(BlockingIOError):
                os.write(self._ours, content)

    def close(self) -> None:
        """Pull the cable: whoever has the other end gets errors."""
        asyncio.get_running_loop().remove_reader(self._ours)
        os.close(self._ours)
        os.close(self._theirs)
        self._link.unlink(missing_ok=True)

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self.send(self._take(os.read(self._ours, _CHUNK)))


class Transactions:
    """Cuts what comes over a terminal into a bus's transactions; `answer` gives None where nobody answers."""

    def __init__(self, answer: Callable[[bytes], bytes | None]) -> None:
        self._answer = answer
        self._unread = b""

    def take(self, chunk: bytes) -> bytes:
        self._unread += chunk
        said = b""
        while len(self._unread) >= 2 and len(self._unread) >= 2 + (length := int.from_bytes(self._unread[:2])):
            sent, self._unread = self._unread[2 : 2 + length], self._unread[2 + length :]
            answer = self._answer(sent)
            said += _ABSENT if answer is None else len(answer).to_bytes(2) + answer
        return said


def i2c_answer(write: Callable[[bytes], int], read: Callable[[int], bytes]) -> Callable[[bytes], bytes | None]:
    """Return the answer of an I2C bus with one device: after its address stands how much is to be read, or nothing."""

    def answer(sent: bytes) -> bytes | None:
        count = int.from_bytes(sent[1:3])
        try:
            if count:
                return read(count)
            write(sent[3:])
        except OSError:
            return None
        return b""

    return answer


class Pins:
    """A board's pins: `changes` gives those of its outputs since the last look, `put` gives a level to an input."""

    def __init__(self, folder: Path) -> None:
        self._told = folder / "pins"
        self._folder = folder
        self._read = 0
        self._told.touch()

    def changes(self) -> list[tuple[int, int]]:
        """Return (pin, level) of every change; a tone is none."""
        with self._told.open() as told:
            told.seek(self._read)
            text = told.read()
        whole = text[: text.rfind("\n") + 1]
        self._read += len(whole)
        words = [line.split() for line in whole.splitlines()]
        return [(int(pin), int(level)) for pin, level in (pair for pair in words if len(pair) == 2)]

    def put(self, pin: int, level: int) -> None:
        """Give a level to an input, at once and whole."""
        fresh = self._folder / f"in{pin}.new"
        fresh.write_text(str(level))
        fresh.rename(self._folder / f"in{pin}")
