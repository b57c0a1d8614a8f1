"""Commands to a running simulator, one a line: from its standard input and from a control port on loopback."""

import asyncio
import os
import signal
import stat
import sys
from typing import Protocol

LINE_MAX = 1_024


class Obedient(Protocol):
    """Something that takes command lines."""

    def obey(self, line: str) -> str:
        """Do what a line says; return a line that answers, also when it was not understood."""
        ...


async def serve_control(obedient: Obedient, port: int) -> asyncio.Server:
    """Take commands on a loopback port (a free one for 0); each is answered with a line."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(obedient.obey(line.decode(errors="replace")).encode() + b"\n")
                await writer.drain()
        except (OSError, ValueError):  # ValueError: a line without an end
            pass
        finally:
            writer.close()

    return await asyncio.start_server(converse, "127.0.0.1", port, limit=LINE_MAX)


def port_of(server: asyncio.Server) -> int:
    """Return the port that a server listens on."""
    return int(server.sockets[0].getsockname()[1])


async def serve_commands(obedient: Obedient, port: int, *, address: str, commands: str) -> None:
    """Print where the simulator is to be found, then take commands until interrupted or terminated.

    Where commands are taken, and which there are, is said on standard error.
    """
    ended = asyncio.Event()
    for stop in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(stop, ended.set)
    async with await serve_control(obedient, port) as server, asyncio.TaskGroup() as group:
        print(address, flush=True)
        print(f"control port {port_of(server)}; commands: {commands}", file=sys.stderr, flush=True)
        typing = group.create_task(_obey_standard_input(obedient), name="control.input")
        await ended.wait()
        typing.cancel()


async def _obey_standard_input(obedient: Obedient) -> None:
    """Take commands from standard input until it ends, and print each answer; a file or nothing is left alone."""
    kind = os.fstat(sys.stdin.fileno()).st_mode
    if not (sys.stdin.isatty() or stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind)):
        return
    reader = asyncio.StreamReader(limit=LINE_MAX)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        if line.strip():
            print(obedient.obey(line.decode(errors="replace")), flush=True)


async def command(port: int, line: str) -> str:
    """Give one command to a simulator's control port and return its answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(line.encode() + b"\n")
    answer = await reader.readline()
    writer.close()
    return answer.decode().strip()
