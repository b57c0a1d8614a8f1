"""A stand-alone gate on a table: its real journal on simulated flash, pins that are noted, rules that a test writes."""

import json
from random import Random
from typing import Any

from firmware.node.clock import Clock, Stamp, Ticks, Timekeeper, difference
from firmware.node.contacts import Contacts
from firmware.node.decision import PassShown
from firmware.node.flash import Region
from firmware.node.gate import Gate
from firmware.node.journal import Journal
from firmware.node.lamp import Lamp
from firmware.node.settings import GateSettings
from schemas.tokens import token
from simulators.flash import Flash

CARD_KEY = bytes(range(32))
PUPIL, OTHER, BLOCKED, STRANGE = (bytes([0x04, number] + [7] * 5) for number in range(4))
WALL_MS = 1_790_000_000_000


class MovedTicks(Ticks):
    """A counter that a test moves."""

    def __init__(self) -> None:
        self.ms = 0

    def now(self) -> int:  # type: ignore[explicit-override]
        return self.ms

    def difference(self, later: int, earlier: int) -> int:  # type: ignore[explicit-override]
        return difference(later, earlier, 1 << 30)


class Pin:
    """A pin of the table."""

    def __init__(self, level: int = 1) -> None:
        self.level = level

    def __call__(self, level: int) -> None:
        self.level = level

    def value(self) -> int:
        return self.level

    def irq(self, handler: object, trigger: int) -> None:
        """Interrupt nobody: the gate looks."""


class Verdict:
    """What the rules of a test say."""

    def __init__(self, reason: str, person: str | None, card: str | None) -> None:
        self.is_allowed = reason in {"ok", "fire", "free_pass"}
        self.reason = reason
        self.person = person
        self.token = card


class TableRules:
    """A roster of two pupils and a blocked card."""

    version = 12
    repeat_ms = 5_000

    def __init__(self) -> None:
        self._persons = {
            token(CARD_KEY, "u", PUPIL): ("k3v9x0a7m2qd", "ok"), token(CARD_KEY, "u", OTHER): ("o0o0o0o0o0o0", "ok"),
            token(CARD_KEY, "u", BLOCKED): ("b0b0b0b0b0b0", "card_blocked"),
            token(CARD_KEY, "q", b"a code"): ("k3v9x0a7m2qd", "ok"),
        }  # fmt: skip

    def decide(
        self, card: str, direction: str, _stamp: Stamp, *, is_burning: bool, mode: str, shown: PassShown | None
    ) -> Verdict:
        person, reason = self._persons.get(card, (None, "card_unknown"))
        if shown is not None:
            person, reason = shown.card.ref, "card_expired" if shown.is_over else "ok"
        if is_burning or mode == "free_pass":
            reason = "fire" if is_burning else "free_pass"
        elif mode == "lock_down" and direction == "in":
            reason = "lock_down"
        return Verdict(reason, person, None if person else card)


class Table:
    """A gate with everything around it, and the hand that moves time."""

    def __init__(self, *, sectors: int = 16, **settings: object) -> None:
        self.ticks = MovedTicks()
        self.clock = Clock(self.ticks)
        self.keeper = Timekeeper(self.clock)
        self.keeper.learn(WALL_MS, 0)
        self.flash = Flash(sectors)
        self.journal = Journal(Region(self.flash), "gate-1", Random(1).randbytes)
        self.outputs: dict[str, Pin] = {name: Pin(0) for name in ("relay_in", "relay_out", "red", "green", "buzzer")}
        self.inputs = {"passed_in": Pin(), "passed_out": Pin(), "fire": Pin(0)}
        self.told = 0
        wanted = {"board": "gate_esp32s3", "gate": "main", "direction": "in", "has_sensor": True} | settings
        self.gate = Gate(
            GateSettings(wanted), CARD_KEY, self.journal, TableRules(), self.keeper, Lamp(dict(self.outputs)),
            Contacts(dict(self.inputs)), self._tell,
        )  # fmt: skip

    def _tell(self) -> None:
        self.told += 1

    def wait(self, ms: int) -> None:
        """Let time pass as the gate's loop sees it."""
        for _ in range(ms // 5):
            self.ticks.ms += 5
            self.gate.turn()

    def keep_house(self, ms: int) -> None:
        """Let long time pass, with a look every second."""
        for _ in range(ms // 1_000):
            self.ticks.ms += 1_000
            self.gate.turn()
            self.gate.keep_house()

    def close_contact(self, name: str, ms: int = 100) -> None:
        """Close a contact for a while and open it again, as somebody who passes does."""
        self.inputs[name].level = 0
        self.wait(ms)
        self.inputs[name].level = 1
        self.wait(ms)

    def records(self, *kinds: str) -> list[dict[str, Any]]:
        """Return what stands in the journal, of these kinds or of all."""
        entries = self.journal.read(self.journal.epoch, 0, 10_000)
        found = [json.loads(entry.record) for entry in entries if entry.record]
        return [record for record in found if not kinds or record["k"] in kinds]

    def lit(self) -> set[str]:
        """Return which outputs are on."""
        return {name for name, pin in self.outputs.items() if pin.level}
