"""Live pages: one listener a process, fanned out to the open pages that a change concerns, over server-sent events.

Rule: a page that is told twice shows the same; a page that missed a wake-up is right again at the next pulse.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from http import HTTPStatus

from fastapi import Request
from fastapi.responses import StreamingResponse

from cloud.core.actor import Actor
from cloud.core.clock import Clock
from cloud.core.errors import Refused
from cloud.core.messages import message
from cloud.core.page_wakeups import CHANNEL, Key, opened
from cloud.core.services import Services
from cloud.core.vault import Vault
from cloud.core.wakeups import EVERYTHING, SESSIONS

PULSE_S = 15.0  # a quiet page hears this often that the line is alive
GAP_S = 0.25  # a page is drawn at most this often
STREAM_S_MAX = 300.0  # then the browser asks anew, and its rights are looked at again
STREAMS_MAX = 5_000
STREAMS_OF_ONE_MAX = 60  # a school's screens may share an account; one reader must not take everybody's place

Draw = Callable[[], Awaitable[str]]
Who = Callable[[Request], Awaitable[Actor | None]]
Still = Callable[[], Awaitable[bool]]  # tells whether who looks is signed in still, with the rights of the beginning


class Quiet(Enum):
    """What a page is sent when nothing changed for a while: that it is alive, or the whole anew, since time matters."""

    PULSE = "pulse"
    DRAW = "draw"


class TooManyStreams(Refused):
    """This process shows as many live pages as it can; the page goes on without, and asks again."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "too_many_streams"

    def __init__(self) -> None:
        super().__init__(message("Too many pages are open now. This one goes on without updates for a while."))


@dataclass(eq=False, slots=True)
class Feed:
    """Who waits for what. `run` must be running."""

    _waiting: dict[Key, set[asyncio.Event]] = field(default_factory=lambda: defaultdict(set))
    _closing: asyncio.Event = field(default_factory=asyncio.Event)
    _calls: int = 0
    _of_one: dict[int, set[asyncio.Event]] = field(default_factory=lambda: defaultdict(set))  # by account
    _ended: set[asyncio.Event] = field(default_factory=set)  # of open streams whose account's sessions have changed
    open_streams: int = 0

    async def run(self, services: Services) -> None:
        """Pass wake-ups on until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow(services, CHANNEL, partial(self.hear, services.vault)), name="live pages")
            tasks.create_task(self._follow(services, SESSIONS, self.end), name="ended sessions")

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        self._closing.set()
        self.wake(EVERYTHING)

    def hang_up(self) -> None:
        """End the streams that are open now; browsers ask anew. For the time when this server is to be relieved."""
        self._calls += 1
        self.wake(EVERYTHING)

    @property
    def call(self) -> int:
        """Return a number that changes when streams are to end."""
        return self._calls

    def is_closing(self) -> bool:
        """Tell whether streams have to end."""
        return self._closing.is_set()

    def hear(self, vault: Vault, payload: str) -> None:
        """Wake whom a wake-up is about, as it came from the database."""
        for each in opened(vault, payload):
            self.wake(each)

    def wake(self, payload: str) -> None:
        """Wake who waits for `<school id>:<person ref or *>`; anything else wakes everybody."""
        school, _, person = payload.partition(":")
        if not school.isdigit():
            knocks = [knock for waiting in self._waiting.values() for knock in waiting]
        elif person == EVERYTHING:
            knocks = [knock for key, waiting in self._waiting.items() if key[0] == int(school) for knock in waiting]
        else:
            keys = ((int(school), person), (int(school), EVERYTHING))
            knocks = [knock for key in keys for knock in self._waiting.get(key, ())]
        for knock in knocks:
            knock.set()

    def end(self, payload: str) -> None:
        """End the streams of an account, one or some of whose sessions are over; whose are not, ask anew."""
        accounts = [int(payload)] if payload.isdigit() else list(self._of_one)
        for knock in [each for account_id in accounts for each in self._of_one.get(account_id, ())]:
            self._ended.add(knock)
            knock.set()

    def has_ended(self, knock: asyncio.Event) -> bool:
        """Tell whether a stream has to end, because the session that it is shown to may have."""
        return knock in self._ended

    def check(self, account_id: int) -> None:
        """Raise TooManyStreams when no more pages can be kept live: of all readers, or of this one."""
        if self.open_streams >= STREAMS_MAX or len(self._of_one.get(account_id, ())) >= STREAMS_OF_ONE_MAX:
            raise TooManyStreams

    @contextmanager
    def listen(self, keys: Iterable[Key], account_id: int = 0) -> Iterator[asyncio.Event]:
        """Give an event that is set when something of these keys changed."""
        knock, mine = asyncio.Event(), tuple(keys)
        self.open_streams += 1
        self._of_one[account_id].add(knock)
        for key in mine:
            self._waiting[key].add(knock)
        try:
            yield knock
        finally:
            self.open_streams -= 1
            self._of_one[account_id].discard(knock)
            self._ended.discard(knock)
            if not self._of_one[account_id]:
                del self._of_one[account_id]
            for key in mine:
                self._forget(key, knock)

    async def _follow(self, services: Services, channel: str, hear: Callable[[str], None]) -> None:
        async with await services.wakeups.subscribe(channel) as subscription:
            async for payload in subscription:
                hear(payload)

    def _forget(self, key: Key, knock: asyncio.Event) -> None:
        self._waiting[key].discard(knock)
        if not self._waiting[key]:
            del self._waiting[key]


def stream(request: Request, keys: Iterable[Key], draw: Draw, quiet: Quiet = Quiet.PULSE) -> StreamingResponse:
    """Answer with the fragment now and after every change of the keys, a pulse in between. Raises TooManyStreams."""
    feed: Feed = request.app.state.feed
    services: Services = request.app.state.services
    account_id = request.state.visit.actor.account_id or 0
    feed.check(account_id)
    who: Who = request.app.state.who
    began_as = request.state.visit.actor

    async def still() -> bool:
        now = await who(request)
        return now is not None and now.reaches == began_as.reaches and not now.must_change

    return StreamingResponse(
        _events(feed, services.clock, tuple(keys), draw, quiet, account_id, still),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def _always() -> bool:
    return True


async def _events(
    feed: Feed, clock: Clock, keys: tuple[Key, ...], draw: Draw, quiet: Quiet, account_id: int = 0,
    still: Still = _always,
) -> AsyncGenerator[str]:  # fmt: skip
    ends_at = asyncio.get_running_loop().time() + STREAM_S_MAX
    call = feed.call
    with feed.listen(keys, account_id) as knock:
        knock.set()  # the first drawing: nothing is missed between the page and its stream
        while asyncio.get_running_loop().time() < ends_at and not feed.is_closing():
            if not knock.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(PULSE_S):
                        await knock.wait()
            if feed.is_closing() or feed.call != call or feed.has_ended(knock):
                return
            is_change = knock.is_set() or quiet is Quiet.DRAW
            knock.clear()
            if not await still():
                return  # signed out, closed, or with other rights: the browser asks anew, and is told
            try:
                drawn = event(await draw(), clock) if is_change else event("", clock, name="pulse")
            except Refused:
                return  # the rights have changed: the browser asks anew, and is told
            yield drawn
            await asyncio.sleep(GAP_S)


def event(text: str, clock: Clock, name: str = "") -> str:
    """Return a server-sent event; its id is the server's clock in seconds, shown as the age of what the page shows."""
    lines = [f"id: {int(clock.now().timestamp())}"]
    if name:
        lines.append(f"event: {name}")
    lines += [f"data: {line}" for line in text.split("\n")]
    return "\n".join(lines) + "\n\n"
