"""Fetching rosters from a small HTTP server that checks the signature."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from random import Random

import pytest

from edge_agent.sync.roster_fetch import CANTEEN_PATH, DOORS_PATH, RosterFetch
from schemas.requests import signature
from schemas.roster import RosterRefused
from tests.edge_agent.sync.model import At
from tests.waiting import until_async

KEY = bytes(range(32))


class FakeSlots:
    """Takes files that are a number; refuses deltas when told to, and everything that is not a number."""

    def __init__(self, *, takes_deltas: bool = True) -> None:
        self.version = 5
        self.takes_deltas = takes_deltas

    async def offer(self, file: bytes, now_ms: int) -> int:
        assert now_ms >= 0
        kind, number = file.split()
        if kind == b"delta" and not self.takes_deltas:
            raise RosterRefused("base", "does not fit")
        if not number.isdigit():
            raise RosterRefused("truncated", "too short")
        self.version = int(number)
        return self.version


class Server:
    """Answers /device/v1/roster; remembers what was asked and whether it was signed."""

    def __init__(self) -> None:
        self.targets: list[str] = []
        self.nonces: set[str] = set()
        self.answer = b"8"
        self.status = 200
        self.port = 0

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Server"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, target, _ = request.split("\r\n")[0].split()
        sent = dict(line.lower().split(": ", 1) for line in request.split("\r\n")[1:] if line)
        assert sent["esik-device"] == "gate-1"
        assert sent["esik-signature"] == signature(KEY, method, target, sent["esik-nonce"], sent["esik-time"])
        self.targets.append(target)
        self.nonces.add(sent["esik-nonce"])
        kind = b"snapshot " if target.endswith("=0") else b"delta "
        body = kind + self.answer
        head = f"HTTP/1.1 {self.status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()


class Fetching:
    """A fetch at work."""

    def __init__(self, server: Server, slots: FakeSlots, path: str = DOORS_PATH) -> None:
        self.is_needed = True
        self.refused: list[str] = []
        self.taken: list[int] = []
        self.fetch = RosterFetch(
            f"http://127.0.0.1:{server.port}/",
            "gate-1",
            KEY,
            slots,
            lambda: At(1),
            Random(1),
            refused=self.refused.append,
            taken=self.taken.append,
            path=path,
            is_needed=lambda: self.is_needed,
        )

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Fetching"]:
        task = asyncio.create_task(self.fetch.run())
        try:
            yield self
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def test_a_newer_roster_is_fetched_as_a_delta_over_the_one_held() -> None:
    slots = FakeSlots()
    async with Server().running() as server, Fetching(server, slots).running() as fetching:
        fetching.fetch.want(8)
        await until_async(lambda: slots.version == 8)

        assert server.targets == ["/device/v1/roster?base=5"]
        assert fetching.taken == [8]


async def test_a_delta_that_does_not_fit_is_followed_by_a_snapshot() -> None:
    slots = FakeSlots(takes_deltas=False)
    async with Server().running() as server, Fetching(server, slots).running() as fetching:
        fetching.fetch.want(8)
        await until_async(lambda: slots.version == 8)

        assert server.targets == ["/device/v1/roster?base=5", "/device/v1/roster?base=0"]
        assert fetching.refused == ["base"]
        assert len(server.nonces) == 2


@pytest.mark.parametrize("version", [5, 4, 0])
async def test_an_older_or_equal_version_is_not_fetched(version: int) -> None:
    slots = FakeSlots()
    async with Server().running() as server, Fetching(server, slots).running() as fetching:
        fetching.fetch.want(version)
        fetching.fetch.want(8)
        await until_async(lambda: slots.version == 8)

        assert len(server.targets) == 1


async def test_the_version_held_is_fetched_whole_again_on_command() -> None:
    slots = FakeSlots()
    async with Server().running() as server, Fetching(server, slots).running() as fetching:
        server.answer = b"5"
        fetching.fetch.want_again()
        await until_async(lambda: fetching.taken == [5])
        server.answer = b"8"
        fetching.fetch.want(8)
        await until_async(lambda: slots.version == 8)

        assert server.targets == ["/device/v1/roster?base=0", "/device/v1/roster?base=5"]


async def test_fault_32_a_truncated_roster_is_refused_reported_and_asked_for_again() -> None:
    slots = FakeSlots()
    async with Server().running() as server, Fetching(server, slots).running() as fetching:
        server.answer = b"x"
        fetching.fetch.want(8)
        await until_async(lambda: fetching.refused == ["truncated", "truncated"])
        assert slots.version == 5

        server.answer = b"8"
        await until_async(lambda: slots.version == 8)


async def test_a_cloud_that_answers_with_an_error_is_asked_again_later() -> None:
    slots = FakeSlots()
    async with Server().running() as server, Fetching(server, slots).running() as fetching:
        server.status = 503
        fetching.fetch.want(8)
        await until_async(lambda: len(server.targets) == 1)
        server.status = 200
        await until_async(lambda: slots.version == 8)

        assert fetching.refused == []


async def test_a_cloud_that_gives_less_than_it_announces_is_not_asked_without_a_pause() -> None:
    """As one that reads from a copy of its database which lags behind."""
    slots = FakeSlots()
    async with Server().running() as server, Fetching(server, slots).running() as fetching:
        server.answer = b"7"
        fetching.fetch.want(8)
        await until_async(lambda: slots.version == 7)
        for _ in range(20):
            await asyncio.wait_for(server_turn(server.port), 30)

        assert len(server.targets) == 1


async def test_a_look_brings_what_is_newer_by_a_delta_of_its_own_address() -> None:
    slots = FakeSlots()
    async with Server().running() as server, Fetching(server, slots, CANTEEN_PATH).running() as fetching:
        fetching.fetch.look()
        await until_async(lambda: slots.version == 8)

        assert server.targets == ["/device/v1/roster/canteen?base=5"]


async def test_a_look_that_finds_nothing_newer_is_over() -> None:
    slots = FakeSlots()
    async with Server().running() as server, Fetching(server, slots).running() as fetching:
        server.status = 304
        fetching.fetch.look()
        await until_async(lambda: len(server.targets) == 1)
        for _ in range(20):
            await asyncio.wait_for(server_turn(server.port), 30)
        assert len(server.targets) == 1
        server.status = 200
        fetching.fetch.look()
        await until_async(lambda: slots.version == 8)

        assert server.targets == ["/device/v1/roster?base=5"] * 2
        assert (fetching.refused, fetching.taken) == ([], [8])


async def test_news_are_not_kept_waiting_for_the_next_try() -> None:
    slots = FakeSlots()
    async with Server().running() as server, Fetching(server, slots).running() as fetching:
        server.status = 503
        for tries in range(1, 8):  # by then a try waits for a minute
            fetching.fetch.look()
            await until_async(lambda tries=tries: len(server.targets) >= tries)  # type: ignore[misc]
        server.status = 200
        fetching.fetch.look()

        await until_async(lambda: slots.version == 8)


async def test_what_is_not_needed_is_not_asked_for() -> None:
    slots = FakeSlots()
    async with Server().running() as server, Fetching(server, slots).running() as fetching:
        fetching.is_needed = False
        fetching.fetch.look()
        fetching.fetch.want_again()
        for _ in range(20):
            await asyncio.wait_for(server_turn(server.port), 30)
        assert server.targets == []

        fetching.is_needed = True
        fetching.fetch.look()
        await until_async(lambda: slots.version == 8)


async def server_turn(port: int) -> None:
    """Let the loop carry one connection through from its beginning to its end."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    await writer.wait_closed()
