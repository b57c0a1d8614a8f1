"""A node's conversation with the cloud as a machine without sockets: hello, welcome, batches, acks, nacks, timers.

Rule: nothing is trimmed but on the cloud's own sealed word about the very chain that this journal holds; one message is
under way at a time, of at most 1 KiB. Inputs are method calls with a stamp of the clock; outputs are actions, and
`wake_at_ms` says when to call `tick`.
"""

from binascii import hexlify

from firmware.node.actions import (
    DISCONNECT,
    FETCH_ROSTER,
    HEAR,
    LEARN_TIME,
    NEW_EPOCH,
    OBEY,
    PUBLISH,
    REPORT,
    Command,
    Counters,
)
from firmware.node.clock import Stamp
from firmware.node.wire import Frame, FrameBroken, Identity, Wire, fitting, lost
from schemas.chain import genesis
from schemas.seal import SealBroken

# Phases
OFFLINE, GREETING, FLOWING, REFUSED = "offline", "greeting", "flowing", "refused"

HELLO_EPOCHS_MAX = 8
READ_MAX = 16
_WELCOME_MS = 3_000
_HELLOS_MAX = 3
_ACK_MS = 5_000
_WAIT_MS_MAX = 60_000
_TIMEOUTS_MAX = 4
_COMPLAINTS_MAX = 3
_REGRESSIONS_MAX = 2
_REFUSED_WAIT_MS = 60_000
_REGRESSED_WAIT_MS = 1_000
_LOST_DIGEST = bytes(16)


class _Epoch:
    """What this connection knows of one epoch: up to where the cloud has it."""

    def __init__(self, upto: int, digest: bytes) -> None:
        self.upto = upto
        self.digest = digest
        self.complaints = self.regressions = 0
        self.is_stuck = False


