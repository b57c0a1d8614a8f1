"""What happens at one gate: a tap is decided, written, and acted on; what the gate's sensor says is written too.

Rule: decide, append, wait at most 100 ms for the disk, act. A gate opens also while its disk is slow or broken; the
record stays queued, and is counted as lost if it never lands. A record is never written for what was not decided.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Literal, Protocol, TypedDict

import msgspec
import structlog

from edge_agent.actuators.actuator import Actuator, Direction, FireChanged, PassageOutcome, Passed
from edge_agent.clock import Clock
from edge_agent.decision import Decision, Mode, Question, decide
from edge_agent.denials import Denial, Denials
from edge_agent.door import Door
from edge_agent.journal.entry import Entry, Fill, JournalBroken, JournalUnavailable
from edge_agent.passes import Passes
from edge_agent.readers.tap import Medium, Tap
from edge_agent.regime import rule_of
from edge_agent.roster import Roster
from edge_agent.timekeeper import Quality, Stamp, Timekeeper
from edge_agent.view import View
from schemas import structs
from schemas.passes import Pass

WAIT_S = 0.1
HOUSEKEEPING_S = 1.0
GRANTS_MAX = 64
DETAIL_MAX = 48  # as the alarm record allows
HandReason = Literal["forgotten", "lost", "broken", "no_consent", "other"]
OpenReason = Literal["group", "load", "emergency", "repair", "faulty", "visitor", "other"]
Written = asyncio.Future[list[Entry]]
log = structlog.get_logger()


class Log(Protocol):
    """The journal, as a gate writes to it."""

    @property
    def epoch(self) -> str: ...
    @property
    def fill(self) -> Fill: ...
    def append(self, *records: bytes) -> Written:
        """Queue records; the future gives their entries once durable, or raises JournalUnavailable or JournalBroken."""
        ...

    def lose(self, count: int) -> None:
        """Count records that are not even tried, because the journal is full."""
        ...


class PassRefused(Exception):
    """A hand pass names somebody the roster does not know; the text says whom, and what to do."""


class Kept(Enum):
    """What became of a record by the time the gate must act."""

    DURABLE = "durable"
    SLOW = "slow"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Shown:
    """What people at the gate saw, for screens. `staff` is who let through by hand."""

    gate: str
    direction: Direction
    decision: Decision
    is_opened: bool
    stamp: Stamp
    staff: str | None = None


@dataclass(frozen=True, slots=True)
class _Grant:
    """Somebody was let through and the sensor has not spoken yet."""

    person: str | None
    direction: Direction
    monotonic_ms: int
    written: Written | None


class Pipeline:
    """One gate's pipeline. It opens no files or sockets and starts no threads."""

    def __init__(
        self,
        door: Door,
        device: str,
        log: Log,
        actuator: Actuator,
        timekeeper: Timekeeper,
        clock: Clock,
        view: View,
        roster: Callable[[], Roster | None],
        token: Callable[[Tap], str],
        is_view_whole: Callable[[Roster], bool],
        passes: Passes | None = None,
    ) -> None:
        """`token` gives a tap's card token; `is_view_whole` tells whether every other gate of a roster is heard."""
        self.door = door
        self.mode: Mode = "normal"
        self.on_shown: Callable[[Shown], None] = lambda _shown: None
        self._device = device
        self._log = log
        self._actuator = actuator
        self._timekeeper = timekeeper
        self._clock = clock
        self._view = view
        self._roster = roster
        self._token = token
        self._is_view_whole = is_view_whole
        self._passes = passes
        self._denials = Denials()
        self._grants: dict[int, _Grant] = {}
        self._last_grant = 0

    # What comes in

    async def handle(self, tap: Tap) -> Decision:
        """Decide on a card, write it, open or not; return the decision."""
        stamp = self._timekeeper.now()
        direction = self.door.readers[tap.reader]
        shown = self._passes.believed(tap) if self._passes is not None else None
        decision = self._decide(tap, shown, direction, stamp)
        if not decision.is_allowed:
            self._deny(tap, direction, decision, stamp)
            return decision
        if self._passes is not None and shown is not None:
            self._passes.use(shown, tap.reader, stamp)
        record = self._decision_record(decision, direction, tap.medium.value, stamp)
        await self._let_through(record, direction, decision, stamp)
        return decision

    async def hand_pass(self, ref: str, staff: str, direction: Direction, reason: HandReason) -> None:
        """Let a known person through without a card, on a member of staff's word. Raises PassRefused."""
        roster = self._roster()
        if roster is not None and roster.person(ref) is None:
            raise PassRefused(f"nobody has the reference {ref} in roster {roster.version}; choose a person of the list")
        guard = roster.person(staff) if roster is not None else None
        if roster is not None and (guard is None or guard.role != "staff"):
            raise PassRefused(f"{staff} is not of the staff in roster {roster.version}; sign in anew")
        stamp = self._timekeeper.now()
        record = structs.HandPass(
            **_stamped(stamp), gate=self.door.gate, direction=direction, person=ref, staff=staff, reason=reason
        )
        version = roster.version if roster is not None else 0
        decision = Decision(is_allowed=True, reason="ok", person=ref, roster=version)
        await self._let_through(record, direction, decision, stamp, staff)

    async def manual_open(self, staff: str, direction: Direction, reason: OpenReason, detail: str) -> None:
        """Let somebody or something through whom no card stands for, on a member of staff's word."""
        stamp = self._timekeeper.now()
        record = structs.ManualOpen(
            **_stamped(stamp), gate=self.door.gate, direction=direction, staff=staff, reason=reason,
            detail=detail or None,
        )  # fmt: skip
        written = self._append(record)
        await self._wait(written)
        self._open(_Grant(None, direction, stamp.monotonic_ms, written))

    def handle_passage(self, passed: Passed) -> None:
        """Write what the gate's sensor saw."""
        stamp = self._timekeeper.now()
        grant = self._grants.pop(passed.grant, None) if passed.grant is not None else None
        if grant is None:
            self._write_stray(passed, stamp)
            return
        if passed.outcome is not PassageOutcome.PASSED and grant.person is not None:
            self._view.retract(self.door.gate, grant.direction, grant.person, grant.monotonic_ms)
        if grant.written is None or grant.written.done():
            self._write_passage(passed, grant, stamp)
        else:  # The passage names its decision, whose number is not known before it is on the disk.
            grant.written.add_done_callback(lambda _written: self._write_passage(passed, grant, stamp))

    def handle_fire(self, change: FireChanged) -> None:
        """Note that the fire panel speaks or is silent again, once: meanwhile everybody passes."""
        if not self._view.set_fire(self.door.gate, burning=change.burning):
            return
        stamp = self._timekeeper.now()
        reason: Literal["fire_on", "fire_off"] = "fire_on" if change.burning else "fire_off"
        log.warning("fire.changed", gate=self.door.gate, burning=change.burning)
        self._append(structs.Alarm(**_stamped(stamp), reason=reason, gate=self.door.gate), is_essential=True)

    async def run(self) -> None:
        """Hear the gate's inputs and keep house, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._hear(), name=f"gate.{self.door.gate}.hear")
            group.create_task(self._keep_house(), name=f"gate.{self.door.gate}.house")

    def housekeep(self) -> None:
        """Write the counts of denials whose time has come; once a second is right."""
        self._write_counts(self._denials.due(self._clock.monotonic_ms()))

    def close(self) -> None:
        """Write every count there is; the journal is closed after this."""
        self._write_counts(self._denials.all())

    async def _hear(self) -> None:
        async for event in self._actuator.events():
            match event:
                case Passed():
                    self.handle_passage(event)
                case FireChanged():
                    self.handle_fire(event)

    async def _keep_house(self) -> None:
        while True:
            await self._clock.sleep(HOUSEKEEPING_S)
            self.housekeep()

    # Deciding and acting

    def _decide(self, tap: Tap, shown: Pass | None, direction: Direction, stamp: Stamp) -> Decision:
        roster, token = self._roster(), self._token(tap)
        standing = None
        if self._passes is not None and shown is not None:
            standing = self._passes.standing(shown, tap, token, stamp, direction)
        question = Question(
            token=token,
            gate=self.door.gate,
            direction=direction,
            stamp=stamp,
            is_view_whole=roster is not None and self._is_view_whole(roster),
            is_burning=self._is_burning(roster, stamp),
            roster_missing=self.door.roster_missing,
            mode=self.mode,
            shown=standing,
            is_genuine=tap.is_genuine,
        )
        return decide(question, roster, self._view)

    def _is_burning(self, roster: Roster | None, stamp: Stamp) -> bool:
        """Tell whether a fire opens this gate: always its own panel's, any other where the school's rule says so."""
        if not self._view.is_burning(stamp.wall_ms):
            return False
        rule = rule_of(roster.gate(self.door.gate) if roster is not None else None)
        return rule.fire == "open" or self._view.is_burning_at(self.door.gate)

    async def _let_through(
        self, record: structs.AnyRecord, direction: Direction, decision: Decision, stamp: Stamp,
        staff: str | None = None,
    ) -> None:  # fmt: skip
        if decision.person is not None:
            self._view.presume(self.door.gate, direction, decision.person, stamp)
        written = self._append(record)
        kept = await self._wait(written)
        is_refused = kept is Kept.LOST and self._is_refused_unwritten(direction, decision, staff)
        if is_refused:
            self._actuator.deny()
            if decision.person is not None:
                self._view.retract(self.door.gate, direction, decision.person, stamp.monotonic_ms)
        else:
            self._open(_Grant(decision.person, direction, stamp.monotonic_ms, written))
        self.on_shown(Shown(self.door.gate, direction, decision, not is_refused, stamp, staff))

    def _is_refused_unwritten(self, direction: Direction, decision: Decision, staff: str | None) -> bool:
        """Tell whether a door that wants a record stays closed without one; never to the way out, fire or the guard."""
        return self.door.disk_full == "deny" and direction == "in" and decision.reason != "fire" and staff is None

    async def _wait(self, written: Written | None) -> Kept:
        """Give the disk its time."""
        if written is None:
            return Kept.LOST
        late = asyncio.ensure_future(self._clock.sleep(WAIT_S))
        try:
            await asyncio.wait((written, late), return_when=asyncio.FIRST_COMPLETED)
        finally:
            late.cancel()
        if not written.done():
            log.warning("journal.slow", gate=self.door.gate)
            return Kept.SLOW
        return Kept.LOST if written.cancelled() or written.exception() is not None else Kept.DURABLE

    def _open(self, grant: _Grant) -> None:
        self._last_grant += 1
        if self._actuator.has_sensor:
            if len(self._grants) >= GRANTS_MAX:
                del self._grants[next(iter(self._grants))]
            self._grants[self._last_grant] = grant
        self._actuator.open(grant.direction, self._last_grant)

    def _deny(self, tap: Tap, direction: Direction, decision: Decision, stamp: Stamp) -> None:
        if decision.reason != "repeat":  # Who was just let through must not see the gate turn red.
            self._actuator.deny()
        denial = Denial(direction, decision.reason, decision.person, decision.token, tap.medium.value, decision.roster)
        is_crowded = self._log.fill in (Fill.COLLAPSE, Fill.RESERVE)
        if self._denials.take(denial, stamp.monotonic_ms, is_crowded=is_crowded):
            self._append(self._decision_record(decision, direction, tap.medium.value, stamp))
            if decision.reason == "card_not_genuine":  # Who tries again at once is in the denial's count.
                detail = tap.flaw[:DETAIL_MAX]
                alarm = structs.Alarm(**_stamped(stamp), reason=decision.reason, detail=detail, gate=self.door.gate)
                self._append(alarm, is_essential=True)
        self.on_shown(Shown(self.door.gate, direction, decision, is_opened=False, stamp=stamp))

    # Writing

    def _append(self, record: structs.AnyRecord, *, is_essential: bool = False) -> Written | None:
        """Queue a record; None when the journal keeps its last room for others."""
        if self._log.fill is Fill.RESERVE and not is_essential:
            self._log.lose(1)
            return None
        written = self._log.append(msgspec.json.encode(record))
        written.add_done_callback(self._learn)
        return written

    def _learn(self, written: Written) -> None:
        """Show the view what is on the disk; what is not was counted by the journal."""
        if written.cancelled():
            return
        error = written.exception()
        if isinstance(error, (JournalUnavailable, JournalBroken)):
            log.error("record.lost", gate=self.door.gate, error=str(error))
            return
        for entry in written.result():
            if entry.record is not None:
                self._view.observe(self._device, entry.epoch, entry.seq, entry.record)

    def _decision_record(
        self, decision: Decision, direction: Direction, medium: str, stamp: Stamp, collapsed: int | None = None
    ) -> structs.Decision:
        return structs.Decision(
            **_stamped(stamp),
            gate=self.door.gate,
            direction=direction,
            outcome="allowed" if decision.is_allowed else "denied",
            reason=decision.reason,
            roster=decision.roster,
            person=decision.person,
            token=decision.token,
            medium=None if medium == Medium.UID.value else medium,  # type: ignore[arg-type] # a Medium's value
            collapsed=collapsed,
        )

    def _write_counts(self, counts: list[tuple[Denial, int]]) -> None:
        for denial, count in counts:
            decision = Decision(
                is_allowed=False,
                reason=denial.reason,
                person=denial.person,
                token=denial.token,
                roster=denial.roster,
            )
            collapsed = count if count > 1 else None
            stamp = self._timekeeper.now()
            self._append(self._decision_record(decision, denial.direction, denial.medium, stamp, collapsed))

    def _write_passage(self, passed: Passed, grant: _Grant, stamp: Stamp) -> None:
        """Write a passage that follows a decision, by its number; without one when the decision was lost."""
        entry = _entry_of(grant.written)
        self._append(
            structs.Passage(
                **_stamped(stamp),
                gate=self.door.gate,
                direction=passed.direction,
                outcome=passed.outcome.value,
                person=grant.person,
                epoch=entry.epoch if entry is not None and entry.epoch != self._log.epoch else None,
                decision_seq=entry.seq if entry is not None else None,
            )
        )

    def _write_stray(self, passed: Passed, stamp: Stamp) -> None:
        """Write a passage that nobody was let through for: free in a fire, forced otherwise."""
        outcome = passed.outcome
        if outcome is PassageOutcome.FORCED and self._view.is_burning(stamp.wall_ms):
            outcome = PassageOutcome.PASSED
        self._append(
            structs.Passage(**_stamped(stamp), gate=self.door.gate, direction=passed.direction, outcome=outcome.value)
        )
        if outcome is PassageOutcome.FORCED:
            alarm = structs.Alarm(**_stamped(stamp), reason="forced_open", gate=self.door.gate)
            self._append(alarm, is_essential=True)


class _Stamped(TypedDict):
    monotonic_ms: int
    wall_ms: int
    clock: Quality


def _stamped(stamp: Stamp) -> _Stamped:
    """Return the three fields that every record has of the clock."""
    return {"monotonic_ms": stamp.monotonic_ms, "wall_ms": stamp.wall_ms, "clock": stamp.quality}


def _entry_of(written: Written | None) -> Entry | None:
    if written is None or written.cancelled() or written.exception() is not None:
        return None
    return written.result()[0]
