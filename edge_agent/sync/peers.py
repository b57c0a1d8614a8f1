"""Agents of one school reading each other on the hub's broker, with the cloud or without it.

Rule: an agent publishes its records on its own `peer` topic the moment they are durable, whatever the cloud does, and
believes about a device only what came under that device's own name, or from the hub under its own: the broker's access
list keeps anybody else from writing there. Nothing here trims; a view may be late or incomplete, the journal never.
Who is on the hub says so, and again when somebody comes; a last will takes it back.
"""

import asyncio
import contextlib
import sqlite3
import ssl
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from random import Random
from typing import Protocol

import msgspec
import structlog

from edge_agent.sync.actions import Publish
from edge_agent.sync.backoff import Backoff
from edge_agent.sync.hub_store import HubStore, Stored
from edge_agent.sync.mqtt import Broker, Link, LinkFailed
from edge_agent.sync.ports import Entry, Stamp
from edge_agent.sync.wire import Identity, Wire
from schemas import topics
from schemas.seal import SealBroken, split
from schemas.structs import AnyFrame, Batch, ClaimAsk, ClaimTold, Frame, PeerDone, PeerHello, PeerHelloMark, State

RECENT_MAX = 4_096
MARKS_MAX = 64
CATCH_UP_S = 10.0
HELD_BACK_MAX = 20_000  # messages that wait for the hub's answer; then it is waited for no longer
_decode = msgspec.json.Decoder(AnyFrame).decode
log = structlog.get_logger()


class Observer(Protocol):
    """Who keeps the view: told every record of every agent, in the order of each epoch; the same one may come twice."""

    def observe(self, device: str, epoch: str, seq: int, record: bytes) -> None: ...


class ClaimListener(Protocol):
    """Who is told of claims: questions of tills, and answers."""

    def __call__(self, device: str, frame: Frame, *, is_to_us: bool) -> None: ...


