"""A device's own side of the wire: its topics, its sealed messages, and opening what the cloud sealed for it."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from edge_agent.sync.actions import Publish
from edge_agent.sync.outbox import Outbox
from edge_agent.sync.ports import Stamp
from schemas import topics
from schemas.seal import mac, seal, unseal
from schemas.structs import AnyFrame, Batch, Gap, Hello, HelloEpoch, State

HEADER_BYTES_MAX = 384  # the seal, the header and their line feeds
_encode = msgspec.json.encode
_decode = msgspec.json.Decoder(AnyFrame).decode


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this device is on the wire; the keys are derived from its secret, `boot` is new at every start."""

    device: str
    school: str
    shard: int
    boot: str
    firmware: str
    uplink_key: bytes
    downlink_key: bytes

    @property
    def client_id(self) -> str:
        """Return the name of a connection at a broker: always the same, so that a new one pushes out a dead one.

        Nobody else can make it up, since a broker lets whoever comes under an id push out its holder.
        """
        return f"{self.device}-{mac(self.uplink_key, b'client id').hex()[:16]}"


class Wire:
    """Makes and opens the messages of one device."""

    def __init__(self, identity: Identity) -> None:
        self._me = identity
        names = (topics.REC, topics.HELLO, topics.STATE, topics.ACK, topics.NOTICE, topics.CMD, topics.PEER)
        self._topics = {name: topics.topic(identity.shard, identity.school, identity.device, name) for name in names}

    def topic(self, channel: str) -> str:
        """Return this device's own topic of a channel."""
        return self._topics[channel]

    def open(self, payload: bytes) -> AnyFrame:
        """Return the frame in a message of the cloud. Raises SealBroken, msgspec.MsgspecError."""
        frame: AnyFrame = _decode(unseal(self._me.downlink_key, payload))
        return frame

    def hello(self, nonce: str, boxes: Sequence[Outbox], roster: int, now: Stamp) -> Publish:
        """Return the greeting that tells what the journal holds."""
        frame = Hello(
            device=self._me.device,
            nonce=nonce,
            boot=self._me.boot,
            epochs=[HelloEpoch(epoch=box.epoch, tail=box.tail, head=box.head) for box in boxes],
            roster=roster,
            firmware=self._me.firmware,
            monotonic_ms=now.monotonic_ms,
            wall_ms=now.wall_ms,
            clock=now.quality,
        )
        return self._sealed(topics.HELLO, _encode(frame))

    def batch(self, epoch: str, first: int, previous: bytes, records: Sequence[bytes], now: Stamp) -> Publish:
        """Return the message with these records, whose first has the number `first` and follows digest `previous`."""
        header = Batch(
            device=self._me.device,
            epoch=epoch,
            first_seq=first,
            count=len(records),
            previous_digest=previous.hex(),
            boot=self._me.boot,
            monotonic_ms=now.monotonic_ms,
            wall_ms=now.wall_ms,
            clock=now.quality,
        )
        return self._sealed(topics.REC, b"\n".join([_encode(header), *records]))

    def gap(self, epoch: str, stretch: tuple[int, int, bytes], now: Stamp, *, is_trimmed: bool) -> Publish:
        """Return the message that stands for (first, last, digest after): trimmed long ago, or unreadable."""
        frame = Gap(
            device=self._me.device,
            epoch=epoch,
            first_seq=stretch[0],
            last_seq=stretch[1],
            digest_after=stretch[2].hex(),
            reason="trimmed" if is_trimmed else "unreadable",
            monotonic_ms=now.monotonic_ms,
            wall_ms=now.wall_ms,
            clock=now.quality,
        )
        return self._sealed(topics.REC, _encode(frame))

    def state(self, *, is_online: bool) -> Publish:
        """Return the presence message; offline is the last will."""
        return self._sealed(topics.STATE, _encode(State(boot=self._me.boot, online=is_online)))

    def presence(self, *, is_online: bool) -> Publish:
        """Return the word to our peers that we hear and are heard; offline is the last will of that connection."""
        return self._sealed(topics.PEER, _encode(State(boot=self._me.boot, online=is_online)))

    def peer(self, body: bytes) -> Publish:
        """Return a message for our own peer topic on the hub's broker."""
        return self._sealed(topics.PEER, body)

    def _sealed(self, channel: str, body: bytes) -> Publish:
        return Publish(self._topics[channel], seal(self._me.uplink_key, body))
