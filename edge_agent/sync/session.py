"""The sync session: hello, welcome, batches, acks, nacks and their timers, as a machine without sockets or clock.

Rule: nothing is trimmed but on the cloud's own sealed word about the very chain this device holds; what the broker
acknowledges means nothing. Inputs are method calls with a stamp of the clock; outputs are actions, and `wake_at_ms`
says when to call `tick`. The same class runs in the agent, in the simulated world and in the load generator.
"""

from collections.abc import Iterable, Sequence
from random import Random

import msgspec

from edge_agent.sync.actions import Action, Disconnect, FetchRoster, Hear, LearnTime, Obey, Publish, Report, Trim
from edge_agent.sync.backlog import Backlog
from edge_agent.sync.counters import Counters, Phase
from edge_agent.sync.outbox import Outbox
from edge_agent.sync.ports import Entry, EpochState, Stamp
from edge_agent.sync.sender import Limits, Sender, Timers, is_due
from edge_agent.sync.wire import Identity, Wire
from schemas import topics
from schemas.chain import genesis
from schemas.seal import SealBroken
from schemas.structs import Ack, Cmd, Nack, Notice, Welcome, WelcomeMark

NO_ACK = "no_ack"  # why a connection is given up on which the cloud greets, but commits nothing
_COMPLAINTS_MAX, _REGRESSIONS_MAX = 3, 2
_REFUSED_WAIT_MS = 60_000
_SOON_MS = 1_000