class Peers:
    """One agent's place among its peers."""

    def __init__(
        self,
        identity: Identity,
        observer: Observer,
        broker: Broker,
        stamp: Callable[[], Stamp],
        rng: Random,
        *,
        store: HubStore | None = None,
        tls: Callable[[], ssl.SSLContext | None] = lambda: None,
        keepalive_s: int = 20,
    ) -> None:
        self.is_connected = False
        self.is_caught_up = False
        self.foreign = 0  # messages under a name that was not theirs
        self.on_claim: ClaimListener = lambda _device, _frame, *, is_to_us: None  # noqa: ARG005
        self._me = identity
        self._wire = Wire(identity)
        self._observer = observer
        self._broker = broker
        self._stamp = stamp
        self._rng = rng
        self._store = store
        self._tls = tls
        self._keepalive_s = keepalive_s
        self._link: Link | None = None
        self._present: dict[str, str] = {}  # device -> the boot that said so
        self._marks: dict[tuple[str, str], int] = {}
        self._recent: deque[Entry] = deque(maxlen=RECENT_MAX)
        self._unshared: deque[Entry] = deque()
        self._asked_at: dict[tuple[str, str], int] = {}
        self._held_back: list[tuple[str, bytes]] = []
        self._nonce = ""
        self._questions: asyncio.Queue[PeerHello] = asyncio.Queue(maxsize=64)

    def hears(self, devices: Collection[str]) -> bool:
        """Tell whether nothing these devices wrote can be missing here: all are on the hub, and we have caught up."""
        others = set(devices) - {self._me.device}
        return self.is_connected and self.is_caught_up and others <= self._present.keys()

    def is_present(self, device: str) -> bool:
        """Tell whether a device is on the hub, as we are."""
        return self.is_connected and device in self._present

    def send(self, frame: Frame, to: str = "") -> bool:
        """Send a frame under our own name, or as the hub under another device's; tell whether there is a link."""
        if self._link is None:
            return False
        sealed = self._wire.peer(msgspec.json.encode(frame))
        topic = topics.topic(self._me.shard, self._me.school, to or self._me.device, topics.PEER)
        self._link.publish(Publish(topic, sealed.payload))
        return True

    async def run(self) -> None:
        """Keep connected to the hub until cancelled."""
        backoff = Backoff(self._rng, 300, 10_000)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._answer_questions(), name="peers.answer")
            while True:
                try:
                    await self._serve(backoff)
                except (LinkFailed, OSError) as error:
                    log.info("hub.unreachable", error=str(error))
                finally:
                    self.is_connected, self.is_caught_up, self._link = False, False, None
                    self._present.clear()
                await asyncio.sleep(backoff.next_ms() / 1000)

    def appended(self, entries: Iterable[Entry]) -> None:
        """Share entries of our own that are durable now; while the hub is away they wait."""
        readable = [entry for entry in entries if entry.record is not None]
        self._recent.extend(readable)
        if self._link is not None:
            self._unshared.extend(readable)
            self._share()

    # The connection

    async def _serve(self, backoff: Backoff) -> None:
        link = Link(
            self._broker,
            f"{self._me.client_id}-peer",
            self._heard,
            will=self._wire.presence(is_online=False),
            tls=self._tls(),
            keepalive_s=self._keepalive_s,
        )
        school = f"{self._me.shard:02d}", self._me.school
        await link.open([topics.everyone(channel, *school) for channel in (topics.REC, topics.PEER)])
        try:
            backoff.reset()
            self._link, self.is_connected = link, True
            self._unshared = deque(self._recent)  # What the hub heard of us before it went may be lost with it.
            self._share()
            link.publish(self._wire.presence(is_online=True))  # who hears this has heard the rest before
            self._ask()
            log.info("hub.left", reason=await link.ended())
        finally:
            link.publish(self._wire.presence(is_online=False))
            await link.close()

    def _share(self) -> None:
        while self._link is not None and self._unshared:
            run = [self._unshared.popleft()]
            while self._unshared and self._follows(run[-1], self._unshared[0]) and len(run) < 100:
                run.append(self._unshared.popleft())
            self._publish_run(self._link, run)

    @staticmethod
    def _follows(one: Entry, other: Entry) -> bool:
        return other.epoch == one.epoch and other.seq == one.seq + 1

    def _publish_run(self, link: Link, run: Sequence[Entry]) -> None:
        records = [entry.record for entry in run if entry.record is not None]
        # Peers hold no keys and check no chain; the digest before the first record is not at hand here.
        batch = self._wire.batch(run[0].epoch, run[0].seq, bytes(16), records, self._stamp())
        link.publish(Publish(self._wire.topic(topics.PEER), batch.payload))

    # Catching up

    def _ask(self) -> None:
        """Tell the hub what we have, so that it sends the rest."""
        if self._link is None:
            return
        self.is_caught_up = False
        self._nonce = f"{self._rng.getrandbits(64):016x}"
        newest = list(self._marks.items())[-MARKS_MAX:]
        marks = [PeerHelloMark(device=device, epoch=epoch, upto=upto) for (device, epoch), upto in newest]
        hello = PeerHello(device=self._me.device, nonce=self._nonce, marks=marks)
        self._link.publish(self._wire.peer(msgspec.json.encode(hello)))
        asyncio.get_running_loop().call_later(CATCH_UP_S, self._wait_no_longer, self._nonce)

    def _wait_no_longer(self, nonce: str) -> None:
        """Go on when the hub does not answer: what came meanwhile must not wait for it."""
        if nonce == self._nonce and not self.is_caught_up:
            self._caught_up()

    def _caught_up(self) -> None:
        self.is_caught_up = True
        held_back, self._held_back = self._held_back, []
        for topic, payload in held_back:
            self._heard(topic, payload)

    async def _answer_questions(self) -> None:
        """On the hub: send each asker what it lacks, then say that this was all."""
        while True:
            question = await self._questions.get()
            if self._store is None:
                continue
            marks = {(mark.device, mark.epoch): mark.upto for mark in question.marks}
            try:
                messages = await self._store.since(marks)
            except sqlite3.Error as error:  # The asker waits a while, and goes on without.
                log.error("hub.unanswered", device=question.device, error=str(error))  # noqa: TRY400
                continue
            self._answer(question, messages)

    def _answer(self, question: PeerHello, messages: Sequence[bytes]) -> None:
        if self._link is None:  # It went while the store was read; who asked asks again.
            return
        answer_to = topics.topic(self._me.shard, self._me.school, question.device, topics.PEER)
        for message in messages:
            self._link.publish(Publish(answer_to, message))
        done = self._wire.peer(msgspec.json.encode(PeerDone(nonce=question.nonce, count=len(messages))))
        self._link.publish(Publish(answer_to, done.payload))

    # Hearing

    def _heard(self, topic: str, payload: bytes) -> None:
        try:
            _, _, sender, channel = topics.parse(topic)
            _, body = split(payload)
            head, _, rest = body.partition(b"\n")
            frame = _decode(head)
        except (topics.TopicForeign, SealBroken, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self.foreign += 1
            return
        is_to_us = sender == self._me.device and channel == topics.PEER
        match frame:
            case Batch():
                self._heard_batch(frame, rest, topic, payload, is_to_us=is_to_us)
            case PeerHello() if frame.device == sender:
                self._asked(frame)
            case State() if channel == topics.PEER:
                self._met(sender, frame)
            case PeerDone() if is_to_us and frame.nonce == self._nonce:
                self._caught_up()
            case ClaimAsk() | ClaimTold() if channel == topics.PEER:
                self.on_claim(sender, frame, is_to_us=is_to_us)
            case _:
                pass

    def _asked(self, question: PeerHello) -> None:
        """Say to somebody who comes that we are here; on the hub, tell it what it missed."""
        if self._link is not None and question.device != self._me.device:
            self._link.publish(self._wire.presence(is_online=True))
        if self._store is not None:
            with contextlib.suppress(asyncio.QueueFull):
                self._questions.put_nowait(question)

    def _met(self, device: str, state: State) -> None:
        if state.online:
            is_new = self._present.get(device) != state.boot
            self._present[device] = state.boot
            if is_new and not self.is_caught_up:  # It may be the hub, which was not there yet when we asked.
                self._ask()
        elif self._present.get(device) == state.boot:
            del self._present[device]

    def _heard_batch(self, batch: Batch, rest: bytes, topic: str, payload: bytes, *, is_to_us: bool) -> None:
        sender = topics.parse(topic)[2]
        if batch.device != sender and not is_to_us:
            self.foreign += 1
            return
        if not self.is_caught_up and not is_to_us:
            self._held_back.append((topic, payload))
            if len(self._held_back) >= HELD_BACK_MAX:
                self._caught_up()
            return
        records = rest.split(b"\n")
        last = batch.first_seq + len(records) - 1
        if self._store is not None:
            stored = Stored(batch.device, batch.epoch, batch.first_seq, last, payload)
            self._store.keep(stored, self._stamp().wall_ms)
        self._observe(batch, records, last)

    def _observe(self, batch: Batch, records: Sequence[bytes], last: int) -> None:
        key = (batch.device, batch.epoch)
        mark = self._marks.get(key, 0)
        for seq, record in enumerate(records, start=batch.first_seq):
            if seq > mark:
                self._observer.observe(batch.device, batch.epoch, seq, record)
        is_hole = mark > 0 and batch.first_seq > mark + 1
        if not is_hole or self._asked_at.get(key) == mark:
            self._marks[key] = max(mark, last)
        elif self.is_caught_up:
            self._asked_at[key] = mark
            self._ask()
