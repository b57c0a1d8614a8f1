"""Serves the agent's own pages from within its event loop, without ever being able to end the agent."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Generator

import structlog
import uvicorn
from starlette.applications import Starlette
from typing_extensions import override

from edge_agent.sync.hub import TlsFiles

PAGE_HEADERS = {  # of pages that only show, or act by their own script
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
ENDING_S = 1
log = structlog.get_logger()


class StatusPortTaken(OSError):
    """A page cannot listen where it should; the text says where and why."""


class _Server(uvicorn.Server):
    """uvicorn without its own ideas about signals: the agent stops it by cancelling."""

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


async def _nothing() -> None:
    """End nothing: the app has no streams."""


async def serve_status(app: Starlette, host: str, port: int) -> None:
    """Serve until cancelled. Raises StatusPortTaken."""
    await serve_on(listen(host, port, "status"), app)


async def serve_on(
    listening: socket.socket,
    app: Starlette,
    tls: TlsFiles | None = None,
    ending: Callable[[], Awaitable[None]] = _nothing,
) -> None:
    """Serve on what `listen` returned, over TLS with these files, until cancelled; `ending` ends the app's streams.

    From Python 3.12 on a server that ends waits for answers that are not whole: `ending` makes streams so at once, and
    any other is waited for no longer than ENDING_S.
    """
    host, port = listening.getsockname()[:2]
    server = _Server(
        uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            limit_concurrency=64,
            timeout_graceful_shutdown=ENDING_S,
            ssl_certfile=tls.certificate if tls is not None else None,
            ssl_keyfile=tls.key if tls is not None else None,
        )
    )
    log.info("status.listening", host=host, port=port)
    serving = asyncio.create_task(server.serve(sockets=[listening]), name="status.http")
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = server.force_exit = True
        await ending()
        await serving
        listening.close()


def listen(host: str, port: int, page: str) -> socket.socket:
    """Return where the page of that name, as the settings call it, listens. Raises StatusPortTaken.

    The socket says that it is TCP: asyncio sends at once, by TCP_NODELAY, on such sockets only.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with contextlib.ExitStack() as opened:
            listening = opened.enter_context(socket.socket(family, kind, protocol))
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            opened.pop_all()
            return listening
    except OSError as error:
        raise StatusPortTaken(
            f"the {page} page cannot listen on {host}:{port} ({error.strerror or error}): set {page}.port in agent.toml"
        ) from error
