"""A device on paper: it keeps a chain per epoch and makes the very messages a real one sends."""

from typing import Literal

import msgspec

from cloud.ingest.messages import Arrived, Sender
from cloud.ingest.plan import Plan
from edge_agent.sync.actions import Publish
from edge_agent.sync.outbox import Outbox
from edge_agent.sync.wire import Identity, Wire
from schemas.chain import genesis, link
from schemas.seal import derive, unseal
from schemas.structs import Ack, Alarm, AnyFrame, AnyRecord, Command, Decision, Health, Nack, Open, Welcome
from tests.edge_agent.sync.model import At, Held

NOW_MS = 1_790_000_000_000
EPOCH = "e" * 16
BOOT = "b" * 16
_decode = msgspec.json.Decoder(AnyFrame).decode


class Device:
    """Writes records, remembers their chain, and makes messages of any stretch of them."""

    def __init__(
        self,
        name: str = "gate-1",
        *,
        school: str = "alm005",
        shard: int = 7,
        boot: str = BOOT,
        secret: bytes = b"s" * 32,
    ) -> None:
        self.name = name
        self.boot = boot
        self.school = school
        self.shard = shard
        self.secret = secret
        self.lines: dict[str, list[bytes]] = {}
        self.chains: dict[str, list[bytes]] = {}
        self.wire = Wire(
            Identity(name, school, shard, boot, "0.1.0", derive(secret, "uplink"), derive(secret, "downlink"))
        )

    @property
    def sender(self) -> Sender:
        uplink, downlink = derive(self.secret, "uplink"), derive(self.secret, "downlink")
        return Sender(1, self.name, 5, self.school, self.shard, uplink, downlink)

    def write(self, *lines: bytes, epoch: str = EPOCH) -> "Device":
        chain = self.chains.setdefault(epoch, [genesis(self.name, epoch)])
        for line in lines:
            self.lines.setdefault(epoch, []).append(line)
            chain.append(link(chain[-1], line))
        return self

    def batch(self, first: int, last: int, *, epoch: str = EPOCH, at: At | None = None) -> Arrived:
        """Return the message with records `first` to `last`."""
        lines = self.lines[epoch][first - 1 : last]
        return self.arrived(self.wire.batch(epoch, first, self.chains[epoch][first - 1], lines, at or At(1_000)))

    def gap(self, first: int, last: int, *, epoch: str = EPOCH, trimmed: bool = False) -> Arrived:
        stretch = (first, last, self.chains[epoch][last])
        return self.arrived(self.wire.gap(epoch, stretch, At(1_000), is_trimmed=trimmed))

    def hello(self, *epochs: str, nonce: str = "0" * 16, at: At | None = None) -> Arrived:
        boxes = [Outbox(Held(epoch), is_live=False) for epoch in epochs or (EPOCH,)]
        return self.arrived(self.wire.hello(nonce, boxes, 3, at or At(1_000)))

    def state(self, *, is_online: bool) -> Arrived:
        return self.arrived(self.wire.state(is_online=is_online))

    @staticmethod
    def arrived(message: Publish, at_ms: int = NOW_MS) -> Arrived:
        return Arrived(message.topic, message.payload, at_ms)

    def heard(self, plan: Plan) -> list[AnyFrame]:
        """Return the frames that a plan answers this device with, opened with its key."""
        mine = [reply for reply in plan.replies if reply.topic == self.wire.topic("ack")]
        return [_decode(unseal(derive(self.secret, "downlink"), reply.payload)) for reply in mine]

    def ack(self, upto: int, epoch: str = EPOCH) -> Ack:
        return Ack(epoch=epoch, upto=upto, digest=self.chains[epoch][upto].hex())

    def nack(self, upto: int, code: str = "out_of_order", epoch: str = EPOCH, wait_ms: int = 0) -> Nack:
        known = msgspec.convert(code, Nack.__annotations__["code"])
        return Nack(code=known, retry_after_ms=wait_ms, epoch=epoch, upto=upto, digest=self.chains[epoch][upto].hex())


def opened(boot: str = BOOT, *, previous: tuple[str, int] | None = None) -> bytes:
    """Return the first record of an epoch."""
    return line(
        Open(
            monotonic_ms=500,
            wall_ms=NOW_MS,
            clock="ntp",
            boot=boot,
            previous_epoch=previous[0] if previous else None,
            previous_head=previous[1] if previous else None,
            previous_digest="0" * 32 if previous else None,
            reason="start",
            firmware="0.1.0",
        )
    )


def tapped(number: int = 0, *, at: At | None = None) -> bytes:
    """Return a decision that let somebody in; the number makes it different from others."""
    at = at or At(1_000 + number, NOW_MS - 60_000 + number)
    return line(
        Decision(
            monotonic_ms=at.monotonic_ms,
            wall_ms=at.wall_ms,
            clock=at.quality,
            gate="main",
            direction="in",
            outcome="allowed",
            reason="ok",
            roster=12,
            person="k3v9x0a7m2qd",
        )
    )


def healthy(unsent: int = 0, *, at: At | None = None) -> bytes:
    """Return a device's word on how it is."""
    at = at or At(2_000, NOW_MS)
    return line(
        Health(
            monotonic_ms=at.monotonic_ms,
            wall_ms=at.wall_ms,
            clock=at.quality,
            uptime_s=at.monotonic_ms // 1_000,
            unsent=unsent,
            roster=12,
            firmware="0.2.0",
        )
    )


def alarmed(
    reason: str, detail: str | None = None, *, gate: str | None = None, wall_ms: int = NOW_MS - 60_000
) -> bytes:
    """Return a device's word that something is amiss."""
    known = msgspec.convert(reason, Alarm.__annotations__["reason"])
    return line(Alarm(monotonic_ms=1, wall_ms=wall_ms, clock="ntp", reason=known, detail=detail, gate=gate))


def answered(command: str, outcome: Literal["done", "failed"] = "done") -> bytes:
    """Return a device's word on what came of a command."""
    return line(
        Command(
            monotonic_ms=1, wall_ms=NOW_MS - 60_000, clock="ntp", id=command, action="open_once", outcome=outcome
        )
    )  # fmt: skip


def line(record: AnyRecord) -> bytes:
    return msgspec.json.encode(record)


def welcome_of(frames: list[AnyFrame]) -> Welcome:
    return next(frame for frame in frames if isinstance(frame, Welcome))
