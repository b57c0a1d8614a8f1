"""A reader head whose firmware runs for real, on MicroPython, with everything around it simulated.

The head's line ends in a pseudo-terminal for an agent; behind the head stand a card reader at byte level, a turnstile
on its relays and contacts, and a fire panel. Cards come and go and things go wrong by commands, see COMMANDS.
"""

import asyncio
import os
import shutil
import subprocess
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

from simulators.cards import Card, CardRefused, Drawer, card_make
from simulators.head_board import Pins, Terminal, Transactions, i2c_answer
from simulators.pn532_buses import I2cPn532, SpiPn532
from simulators.pn532_chip import BAUD, Chip
from simulators.rc522 import Rc522
from simulators.rf_field import RfField
from simulators.turnstile import Mechanics

ROOT = Path(__file__).parents[1]
VM = ROOT / "build/micropython/micropython"
HEAP = "190k"  # as much as an RP2040 leaves, though every word here takes twice the room
BOARD = "head_pico_uart"  # one with a line of its own: the VM's console stays free
READERS = ("pn532-uart", "pn532-spi", "pn532-i2c", "rc522")
LOOK_S = 0.004
COMMANDS = (
    "present UID [FAMILY], add UID [FAMILY], remove, turn, force in|out, fire on|off, unplug, plug, "
    "garbage [BYTES], deaf [FRAMES], power off|on, status"
)
_RELAYS = {"relay_in": "in", "relay_out": "out"}