class Session:
    """One node's conversation over any number of connections. `journal` answers at once: it is flash."""

    def __init__(self, identity: Identity, journal, rng, command_counter: int = 0) -> None:  # type: ignore[no-untyped-def]
        self.counters = Counters()
        self.phase = OFFLINE
        self.refused_code = ""
        self.last_ack_ms: int | None = None
        self.wire = Wire(identity)
        self._device = identity.device
        self._journal = journal
        self._rng = rng
        self._command_counter = command_counter
        self._roster = 0
        self._actions: list[tuple[object, ...]] = []
        self._epochs: dict[str, _Epoch] = {}  # those that the cloud has placed
        self._known: list[str] = []  # those that were there when we connected
        self._greeted: list[str] = []
        self._flight: tuple[str, int] | None = None  # what is under way: records of an epoch, up to a number
        self._nonce = ""
        self._cloud_ms: int | None = None  # the cloud's time at this clock's beginning, by this connection's welcome
        self._greeted_ms = self._hellos = self._timeouts = 0
        self._hello_ms: int | None = None
        self._ack_ms: int | None = None
        self._pause_ms: int | None = None

    @property
    def wake_at_ms(self) -> "int | None":
        """Return the monotonic instant at which `tick` must be called, or None."""
        due = [at for at in (self._hello_ms, self._ack_ms, self._pause_ms) if at is not None]
        return min(due) if due else None

    # What happens to it

    def connected(self, roster: int, now: Stamp) -> "list[tuple[object, ...]]":
        """Greet over a new connection."""
        self.disconnected()
        self._roster = roster
        self._known = [state.epoch for state in self._journal.epochs()]
        self._epochs, self._hellos, self._timeouts = {}, 0, 0
        self._actions = []  # of a call that failed
        self._act(PUBLISH, self.wire.presence(True))
        self._greet(now)
        return self._take()

    def disconnected(self) -> None:
        """Note that the connection is gone; what is under way will be sent again on the next."""
        self.phase, self._nonce, self._flight, self._cloud_ms = OFFLINE, "", None, None
        self._hello_ms = self._ack_ms = self._pause_ms = None

    def roster_is(self, version: int) -> None:
        """Note by which roster the node now goes."""
        self._roster = version

    def tick(self, now: Stamp) -> "list[tuple[object, ...]]":
        """Do what is due at this instant, or when the journal has more."""
        if self._hello_ms is not None and now.monotonic_ms >= self._hello_ms:
            self._hello_due(now)
        if self._pause_ms is not None and now.monotonic_ms >= self._pause_ms:
            self._resume(now)
        if self._ack_ms is not None and now.monotonic_ms >= self._ack_ms:
            self._timed_out()
        return self._pumped(now)

    def received(self, payload: bytes, now: Stamp) -> "list[tuple[object, ...]]":
        """Take a message that came on a subscribed topic; what the cloud did not seal is not believed."""
        try:
            self._hear(self.wire.open(payload), now)
        except (SealBroken, FrameBroken):
            self.counters.refused += 1
            return []
        return self._pumped(now)

    def _hear(self, frame: Frame, now: Stamp) -> None:
        kind = frame.text("k")
        if kind == "welcome":
            self._welcomed(frame, now)
        elif kind == "ack":
            self._acked(frame.text("e"), frame.number("u"), frame.digest(), now)
        elif kind == "nack":
            self._nacked(frame, now)
        elif kind == "notice":
            self._noticed(frame)
        elif kind == "cmd":
            self._commanded(frame, now)
        else:
            raise FrameBroken("unknown kind")

    # Hello and welcome

    def _greet(self, now: Stamp) -> None:
        self._hello_ms = self._ack_ms = self._pause_ms = self._flight = None
        self.phase = GREETING
        self._nonce = hex64(self._rng)
        states = self._journal.epochs()
        unplaced = [state for state in states[:-1] if state.epoch not in self._epochs]
        named = unplaced[: HELLO_EPOCHS_MAX - 1] + states[-1:]
        self._greeted, self._greeted_ms = [state.epoch for state in named], now.monotonic_ms
        told = [(state.epoch, state.tail, state.head) for state in named]
        self._act(PUBLISH, self.wire.hello(self._nonce, told, self._roster, now))
        self.counters.hellos += 1
        self._hellos += 1
        self._hello_ms = now.monotonic_ms + int(_WELCOME_MS * 2 ** (self._hellos - 1) * self._rng.uniform(1.0, 1.5))

    def _hello_due(self, now: Stamp) -> None:
        if self._hellos >= _HELLOS_MAX:
            self._give_up("no welcome came")
        else:
            self._greet(now)

    def _welcomed(self, frame: Frame, now: Stamp) -> None:
        if self.phase != GREETING or frame.text("nc") != self._nonce:
            raise FrameBroken("the welcome of another hello")
        marks = {mark.text("e"): (mark.number("u"), mark.digest()) for mark in frame.each("es")}
        wall_ms, roster = frame.number("t"), frame.number("r")
        self.phase, self._nonce, self.refused_code = FLOWING, "", ""
        self._hellos, self._hello_ms = 0, None
        self.counters.welcomes += 1
        self._cloud_ms = wall_ms - now.monotonic_ms
        self._act(LEARN_TIME, wall_ms + (now.monotonic_ms - self._greeted_ms) // 2, now.monotonic_ms)
        for state in self._journal.epochs():
            if state.epoch in self._greeted:
                self._place(state, marks.get(state.epoch))
        self._hear_of_roster(roster)

    def _place(self, state, mark: "tuple[int, bytes] | None") -> None:  # type: ignore[no-untyped-def]
        """Begin an epoch where the cloud says, if its chain is ours."""
        place = _Epoch(state.tail - 1, state.tail_digest)
        self._epochs[state.epoch] = place
        if mark is None:
            self._set_aside(state.epoch, "no watermark")
            return
        upto, digest = mark
        if upto > state.head:
            self._ahead(state, place)
        # A cloud that was restored from a backup lacks what was trimmed long ago.
        elif upto < state.tail - 1 or (upto >= state.tail and self._journal.trim(state.epoch, upto, digest)):
            place.upto, place.digest = upto, digest
        else:
            self.counters.refused += upto >= state.tail or digest != state.tail_digest

    def _ahead(self, state, place: _Epoch) -> None:  # type: ignore[no-untyped-def]
        """Deal with a cloud that has more than this journal: it is an old copy, or somebody is our clone."""
        if state.epoch == self._journal.epoch:
            place.is_stuck = True
            self._act(NEW_EPOCH, "clone_suspected")
            return
        self.counters.rollbacks += 1
        place.upto = state.head
        self._journal.trim(state.epoch, state.head, None)
        self._act(REPORT, "rollback", "epoch " + state.epoch)

    # Acks and nacks

    def _acked(self, epoch: str, upto: int, digest: bytes, now: Stamp) -> None:
        place = self._epochs.get(epoch)
        if place is None or upto <= place.upto:
            return  # an epoch that is done, or an ack that is merely late
        if not self._believes(epoch, upto, digest):
            self.counters.refused += 1
            return
        self.counters.acks += 1
        self.last_ack_ms = now.monotonic_ms
        place.upto, place.digest = upto, digest
        place.complaints = place.regressions = self._timeouts = 0
        if self._flight is not None and self._flight[0] == epoch and self._flight[1] <= upto:
            self._flight = self._ack_ms = None

    def _believes(self, epoch: str, upto: int, digest: bytes) -> bool:
        """Trim if the digest is our chain's; what was trimmed before is believed of a cloud that had lost it."""
        for state in self._journal.epochs():
            if state.epoch == epoch:
                if upto == state.tail - 1:
                    return bool(digest == state.tail_digest)
                return upto < state.tail or (upto <= state.head and bool(self._journal.trim(epoch, upto, digest)))
        return False

    def _nacked(self, frame: Frame, now: Stamp) -> None:
        self.counters.nacks += 1
        code, wait_ms = frame.text("c"), frame.number("ra")
        if code == "out_of_order":
            self._out_of_order(frame, now)
            if wait_ms:
                self._pause(wait_ms, now)
        elif code in ("busy", "too_large"):  # Our batches are as small as any.
            self._pause(wait_ms, now)
        elif code in ("malformed", "chain_broken"):
            self._complained(frame, code)
            self._pause(max(wait_ms, 100), now)
        elif code in ("seal", "device_unknown", "device_revoked", "wrong_school"):
            self.refused_code, self.phase, self._hello_ms = code, REFUSED, None
            self._pause(max(wait_ms, _REFUSED_WAIT_MS), now)
        else:
            raise FrameBroken("unknown nack")

    def _out_of_order(self, frame: Frame, now: Stamp) -> None:
        """Begin again after the cloud's watermark; when it insists on less than it had, connect anew."""
        epoch = frame.text("e")
        place = self._epochs.get(epoch)
        if place is None or not frame.has("u"):
            return
        upto = frame.number("u")
        if upto < place.upto:
            place.regressions += 1
            if place.regressions >= _REGRESSIONS_MAX:
                self._give_up("the cloud was restored")
            else:
                self._pause(_REGRESSED_WAIT_MS, now)
            return
        if upto > place.upto and frame.has("d"):
            self._acked(epoch, upto, frame.digest(), now)
        self._rewind()

    def _complained(self, frame: Frame, code: str) -> None:
        """Set an epoch aside that the cloud cannot take, so that the others go on."""
        epoch = frame.text("e") if frame.has("e") else ""
        place = self._epochs.get(epoch)
        if place is None or place.is_stuck:
            return
        place.complaints += 1
        if place.complaints >= _COMPLAINTS_MAX:
            self._set_aside(epoch, code)

    def _set_aside(self, epoch: str, why: str) -> None:
        self._epochs[epoch].is_stuck = True
        self.counters.stuck += 1
        self._act(REPORT, "journal_damaged", why + ": " + epoch)

    def _pause(self, wait_ms: int, now: Stamp) -> None:
        until_ms = now.monotonic_ms + int(wait_ms * self._rng.uniform(1.0, 1.25)) + 1
        if self.phase == GREETING:
            self._hello_ms = max(until_ms, self._hello_ms or 0)
            return
        self._pause_ms = max(until_ms, self._pause_ms or 0)
        self._ack_ms = None

    def _resume(self, now: Stamp) -> None:
        self._pause_ms = None
        if self.phase == REFUSED:
            self._hellos = 0
            self._greet(now)
        else:
            self._rewind()

    def _timed_out(self) -> None:
        """No ack came in time: begin again after what is committed, more and more rarely, at last elsewhere."""
        self.counters.timeouts += 1
        self._timeouts += 1
        if self._timeouts >= _TIMEOUTS_MAX:
            self._give_up("no ack came")
        else:
            self._rewind()

    def _rewind(self) -> None:
        self._flight = self._ack_ms = None

    def _give_up(self, reason: str) -> None:
        self.disconnected()
        self._act(DISCONNECT, reason)

    # Notices and commands

    def _noticed(self, frame: Frame) -> None:
        what = frame.text("w")
        if what == "roster":
            self._hear_of_roster(frame.number("r") if frame.has("r") else 0)
        else:
            self._act(HEAR, what)

    def _hear_of_roster(self, version: int) -> None:
        if version > self._roster:
            self._act(FETCH_ROSTER, version)

    def _commanded(self, frame: Frame, now: Stamp) -> None:
        counter, expires_ms = frame.number("ct"), frame.number("ex")
        command = Command(frame.text("id"), counter, frame.text("do"), frame.text("g") if frame.has("g") else None)
        is_late = self._cloud_ms is None or self._cloud_ms + now.monotonic_ms > expires_ms
        if counter <= self._command_counter or is_late:
            self.counters.commands_refused += 1
            return
        self._command_counter = counter
        self._act(OBEY, command)

    # Sending

    def _pumped(self, now: Stamp) -> "list[tuple[object, ...]]":
        if self.phase == FLOWING and self._pause_ms is None and self._flight is None:
            self._pump(now)
        return self._take()

    def _pump(self, now: Stamp) -> None:
        """Send the next message of the oldest epoch that is not done."""
        for state in self._journal.epochs():
            place = self._epochs.get(state.epoch)
            is_new = state.epoch == self._journal.epoch and state.epoch not in self._known
            if place is None and is_new:  # begun while connected: the cloud has none of it
                place = self._epochs[state.epoch] = _Epoch(0, genesis(self._device, state.epoch))
            if place is None:  # there are more epochs than one hello names
                self._greet(now)
                return
            if not place.is_stuck and place.upto < state.head:
                self._send(state, place, now)
                return

    def _send(self, state, place: _Epoch, now: Stamp) -> None:  # type: ignore[no-untyped-def]
        """Send one message; it is under way once it is made, so that one that cannot be made holds nothing up."""
        epoch = state.epoch
        if place.upto < state.tail - 1:
            message, upto = self._gap(epoch, place.upto + 1, state.tail - 1, state.tail_digest, "trimmed", now)
        else:
            entries = self._journal.read(epoch, place.upto, READ_MAX)
            if not entries or entries[0].seq != place.upto + 1:
                self._give_up("the journal cannot be read")
                return
            message, upto = self._entries(epoch, place, entries, now)
        wait_ms = min(_WAIT_MS_MAX, _ACK_MS * 2**self._timeouts)
        self._ack_ms = now.monotonic_ms + int(wait_ms * self._rng.uniform(1.0, 1.25))
        self._act(PUBLISH, message)
        self._flight = (epoch, upto)

    def _entries(self, epoch: str, place: _Epoch, entries, now: Stamp):  # type: ignore[no-untyped-def]
        """Return the message with the next records of an epoch, and the last one that it is about."""
        first, count = place.upto + 1, lost(entries)
        if count:
            last = entries[count - 1]
            return self._gap(epoch, first, last.seq, last.digest or _LOST_DIGEST, "unreadable", now)
        records = fitting(entries, self.wire.room(epoch, first, place.digest, now))
        message = self.wire.batch(epoch, first, place.digest, records, now)
        self.counters.batches += 1
        return message, first + len(records) - 1

    def _gap(self, epoch: str, first: int, last: int, digest: bytes, why: str, now: Stamp):  # type: ignore[no-untyped-def]
        message = self.wire.gap(epoch, first, last, digest, why, now)
        self.counters.gaps += 1
        return message, last

    def _act(self, *action: object) -> None:
        self._actions.append(action)

    def _take(self) -> "list[tuple[object, ...]]":
        actions, self._actions = self._actions, []
        return actions


def hex64(rng) -> str:  # type: ignore[no-untyped-def]
    """Return 16 hexadecimal digits; MicroPython's getrandbits gives at most 32 bits."""
    return hexlify(b"".join([rng.getrandbits(32).to_bytes(4, "big") for _ in range(2)])).decode()
