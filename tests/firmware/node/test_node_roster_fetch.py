"""Fetching a roster: by ranges, signed, over broken connections; and what is not to be gone by leaves the old one."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable
from random import Random

import pytest

from firmware.node.clock import NTP, Stamp
from firmware.node.http import HttpBroken
from firmware.node.roster_fetch import RANGE_BYTES, TARGET, RosterFetch, Server
from firmware.node.slots import Slots
from firmware.node.uplink import FetchFailed
from schemas.requests import DEVICE, NONCE, SIGNATURE, TIME, answer_headers, signature
from simulators.flash import Flash
from tests.edge_agent.school import MONDAY_8_MS
from tests.firmware.node.node_school import HTTP_KEY, node_file, slots_on, take
from tests.firmware.node.test_slots import many_cards
from tests.servers.process import free_port

FILE = node_file(many_cards(1_500), version=8)  # three ranges
Answer = Callable[[int, int], bytes | None]  # first byte, how often it was asked: the answer, or None to hang up


class Shop:
    """A server of one file, and a fetch that asks it."""

    def __init__(self, slots: Slots, port: int) -> None:
        self.slots = slots
        self.asked: list[dict[str, str]] = []
        self.targets: list[str] = []
        self.refused: list[str] = []
        self.connections = 0
        self.fetch = RosterFetch(
            Server(f"http://127.0.0.1:{port}"), "gate-1", HTTP_KEY, slots, lambda: Stamp(0, MONDAY_8_MS, NTP),
            Random(1).randbytes, lambda: None, self.refused.append,
        )  # fmt: skip


@contextlib.asynccontextmanager
async def shop(answer: Answer) -> AsyncIterator[Shop]:
    port = free_port()
    place = Shop(slots_on(Flash(60)), port)
    take(place.slots, node_file())  # version 7 is held

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        place.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                place.targets.append(head.split()[1])
                place.asked.append(dict(re.findall(r"([\w-]+): (.*)\r", head)))
                found = re.search(r"bytes=(\d+)-", head)
                said = answer(int(found[1]) if found else 0, len(place.asked))
                if said is None:
                    break
                writer.write(said)
                await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield place
    finally:
        listening.close()


def whole(file: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(file) + file


def ranged(file: bytes, first: int, length: int = RANGE_BYTES) -> bytes:
    piece = file[first : first + length]
    told = b"Content-Range: bytes %d-%d/%d\r\nContent-Length: %d" % (
        first,
        first + len(piece) - 1,
        len(file),
        len(piece),
    )
    return b"HTTP/1.1 206 Partial Content\r\n" + told + b"\r\n\r\n" + piece


async def test_a_roster_comes_by_ranges_over_one_connection_each_request_signed_anew() -> None:
    async with shop(lambda first, _: ranged(FILE, first)) as place:
        version = await place.fetch.fetch()

        assert (version, place.slots.version, place.connections, len(place.asked)) == (8, 8, 1, 3)
        assert place.slots.roster is not None
        assert place.slots.roster.lookup(f"{1_499:024x}") is not None
    assert len({asked[NONCE] for asked in place.asked}) == 3
    for asked in place.asked:
        signed = signature(HTTP_KEY, "GET", TARGET, asked[NONCE], asked[TIME])
        assert (asked[DEVICE], asked[SIGNATURE]) == ("gate-1", signed)


async def test_a_server_without_ranges_is_served_by_too() -> None:
    async with shop(lambda _first, _count: whole(FILE)) as place:
        assert await place.fetch.fetch() == 8


async def test_a_connection_that_breaks_is_made_anew_and_goes_on_where_it_was() -> None:
    async with shop(lambda first, count: None if count == 2 else ranged(FILE, first)) as place:
        assert await place.fetch.fetch() == 8
        assert place.connections == 2
        assert [asked["Range"].split("-")[0] for asked in place.asked] == [
            "bytes=0", "bytes=16384", "bytes=16384", "bytes=32768",
        ]  # fmt: skip


async def test_a_server_that_always_hangs_up_is_left() -> None:
    async with shop(lambda _first, _count: None) as place:
        with pytest.raises((EOFError, OSError)):
            await place.fetch.fetch()

        assert (place.slots.version, place.connections) == (7, 1)


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (node_file(many_cards(9), version=8, key=b"x" * 32), "signature"),
        (node_file(many_cards(9), version=6), "version"),
        (node_file(many_cards(9), version=8, school="other5"), "school"),
        (FILE[:-26], "truncated"),
        (FILE[:-1] + bytes([FILE[-1] ^ 1]), "digest"),
        (node_file(many_cards(9), version=8, not_after_ms=MONDAY_8_MS - 1), "expired"),
    ],
)
async def test_fault_32_a_file_that_is_not_to_be_gone_by_is_refused_and_the_old_one_stays(
    file: bytes, reason: str
) -> None:
    async with shop(lambda _first, _count: whole(file)) as place:
        with pytest.raises(FetchFailed, match=reason):
            await place.fetch.fetch()

        assert place.refused == [reason]
        assert place.slots.version == 7


async def test_a_roster_that_changes_between_two_ranges_is_refused() -> None:
    other = node_file(many_cards(1_499) + many_cards(1_501)[-1:], version=9)
    async with shop(lambda first, _count: ranged(FILE if first == 0 else other, first)) as place:
        with pytest.raises(FetchFailed, match="digest"):
            await place.fetch.fetch()

        assert place.slots.version == 7


def unchanged(place: Shop, key: bytes = HTTP_KEY) -> bytes:
    """Answer that the roster held says the same, to the request of now."""
    told = answer_headers(key, 304, place.asked[-1][NONCE], MONDAY_8_MS)
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"HTTP/1.1 304 Not Modified\r\n{lines}\r\n".encode()


async def test_a_newer_roster_that_says_the_same_is_not_fetched() -> None:
    async with shop(lambda _first, _count: unchanged(place)) as place:
        assert await place.fetch.fetch(8) == 8

        assert (place.slots.version, place.targets) == (7, [f"{TARGET}&base=7"])
        asked = place.asked[0]
        assert asked[SIGNATURE] == signature(HTTP_KEY, "GET", f"{TARGET}&base=7", asked[NONCE], asked[TIME])


async def test_that_a_newer_roster_says_the_same_is_believed_of_the_cloud_only() -> None:
    async with shop(lambda _first, _count: unchanged(place, b"x" * 32)) as place:
        with pytest.raises(FetchFailed, match="signature"):
            await place.fetch.fetch(8)


async def test_a_newer_roster_that_says_something_else_comes_by_ranges_of_it_alone() -> None:
    async with shop(lambda first, _: ranged(FILE, first)) as place:
        assert await place.fetch.fetch(8) == 8

        assert place.targets == [f"{TARGET}&base=7", TARGET, TARGET]


async def test_what_is_wanted_in_any_case_names_no_base() -> None:
    async with shop(lambda _first, _count: unchanged(place)) as place:
        with pytest.raises(FetchFailed, match="304"):
            await place.fetch.fetch()

        assert place.targets == [TARGET]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", FetchFailed),
        (b"HTTP/1.1 206 Partial Content\r\nContent-Length: 0\r\n\r\n", FetchFailed),
        (ranged(FILE, 0, RANGE_BYTES + 1), HttpBroken),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n", HttpBroken),
    ],
)
async def test_an_answer_that_nobody_asked_for_is_a_failed_fetch(answer: bytes, error: type[Exception]) -> None:
    async with shop(lambda _first, _count: answer) as place:
        with pytest.raises(error):
            await place.fetch.fetch()

        assert place.slots.version == 7


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://esik.example", (True, "esik.example", 443)),
        ("https://esik.example:8443", (True, "esik.example", 8443)),
        ("http://127.0.0.1:8000", (False, "127.0.0.1", 8000)),
        ("http://10.0.0.1", (False, "10.0.0.1", 80)),
    ],
)
def test_a_server_is_read_from_its_url(url: str, found: tuple[bool, str, int]) -> None:
    server = Server(url)

    assert (server.is_tls, server.host, server.port) == found
