"""A gate that stands alone: a card or a code is decided on, written into the journal, and acted on.

Rule: decide, append, act. The append is durable in milliseconds, since the journal is the board's own flash; a gate
whose journal takes nothing does what its settings say, counts what could not be kept, and never locks the way out.
A record is never written for what was not decided; opened and passed are different records.
"""

from firmware.node import lines
from firmware.node.denials import Denials
from firmware.node.journal import COLLAPSE, RESERVE
from firmware.node.passages import FORCED, OPEN, Grant, Passages
from firmware.node.ring import JournalUnavailable
from firmware.node.sparing import Sparing
from schemas import signals
from schemas.tokens import QR, UID, token

NORMAL, LOCK_DOWN, FREE_PASS = "normal", "lock_down", "free_pass"
MODES = (NORMAL, LOCK_DOWN, FREE_PASS)
LOCATE_MS = 10_000
LOSS_AGAIN_MS = 600_000  # while nothing but the reserve is left
PERSONS_MAX = 32  # whose last passage is remembered, so that a repeat is none
_RELAYS = {"in": signals.RELAY_IN, "out": signals.RELAY_OUT}
_ADMITTED = {"in": signals.PASSED_IN, "out": signals.PASSED_OUT}
_LETTERS = {"uid": UID, "qr": QR}

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from firmware.node.actions import Command
    from firmware.node.clock import Stamp, Timekeeper
    from firmware.node.contacts import Contacts
    from firmware.node.decision import PassShown
    from firmware.node.journal import Journal
    from firmware.node.lamp import Lamp
    from firmware.node.passes import Believed
    from firmware.node.settings import GateSettings

    class Verdict(Protocol):
        """What the gate does, and why; `person` when the card is known, else `token`."""

        is_allowed: bool
        reason: str
        person: str | None
        token: str | None

    class Rules(Protocol):
        """The roster, as a gate asks it. `decide` is by docs/contract.md, "How a gate decides", but for repeats."""

        @property
        def version(self) -> int: ...
        @property
        def repeat_ms(self) -> int: ...
        def decide(
            self, card: str, direction: str, stamp: Stamp, *, is_burning: bool, mode: str, shown: PassShown | None
        ) -> Verdict: ...


class Shown:
    """What people at the gate saw, and how long it took."""

    def __init__(self, reason: str, is_opened: bool, took_ms: int) -> None:
        self.reason = reason
        self.is_opened = is_opened
        self.took_ms = took_ms


class _Denied:
    """The verdict on what a gate denies by itself, or has counted."""

    is_allowed = False

    def __init__(self, reason: str, person: "str | None", card: "str | None" = None) -> None:
        self.reason = reason
        self.person = person
        self.token = card


