"""Messages of devices as ingest reads them: topic, seal, frame; what cannot be believed becomes a refusal.

Rule: nothing in a message is looked at before its seal has been found right, but the topic it came on.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, NamedTuple

import msgspec

from schemas import topics
from schemas.codec import BATCH_BYTES_MAX
from schemas.seal import SealBroken, unseal
from schemas.structs import AnyFrame, Batch, Gap, Hello, State

_NAME = re.compile(r"[a-z0-9-]{3,24}")
_decode = msgspec.json.Decoder(AnyFrame).decode
# Besides its own error msgspec raises these, over what is not UTF-8 and what nests too deeply.
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
Code = Literal[
    "malformed", "seal", "device_unknown", "device_revoked", "wrong_school", "too_large", "busy", "out_of_order",
    "chain_broken",
]  # fmt: skip


class Arrived(NamedTuple):
    """A message as the broker brought it; `at_ms` is the cloud's wall time at that moment."""

    topic: str
    payload: bytes
    at_ms: int


class Address(msgspec.Struct, frozen=True):
    """What a topic says: whose message this claims to be, and where its answers go."""

    shard: int
    school: str
    device: str
    channel: str
    answers: str


class Sender(msgspec.Struct, frozen=True):
    """A device as the registry knows it; the keys are derived from its secret."""

    device_id: int
    name: str
    school_id: int
    school: str
    shard: int
    uplink_key: bytes
    downlink_key: bytes
    is_revoked: bool = False


class Batched(msgspec.Struct, frozen=True):
    """Records of one epoch, a line each, as they were sent."""

    sender: Sender
    answers: str
    at_ms: int
    header: Batch
    lines: list[bytes]


class Missing(msgspec.Struct, frozen=True):
    """A device's word that it can no longer read a stretch of records."""

    sender: Sender
    answers: str
    at_ms: int
    gap: Gap


class Greeted(msgspec.Struct, frozen=True):
    """A device's first message of a connection."""

    sender: Sender
    answers: str
    at_ms: int
    hello: Hello


class Stated(msgspec.Struct, frozen=True):
    """Whether a device is connected, by itself or by its last will."""

    sender: Sender
    at_ms: int
    state: State


class Refused(msgspec.Struct, frozen=True):
    """A message that is not taken. Without `sender` there is no key to seal an answer with, so none is given.

    `alarm` is one word for the person who looks into it, `detail` says more; `kept` is what goes into quarantine.
    """

    device: str
    school: str
    at_ms: int
    code: Code
    alarm: str
    detail: str = ""
    sender: Sender | None = None
    answers: str = ""
    epoch: str | None = None
    kept: bytes | None = None


Message = Batched | Missing | Greeted | Stated | Refused


@lru_cache(maxsize=100_000)
def address_of(topic: str) -> Address | None:
    """Return what a topic says, or None when it is not one of ours."""
    try:
        shard, school, device, channel = topics.parse(topic)
    except topics.TopicForeign:
        return None
    if not _NAME.fullmatch(device) or not _NAME.fullmatch(school):
        return None
    return Address(shard, school, device, channel, topics.topic(shard, school, device, topics.ACK))


def read(arrived: Arrived, senders: Mapping[str, Sender | None]) -> Message:
    """Return what a message says, or why it is refused; `senders` are the devices by name."""
    address = address_of(arrived.topic)
    if address is None:
        return Refused("", "", arrived.at_ms, "malformed", "topic_foreign", arrived.topic[:80])
    sender = senders.get(address.device)
    if sender is None:
        return Refused(address.device, address.school, arrived.at_ms, "device_unknown", "device_unknown")
    try:
        body = unseal(sender.uplink_key, arrived.payload)
    except SealBroken as error:
        return _Refusal(arrived, address, sender)("seal", "seal_broken", str(error))
    return _disbelieved(arrived, address, sender) or _framed(arrived, address, sender, body)


def _disbelieved(arrived: Arrived, address: Address, sender: Sender) -> Refused | None:
    """Return why a message is not taken although its seal is right, or None."""
    refuse = _Refusal(arrived, address, sender)
    if len(arrived.payload) > BATCH_BYTES_MAX:
        return refuse("too_large", "too_large", f"{len(arrived.payload)} bytes; {BATCH_BYTES_MAX} are the most")
    if address.shard != sender.shard or address.school != sender.school:
        return refuse("wrong_school", "wrong_school", f"came as {address.shard:02d}/{address.school}")
    if sender.is_revoked:
        return refuse("device_revoked", "device_revoked")
    return None


class _Refusal:
    """Makes refusals of one message."""

    __slots__ = ("_address", "_arrived", "_sender")

    def __init__(self, arrived: Arrived, address: Address, sender: Sender) -> None:
        self._arrived, self._address, self._sender = arrived, address, sender

    def __call__(
        self, code: Code, alarm: str, detail: str = "", epoch: str | None = None, kept: bytes | None = None
    ) -> Refused:
        address = self._address
        return Refused(
            address.device, address.school, self._arrived.at_ms, code, alarm, detail, self._sender, address.answers,
            epoch, kept,
        )  # fmt: skip


def _framed(arrived: Arrived, address: Address, sender: Sender, body: bytes) -> Message:
    """Return the message of a body whose seal was right."""
    lines = body.split(b"\n")
    refuse = _Refusal(arrived, address, sender)
    try:
        frame = _decode(lines[0])
    except _UNREADABLE as error:
        return refuse("malformed", "frame_unknown", str(error)[:120], kept=body)
    if isinstance(frame, (Batch, Gap, Hello)) and frame.device != sender.name:
        return refuse("malformed", "name_foreign", f"the frame names {frame.device}")
    message = _placed(arrived, address, sender, frame, lines)
    if message is None:
        return refuse("malformed", "frame_misplaced", f"{type(frame).__name__.lower()} on {address.channel}", kept=body)
    if isinstance(message, Batched) and len(message.lines) != message.header.count:
        detail = f"the header promises {message.header.count} records, {len(message.lines)} follow"
        return refuse("malformed", "batch_malformed", detail, epoch=message.header.epoch)
    return message


def _placed(
    arrived: Arrived, address: Address, sender: Sender, frame: AnyFrame, lines: list[bytes]
) -> Batched | Missing | Greeted | Stated | None:
    """Return the message if its frame may stand on the channel it came on, else None."""
    channel = address.channel
    if isinstance(frame, Batch) and channel == topics.REC:
        return Batched(sender, address.answers, arrived.at_ms, frame, lines[1:])
    if len(lines) > 1:
        return None
    if isinstance(frame, Gap) and channel == topics.REC and frame.first_seq <= frame.last_seq:
        return Missing(sender, address.answers, arrived.at_ms, frame)
    if isinstance(frame, Hello) and channel == topics.HELLO:
        return Greeted(sender, address.answers, arrived.at_ms, frame)
    if isinstance(frame, State) and channel == topics.STATE:
        return Stated(sender, arrived.at_ms, frame)
    return None
