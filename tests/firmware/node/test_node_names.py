"""Names of hosts: asked for beside the loop, answered only to our question, and remembered while nobody answers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.node import names as module
from firmware.node.names import Names, NameUnknown, address_in, is_address, is_answer
from tests.servers.process import free_port

HOST = "esik.example"
CNAME = b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x05\x00\x02\xc0\x0c"
A = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x05\x00\x04\x0a\x01\x02\x03"
Answer = Callable[[bytes], bytes]


def told(question: bytes, *records: bytes, flags: bytes = b"\x81\x80") -> bytes:
    return (
        question[:2]
        + flags
        + b"\x00\x01"
        + len(records).to_bytes(2, "big")
        + bytes(4)
        + question[12:]
        + b"".join(records)
    )


class Server(asyncio.DatagramProtocol):
    """A name server of a test."""

    def __init__(self, answer: Answer) -> None:
        self.asked = 0
        self.answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # type: ignore[explicit-override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: object) -> None:  # type: ignore[explicit-override]
        self.asked += 1
        self._transport.sendto(self.answer(data), addr)  # type: ignore[attr-defined]


@contextlib.asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[tuple[Server, Names]]:
    port, server = free_port(), Server(answer)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: server, ("127.0.0.1", port))
    try:
        yield server, Names(lambda: "127.0.0.1", Random(1).randbytes, port)
    finally:
        transport.close()


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT_MS", 60)
    monkeypatch.setattr(module, "POLL_MS", 5)


async def test_an_address_is_found_behind_another_name() -> None:
    async with serving(lambda question: told(question, CNAME, A)) as (_, names):
        assert await names.address(HOST) == "10.1.2.3"


async def test_an_address_needs_no_question_and_without_a_server_the_machine_is_left_to_it() -> None:
    async with serving(lambda question: told(question, A)) as (server, names):
        assert await names.address("127.0.0.1") == "127.0.0.1"
        assert await Names(lambda: None, Random(1).randbytes).address(HOST) == HOST
        assert server.asked == 0


async def test_what_was_found_is_used_while_nobody_answers() -> None:
    async with serving(lambda question: told(question, A)) as (server, names):
        await names.address(HOST)
        server.answer = lambda question: told(question, flags=b"\x81\x82")

        assert await names.address(HOST) == "10.1.2.3"


@pytest.mark.parametrize(
    "answer",
    [
        lambda question: b"xx" + told(question, A)[2:],
        lambda question: told(question, A).replace(b"esik", b"evil"),
        lambda question: told(question, A, flags=b"\x01\x00"),
        told,
        lambda question: told(question, A)[:-3],
        lambda _question: b"",
        lambda _question: b"\xff" * 40,
    ],
)
async def test_fault_25_what_does_not_answer_our_question_is_no_answer(answer: Answer) -> None:
    async with serving(answer) as (server, names):
        with pytest.raises(NameUnknown, match=HOST):
            await names.address(HOST)
        assert server.asked == 3


async def test_the_loop_goes_on_while_nobody_answers() -> None:
    names = Names(lambda: "127.0.0.1", Random(1).randbytes, free_port())
    asking = asyncio.create_task(names.address(HOST))
    turns = 0
    while not asking.done():
        await asyncio.sleep(0.005)
        turns += 1

    assert turns > 5
    with pytest.raises(NameUnknown):
        await asking


@given(st.binary(max_size=80), st.integers(0, 80))
def test_no_bytes_break_the_reading(answer: bytes, at: int) -> None:
    found = address_in(answer, at)

    assert found is None or is_address(found)
    assert not is_answer(answer, b"\x00" * 30) or answer[2] & 0x80


@pytest.mark.parametrize(("host", "is_one"), [("10.0.0.1", True), ("esik.example", False), ("1.2.3.256", False)])
def test_addresses_are_told_from_names(host: str, is_one: bool) -> None:
    assert is_address(host) is is_one
