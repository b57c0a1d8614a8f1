"""Where the service listens: at once over TCP, and what is taken is told with its setting."""

import asyncio
import socket

import pytest

from cloud.core.ports import PortTaken, listen
from edge_agent.status.server import listen as listen_of_agent


@pytest.mark.parametrize("of_agent", [False, True], ids=["cloud", "agent"])
async def test_what_is_answered_is_sent_at_once(of_agent: bool) -> None:
    """Nagle's algorithm would hold the second write of an answer back until the first is acknowledged, some 40 ms."""
    listening = listen_of_agent("127.0.0.1", 0, "status") if of_agent else listen("127.0.0.1", 0, "http_port")
    seen: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted = writer.get_extra_info("socket")
        seen.set_result(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    async with await asyncio.start_server(answer, sock=listening), asyncio.timeout(30):
        _, writer = await asyncio.open_connection(*listening.getsockname())
        assert await seen
        writer.close()


def test_a_port_that_is_taken_is_told_with_the_setting_that_names_another() -> None:
    with listen("127.0.0.1", 0, "http_port") as taken:
        host, port = taken.getsockname()

        with pytest.raises(PortTaken, match=f"{host}:{port} already. Set ESIK_HTTP_PORT"):
            listen(host, port, "http_port")
