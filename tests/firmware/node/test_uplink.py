"""The node's uplink over a network that comes and goes, in simulated time: each record arrives once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from random import Random

from firmware.node.mqtt import TROUBLE
from firmware.node.session import Session
from firmware.node.uplink import FetchFailed, Uplink, Waits
from schemas.structs import Cmd, Notice
from simulators.loop import run, running
from tests.edge_agent.sync.model import MemoryCloud
from tests.firmware.node.air import Air, NodeWorld
from tests.firmware.node.conversation import NODE, WALL_MS, Checked

LIVE = "e" * 16


class Place:
    """An uplink with everything around it."""

    def __init__(self) -> None:
        self.cloud = MemoryCloud()
        self.journal = Checked(self.cloud)
        self.journal.begin(LIVE)
        self.air = Air(self.cloud)
        self.world = NodeWorld(lambda: running().now_ms, self.journal)
        self.world.connections = lambda: self.air.count
        self.session = Session(NODE, self.journal, Random(1))
        self.uplink = Uplink(self.session, self.world, NODE.client_id, Random(2), self.air.link, int)  # type: ignore[arg-type] # a link of tests

    def append(self, *records: bytes) -> None:
        self.journal.append(*records)
        self.uplink.appended()

    @property
    def unsent(self) -> int:
        return sum(state.head - state.tail + 1 for state in self.journal.epochs())

    def deliver(self, payload: bytes) -> None:
        """Send a message of the cloud to every connection."""
        for link in self.air._links:
            link.heard.put_nowait(payload)


@contextlib.asynccontextmanager
async def placed() -> AsyncIterator[Place]:
    place = Place()
    task = asyncio.create_task(place.uplink.run())
    try:
        yield place
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def story(told: Callable[[Place], Awaitable[None]]) -> Place:
    """Run a story in simulated time and return the place as it was left."""

    async def whole() -> Place:
        async with placed() as place:
            await told(place)
            return place

    return run(whole())


def test_records_written_while_away_arrive_once_in_order() -> None:
    async def told(place: Place) -> None:
        place.air.drop()
        place.append(b"one", b"two")
        await asyncio.sleep(100)
        assert place.unsent == 2
        place.air.is_there = True
        await asyncio.sleep(40)
        place.append(b"three")
        await asyncio.sleep(1)

    place = story(told)

    assert place.cloud.written(LIVE) == [b"one", b"two", b"three"]
    assert place.unsent == 0


def test_fault_26_wifi_that_flaps_for_an_hour_loses_nothing_and_costs_no_storm() -> None:
    written = [b"%d" % number for number in range(600)]

    async def told(place: Place) -> None:
        for number in range(600):  # one second there, five not
            place.air.is_there = place.world.online = True
            place.append(written[number])
            await asyncio.sleep(1)
            place.air.drop()
            place.world.online = False
            await asyncio.sleep(5)
        assert len(place.uplink._outbox) < 8
        place.air.is_there = place.world.online = True
        await asyncio.sleep(60)

    place = story(told)

    assert place.cloud.written(LIVE) == written
    assert place.unsent == 0
    assert place.air.opened <= 2 * 600
    assert place.world.told.count(("report", "journal_damaged", "")) == 0


def test_fault_16_a_broker_that_restarts_every_30_seconds_is_used_while_it_is_up() -> None:
    async def told(place: Place) -> None:
        for number in range(20):
            place.append(b"%d" % number)
            await asyncio.sleep(25)
            place.air.cut()
            await asyncio.sleep(5)

    place = story(told)

    assert len(place.cloud.written(LIVE)) == 20
    assert place.air.opened <= 30


def test_brokers_are_tried_in_turn_and_ever_more_rarely() -> None:
    async def told(place: Place) -> None:
        place.world.routes = ["hub", "cloud"]
        place.air.is_there = False
        await asyncio.sleep(3_600)

    place = story(told)

    assert place.air.hosts[:4] == ["hub", "cloud", "hub", "cloud"]
    assert 3_600 / 35 < len(place.air.hosts) < 3_600 / 10


def test_a_connection_that_was_ended_for_an_errand_is_made_again_with_the_best_broker() -> None:
    async def told(place: Place) -> None:
        place.world.routes = ["hub", "cloud"]
        await asyncio.sleep(0.015)  # connected, and not welcomed yet
        place.uplink.want_errand(lambda: asyncio.sleep(1))
        await asyncio.sleep(10)

    assert set(story(told).air.hosts) == {"hub"}


def test_a_roster_is_fetched_between_two_connections_and_the_session_goes_on() -> None:
    async def told(place: Place) -> None:
        await asyncio.sleep(5)
        notice = Notice(what="roster", roster=4, wall_ms=0)
        place.deliver(MemoryCloud.sealed(notice))
        await asyncio.sleep(5)
        place.append(b"after")
        await asyncio.sleep(5)

    place = story(told)

    assert place.world.roster == 4
    assert place.world.asked == [4]
    assert place.air.opened == 2
    assert place.cloud.written(LIVE) == [b"after"]


def test_a_roster_that_does_not_come_is_waited_for_longer_and_longer_while_records_go_on() -> None:
    async def told(place: Place) -> None:
        place.world.roster = 1  # the cloud has 3
        place.world.fetch_error = FetchFailed("refused: digest")
        for number in range(60):
            place.append(b"%d" % number)
            await asyncio.sleep(60)

    place = story(told)

    assert len(place.cloud.written(LIVE)) == 60
    assert 10 < len(place.world.fetches) < 60
    assert place.air.opened < 100


def test_an_errand_runs_once_beside_no_connection_and_its_failure_is_nobodys() -> None:
    ran: list[int] = []

    async def told(place: Place) -> None:
        async def errand() -> None:
            ran.append(place.air.count)
            raise KeyError("a bug")

        await asyncio.sleep(5)
        place.uplink.want_errand(errand)
        place.append(b"one")
        await asyncio.sleep(10)

    place = story(told)

    assert ran == [0]
    assert place.cloud.written(LIVE) == [b"one"]
    assert place.air.opened == 2


def test_what_is_held_but_no_good_is_fetched_again() -> None:
    async def told(place: Place) -> None:
        await asyncio.sleep(5)
        place.uplink.want_roster()
        await asyncio.sleep(5)

    assert story(told).world.asked == [0]


def test_commands_and_time_reach_the_world() -> None:
    async def told(place: Place) -> None:
        await asyncio.sleep(5)
        cmd = Cmd(id="c" * 16, counter=1, expires_ms=WALL_MS + 10**9, action="report")
        place.deliver(MemoryCloud.sealed(cmd))
        await asyncio.sleep(1)

    place = story(told)

    assert [told[0] for told in place.world.told] == ["time", "obey"]


def test_a_session_that_fails_ends_the_connection_and_the_next_one_goes_on() -> None:
    async def told(place: Place) -> None:
        await asyncio.sleep(5)
        received = place.session.received
        place.session.received = _broken  # type: ignore[method-assign, assignment]
        place.append(b"one")
        await asyncio.sleep(5)
        place.session.received = received  # type: ignore[method-assign]
        await asyncio.sleep(60)

    place = story(told)

    assert place.cloud.written(LIVE) == [b"one"]
    assert place.air.opened >= 2


def _broken(*_arguments: object) -> list[tuple[object, ...]]:
    raise KeyError("a bug")


def test_whoever_appends_makes_no_message_and_meets_no_trouble_of_the_wire() -> None:
    async def told(place: Place) -> None:
        await asyncio.sleep(5)
        room, read = place.session.wire.room, place.journal.read
        place.session.wire.room = _broken  # type: ignore[method-assign, assignment]
        place.journal.read = _broken  # type: ignore[method-assign, assignment]
        place.append(b"one")
        place.session.wire.room, place.journal.read = room, read  # type: ignore[method-assign]
        await asyncio.sleep(1)

    place = story(told)

    assert place.cloud.written(LIVE) == [b"one"]
    assert place.air.opened == 1


def test_waits_double_to_their_limit_and_begin_again() -> None:
    waits = Waits(Random(1), 500, 30_000)

    drawn = [waits.next_ms() for _ in range(12)]
    waits.reset()

    assert all(100 <= wait <= 30_000 for wait in drawn)
    assert drawn[0] <= 500
    assert max(drawn[7:]) > 10_000
    assert waits.next_ms() <= 500


def test_what_ends_a_connection_is_no_end_of_the_program() -> None:
    assert {OSError, EOFError, ValueError, MemoryError} <= set(TROUBLE)
