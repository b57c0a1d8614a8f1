"""A node's own side of the wire: its topics, its sealed messages, and opening what the cloud sealed for it.

Rule: only here and in `lines` do the short names of the contract stand in the firmware's code; the tables that
`schemas.codec` goes by take a third of a small board's memory. Tests read every line again by the schemas.
"""

import json
from binascii import hexlify

from firmware.node.clock import Stamp
from firmware.node.lines import line
from firmware.node.mqtt import Message
from schemas import topics
from schemas.seal import DOWNLINK, UPLINK, derive, mac, seal, unseal

MESSAGE_MAX = 1_024  # a batch with its seal, from a microcontroller
COUNT_MAX = 64
_SEAL_BYTES = 33


class FrameBroken(ValueError):
    """The cloud's seal fits, but what it sealed is no frame that this program can read."""


class Identity:
    """Who this node is on the wire; `boot` is drawn anew at every start."""

    def __init__(self, *, device: str, school: str, shard: int, boot: str, firmware: str, secret: bytes) -> None:
        self.device = device
        self.school = school
        self.shard = shard
        self.boot = boot
        self.firmware = firmware
        self.uplink_key = derive(secret, UPLINK)
        self.downlink_key = derive(secret, DOWNLINK)

    @property
    def client_id(self) -> str:
        """Return the name of every connection at a broker, which nobody else can make up."""
        return self.device + "-" + hexlify(mac(self.uplink_key, b"client id")).decode()[:16]

    def topic(self, channel: str) -> str:
        return topics.topic(self.shard, self.school, self.device, channel)


class Frame:
    """A frame of the cloud, read member by member. A read raises FrameBroken if the member is not as it must be."""

    def __init__(self, members: "dict[str, object]") -> None:
        self._members = members

    def text(self, short: str) -> str:
        value = self._members.get(short)
        if not isinstance(value, str):
            raise FrameBroken(short + " is no text")
        return value

    def number(self, short: str) -> int:
        value = self._members.get(short)
        if not isinstance(value, int) or value < 0:
            raise FrameBroken(short + " is no number")
        return value

    def digest(self, short: str = "d") -> bytes:
        text = self.text(short)
        try:
            return bytes.fromhex(text)
        except ValueError:
            raise FrameBroken(short + " is no digest") from None

    def has(self, short: str) -> bool:
        return short in self._members

    def each(self, short: str) -> "list[Frame]":
        items = self._members.get(short)
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise FrameBroken(short + " is no list of objects")
        return [Frame(item) for item in items]


class Wire:
    """Makes and opens the messages of one node."""

    def __init__(self, identity: Identity) -> None:
        self._me = identity

    def subscriptions(self) -> "list[str]":
        """Return the topics to subscribe to."""
        return [self._me.topic(channel) for channel in topics.DOWN]

    def open(self, payload: bytes) -> Frame:
        """Return the frame in a message of the cloud. Raises SealBroken, FrameBroken."""
        return parse(unseal(self._me.downlink_key, payload))

    def hello(self, nonce: str, states: "list[tuple[str, int, int]]", roster: int, now: Stamp) -> Message:
        """Return the greeting; `states` are (epoch, tail, head), oldest first, the live one last."""
        epochs = [{"e": epoch, "tl": tail, "hd": head} for epoch, tail, head in states]
        pairs = [("nc", nonce), ("b", self._me.boot), ("es", epochs), ("r", roster), ("fw", self._me.firmware)]
        return self._sealed(topics.HELLO, self._stamped("hello", pairs, now))

    def batch(self, epoch: str, first: int, previous: bytes, records: "list[bytes]", now: Stamp) -> Message:
        """Return the message with these records; the first has the number `first` and follows digest `previous`."""
        header = self._batch_header(epoch, first, previous, len(records), now)
        return self._sealed(topics.REC, b"\n".join([header] + records))

    def room(self, epoch: str, first: int, previous: bytes, now: Stamp) -> int:
        """Return how many bytes of records, each with its line feed, go into a batch that begins so."""
        return MESSAGE_MAX - _SEAL_BYTES - len(self._batch_header(epoch, first, previous, COUNT_MAX, now))

    def gap(self, epoch: str, first: int, last: int, digest: bytes, reason: str, now: Stamp) -> Message:
        """Return the message that stands for records that are lost to this node."""
        pairs = [("e", epoch), ("s", first), ("to", last), ("d", hexlify(digest).decode()), ("w", reason)]
        return self._sealed(topics.REC, self._stamped("gap", pairs, now))

    def presence(self, word: bool) -> Message:
        """Return the message that this node is connected (True), or not any more: the last will."""
        return self._sealed(topics.STATE, line([("k", "state"), ("b", self._me.boot), ("on", word)]))

    def _batch_header(self, epoch: str, first: int, previous: bytes, count: int, now: Stamp) -> bytes:
        pairs = [("e", epoch), ("s", first), ("n", count), ("pd", hexlify(previous).decode()), ("b", self._me.boot)]
        return self._stamped("batch", pairs, now)

    def _stamped(self, kind: str, pairs: "list[tuple[str, object]]", now: Stamp) -> bytes:
        times = [("m", now.monotonic_ms), ("t", now.wall_ms), ("q", now.quality)]
        return line([("k", kind), ("dv", self._me.device)] + pairs + times)

    def _sealed(self, channel: str, body: bytes) -> Message:
        return Message(self._me.topic(channel), seal(self._me.uplink_key, body))


def parse(body: bytes) -> Frame:
    """Return the frame of a body whose seal fits. Raises FrameBroken."""
    try:
        members = json.loads(body)
    except (ValueError, RuntimeError):
        raise FrameBroken("no JSON") from None
    if not isinstance(members, dict) or not isinstance(members.get("k"), str) or "v" in members:
        raise FrameBroken("no frame of this version")
    return Frame(members)


def lost(entries) -> int:  # type: ignore[no-untyped-def]
    """Return how many of the first entries can no longer be read."""
    count = 0
    for entry in entries:
        if entry.record is not None:
            break
        count += 1
    return count


def fitting(entries, room: int) -> "list[bytes]":  # type: ignore[no-untyped-def]
    """Return the records of the first entries that fit, at least one, up to one that cannot be read."""
    records: list[bytes] = []
    for entry in entries:
        if entry.record is None or len(records) == COUNT_MAX:
            break
        room -= len(entry.record) + 1
        if records and room < 0:
            break
        records.append(entry.record)
    return records
