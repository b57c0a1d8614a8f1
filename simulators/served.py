"""A simulated service of the web, served on a loopback port."""

import asyncio
import socket
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.applications import Starlette
from typing_extensions import override


class _Server(uvicorn.Server):
    @override
    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield  # whoever runs it hears them


@asynccontextmanager
async def served(app: Starlette, port: int = 0) -> AsyncIterator[str]:
    """Serve on a port, a free one for 0; yield `127.0.0.1:<port>`, where whoever comes early waits."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1, ws="websockets-sansio"
    )
    server = _Server(config)
    with socket.socket(proto=socket.IPPROTO_TCP) as listening:  # said to be TCP, or asyncio lets answers wait for Nagle
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen()
        async with asyncio.TaskGroup() as group:
            group.create_task(server.serve(sockets=[listening]), name="simulated service")
            try:
                yield f"127.0.0.1:{listening.getsockname()[1]}"
            finally:
                server.should_exit = True