class SimulatedHead:
    """One head. Belongs to the running event loop."""

    def __init__(self, folder: Path, rng: Random, link: Path, reader: str = "pn532-uart") -> None:
        """`folder` is the board's, `link` names the agent's end of the line."""
        self.mechanics = Mechanics(rng)
        self.field = RfField()
        self.lit: dict[str, bool] = {}
        self.heard = b""  # from the head, the last few bytes
        self.drawer = Drawer(rng)
        self._folder = folder
        self._rng = rng
        self._link = link
        self._reader = reader
        self._board: Any = import_module(f"firmware.boards.{BOARD}")
        self._names = {pin: name for name, pin in self._board.OUTPUTS.items()}
        self._pins = Pins(folder)
        self._agent: Terminal | None = None
        self._line = Terminal(folder / f"uart{self._board.LINE['id']}", self._from_head)
        self._bus = self._wired()
        self._deaf = 0
        self._program: subprocess.Popen[bytes] | None = None
        self._looking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Put the cable in and switch the head on. Raises FileNotFoundError without a VM."""
        self._contacts(self.mechanics.standing())
        self.plug()
        self._looking = asyncio.create_task(self._look(), name="head.look")
        self.power_on()

    async def stop(self) -> None:
        self.power_off()
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking})
        self.unplug()
        self._line.close()
        self._bus.close()

    def power_on(self) -> None:
        """Start the head's program, unless it runs. Raises FileNotFoundError without a VM."""
        if self._program is not None:
            return
        if not VM.exists():
            raise FileNotFoundError(f"{VM} is not there: run `make setup`")
        text = f"from firmware.node.head_program import run\nrun({BOARD!r}, {self._reader!r})"
        environment = {
            "PATH": os.defpath, "ESIK_BOARD": str(self._folder),
            "MICROPYPATH": f"{ROOT / 'simulators/micropython'}:{ROOT}:.frozen",
        }  # fmt: skip
        setpriv = shutil.which("setpriv")
        leash = [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []  # nobody's head when we are gone
        with (self._folder / "console").open("ab") as console:
            self._program = subprocess.Popen(  # noqa: S603  our own program
                [*leash, str(VM), "-X", f"heapsize={HEAP}", "-c", text],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, cwd=self._folder, env=environment,
            )  # fmt: skip

    def power_off(self) -> None:
        """Cut the power: the program ends where it stands, and every output rests."""
        program, self._program = self._program, None
        if program is not None:
            program.kill()
            program.wait()
        self.lit.clear()

    @property
    def is_running(self) -> bool:
        """Tell whether the head's program runs; what it said before it ended stands in `console`."""
        return self._program is not None and self._program.poll() is None

    def plug(self) -> None:
        """Put the agent's cable in."""
        if self._agent is None:
            self._agent = Terminal(self._link, self._from_agent)

    def unplug(self) -> None:
        """Pull the agent's cable."""
        if self._agent is not None:
            self._agent.close()
            self._agent = None

    def obey(self, line: str) -> str:
        """Do what a command line says; return the answer."""
        try:
            return self._obey(line.split()) or self._status()
        except CardRefused as refused:
            return f"refused: {refused}"

    def _obey(self, words: list[str]) -> str:
        now_ms = self._now_ms()
        match words:
            case ["present", uid, *rest] if len(rest) <= 1:
                self.field.clear()
                self._put(uid, *rest)
            case ["add", uid, *rest] if len(rest) <= 1:
                self._put(uid, *rest)
            case ["remove"]:
                self.field.clear()
            case ["turn"]:
                self.mechanics.turn()
            case ["force", ("in" | "out") as direction]:
                self.mechanics.force(direction, now_ms)
            case ["fire", ("on" | "off") as state]:
                self.mechanics.burn(now_ms, is_burning=state == "on")
            case _:
                return self._obey_cables(words)
        return ""

    def _obey_cables(self, words: list[str]) -> str:
        match words:
            case ["unplug"]:
                self.unplug()
            case ["plug"]:
                self.plug()
            case ["garbage", *rest] if len(rest) <= 1 and all(word.isdigit() for word in rest):
                self._spoil(int(rest[0]) if rest else 64)
            case ["deaf", *rest] if len(rest) <= 1 and all(word.isdigit() for word in rest):
                self._deaf = int(rest[0]) if rest else 1
            case ["power", ("off" | "on") as state]:
                self.power_on() if state == "on" else self.power_off()
            case ["status"]:
                pass
            case _:
                return f"not understood: {' '.join(words)[:40]!r}; commands: {COMMANDS}"
        return ""

    def _put(self, uid: str, family: str = "") -> None:
        make = card_make(uid, family)
        self.field.put(Card(make, self._rng, chip=self.drawer.chip_of(make)))

    def _status(self) -> str:
        lit = ",".join(sorted(name for name, is_on in self.lit.items() if is_on)) or "none"
        passed = self.mechanics.passed
        return (
            f"{'running' if self.is_running else 'off'} {'plugged' if self._agent else 'unplugged'} "
            f"cards={len(self.field.cards)} lit={lit} opened={self.mechanics.opened} "
            f"in={passed['in']} out={passed['out']}"
        )

    # What hangs on the board

    def _wired(self) -> Terminal:
        """Return the card reader on its bus."""
        wiring = self._board.READERS[self._reader]
        match self._reader:
            case "pn532-uart":
                chip = Chip(self.field)
                return Terminal(
                    self._folder / f"uart{wiring['id']}", lambda sent: chip.receive(sent, BAUD, self._now_ms())
                )
            case "pn532-i2c":
                device = I2cPn532(self.field)
                answers = Transactions(i2c_answer(device.write, device.read))
                return Terminal(self._folder / f"i2c{wiring['id']}", answers.take)
            case "pn532-spi":
                return Terminal(self._folder / f"spi{wiring['id']}", Transactions(SpiPn532(self.field).transfer).take)
            case _:
                return Terminal(self._folder / f"spi{wiring['id']}", Transactions(Rc522(self.field).transfer).take)

    async def _look(self) -> None:
        """Carry levels between the board's pins and what is wired to them."""
        while True:
            now_ms = self._now_ms()
            for pin, level in self._pins.changes():
                if pin in self._names:
                    self._output(self._names[pin], is_on=bool(level), now_ms=now_ms)
            self._contacts(self.mechanics.due(now_ms))
            await asyncio.sleep(LOOK_S)

    def _output(self, name: str, *, is_on: bool, now_ms: int) -> None:
        self.lit[name] = is_on
        if name in _RELAYS:
            self.mechanics.relay(_RELAYS[name], now_ms, is_on=is_on)

    def _contacts(self, lines: list[str]) -> None:
        """Close and open contacts; the fire panel's opens when it burns."""
        for line in lines:
            match line.split():
                case ["contact", way, state]:
                    self._pins.put(self._board.INPUTS[f"passed_{way}"], 0 if state == "closed" else 1)
                case ["fire", state]:
                    self._pins.put(self._board.INPUTS["fire"], 1 if state == "on" else 0)
                case _:
                    pass

    # The line

    def _from_head(self, said: bytes) -> bytes:
        self.heard = (self.heard + said)[-512:]
        if self._deaf:
            self._deaf -= 1
        elif self._agent is not None:
            self._agent.send(said)
        return b""

    def _from_agent(self, said: bytes) -> bytes:
        self._line.send(said)
        return b""

    def _spoil(self, count: int) -> None:
        """Let noise go over the line both ways."""
        self._line.send(self._rng.randbytes(count))
        if self._agent is not None:
            self._agent.send(self._rng.randbytes(count))

    @staticmethod
    def _now_ms() -> int:
        return round(asyncio.get_running_loop().time() * 1_000)
