"""A cloud, a journal and a driver in memory, the smallest that keep the contract, to try a session against."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

import msgspec

from edge_agent.sync.actions import Action, Disconnect, FetchRoster, Hear, LearnTime, Obey, Publish, Read, Report, Trim
from edge_agent.sync.ports import Quality
from edge_agent.sync.sender import Limits
from edge_agent.sync.session import Session
from edge_agent.sync.wire import Identity
from schemas import topics
from schemas.chain import genesis, link
from schemas.seal import derive, seal, unseal
from schemas.structs import Ack, AnyFrame, Batch, Cmd, Gap, Hello, Nack, Notice, State, Welcome, WelcomeMark
from simulators.network import Network, Weather

SECRET = bytes(range(32))
IDENTITY = Identity(
    device="gate-1",
    school="alm005",
    shard=7,
    boot="b" * 16,
    firmware="0.1.0",
    uplink_key=derive(SECRET, "uplink"),
    downlink_key=derive(SECRET, "downlink"),
)
decode = msgspec.json.Decoder(AnyFrame).decode


@dataclass(frozen=True, slots=True)
class At:
    """A stamp of a simulated clock."""

    monotonic_ms: int
    wall_ms: int = 1_760_000_000_000
    quality: Quality = "ntp"


@dataclass(frozen=True, slots=True)
class Kept:
    epoch: str
    seq: int
    record: bytes | None
    digest: bytes


@dataclass(slots=True)
class Held:
    """One epoch of the journal."""

    epoch: str
    entries: list[Kept] = field(default_factory=list)
    tail: int = 1
    base: bytes = b""

    @property
    def head(self) -> int:
        return self.entries[-1].seq if self.entries else self.tail - 1

    @property
    def tail_digest(self) -> bytes:
        return self.base


class MemoryJournal:
    """Epochs of records; a trimmed record is gone, and it counts what it was told to trim."""

    def __init__(self) -> None:
        self.held: dict[str, Held] = {}
        self.trims = 0

    def open(self, epoch: str) -> None:
        self.held[epoch] = Held(epoch, base=genesis(IDENTITY.device, epoch))

    def append(self, epoch: str, record: bytes) -> Kept:
        held = self.held[epoch]
        previous = held.entries[-1].digest if held.entries else held.base
        entry = Kept(epoch, held.head + 1, record, link(previous, record))
        held.entries.append(entry)
        return entry

    def spoil(self, epoch: str, seq: int) -> None:
        held = self.held[epoch]
        held.entries = [Kept(e.epoch, e.seq, None, e.digest) if e.seq == seq else e for e in held.entries]

    def states(self) -> list[Held]:
        live = list(self.held)[-1:]
        return [held for held in self.held.values() if held.entries or held.epoch in live]

    def read(self, epoch: str, after_seq: int, limit: int) -> list[Kept]:
        return [entry for entry in self.held[epoch].entries if entry.seq > after_seq][:limit]

    def trim(self, epoch: str, upto: int, digest: bytes | None) -> bool:
        held = self.held[epoch]
        at = next((entry for entry in held.entries if entry.seq == upto), None)
        if at is None or (digest is not None and digest != at.digest and at.record is not None):
            return upto == held.tail - 1
        self.trims += 1
        held.base, held.tail = at.digest, upto + 1
        held.entries = [entry for entry in held.entries if entry.seq > upto]
        return True


class MemoryCloud:
    """Keeps records by (epoch, seq), answers as the contract says, and can be set back to an older backup."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, int], bytes] = {}
        self.gaps: list[Gap] = []
        self.marks: dict[str, tuple[int, bytes]] = {}
        self.batches = 0
        self.online: list[bool] = []

    def answer(self, payload: bytes) -> bytes | None:
        body = unseal(IDENTITY.uplink_key, payload)
        head, *lines = body.split(b"\n")
        match decode(head):
            case Hello() as hello:
                return self.sealed(self._welcome(hello))
            case Batch() as batch:
                self.batches += 1
                return self.sealed(self._take(batch, lines))
            case Gap() as gap:
                return self.sealed(self._skip(gap))
            case State() as state:
                self.online.append(state.online)
                return None
            case _:
                raise AssertionError(head)

    def written(self, epoch: str) -> list[bytes]:
        """Return what the cloud has of an epoch, in order."""
        return [record for (of, _), record in sorted(self.records.items()) if of == epoch]

    def mark(self, epoch: str) -> tuple[int, bytes]:
        return self.marks.get(epoch, (0, genesis(IDENTITY.device, epoch)))

    def _welcome(self, hello: Hello) -> Welcome:
        marks = [
            WelcomeMark(epoch=e.epoch, upto=self.mark(e.epoch)[0], digest=self.mark(e.epoch)[1].hex())
            for e in hello.epochs
        ]
        return Welcome(nonce=hello.nonce, marks=marks, wall_ms=1_760_000_000_000, roster=3)

    def _take(self, batch: Batch, lines: Sequence[bytes]) -> Ack | Nack:
        upto, digest = self.mark(batch.epoch)
        assert len(lines) == batch.count
        if batch.first_seq > upto + 1:
            return Nack(code="out_of_order", retry_after_ms=0, epoch=batch.epoch, upto=upto, digest=digest.hex())
        fresh = lines[upto + 1 - batch.first_seq :]
        if batch.first_seq == upto + 1 and batch.previous_digest != digest.hex():
            return Nack(code="chain_broken", retry_after_ms=0, epoch=batch.epoch, upto=upto, digest=digest.hex())
        for record in fresh:
            upto, digest = upto + 1, link(digest, record)
            assert (batch.epoch, upto) not in self.records
            self.records[batch.epoch, upto] = record
        self.marks[batch.epoch] = (upto, digest)
        return Ack(epoch=batch.epoch, upto=upto, digest=digest.hex())

    def _skip(self, gap: Gap) -> Ack | Nack:
        upto, digest = self.mark(gap.epoch)
        if gap.first_seq > upto + 1:
            return Nack(code="out_of_order", retry_after_ms=0, epoch=gap.epoch, upto=upto, digest=digest.hex())
        if gap.last_seq > upto:
            self.gaps.append(gap)
            upto, digest = gap.last_seq, bytes.fromhex(gap.digest_after)
            self.marks[gap.epoch] = (upto, digest)
        return Ack(epoch=gap.epoch, upto=upto, digest=digest.hex())

    @staticmethod
    def sealed(frame: Welcome | Ack | Nack | Notice | Cmd) -> bytes:
        return seal(IDENTITY.downlink_key, msgspec.json.encode(frame))