class Gate:
    """One lane with its reader, relays, lights and contacts."""

    def __init__(
        self,
        settings: "GateSettings",
        card_key: bytes,
        journal: "Journal",
        rules: "Rules",
        keeper: "Timekeeper",
        lamp: "Lamp",
        contacts: "Contacts",
        appended: "Callable[[], object]",
    ) -> None:
        """Take everything it works with; `appended` is called after records were written, for whoever sends them."""
        self.mode = NORMAL
        self.journal = journal
        self.lost = 0
        self.last: Shown | None = None
        self._settings = settings
        self._card_key = card_key
        self._rules = rules
        self._keeper = keeper
        self._lamp = lamp
        self._contacts = contacts
        self._appended = appended
        self._denials = Denials()
        self._sparing = Sparing()
        self._passages = Passages(
            passage_ms=settings.passage_ms, pulse_ms=settings.open_ms, has_sensor=settings.has_sensor
        )
        self._last_pass: list[tuple[str, str, int]] = []  # person, direction, when; the newest last
        self._inputs = 0
        self._is_fire_told = False
        self._lost_from_ms = self._lost_to_ms = 0
        self._loss_told_ms: int | None = None

    @property
    def is_burning(self) -> bool:
        """Tell whether the fire panel speaks."""
        return bool(self._inputs & signals.FIRE)

    # What is shown to it

    def show(self, medium: str, credential: bytes, believed: "Believed | None" = None) -> Shown:
        """Decide on a credential, write it, open or not. `medium` is uid or qr; a UID drawn by lot is no bytes.

        `believed` is the pass that a code is.
        """
        stamp = self._keeper.now()
        direction = self._settings.direction
        card = token(self._card_key, _LETTERS[medium], credential)
        shown = believed.standing(direction, stamp) if believed is not None else None
        verdict = self._verdict(card, direction, stamp, shown)
        if verdict.is_allowed:
            if believed is not None:
                believed.use(stamp)
            is_opened = self._let_through(verdict, direction, medium, stamp)
        else:
            is_opened = False
            self._deny(verdict, direction, medium, stamp)
        took_ms = self._keeper.now().monotonic_ms - stamp.monotonic_ms
        self.last = Shown(verdict.reason, is_opened, took_ms)
        return self.last

    def _verdict(self, card: str, direction: str, stamp: "Stamp", shown: "PassShown | None") -> "Verdict":
        verdict = self._rules.decide(card, direction, stamp, is_burning=self.is_burning, mode=self.mode, shown=shown)
        if verdict.reason not in ("fire", "free_pass") and verdict.person and verdict.is_allowed:
            for person, way, at_ms in self._last_pass:
                is_same = person == verdict.person and way == direction
                if is_same and stamp.monotonic_ms - at_ms < self._rules.repeat_ms:
                    return _Denied("repeat", person)
        return verdict

    def _let_through(self, verdict: "Verdict", direction: str, medium: str, stamp: "Stamp") -> bool:
        version = self._rules.version
        seq = self._append(lines.decision(stamp, self._settings.gate, direction, verdict, version, medium))
        must_be_written = self._settings.disk_full == "deny" and direction == "in" and verdict.reason != "fire"
        if seq is None and must_be_written:
            self._lamp.show(signals.RED, signals.LONG, stamp.monotonic_ms)
            return False
        if verdict.person:
            self._remember(verdict.person, direction, stamp.monotonic_ms)
        self._lamp.show(signals.GREEN, signals.SHORT, stamp.monotonic_ms)
        self._act(self._passages.grant(Grant(direction, verdict.person, seq), stamp.monotonic_ms), stamp)
        return True

    def _deny(self, verdict: "Verdict", direction: str, medium: str, stamp: "Stamp") -> None:
        if verdict.reason != "repeat":  # who was just let through must not see the gate turn red
            self._lamp.show(signals.RED, signals.LONG, stamp.monotonic_ms)
        is_crowded = self.journal.fill in (COLLAPSE, RESERVE)
        who = (None, None) if is_crowded else (verdict.person, verdict.token)
        denial = (direction, verdict.reason, who[0], who[1], medium)
        is_counted = is_crowded or verdict.reason == "repeat"
        if self._denials.take(denial, stamp.monotonic_ms, is_counted=is_counted, is_crowded=is_crowded):
            self._append(lines.decision(stamp, self._settings.gate, direction, verdict, self._rules.version, medium))

    def _remember(self, person: str, direction: str, now_ms: int) -> None:
        self._last_pass = [it for it in self._last_pass if it[0] != person or it[1] != direction][1 - PERSONS_MAX :]
        self._last_pass.append((person, direction, now_ms))

    # What happens to it

    def turn(self) -> None:
        """Look at the contacts and do what is due; every few milliseconds."""
        stamp = self._keeper.now()
        if self._contacts.look(stamp.monotonic_ms):
            self._take_inputs(self._contacts.settled, stamp)
        self._act(self._passages.tick(stamp.monotonic_ms), stamp)
        self._lamp.tick(stamp.monotonic_ms)

    def keep_house(self) -> None:
        """Write counts of denials whose time has come, and what was lost, once the journal takes it; every second."""
        stamp = self._keeper.now()
        for denial, count in self._denials.due(stamp.monotonic_ms):
            direction, reason, person, card, medium = denial
            verdict = _Denied(reason, person, card)
            self._append(
                lines.decision(stamp, self._settings.gate, direction, verdict, self._rules.version, medium, count)
            )
        self._tell_fire(stamp)
        if self.lost and self._is_loss_due(stamp.monotonic_ms):
            self._tell_loss(stamp)

    def obey(self, command: "Command") -> bool:
        """Do what a person at the school's desk wants of a gate; tell whether it was done."""
        if command.gate not in (None, self._settings.gate):
            return False
        stamp = self._keeper.now()
        if command.action == "open_once":
            self._lamp.show(signals.GREEN, signals.SHORT, stamp.monotonic_ms)
            self._act(self._passages.grant(Grant(self._settings.direction, None, None), stamp.monotonic_ms), stamp)
        elif command.action == "locate":
            self._lamp.switch(signals.LOCATE, 1, LOCATE_MS, stamp.monotonic_ms)
        elif command.action in MODES:
            self.mode = command.action
        else:
            return False
        return True

    def alarm(self, reason: str, detail: str = "", *, is_here: bool = False) -> None:
        """Write something that a person should know."""
        gate = self._settings.gate if is_here else None
        self._append(lines.alarm(self._keeper.now(), reason, detail, gate), is_urgent=True)

    def write(self, record: bytes) -> None:
        """Write a record of the node that holds this gate."""
        self._append(record, is_urgent=True)

    def _take_inputs(self, inputs: int, stamp: "Stamp") -> None:
        before, self._inputs = self._inputs, inputs
        self._tell_fire(stamp)
        for direction, bit in _ADMITTED.items():
            if inputs & bit and not before & bit and self._settings.has_sensor:
                went = self._passages.went(direction, stamp.monotonic_ms, is_burning=self.is_burning)
                self._act(went, stamp)

    def _tell_fire(self, stamp: "Stamp") -> None:
        """Tell of a fire and of its end; what a contact that chatters says at last is told a while later."""
        if self.is_burning == self._is_fire_told:
            return
        reason = "fire_on" if self.is_burning else "fire_off"
        if self._sparing.take(reason, stamp.monotonic_ms):
            self._is_fire_told = self.is_burning
            self.alarm(reason, is_here=True)

    def _act(self, effects: "list[tuple[object, ...]]", stamp: "Stamp") -> None:
        for effect in effects:
            if effect[0] == OPEN:
                relay = _RELAYS[effect[1]]  # type: ignore[index] # a direction
                self._lamp.switch(relay, 1, self._settings.open_ms, stamp.monotonic_ms)
            else:
                self._write_passage(effect[1], effect[2], effect[3], stamp)  # type: ignore[arg-type]

    def _write_passage(self, outcome: str, direction: str, grant: "Grant | None", stamp: "Stamp") -> None:
        person, seq = (grant.person, grant.seq) if grant is not None else (None, None)
        if outcome != "passed" and person is not None:  # nobody came: the same card is no repeat
            self._last_pass = [it for it in self._last_pass if it[0] != person]
        self._append(lines.passage(stamp, self._settings.gate, direction, outcome, person, None, seq))
        if outcome == FORCED and self._sparing.take("forced_open", stamp.monotonic_ms):
            self.alarm("forced_open", is_here=True)

    # Writing

    def _append(self, record: bytes, *, is_urgent: bool = False) -> "int | None":
        """Write a record; return its number, None when the journal did not take it, which is counted."""
        try:
            append = self.journal.append_urgent if is_urgent else self.journal.append
            seq = int(append([record])[0].seq)
        except (JournalUnavailable, OSError):
            now_ms = self._keeper.now().wall_ms
            self._lost_from_ms = self._lost_from_ms if self.lost else now_ms
            self._lost_to_ms = now_ms
            self.lost += 1
            return None
        self._appended()
        return seq

    def _is_loss_due(self, now_ms: int) -> bool:
        """Tell whether a loss may be written: one each second would eat the reserve that it is written into."""
        told_ms = self._loss_told_ms
        return told_ms is None or now_ms - told_ms >= LOSS_AGAIN_MS or self.journal.fill != RESERVE

    def _tell_loss(self, stamp: "Stamp") -> None:
        count = self.lost
        record = lines.loss(stamp, "disk_full", count, self._lost_from_ms, self._lost_to_ms)
        if self._append(record, is_urgent=True) is None:
            self.lost = count  # the loss record itself is none
        else:
            self.lost = 0
            self._loss_told_ms = stamp.monotonic_ms
