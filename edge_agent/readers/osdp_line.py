"""A serial line with one OSDP reader on it, spoken with by libosdp in a thread of its own.

Rule: libosdp is called by one thread at a time. It tells of a lost reader after 8 s and then looks away for 300 s; so
here silence and errors end the line, and whoever wants the reader back opens another.
"""

import errno
import fcntl
import os
import termios
import threading
import tty
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

import osdp
import osdp_sys

from edge_agent.clock import Clock
from edge_agent.readers.supervised import DeviceLost

REFRESH_S = 0.02
SILENCE_MS = 2_000
PROVEN_MS = 8_000  # from opening to a secure channel
ORDERS_MAX = 16
ADDRESS_MAX = 126
_LINK_LOST = "nothing was heard: are address and baud right, and A and B not crossed?"
_UNPROVEN = "the reader does not prove that it has this key: give it one by `esik edge osdp install`"


class Key(Enum):
    """What a reader is asked to prove."""

    PROVEN = "proven"  # this key, or it is not listened to
    GIVEN = "given"  # this key, or the maker's: then this one is given to it, readable by whoever listens on the wire


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader is: the serial line, its speed, and the reader's address on it."""

    path: str
    baud: int
    address: int


@dataclass(frozen=True, slots=True)
class Proven:
    """The secure channel stands: the reader has the key."""


@dataclass(frozen=True, slots=True)
class CardRead:
    """A card's bits, as the reader sends them."""

    bits: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Condition:
    """How the reader says it is."""

    is_open: bool  # somebody opened its housing
    is_powerless: bool


@dataclass(frozen=True, slots=True)
class Done:
    """An order was taken by the reader, or refused."""

    is_ok: bool


@dataclass(frozen=True, slots=True)
class Lost:
    """The line ended; nothing more comes."""

    reason: str


News = Proven | CardRead | Condition | Done | Lost
Order = Mapping[str, object]


class OsdpLine:
    """An open line. What is new goes to `hear`, in the line's thread; Lost comes once and last."""

    def __init__(self, place: Place, key: bytes, clock: Clock, hear: Callable[[News], None], ask: Key) -> None:
        """Open it. Raises DeviceLost."""
        self._clock = clock
        self._hear = hear
        self._wire = _Wire(_open(place), clock)
        self._orders: list[Order] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._began_ms = clock.monotonic_ms()
        self._ask = ask
        self._is_proven = False
        self._is_refuted = False
        osdp_sys.set_loglevel(osdp.LogLevel.Emergency)
        flags = [osdp.LibFlag.EnableNotification, *([osdp.LibFlag.EnforceSecure] if ask is Key.PROVEN else [])]
        self._panel = osdp_sys.ControlPanel([osdp.PDInfo(place.address, self._wire, scbk=key, flags=flags).get()])
        self._panel.set_event_callback(self._take)
        self._panel.set_command_completion_callback(self._complete)
        self._thread = threading.Thread(target=self._run, name=f"osdp.{place.address}", daemon=True)
        self._thread.start()

    def order(self, order: Order) -> None:
        """Have the reader do something, soon; what is too much is left."""
        with self._lock:
            if len(self._orders) < ORDERS_MAX:
                self._orders.append(order)

    def close(self) -> None:
        """End the thread and let the line go; waits for at most one look at it."""
        self._ended.set()
        self._thread.join()
        self._wire.close()

    def _run(self) -> None:
        while not self._ended.wait(REFRESH_S):
            self._panel.refresh()
            with self._lock:
                orders, self._orders = (self._orders, []) if self._is_proven else ([], self._orders)
            for order in orders:
                self._panel.submit_command(0, dict(order))
            if reason := self._trouble():
                self._hear(Lost(reason))
                return

    def _trouble(self) -> str:
        """Return why the line is at its end; empty when it is not."""
        now_ms = self._clock.monotonic_ms()
        if self._wire.error:
            return self._wire.error
        if self._is_refuted:
            return _UNPROVEN
        if now_ms - self._wire.heard_at_ms > SILENCE_MS:
            return _UNPROVEN if self._wire.has_heard and not self._is_proven else _LINK_LOST
        if not self._is_proven and now_ms - self._began_ms > PROVEN_MS:
            return _UNPROVEN
        return ""

    def _take(self, _: int, event: Mapping[str, int | bytes]) -> int:
        """Take an event of libosdp's, which calls this from `refresh`."""
        kind = event.get("event")
        if kind == osdp.Event.Notification and event["type"] == osdp.EventNotification.SecureChannelStatus:
            self._prove(is_up=bool(event["arg0"]), is_makers=bool(event["arg1"]))
        elif not self._is_proven:
            pass  # what comes before the proof is nobody's
        elif kind == osdp.Event.CardRead and event["format"] != osdp.CardFormat.ASCII:
            self._hear(CardRead(int(event["length"]), _bytes(event["data"])))
        elif kind == osdp.Event.Status and event["type"] == osdp.StatusReportType.Local:
            report = _bytes(event["report"]).ljust(2, b"\0")
            self._hear(Condition(is_open=bool(report[0]), is_powerless=bool(report[1])))
        return 0

    def _prove(self, *, is_up: bool, is_makers: bool) -> None:
        was_proven, self._is_proven = self._is_proven, is_up and not is_makers
        self._is_refuted = self._ask is Key.PROVEN and not self._is_proven
        if self._is_proven and not was_proven:
            self._hear(Proven())

    def _complete(self, _: int, __: object, status: int) -> None:
        self._hear(Done(is_ok=status == osdp.CompletionStatus.Ok))


