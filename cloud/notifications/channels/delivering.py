"""The deliverer: lets each channel's sender carry what is due, some at once, and notes how each went.

Rule: a message that may have gone is sent once more at most, and that is counted; where a message costs, never. Before
each try it is asked anew whether somebody may still be told.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from cloud.core.errors import kinds_of
from cloud.core.services import Services
from cloud.core.sms import parts_of
from cloud.notifications.channels import spending
from cloud.notifications.channels.addresses import note_gone
from cloud.notifications.channels.confirming import reference_of
from cloud.notifications.channels.planning import DELIVERIES
from cloud.notifications.channels.queue import Due, Mark, claim, ended, mark, note_doubled, unsent
from cloud.notifications.channels.rules import TRIES_MAX, State, Why, pause_s
from cloud.notifications.channels.sender import (
    Gone,
    Later,
    Message,
    Outcome,
    Paused,
    Refused,
    Sender,
    Unanswered,
)
from cloud.notifications.wording import page_of, words_of

LOOK_S = 1.0  # it looks at least this often, also when no wake-up came
SEND_S = 20.0  # how long a sender may take for one message
PAUSE_S_MAX = 600.0  # a channel rests no longer at a time
TAG = "delivery.tag"  # context at the vault
TAG_LETTERS = 16
log = structlog.get_logger()


@dataclass(slots=True)
class Deliverer:
    """Delivers by all channels until cancelled."""

    services: Services
    senders: Mapping[str, Sender]

    async def run(self) -> None:
        """Follow the queue."""
        lines = [Line(self.services, sender) for sender in self.senders.values()]
        async with asyncio.TaskGroup() as group:
            group.create_task(self._hear(lines), name="deliveries.hear")
            for line in lines:
                group.create_task(line.run(), name=f"deliveries.{line.sender.name}")

    async def deliver_all(self) -> None:
        """Deliver everything that is due now."""
        for sender in self.senders.values():
            await Line(self.services, sender).drain()

    async def _hear(self, lines: Sequence["Line"]) -> None:
        async with await self.services.wakeups.subscribe(DELIVERIES) as news:
            async for _ in news:
                for line in lines:
                    line.wake()


@dataclass(slots=True)
class Line:
    """What one channel's sender carries."""

    services: Services
    sender: Sender
    _moved: asyncio.Event = field(default_factory=asyncio.Event)
    _out: set[int] = field(default_factory=set)
    _marks: list[Mark] = field(default_factory=list)
    _marking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _rests_until_s: float = 0.0

    def wake(self) -> None:
        """Let it look at the queue."""
        self._moved.set()

    async def run(self) -> None:
        """Carry what is due, for ever."""
        while True:
            await self.drain()
            await self._wait()

    async def drain(self) -> None:
        """Carry what is due, until nothing is and nothing is on its way."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._moved.clear()
                due = await self._claimed()
                for each in due:
                    self._out.add(each.id)
                    tasks.create_task(self._carry(each), name="deliveries.carry")
                if not due and not self._out:
                    return
                if not due:
                    await self._wait()

    async def _claimed(self) -> list[Due]:
        room = self.sender.traits.together - len(self._out)
        if room <= 0 or self.services.clock.monotonic_s() < self._rests_until_s:
            return []
        return await claim(self.services, self.sender.name, room)

    async def _wait(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                await self._moved.wait()

    async def _carry(self, due: Due) -> None:
        try:
            became = unsent(due, self.sender.traits, self.services.clock.now()) or await self._sent(due)
            await self._note(became)
        finally:
            self._out.discard(due.id)
            self._moved.set()

    async def _sent(self, due: Due) -> Mark:
        if due.address is None:
            await note_gone(self.services, [due.address_id], "changed")
            return Mark(due, State.SKIPPED, Why.NO_ADDRESS)
        if due.was_claimed and not self.sender.traits.is_paid:
            log.warning("delivery.doubled", channel=self.sender.name, delivery=due.id)
            await note_doubled(self.services.database.pool, due)
        message = self._message(due)
        if not self.sender.traits.is_paid:
            return await self._noted(due, await self._ask(message, due))
        month = spending.month_of(due.claimed_at, due.zone)
        if not await spending.reserve(self.services, due.school_id, month, parts_of(message.short), due.id):
            return Mark(due, State.SKIPPED, Why.CAP)
        outcome = await self._ask(message, due)
        if isinstance(outcome, Refused | Later | Paused | Gone):
            await spending.release(self.services, month, due.id)
        return await self._noted(due, outcome)

    async def _ask(self, message: Message, due: Due) -> Outcome:
        assert due.address is not None, "who has no address is skipped before"  # noqa: S101
        try:
            async with asyncio.timeout(SEND_S):
                return await self.sender.send(message, due.address)
        except Exception as error:  # noqa: BLE001 - a sender's own fault is one try that failed; the others go on
            why = "timeout" if isinstance(error, TimeoutError) else "error"
            log.warning("delivery.raised", channel=self.sender.name, error=kinds_of(error))
            return Later(why) if self.sender.traits.repeats else Unanswered(why)

    async def _noted(self, due: Due, outcome: Outcome) -> Mark:
        """Return what an outcome makes of a delivery."""
        now = self.services.clock.now()
        match outcome:
            case Later(why, after_s):
                return self._later(due, why, after_s)
            case Paused(why, after_s):
                rests_s = min(max(after_s, LOOK_S), PAUSE_S_MAX)
                self._rests_until_s = self.services.clock.monotonic_s() + rests_s
                return Mark(due, State.QUEUED, why, now + timedelta(seconds=rests_s), untried=1)
            case Gone(why):
                await note_gone(self.services, [due.address_id], why)
                return Mark(due, State.DEAD, why)
            case _:
                return ended(due, outcome, now)

    def _later(self, due: Due, why: str, after_s: float | None) -> Mark:
        wait = timedelta(seconds=pause_s(due.tries, after_s, self.services.rng))
        next_at = self.services.clock.now() + wait
        if due.tries >= TRIES_MAX or next_at >= due.expires_at:
            return Mark(due, State.DEAD, why)
        return Mark(due, State.FAILED, why, next_at)

    async def _note(self, became: Mark) -> None:
        """Write what became of it, together with what others became while the last ones were written."""
        self._marks.append(became)
        async with self._marking:
            marks, self._marks = self._marks, []
            if marks:
                await mark(self.services.database.pool, marks)

    def _message(self, due: Due) -> Message:
        words = words_of(due.notice, due.language, self.services.clock.now(), due.held_until)
        tag = self.services.vault.digest(f"{due.account_id}\n{due.fact}", TAG)[:TAG_LETTERS]
        return Message(
            reference_of(self.services.vault, due.id), due.notice.id, words.title, words.body, words.short,
            self.services.settings.public_url + page_of(due.notice), due.language, due.notice.at, tag, due.is_urgent,
            due.expires_at,
        )  # fmt: skip
