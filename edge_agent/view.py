"""Who is inside, as far as this agent can know: from its own journal and from what its peers tell.

Rule: the answer depends on the set of records, not on their order of arrival; records of one epoch come in order, and
any of them may come again. What is in doubt is marked so: a clock that was not good, a power cut between decision and
passage, a fire, records that were lost.

A movement's time is its monotonic time plus its epoch's offset: the best one known of that epoch, so that a clock that
is set right, or jumps, moves a whole epoch and never changes the order within it.
"""

from dataclasses import dataclass, field

import msgspec

from edge_agent.actuators.actuator import Direction
from edge_agent.timekeeper import JUMP_MS, Stamp, Trust
from schemas.structs import Alarm, AnyRecord, Decision, HandPass, Loss, Open, Passage

MOVES_MAX = 3  # kept of each person: the last, and what stands when it is cancelled
PERSONS_MAX = 200_000
SKEW_MS = 60_000  # Two agents' clocks may differ by this much: closer movements have no sure order.
STREAMS_MAX = 1_024
ENDED_MAX = 16_384
GRANTS_MAX = 4_096
FIRE_HELD_MS = 3_600_000  # A peer's fire ends by its word, by its restart, or after an hour without either.
_decode = msgspec.json.Decoder(AnyRecord).decode
_BLURRING = ("fire_on", "fire_off", "journal_lost", "journal_damaged", "rollback", "clone_suspected")


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a person was last seen. `since_ms` is wall time; in doubt, `is_sure` is False."""

    is_inside: bool
    is_sure: bool
    since_ms: int
    gate: str


@dataclass(slots=True)
class _Stream:
    """What is known of one epoch's clock."""

    device: str
    epoch: str
    offset_ms: int = 0
    trust: Trust = Trust.none
    head: int = 0
    low_ms: int = 0
    high_ms: int = 0
    opened_ms: int | None = None  # monotonic

    def learn(self, seq: int, monotonic_ms: int, wall_ms: int, trust: Trust) -> None:
        """Take one record's word for the offset, if it is better, or as good and newer."""
        if seq <= self.head:
            return
        self.head = seq
        offset_ms = wall_ms - monotonic_ms
        if trust > self.trust or seq == 1:
            self.trust, self.low_ms, self.high_ms = trust, offset_ms, offset_ms
        if trust == self.trust:
            self.offset_ms = offset_ms
            self.low_ms, self.high_ms = min(self.low_ms, offset_ms), max(self.high_ms, offset_ms)

    @property
    def is_good(self) -> bool:
        return self.trust >= Trust.hub and self.high_ms - self.low_ms <= JUMP_MS


@dataclass(frozen=True, slots=True)
class _Move:
    """Somebody was let through, by record (stream, seq)."""

    stream: _Stream
    seq: int
    monotonic_ms: int
    is_inside: bool
    gate: str

    @property
    def at_ms(self) -> int:
        return self.monotonic_ms + self.stream.offset_ms

    @property
    def order(self) -> tuple[int, str, str, int]:
        return self.at_ms, self.stream.device, self.stream.epoch, self.seq

    @property
    def key(self) -> tuple[str, str, int]:
        return self.stream.device, self.stream.epoch, self.seq


@dataclass(frozen=True, slots=True)
class _Presumed:
    """Somebody was let through a moment ago; the record is on its way to the disk, or will never be there."""

    stamp: Stamp
    is_inside: bool
    gate: str


@dataclass(slots=True)
class _Fire:
    stream: _Stream
    seq: int
    monotonic_ms: int
    is_burning: bool

    @property
    def at_ms(self) -> int:
        return self.monotonic_ms + self.stream.offset_ms


