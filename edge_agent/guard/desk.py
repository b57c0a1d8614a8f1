"""What a guard can do: let through by hand, open, order for all gates, muster, write down visitors and handovers.

Rule: whatever is done is a record that names who did it, on the disk before the screen says that it is done; only a
fire waits for nothing, and wants nobody signed in.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Protocol, get_args

import msgspec
import structlog

from edge_agent.actuators.actuator import Direction
from edge_agent.gate import Gate
from edge_agent.guard.book import Book, Collector
from edge_agent.guard.handovers import Handovers
from edge_agent.guard.muster import Call, Musters
from edge_agent.guard.names import VisitorNames
from edge_agent.guard.records import (
    DETAIL_MAX,
    Came,
    CollectReason,
    Taken,
    brief,
    came_record,
    stamped,
    taken_record,
)
from edge_agent.guard.refusal import NotDone
from edge_agent.guard.visits import Visit, Visits
from edge_agent.journal.entry import JournalBroken, JournalUnavailable
from edge_agent.pipeline import HandReason, Log, OpenReason, PassRefused
from edge_agent.regime import OrderedMode, Regimes
from edge_agent.roster import Roster, local_time
from edge_agent.timekeeper import Stamp, Timekeeper
from schemas import structs

DAY_MS = 86_400_000
WRITE_S = 5.0
STAY_MIN_MAX = 1_440
HAND_REASONS: tuple[HandReason, ...] = get_args(HandReason)
OPEN_REASONS: tuple[OpenReason, ...] = ("group", "load", "emergency", "repair", "faulty", "other")
DELIVERY = "delivery"
PURPOSES = ("guest", "parent", DELIVERY, "repair", "inspection", "other")
COLLECT_REASONS: tuple[CollectReason, ...] = get_args(CollectReason)
log = structlog.get_logger()


class Burning(Protocol):
    """Who lets everybody pass at once."""

    def burn(self, *, burning: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class Around:
    """What a desk stands on."""

    device: str
    log: Log
    timekeeper: Timekeeper
    rng: Random
    roster: Callable[[], Roster | None]
    gates: Mapping[str, Gate]
    regimes: Regimes
    musters: Musters
    visits: Visits
    names: VisitorNames
    orders: Burning
    book: Book
    handovers: Handovers


@dataclass(slots=True)
class Desk:
    """A guard's desk at work."""

    around: Around
    on_change: Callable[[], None] = field(default=lambda: None)

    # Gates

    async def hand_pass(self, staff: str, ref: str, gate: str, direction: Direction, reason: HandReason) -> None:
        """Let a known person through without a card. Raises NotDone."""
        try:
            is_done = await self._gate(gate).hand_pass(ref, staff, direction, reason)
        except PassRefused as refused:
            raise NotDone("not_known") from refused
        if not is_done:
            raise NotDone("gate_away")

    async def open(self, staff: str, gate: str, direction: Direction, reason: OpenReason, detail: str = "") -> None:
        """Open a gate for nobody in particular. Raises NotDone."""
        if not await self._gate(gate).open_by_hand(staff, direction, reason, brief(detail, DETAIL_MAX)):
            raise NotDone("gate_away")

    async def order(self, staff: str, mode: OrderedMode) -> None:
        """Order something for all gates of the school. Raises NotDone.

        A fire opens first and is written then; whoever orders it need not have signed in.
        """
        regimes, stamp = self.around.regimes, self.around.timekeeper.now()
        if not staff and mode != "fire":
            raise NotDone("sign_in")
        if mode == "fire":
            self.around.orders.burn(burning=True)
        record = structs.Regime(**stamped(stamp), turn=regimes.next_turn(stamp), mode=mode, staff=staff or None)
        log.warning("order.given", mode=mode)
        try:
            await self._write(record)
        except NotDone as refused:
            self._order_unwritten(mode)
            raise NotDone("fire_alone" if mode == "fire" else refused.reason) from refused
        if mode == "fire" and self.around.musters.current(stamp.wall_ms) is None:
            await self.begin_muster(staff)

    def _order_unwritten(self, mode: OrderedMode) -> None:
        """End here what could be written neither when it began nor now."""
        if mode == "normal" and self.around.regimes.mode != "fire":
            self.around.orders.burn(burning=False)

    # Musters

    async def begin_muster(self, staff: str) -> None:
        """Begin to call everybody who is inside. Raises NotDone."""
        await self._write(self._muster(self._fresh_id(), "begun", staff))

    async def end_muster(self, staff: str) -> None:
        """End every muster that is on. Raises NotDone."""
        if not staff:
            raise NotDone("sign_in")
        for each in self.around.musters.open(self._now().wall_ms):
            await self._write(self._muster(each.id, "ended", staff))

    async def call(self, key: str, outcome: Call, *, staff: str = "", phone: str = "") -> None:
        """Say of somebody on the roll, by reference or visit, whether they are here. Raises NotDone."""
        muster = self.around.musters.current(self._now().wall_ms)
        if muster is None:
            raise NotDone("no_muster")
        is_visit = self.around.visits.visit(key) is not None
        roster = self.around.roster()
        if not is_visit and roster is not None and roster.person(key) is None:
            raise NotDone("not_known")
        await self._write(
            structs.RollCall(
                **stamped(self._now()), id=muster.id, turn=self.around.musters.next_turn(self._now()), outcome=outcome,
                person=None if is_visit else key, visit=key if is_visit else None,
                staff=staff or None, phone=phone or None,
            )
        )  # fmt: skip

    async def tell_of_link(self, phone: str, outcome: str, staff: str = "") -> None:
        """Write that a link to the list was made, opened on a phone, or taken back. Raises NotDone."""
        muster = self.around.musters.current(self._now().wall_ms)
        if muster is None:
            raise NotDone("no_muster")
        await self._write(self._muster(muster.id, outcome, staff, phone))

    # Handing children over

    async def hand_over(self, staff: str, taken: Taken) -> None:
        """Write down with whom a child leaves. The gate is opened by another touch. Raises NotDone.

        Who is not on the list today takes a child by an exception only: it has a reason, and somebody of the staff, not
        the guard, or a parent who allowed it.
        """
        gate, roster = self._gate(taken.gate).settings.id, self.around.roster()
        person = roster.person(taken.ref) if roster is not None else None
        if person is None or person.role != "student":
            raise NotDone("not_known")
        if taken.collector:
            if taken.collector not in {each.key for each in self.may_collect(taken.ref)}:
                raise NotDone("not_listed")
            taken = Taken(taken.ref, gate, taken.collector)
        elif taken.reason not in COLLECT_REASONS:
            raise NotDone("not_listed")
        elif taken.allowed_by == staff or not self._is_allowed(taken):
            raise NotDone("not_allowed")
        await self._write(taken_record(taken, gate, staff, self._now()))

    def may_collect(self, ref: str) -> Sequence[Collector]:
        """Return who may collect a child today, as far as the school knows."""
        return self.around.book.collectors(ref, f"{local_time(self.around.roster(), self._now().wall_ms):%Y-%m-%d}")

    def _is_allowed(self, taken: Taken) -> bool:
        """Tell whether whoever allowed an exception may: a parent who asked, else somebody of the staff."""
        return self._is_staff(taken.allowed_by) if taken.allowed_by else taken.reason == "parent_asked"

    # Visitors

    async def let_in(self, staff: str, came: Came) -> str:
        """Write down a visitor, and return the visit. The gate is opened by another touch. Raises NotDone."""
        gate = self._gate(came.gate).settings.id
        if came.purpose not in PURPOSES or not 0 <= came.stay_min <= STAY_MIN_MAX:
            raise NotDone("not_understood")
        if came.host and not self._is_staff(came.host):
            raise NotDone("no_host")
        if came.purpose == DELIVERY and not came.firm.strip():
            raise NotDone("no_firm")
        visit = self._fresh_id()
        await self.around.names.put(visit, came.name.strip(), self._visits_known())
        await self._write(came_record(came, visit, gate, staff, self._now()))
        return visit

    async def let_out(self, staff: str, visit_id: str) -> Visit:
        """Write that a visitor has left, and return the visit as it was. Raises NotDone."""
        visit = self.around.visits.visit(visit_id)
        if visit is None or visit.out_ms is not None:
            raise NotDone("has_left")
        record = structs.Visitor(
            **stamped(self._now()), gate=visit.gate, direction="out", id=visit_id, staff=staff
        )  # fmt: skip
        await self._write(record)
        return visit

    # Parts

    def _gate(self, name: str) -> Gate:
        gate = self.around.gates.get(name)
        if gate is None:
            raise NotDone("no_gate")
        return gate

    def _is_staff(self, ref: str) -> bool:
        roster = self.around.roster()
        person = roster.person(ref) if roster is not None else None
        return person is not None and person.role == "staff"

    def _visits_known(self) -> frozenset[str]:
        """Return the visits whose visitors' names are still wanted: who is inside, or left within a day."""
        visits, since_ms = self.around.visits, self._now().wall_ms - DAY_MS
        return frozenset(each.id for each in [*visits.inside(), *visits.left_since(since_ms)])

    def _muster(self, muster: str, outcome: str, staff: str, phone: str = "") -> structs.Muster:
        return structs.Muster(
            **stamped(self._now()), id=muster, turn=self.around.musters.next_turn(self._now()),
            outcome=outcome, staff=staff or None, phone=phone or None,  # type: ignore[arg-type] # a word of the record's
        )  # fmt: skip

    def _now(self) -> Stamp:
        return self.around.timekeeper.now()

    def _fresh_id(self) -> str:
        return f"{self.around.rng.getrandbits(64):016x}"

    async def _write(self, record: structs.AnyRecord) -> None:
        """Write, and let it count on this screen. Raises NotDone when the disk takes nothing."""
        around = self.around
        try:
            async with asyncio.timeout(WRITE_S):
                entries = await asyncio.shield(around.log.append(msgspec.json.encode(record)))
        except (JournalUnavailable, JournalBroken) as error:
            log.error("desk.unwritten", error=str(error))  # noqa: TRY400 # its words say all
            raise NotDone("disk") from error
        except TimeoutError as error:
            raise NotDone("slow") from error
        for entry in entries:
            for fold in (around.regimes, around.musters, around.visits, around.handovers):
                if entry.record is not None:
                    fold.observe(around.device, entry.epoch, entry.seq, entry.record)
        self.on_change()
