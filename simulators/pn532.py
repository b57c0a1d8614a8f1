"""A PN532 card reader on a pseudo-terminal, for programs that talk to a real one: nfcpy, libnfc, our agent.

Cards come and go and things go wrong by commands, see COMMANDS. Timings prove protocol compatibility, not radio
behaviour: a real field has edges, a simulated one has not.
"""

import asyncio
import contextlib
import os
import termios
import tty
from collections.abc import Callable
from pathlib import Path
from random import Random

from simulators.cards import Card, CardRefused, Drawer, Make, card_make
from simulators.pn532_chip import Chip
from simulators.pn532_faults import Fault
from simulators.rf_field import RfField

CARDS_MAX = 16
COMMANDS = (
    "present UID [FAMILY] [MS], add UID [FAMILY] [MS], remove, fault NAME [TIMES], fault vanish [EXCHANGES], "
    "fault none, unplug, plug, status"
)
_CHUNK = 4_096
_SPEEDS = {
    getattr(termios, f"B{baud}"): baud for baud in (9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600)
}


class Pn532Line:
    """A PN532 that is plugged in, with cards that are put on it. Belongs to the running event loop.

    `link`, when given, is kept as a symbolic link to the pseudo-terminal while it is plugged in, as /dev/serial/by-id
    is: its name stays the same when the cable is pulled and put back.
    """

    def __init__(self, rng: Random, link: Path | None = None) -> None:
        self.chip = Chip(field := RfField())
        self.drawer = Drawer(rng)
        self.path = ""
        self._field = field
        self._rng = rng
        self._link = link
        self._master: int | None = None
        self._slave = -1
        self._timer: asyncio.TimerHandle | None = None

    @property
    def cards(self) -> int:
        """Return how many cards are in the field."""
        return len(self._field.cards)

    def plug(self) -> str:
        """Put the cable in, unless it is; return the pseudo-terminal's path. The chip starts anew, as if powered on."""
        if self._master is not None:
            return self.path
        # The simulator holds the host's end open too, or its own would fail whenever no host has it.
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        if self._link is not None:
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(self.path)
        self._field.switch(on=False)
        faults, self.chip = self.chip.faults, Chip(self._field)
        self.chip.faults = faults
        asyncio.get_running_loop().add_reader(self._master, self._read, self._master)
        return self.path

    def unplug(self) -> None:
        """Pull the cable: the pseudo-terminal is gone, whoever had it open gets errors."""
        if self._master is None:
            return
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        os.close(self._slave)
        self._master = None
        if self._link is not None:
            self._link.unlink(missing_ok=True)

    def present(self, make: Make, stays_ms: int | None = None) -> None:
        """Put a card on the reader in place of what was there; it goes by itself after `stays_ms`."""
        self._field.clear()
        self.add(make, stays_ms)

    def add(self, make: Make, stays_ms: int | None = None) -> None:
        """Put a card beside those that are there; raise CardRefused when there is no more room."""
        if self.cards >= CARDS_MAX:
            raise CardRefused(f"{CARDS_MAX} cards are on the reader already")
        card = Card(make, self._rng, chip=self.drawer.chip_of(make))
        self._field.put(card)
        if stays_ms is not None:
            asyncio.get_running_loop().call_later(stays_ms / 1_000, self._field.take, card)
        self._send(self.chip.field_changed())

    def remove(self) -> None:
        """Take all cards away."""
        self._field.clear()

    def obey(self, line: str) -> str:
        """Do what a command line says; return the answer."""
        try:
            return self._obey(line.split()) or self._status()
        except CardRefused as refused:
            return f"refused: {refused}"

    def _obey(self, words: list[str]) -> str:
        match words:
            case ["present", uid, *rest]:
                _put(self.present, uid, rest)
            case ["add", uid, *rest]:
                _put(self.add, uid, rest)
            case ["remove"]:
                self.remove()
            case ["fault", name, *rest] if len(rest) <= 1 and all(word.isdigit() for word in rest):
                return self._arm(name, int(rest[0]) if rest else 1)
            case ["plug"]:
                self.plug()
            case ["unplug"]:
                self.unplug()
            case ["status"]:
                pass
            case _:
                return f"not understood: {' '.join(words)[:40]!r}; commands: {COMMANDS}"
        return ""

    def _arm(self, name: str, count: int) -> str:
        match name:
            case "none":
                self.chip.faults.clear()
                self._field.vanish_after = None
            case "vanish":
                self._field.vanish_after = count
            case _ if name in {fault.value for fault in Fault}:
                self.chip.faults.arm(Fault(name), count)
            case _:
                names = ", ".join(fault.value for fault in Fault)
                return f"not understood: {name[:40]!r} is no fault; there are {names}, vanish, none"
        return ""

    def _status(self) -> str:
        plugged = self.path if self._master is not None else "unplugged"
        chip = self.chip
        return f"{plugged} cards={self.cards} commands={chip.handled} baud={chip.baud} faults={chip.faults.describe()}"

    def _read(self, master: int) -> None:
        try:
            chunk = os.read(master, _CHUNK)
        except BlockingIOError:
            return
        baud = _SPEEDS.get(termios.tcgetattr(master)[5], 0)
        self._send(self.chip.receive(chunk, baud, self._now_ms()))
        self._set_timer()

    def _send(self, answer: bytes) -> None:
        if answer and self._master is not None:
            # A host that does not read loses bytes, as on any line without flow control.
            with contextlib.suppress(BlockingIOError):
                os.write(self._master, answer)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.chip.due_ms is not None:
            wait_s = max(0, self.chip.due_ms - self._now_ms()) / 1_000
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._tick)

    def _tick(self) -> None:
        self._send(self.chip.tick(self._now_ms()))

    @staticmethod
    def _now_ms() -> int:
        return round(asyncio.get_running_loop().time() * 1_000)


def _put(put: Callable[[Make, int | None], None], uid: str, rest: list[str]) -> None:
    stays_ms = int(rest.pop()) if rest and rest[-1].isdigit() else None
    if len(rest) > 1:
        raise CardRefused(f"after the UID stand a family and milliseconds, not {' '.join(rest)[:40]!r}")
    put(card_make(uid, *rest), stays_ms)