class _Wire(osdp.Channel):  # type: ignore[misc] # libosdp has no types
    """Bytes to and from the descriptor; an error is kept and looks like silence to libosdp."""

    def __init__(self, descriptor: int, clock: Clock) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._clock = clock
        self.heard_at_ms = clock.monotonic_ms()
        self.has_heard = False
        self.error = ""

    def read(self, max_bytes: int) -> bytes:
        """Return what has come; nothing when nothing has."""
        try:
            found = os.read(self._descriptor, max_bytes)
        except BlockingIOError:
            return b""
        except OSError as error:
            self.error = f"reading failed: {error.strerror}"
            return b""
        if not found:
            self.error = "it was closed at the other end"
        self.heard_at_ms = self._clock.monotonic_ms()
        self.has_heard = True
        return found

    def write(self, buf: bytes) -> int:
        """Send; return how much went."""
        try:
            return os.write(self._descriptor, bytes(buf))
        except BlockingIOError:
            return 0
        except OSError as error:
            self.error = f"writing failed: {error.strerror}"
            return len(buf)

    def flush(self) -> None:
        """Forget what has come and was not read."""
        try:
            termios.tcflush(self._descriptor, termios.TCIFLUSH)
        except termios.error:
            self.error = "it is gone"

    def close(self) -> None:
        os.close(self._descriptor)


def _bytes(value: int | bytes) -> bytes:
    return value if isinstance(value, bytes) else b""


def _open(place: Place) -> int:
    """Open the serial line for this program alone, raw, 8N1. Raises DeviceLost."""
    try:
        descriptor = os.open(place.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        hint = ": the agent's user must be in the group dialout" if error.errno == errno.EACCES else ""
        raise DeviceLost(f"cannot be opened: {error.strerror}{hint}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        tty.setraw(descriptor)
        attributes = termios.tcgetattr(descriptor)
        attributes[2] |= termios.CLOCAL | termios.CREAD
        attributes[4] = attributes[5] = getattr(termios, f"B{place.baud}")
        termios.tcsetattr(descriptor, termios.TCSANOW, attributes)
    except BlockingIOError:
        os.close(descriptor)
        raise DeviceLost("another program has this line: is the agent running?") from None
    except termios.error as error:
        os.close(descriptor)
        raise DeviceLost(f"is no serial line at {place.baud} baud: {error}") from None
    return descriptor
