"""A node's session, a journal, a network and a cloud in memory, on a simulated clock."""

from collections.abc import Sequence
from random import Random

from firmware.node import actions as node
from firmware.node.clock import NTP, Stamp
from firmware.node.mqtt import Message
from firmware.node.session import Session
from firmware.node.wire import Identity
from schemas.structs import Ack, Cmd, Nack, Notice, Welcome
from simulators.network import Network, Weather
from tests.edge_agent.sync.model import IDENTITY, SECRET, Held, Kept, MemoryCloud, MemoryJournal

NODE = Identity(
    device=IDENTITY.device, school=IDENTITY.school, shard=IDENTITY.shard, boot=IDENTITY.boot, firmware="0.1.0",
    secret=SECRET,
)  # fmt: skip
WALL_MS = 1_790_000_000_000


class Journal:
    """The agent's journal of tests, with a live epoch, as a node asks a journal."""

    def __init__(self) -> None:
        self.memory = MemoryJournal()
        self.epoch = ""

    def begin(self, epoch: str) -> None:
        self.memory.open(epoch)
        self.epoch = epoch

    def append(self, *records: bytes) -> None:
        for record in records:
            self.memory.append(self.epoch, record)

    def epochs(self) -> list[Held]:
        return self.memory.states()

    def read(self, epoch: str, after_seq: int, limit: int) -> list[Kept]:
        return self.memory.read(epoch, after_seq, limit)

    def trim(self, epoch: str, upto: int, digest: bytes | None) -> bool:
        return self.memory.trim(epoch, upto, digest)


class Checked(Journal):
    """A journal that fails the test when something is trimmed that the cloud does not have."""

    def __init__(self, cloud: MemoryCloud) -> None:
        super().__init__()
        self._cloud = cloud

    def trim(self, epoch: str, upto: int, digest: bytes | None) -> bool:  # type: ignore[explicit-override]
        fitted = super().trim(epoch, upto, digest)
        assert not fitted or digest is None or self._cloud.mark(epoch)[0] >= upto, "trimmed before the cloud had it"
        return fitted


class Bench:
    """All of it together; a dropped connection is made anew after `away_ms`."""

    def __init__(self, seed: int = 1, weather: Weather | None = None, *, command_counter: int = 0) -> None:
        rng = Random(seed)
        self.now_ms = 0
        self.away_ms = 500
        self.cloud = MemoryCloud()
        self.journal = Checked(self.cloud)
        self.network = Network(rng, weather or Weather())
        self.session = Session(NODE, self.journal, Random(seed + 1), command_counter)
        self.done: list[tuple[object, ...]] = []
        self.sent: list[Message] = []
        self.is_connected = False
        self.is_cloud_up = True
        self.quality = NTP
        self._back_ms = 0

    @property
    def now(self) -> Stamp:
        return Stamp(self.now_ms, WALL_MS + self.now_ms, self.quality)

    def told(self, word: str) -> list[tuple[object, ...]]:
        """Return what the session wanted done, of one kind, without the word."""
        return [action[1:] for action in self.done if action[0] == word]

    def connect(self) -> None:
        self.is_connected = True
        self.do(self.session.connected(0, self.now))

    def drop(self) -> None:
        self.is_connected = False
        self._back_ms = self.now_ms + self.away_ms
        self.session.disconnected()

    def append(self, *records: bytes) -> None:
        self.journal.append(*records)
        self.do(self.session.tick(self.now))

    def deliver(self, frame: Ack | Nack | Welcome | Notice | Cmd | bytes) -> None:
        payload = frame if isinstance(frame, bytes) else MemoryCloud.sealed(frame)
        self.do(self.session.received(payload, self.now))

    def do(self, actions: Sequence[tuple[object, ...]]) -> None:
        for action in actions:
            if action[0] == node.PUBLISH:
                message = action[1]
                assert isinstance(message, Message)
                self.sent.append(message)
                self.network.send("device", "cloud", message.topic, message.payload, self.now_ms)
                continue
            self.done.append(action)
            if action[0] == node.DISCONNECT:
                self.drop()

    def run(self, for_ms: int) -> None:
        """Let simulated time pass, jumping from event to event."""
        end_ms = self.now_ms + for_ms
        while True:
            if not self.is_connected and self.now_ms >= self._back_ms:
                self.connect()
            back_ms = None if self.is_connected else self._back_ms
            instants = [self.network.next_ms, self.session.wake_at_ms, back_ms, end_ms]
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
            elif self.is_cloud_up:
                answer = self.cloud.answer(delivery.payload)
                if answer is not None:
                    self.network.send("cloud", "device", "", answer, self.now_ms)