@dataclass(slots=True)
class View:
    """One agent's view. `device` is its own name."""

    device: str
    _streams: dict[tuple[str, str], _Stream] = field(default_factory=dict)
    _moves: dict[str, list[_Move]] = field(default_factory=dict)
    _cancelled: dict[tuple[str, str, int], None] = field(default_factory=dict)
    _doubtful: dict[tuple[str, str, int], None] = field(default_factory=dict)
    _blurs: dict[tuple[str, str], int] = field(default_factory=dict)
    _fires: dict[tuple[str, str], _Fire] = field(default_factory=dict)
    _fires_here: set[str] = field(default_factory=set)
    _presumed: dict[str, _Presumed] = field(default_factory=dict)
    _granted: dict[tuple[str, Direction, str], int] = field(default_factory=dict)

    # What is asked

    def whereabouts(self, ref: str) -> Whereabouts | None:
        """Return where a person was last seen, or None when there is no trace."""
        moves = self._standing(ref)
        move = moves[-1] if moves else None
        presumed = self._presumed.get(ref)
        if presumed is not None and (move is None or presumed.stamp.wall_ms >= move.at_ms):
            return Whereabouts(presumed.is_inside, presumed.stamp.is_good, presumed.stamp.wall_ms, presumed.gate)
        if move is None:
            return None
        return Whereabouts(move.is_inside, self._is_sure(moves), move.at_ms, move.gate)

    def is_inside(self, ref: str) -> bool:
        """Tell whether a person is thought to be inside."""
        found = self.whereabouts(ref)
        return found is not None and found.is_inside

    def inside(self) -> list[tuple[str, Whereabouts]]:
        """Return everybody thought to be inside, by reference."""
        known = sorted(self._moves.keys() | self._presumed.keys())
        found = ((ref, self.whereabouts(ref)) for ref in known)
        return [(ref, stay) for ref, stay in found if stay is not None and stay.is_inside]

    def traces(self) -> list[str]:
        """Return everybody of whom something is known, by reference."""
        return sorted(self._moves.keys() | self._presumed.keys())

    def was_inside(self, ref: str, at_ms: int) -> int | None:
        """Return since when somebody was inside at an instant, wall time as they stand; None for who was not.

        Of who is known only from later, the first movement tells: who left then had been inside.
        """
        standing = self._standing(ref)
        before = [move for move in standing if move.at_ms <= at_ms]
        presumed = self._presumed.get(ref)
        if presumed is not None and presumed.stamp.wall_ms <= at_ms:
            return presumed.stamp.wall_ms if presumed.is_inside else None
        if before:
            return before[-1].at_ms if before[-1].is_inside else None
        return 0 if standing and not standing[0].is_inside else None

    def is_repeat(self, gate: str, direction: Direction, who: str, monotonic_ms: int, repeat_ms: int) -> bool:
        """Tell whether the same person was let through the same way at the same gate less than `repeat_ms` ago."""
        granted_ms = self._granted.get((gate, direction, who))
        return granted_ms is not None and monotonic_ms - granted_ms < repeat_ms

    def is_burning(self, now_ms: int) -> bool:
        """Tell whether a fire contact of this agent is closed, or a peer's was; `now_ms` is wall time."""
        return bool(self._fires_here) or any(
            fire.is_burning and now_ms - fire.at_ms < FIRE_HELD_MS and not self._has_restarted_since(fire)
            for fire in self._fires.values()
            if fire.stream.device != self.device
        )

    # What this agent's own gates do, before it is written

    def presume(self, gate: str, direction: Direction, ref: str, stamp: Stamp) -> None:
        """Note that a person is let through now."""
        if len(self._granted) >= GRANTS_MAX:
            del self._granted[next(iter(self._granted))]
        self._granted.pop((gate, direction, ref), None)
        self._granted[gate, direction, ref] = stamp.monotonic_ms
        if len(self._presumed) < PERSONS_MAX:
            self._presumed[ref] = _Presumed(stamp, direction == "in", gate)

    def retract(self, gate: str, direction: Direction, ref: str, monotonic_ms: int) -> None:
        """Note that the one let through at that instant did not go."""
        if self._granted.get((gate, direction, ref)) == monotonic_ms:
            del self._granted[gate, direction, ref]
        self._settle(gate, ref, monotonic_ms)

    def is_burning_at(self, gate: str) -> bool:
        """Tell whether the fire contact of one gate of this agent is closed."""
        return gate in self._fires_here

    def set_fire(self, gate: str, *, burning: bool) -> bool:
        """Note what a fire contact of this agent says; tell whether that is new."""
        if burning == (gate in self._fires_here):
            return False
        if burning:
            self._fires_here.add(gate)
        else:
            self._fires_here.remove(gate)
        return True

    # What was written

    def observe(self, device: str, epoch: str, seq: int, record: bytes) -> None:
        """Take a record of this agent or a peer; what cannot be read is left to programs that can."""
        try:
            found = _decode(record)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return
        stream = self._stream(device, epoch)
        stream.learn(seq, found.monotonic_ms, found.wall_ms, Trust[found.clock])
        match found:
            case Decision(outcome="allowed", person=str(ref)):
                self._moved(ref, _Move(stream, seq, found.monotonic_ms, found.direction == "in", found.gate))
            case HandPass():
                self._moved(found.person, _Move(stream, seq, found.monotonic_ms, found.direction == "in", found.gate))
            case Passage():
                self._went(stream, seq, found)
            case Alarm() if found.reason in _BLURRING:
                self._blur(stream, found.monotonic_ms)
                if found.reason in ("fire_on", "fire_off"):
                    self._burned(stream, seq, found)
            case Loss():
                self._blur(stream, found.monotonic_ms)
            case Open():
                stream.opened_ms = found.monotonic_ms
                if found.reason != "start":
                    self._blur(stream, found.monotonic_ms)
            case _:
                pass

    def _stream(self, device: str, epoch: str) -> _Stream:
        """Return what is known of an epoch; the one not heard of for longest gives way."""
        stream = self._streams.pop((device, epoch), None) or _Stream(device, epoch)
        if len(self._streams) >= STREAMS_MAX:
            del self._streams[next(iter(self._streams))]
        self._streams[device, epoch] = stream
        return stream

    def _moved(self, ref: str, move: _Move) -> None:
        if ref not in self._moves and len(self._moves) >= PERSONS_MAX:
            del self._moves[next(iter(self._moves))]
        moves = self._moves.setdefault(ref, [])
        if any(known.key == move.key for known in moves):
            return
        moves.append(move)
        if len(moves) > MOVES_MAX:
            moves.remove(min(moves, key=lambda known: known.order))
        if move.stream.device == self.device:
            self._settle(move.gate, ref, move.monotonic_ms)

    def _settle(self, gate: str, ref: str, monotonic_ms: int) -> None:
        """Forget what was presumed of somebody at that instant: it is written, or did not happen."""
        presumed = self._presumed.get(ref)
        if presumed is not None and (presumed.gate, presumed.stamp.monotonic_ms) == (gate, monotonic_ms):
            del self._presumed[ref]

    def _went(self, stream: _Stream, seq: int, passage: Passage) -> None:
        if passage.decision_seq is None:
            if passage.outcome == "passed" and passage.person is not None:
                move = _Move(stream, seq, passage.monotonic_ms, passage.direction == "in", passage.gate)
                self._moved(passage.person, move)
            return
        key = (stream.device, passage.epoch or stream.epoch, passage.decision_seq)
        if passage.outcome in ("no_passage", "wrong_direction"):
            _keep(self._cancelled, key)
        elif passage.outcome == "unknown":
            _keep(self._doubtful, key)

    def _blur(self, stream: _Stream, monotonic_ms: int) -> None:
        """Note that what was known before this instant may have been overtaken by what nobody wrote down."""
        key = (stream.device, stream.epoch)
        self._blurs[key] = max(monotonic_ms, self._blurs.get(key, 0))

    def _blurred_ms(self) -> int:
        streams = ((self._streams.get(key), monotonic_ms) for key, monotonic_ms in self._blurs.items())
        return max(
            (stream.offset_ms + monotonic_ms for stream, monotonic_ms in streams if stream is not None), default=0
        )

    def _burned(self, stream: _Stream, seq: int, alarm: Alarm) -> None:
        key = (stream.device, alarm.gate or "")
        fire = _Fire(stream, seq, alarm.monotonic_ms, alarm.reason == "fire_on")
        known = self._fires.get(key)
        if known is None or _order(known) < _order(fire):
            self._fires[key] = fire

    def _has_restarted_since(self, fire: _Fire) -> bool:
        """Tell whether the device has begun a new epoch since: it says anew what still burns."""
        return any(
            stream.opened_ms is not None and stream.opened_ms + stream.offset_ms > fire.at_ms
            for (device, epoch), stream in self._streams.items()
            if device == fire.stream.device and epoch != fire.stream.epoch
        )

    def _standing(self, ref: str) -> list[_Move]:
        """Return a person's movements that were not taken back, in order."""
        standing = (move for move in self._moves.get(ref, ()) if move.key not in self._cancelled)
        return sorted(standing, key=lambda move: move.order)

    def _is_sure(self, moves: list[_Move]) -> bool:
        """Tell whether the last of some movements surely is the last."""
        *earlier, last = moves
        is_disputed = any(
            move.is_inside != last.is_inside
            and move.stream.device != last.stream.device
            and last.at_ms - move.at_ms < SKEW_MS
            for move in earlier
        )
        is_doubtful = is_disputed or last.key in self._doubtful or last.at_ms <= self._blurred_ms()
        return last.stream.is_good and not is_doubtful


def _order(fire: _Fire) -> tuple[int, str, int]:
    return fire.at_ms, fire.stream.epoch, fire.seq


def _keep(keys: dict[tuple[str, str, int], None], key: tuple[str, str, int]) -> None:
    if len(keys) >= ENDED_MAX:
        del keys[next(iter(keys))]
    keys[key] = None