class Bench:
    """A session, its journal, a network and a cloud on one simulated clock."""

    def __init__(self, seed: int = 1, weather: Weather | None = None, limits: Limits | None = None) -> None:
        rng = Random(seed)
        self.now_ms = 0
        self.wall_ms = 1_760_000_000_000
        self.journal = MemoryJournal()
        self.cloud = MemoryCloud()
        self.network = Network(rng, weather or Weather())
        self.session = Session(IDENTITY, Random(seed + 1), limits)
        self.other: list[Action] = []
        self.is_connected = False
        self.is_cloud_up = True
        self.largest = 0

    @property
    def now(self) -> At:
        return At(self.now_ms, self.wall_ms + self.now_ms)

    def connect(self) -> None:
        self.is_connected = True
        self.do(self.session.connected(self.journal.states(), 0, self.now))

    def drop(self) -> None:
        self.is_connected = False
        self.session.disconnected()

    def append(self, epoch: str, *records: bytes) -> None:
        entries = [self.journal.append(epoch, record) for record in records]
        self.do(self.session.appended(entries, self.now))

    def deliver(self, frame: Ack | Nack | Welcome | Notice | Cmd | bytes) -> None:
        payload = frame if isinstance(frame, bytes) else MemoryCloud.sealed(frame)
        self.do(self.session.received(payload, self.now))

    def do(self, actions: Sequence[Action]) -> None:
        for action in actions:
            match action:
                case Publish(topic, payload):
                    self.largest = max(self.largest, len(payload))
                    self.network.send("device", "cloud", topic, payload, self.now_ms)
                case Read(epoch, after_seq, limit):
                    entries = self.journal.read(epoch, after_seq, limit)
                    self.do(self.session.read(epoch, after_seq, entries, self.now))
                case Trim(epoch, upto, digest):
                    fitted = self.journal.trim(epoch, upto, digest)
                    self._check_trim(epoch, upto, fitted and digest is not None)
                    self.do(self.session.trimmed(epoch, upto, self.now, fitted=fitted))
                case Disconnect():
                    self.other.append(action)
                    self.drop()
                case Report() | LearnTime() | FetchRoster() | Obey() | Hear():
                    self.other.append(action)

    def _check_trim(self, epoch: str, upto: int, trimmed: bool) -> None:
        assert not trimmed or self.cloud.mark(epoch)[0] >= upto, "trimmed before the cloud had it"

    def run(self, for_ms: int) -> None:
        """Let simulated time pass, jumping from event to event."""
        end_ms = self.now_ms + for_ms
        while True:
            if not self.is_connected:
                self.connect()
            instants = [self.network.next_ms, self.session.wake_at_ms, end_ms]
            self.now_ms = max(self.now_ms, min(instant for instant in instants if instant is not None))
            self._deliver_due()
            if self.session.wake_at_ms is not None and self.session.wake_at_ms <= self.now_ms:
                self.do(self.session.tick(self.now))
            if self.now_ms >= end_ms:
                return

    def _deliver_due(self) -> None:
        for delivery in self.network.due(self.now_ms):
            if delivery.target == "device":
                if self.is_connected:
                    self.do(self.session.received(delivery.payload, self.now))
                continue
            assert topics.parse(delivery.topic)[2] == IDENTITY.device
            if not self.is_cloud_up:
                continue
            answer = self.cloud.answer(delivery.payload)
            if answer is not None:
                self.network.send("cloud", "device", "", answer, self.now_ms)
