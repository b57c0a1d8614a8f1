"""The serial line of a reader head while it is open: carries bytes between a descriptor and the link, in the loop."""

import asyncio
import errno
import fcntl
import os
import termios
import tty
from collections.abc import Callable

from edge_agent.clock import Clock
from edge_agent.readers.head_link import HeadLink, HeadRefused
from edge_agent.readers.supervised import DeviceLost
from schemas import head

_CHUNK = 4_096
_WAIT_S_MIN = 0.001


class HeadPort:
    """An open line. What is new goes to `hear`, why it was lost to `lose`, once; both are called in the loop."""

    def __init__(
        self,
        path: str,
        link: HeadLink,
        clock: Clock,
        hear: Callable[[head.Message], None],
        lose: Callable[[DeviceLost], None],
    ) -> None:
        """Open it. Raises DeviceLost."""
        self._link = link
        self._clock = clock
        self._hear = hear
        self._lose = lose
        self._timer: asyncio.TimerHandle | None = None
        self._descriptor: int | None = _open(path)
        asyncio.get_running_loop().add_reader(self._descriptor, self._read)
        link.start(clock.monotonic_ms())
        self.flush()

    def close(self) -> None:
        """Let the line go; once or more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._descriptor is not None:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None

    def flush(self) -> None:
        """Do what is due, send what there is to say, and come back in time."""
        now_ms = self._clock.monotonic_ms()
        self._link.tick(now_ms)
        output = self._link.take_output()
        if self._descriptor is not None and output and not self._write(output):
            return
        if self._descriptor is not None and self._link.is_silent(now_ms):
            self._fail("nothing was heard for 3 s: is this a reader head, and does its program run?")
            return
        self._set_timer(now_ms)

    def _read(self) -> None:
        assert self._descriptor is not None, "a closed line is not read"  # noqa: S101
        try:
            chunk = os.read(self._descriptor, _CHUNK)
        except BlockingIOError:
            return
        except OSError as error:
            self._fail(f"reading failed: {error.strerror}")
            return
        if not chunk:
            self._fail("it was closed at the other end")
            return
        self._take(chunk)

    def _take(self, chunk: bytes) -> None:
        try:
            news = self._link.receive(chunk, self._clock.monotonic_ms())
        except HeadRefused as refused:
            self.flush()  # the head is told so too
            self._fail(str(refused))
            return
        for message in news:
            self._hear(message)
        self.flush()

    def _write(self, output: bytes) -> bool:
        """Send; what does not fit is lost, as on any line, and said again if it matters. Tell if the line lives."""
        assert self._descriptor is not None, "a closed line is not written"  # noqa: S101
        try:
            os.write(self._descriptor, output)
        except BlockingIOError:
            pass
        except OSError as error:
            self._fail(f"writing failed: {error.strerror}")
            return False
        return True

    def _fail(self, reason: str) -> None:
        if self._descriptor is not None:
            self.close()
            self._lose(DeviceLost(reason))

    def _set_timer(self, now_ms: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._descriptor is not None:
            wait_s = max(_WAIT_S_MIN, (self._link.due_ms - now_ms) / 1_000)
            self._timer = asyncio.get_running_loop().call_later(wait_s, self.flush)


def _open(path: str) -> int:
    """Open a serial line, raw and at the head's speed; a pipe or a file is none. Raises DeviceLost."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        hint = ": the agent's user must be in the group dialout" if error.errno == errno.EACCES else ""
        raise DeviceLost(f"cannot be opened: {error.strerror}{hint}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # as pyserial's programs do: two would share the bytes
        tty.setraw(descriptor)
        attributes = termios.tcgetattr(descriptor)
        attributes[2] |= termios.CLOCAL | termios.CREAD
        attributes[4] = attributes[5] = getattr(termios, f"B{head.BAUD}")
        termios.tcsetattr(descriptor, termios.TCSANOW, attributes)
        termios.tcflush(descriptor, termios.TCIFLUSH)
    except BlockingIOError:
        os.close(descriptor)
        raise DeviceLost("another program has it: end that one, or give this reader another path") from None
    except termios.error:
        os.close(descriptor)
        raise DeviceLost("is no serial line") from None
    return descriptor