class Session:
    """One device's conversation with the cloud, over any number of connections."""

    def __init__(
        self, identity: Identity, rng: Random, limits: Limits | None = None, *, command_counter: int = 0
    ) -> None:
        self.counters = Counters()
        self.phase = Phase.OFFLINE
        self.last_ack_ms: int | None = None
        self.refused_code = ""
        self._device = identity.device
        self._wire = Wire(identity)
        self._rng = rng
        self._limits = limits or Limits()
        self._timers = Timers()
        self._sender = Sender(self._wire, self._limits, rng, self.counters, self._timers)
        self._backlog = Backlog()
        self._actions: list[Action] = []
        self._roster = 0
        self._command_counter = command_counter
        self._nonce = ""
        self._greeted: list[Outbox] = []
        self._greeted_ms = self._hellos = 0
        self._rtt_ms, self._cloud_ahead_ms = 100, 0

    # What the driver asks

    @property
    def subscriptions(self) -> list[str]:
        """Return the topics to subscribe to before `connected` is called."""
        return [self._wire.topic(channel) for channel in topics.DOWN]

    @property
    def unsent(self) -> int:
        """Return how many records are not known to be committed, by what this connection knows."""
        return self._backlog.unsent

    @property
    def wake_at_ms(self) -> int | None:
        """Return the monotonic instant at which `tick` must be called, or None."""
        return self._timers.earliest()

    def will(self) -> Publish:
        """Return the last will: presence only, with the boot's id."""
        return self._wire.state(is_online=False)

    # What happens to it

    def connected(self, epochs: Iterable[EpochState], roster: int, now: Stamp) -> list[Action]:
        """Greet over a new connection; `epochs` are the journal's, oldest first, the live one last."""
        self._backlog.reload(epochs)
        self._sender.backoff.reset()
        self._roster, self._hellos = roster, 0
        self._timers.clear()
        self.counters.connections += 1
        self._actions.append(self._wire.state(is_online=True))
        self._greet(now)
        return self._take()

    def disconnected(self) -> None:
        """Note that the connection is gone; everything in flight will be sent again on the next."""
        self.phase, self._nonce = Phase.OFFLINE, ""
        self._timers.clear()

    def appended(self, entries: Sequence[Entry], now: Stamp) -> list[Action]:
        """Note entries that are now durable in the journal, all of one epoch."""
        if entries:
            self._backlog.newest = entries[-1]
        if not entries or self.phase is Phase.OFFLINE:
            return []
        first = entries[0]
        box = self._backlog.find(first.epoch)
        if box is None:
            box = self._backlog.begin(first.epoch, genesis(self._device, first.epoch))
        box.head = max(box.head, entries[-1].seq)
        if box.is_placed and first.seq == box.queued + 1 and box is self._backlog.current():
            box.reading_after = None
            box.offer(entries, now.monotonic_ms)
        return self._pumped(now)

    def read(self, epoch: str, after_seq: int, entries: Sequence[Entry], now: Stamp) -> list[Action]:
        """Take the answer to a Read; none at all means the journal could not be read, and it is asked again."""
        box = self._backlog.find(epoch)
        if box is None or box.reading_after != after_seq:
            return []
        box.reading_after = None
        if not entries:
            self._pause(_SOON_MS, now)
        elif entries[0].seq > box.queued + 1:
            self._give_up("journal_moved")
        else:
            box.offer(entries, now.monotonic_ms)
        return self._pumped(now)

    def trimmed(self, epoch: str, upto: int, now: Stamp, *, fitted: bool) -> list[Action]:
        """Take the answer to a Trim: whether the digest fitted the journal's chain."""
        box = self._backlog.find(epoch)
        if box is None:
            return []
        self.counters.acks_mismatched += not fitted
        if box.is_verified_by(upto) and fitted and upto > box.committed:
            self._commit(box, upto, box.claimed_digest, now)
        return self._pumped(now)

    def roster_is(self, version: int) -> None:
        """Note which roster the agent now goes by."""
        self._roster = version

    def tick(self, now: Stamp) -> list[Action]:
        """Do what is due at this instant."""
        if is_due(self._timers.hello_ms, now):
            self._hello_due(now)
        if is_due(self._timers.pause_ms, now):
            self._resume(now)
        if is_due(self._timers.ack_ms, now):
            self._timed_out()
        return self._pumped(now)

    def received(self, payload: bytes, now: Stamp) -> list[Action]:
        """Take a message that came on a subscribed topic; what the cloud did not seal is not believed."""
        try:
            frame = self._wire.open(payload)
        except SealBroken:
            self.counters.acks_forged += 1
            return []
        except msgspec.MsgspecError:
            self.counters.messages_refused += 1
            return []
        match frame:
            case Welcome():
                self._welcomed(frame, now)
            case Ack():
                self._acked(frame, now)
            case Nack():
                self._refused(frame, now)
            case Notice(what="roster", roster=int(version)):
                self._hear_of_roster(version)
            case Notice(what=what):
                self._actions.append(Hear(what))
            case Cmd():
                self._commanded(frame, now)
            case _:
                self.counters.messages_refused += 1
        return self._pumped(now)

    # Hello and welcome

    def _greet(self, now: Stamp) -> None:
        self._timers.clear()
        self.phase = Phase.GREETING
        self._nonce = f"{self._rng.getrandbits(64):016x}"
        self._greeted, self._greeted_ms = self._backlog.greeted(), now.monotonic_ms
        self._actions.append(self._wire.hello(self._nonce, self._greeted, self._roster, now))
        self.counters.hellos += 1
        self._hellos += 1
        wait_ms = self._limits.welcome_ms * 2 ** (self._hellos - 1) * self._rng.uniform(1.0, 1.5)
        self._timers.hello_ms = now.monotonic_ms + int(wait_ms)

    def _hello_due(self, now: Stamp) -> None:
        if self._hellos >= self._limits.hellos_max:
            self._give_up("no_welcome")
        else:
            self._greet(now)

    def _welcomed(self, welcome: Welcome, now: Stamp) -> None:
        if self.phase is not Phase.GREETING or welcome.nonce != self._nonce:
            self.counters.welcomes_stale += 1
            return
        self.phase, self._nonce, self.refused_code = Phase.FLOWING, "", ""
        self._hellos, self._timers.hello_ms, self.counters.welcomes = 0, None, self.counters.welcomes + 1
        self._learn_time(welcome, now)
        marks = {mark.epoch: mark for mark in welcome.marks}
        for box in self._greeted:
            mark = marks.pop(box.epoch, None)
            if mark is None:
                self._set_aside(box, "no watermark")
            else:
                self._place(box, mark)
        self.counters.acks_foreign += len(marks)
        self._hear_of_roster(welcome.roster)

    def _learn_time(self, welcome: Welcome, now: Stamp) -> None:
        self._rtt_ms = now.monotonic_ms - self._greeted_ms
        half_ms, self._cloud_ahead_ms = self._rtt_ms // 2, welcome.wall_ms - now.monotonic_ms
        self._actions.append(LearnTime(welcome.wall_ms + half_ms, now.monotonic_ms, half_ms))

    def _place(self, box: Outbox, mark: WelcomeMark) -> None:
        """Begin an epoch where the cloud says, after asking the journal whether the cloud's chain is ours."""
        digest = bytes.fromhex(mark.digest)
        if mark.upto > box.head:
            self._ahead(box)
        elif mark.upto >= box.tail:
            box.place(box.tail - 1, box.tail_digest)
            self._verify(box, mark.upto, digest)
        elif mark.upto == box.tail - 1:
            self.counters.acks_mismatched += digest != box.tail_digest
            box.place(mark.upto, box.tail_digest)
        else:  # The cloud was restored from a backup: it lacks what was trimmed long ago.
            box.place(mark.upto, digest)

    def _ahead(self, box: Outbox) -> None:
        """Deal with a cloud that has more than this journal: an older image was restored, or somebody is our clone."""
        if box.is_live:
            self.counters.acks_ahead += 1
            box.is_stuck = True
            self._actions.append(Report("clone_suspected", f"epoch {box.epoch}"))
            return
        self.counters.rollbacks += 1
        box.place(box.head, box.tail_digest)
        self._actions.append(Trim(box.epoch, box.head, None))
        self._actions.append(Report("rollback", f"epoch {box.epoch}"))

    # Acks

    def _acked(self, ack: Ack, now: Stamp) -> None:
        box = self._backlog.find(ack.epoch)
        if box is None:
            self.counters.acks_foreign += 1
        elif ack.upto > box.head:
            self.counters.acks_ahead += 1
        elif not box.is_placed or ack.upto <= box.committed:
            self.counters.acks_old += 1
        else:
            self._believe(box, ack.upto, bytes.fromhex(ack.digest), now)

    def _believe(self, box: Outbox, upto: int, digest: bytes, now: Stamp) -> None:
        """Check a claim against the chain: by the flight it ends, else by asking the journal."""
        flight = next((flight for flight in box.flights if flight.last == upto), None)
        if flight is None:
            if upto >= box.tail and not box.is_verifying:
                self._verify(box, upto, digest)
            return
        if flight.digest != digest and not flight.is_unreadable:
            self.counters.acks_mismatched += 1
            return
        if upto >= box.tail:
            self._actions.append(Trim(box.epoch, upto, digest))
        self._commit(box, upto, digest, now)

    def _verify(self, box: Outbox, upto: int, digest: bytes) -> None:
        box.verifying, box.claimed_digest = upto, digest
        self._actions.append(Trim(box.epoch, upto, digest))

    def _commit(self, box: Outbox, upto: int, digest: bytes, now: Stamp) -> None:
        self.counters.acks_accepted += 1
        self.last_ack_ms = now.monotonic_ms
        box.commit(upto, digest)
        self._sender.backoff.reset()
        self._sender.expect_ack(box, now)

    # Nacks

    def _refused(self, nack: Nack, now: Stamp) -> None:
        self.counters.nacks += 1
        match nack.code:
            case "out_of_order":
                self._out_of_order(nack, now)
            case "busy":
                self._pause(nack.retry_after_ms, now)
            case "too_large":
                self._sender.send_smaller()
                self._pause(nack.retry_after_ms, now)
            case "malformed" | "chain_broken":
                self._complained(nack, now)
            case "seal" | "device_unknown" | "device_revoked" | "wrong_school":
                self.refused_code = nack.code
                self.phase, self._timers.hello_ms = Phase.REFUSED, None
                self._pause(max(nack.retry_after_ms, _REFUSED_WAIT_MS), now)

    def _out_of_order(self, nack: Nack, now: Stamp) -> None:
        """Begin again after the cloud's watermark; one burst of nacks rewinds once."""
        box = self._backlog.find(nack.epoch)
        if box is None or nack.upto is None or nack.upto > box.sent or not box.is_placed:
            return
        if nack.upto < box.committed:
            self._regressed(box, now)
            return
        quiet_ms = min(2_000, max(50, 2 * self._rtt_ms))
        if box.rewound_ms is not None and now.monotonic_ms - box.rewound_ms < quiet_ms:
            return
        box.rewound_ms = now.monotonic_ms
        if nack.upto > box.committed and nack.digest is not None:
            self._believe(box, nack.upto, bytes.fromhex(nack.digest), now)
        box.rewind()
        if nack.retry_after_ms:
            self._pause(nack.retry_after_ms, now)

    def _regressed(self, box: Outbox, now: Stamp) -> None:
        """Connect anew when the cloud insists on less than it had: it was restored; once is but a late nack."""
        box.regressions += 1
        self._pause(_SOON_MS, now)  # and ask again: the wait for an ack may have grown to a minute
        if box.regressions >= _REGRESSIONS_MAX:
            self._give_up("cloud_restored")

    def _complained(self, nack: Nack, now: Stamp) -> None:
        """Set an epoch aside that the cloud cannot take, so that the others go on."""
        box = self._backlog.find(nack.epoch)
        if box is not None:
            box.complaints += 1
            if box.complaints >= _COMPLAINTS_MAX and not box.is_stuck:
                self._set_aside(box, nack.code)
        self._pause(max(nack.retry_after_ms, 100), now)

    def _set_aside(self, box: Outbox, why: str) -> None:
        box.is_stuck = True
        self.counters.epochs_stuck += 1
        self._actions.append(Report("journal_damaged", f"{why}: epoch {box.epoch}"))

    def _pause(self, wait_ms: int, now: Stamp) -> None:
        until_ms = now.monotonic_ms + int(wait_ms * self._rng.uniform(1.0, 1.25)) + 1
        if self.phase is Phase.GREETING:
            self._timers.hello_ms = max(until_ms, self._timers.hello_ms or 0)
            return
        self._timers.pause_ms = max(until_ms, self._timers.pause_ms or 0)
        self._timers.ack_ms = self._timers.window_ms = None

    def _resume(self, now: Stamp) -> None:
        self._timers.pause_ms = None
        if self.phase is Phase.REFUSED:
            self._greet(now)
        else:
            self._backlog.rewind()

    def _timed_out(self) -> None:
        """No ack came in time: begin again after what is committed, more and more rarely, at last elsewhere."""
        self._timers.ack_ms, self.counters.timeouts = None, self.counters.timeouts + 1
        self._sender.backoff.next_ms()
        if self._sender.backoff.attempts >= self._limits.timeouts_max:
            self._give_up(NO_ACK)
        else:
            self._backlog.rewind()

    def _give_up(self, reason: str) -> None:
        self.disconnected()
        self._actions.append(Disconnect(reason))

    # Notices and commands

    def _hear_of_roster(self, version: int) -> None:
        if version > self._roster:
            self._actions.append(FetchRoster(version))

    def _commanded(self, cmd: Cmd, now: Stamp) -> None:
        is_late = self.phase is not Phase.FLOWING or now.monotonic_ms + self._cloud_ahead_ms > cmd.expires_ms
        if cmd.counter <= self._command_counter or is_late:
            self.counters.commands_refused += 1
            return
        self._command_counter = cmd.counter
        self._actions.append(Obey(cmd))

    # Sending

    def _pumped(self, now: Stamp) -> list[Action]:
        if self.phase is Phase.FLOWING and self._timers.pause_ms is None:
            self._pump(now)
        return self._take()

    def _pump(self, now: Stamp) -> None:
        box = self._backlog.current()
        if box is None or box.is_verifying:
            self._timers.ack_ms = self._timers.window_ms = None
            return
        if not box.is_placed:  # There are more epochs than one hello names.
            self._greet(now)
            return
        self._actions += self._sender.send(box, now)

    def _take(self) -> list[Action]:
        actions, self._actions = self._actions, []
        return actions
