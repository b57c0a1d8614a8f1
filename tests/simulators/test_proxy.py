"""The broken network between two programs: what is lost on it, and which way."""

import asyncio
import contextlib

from simulators.proxy import Proxy


async def test_on_a_muted_wire_what_comes_down_is_heard_and_what_is_said_is_lost() -> None:
    said, far = list[bytes](), list[asyncio.StreamWriter]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far.append(writer)
        said.append(await reader.readexactly(5))
        writer.write(b"heard")
        with contextlib.suppress(ConnectionError):
            said.append(await reader.read())
        writer.close()

    async with asyncio.timeout(30), await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        wire = Proxy(*server.sockets[0].getsockname())
        reader, writer = await asyncio.open_connection("127.0.0.1", await wire.start())
        writer.write(b"first")
        assert await reader.readexactly(5) == b"heard"

        wire.mute()
        writer.write(b"second")
        far[0].write(b"still heard")
        assert await reader.readexactly(11) == b"still heard"
        wire.plug()
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b"", "what was muted has lost bytes, and is dropped"
        await wire.stop()
        for end in (writer, *far):
            end.close()
            with contextlib.suppress(ConnectionError):
                await end.wait_closed()

    assert said[0] == b"first"
    assert b"second" not in said
