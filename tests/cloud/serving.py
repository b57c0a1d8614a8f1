"""The application served on a free port of this machine, for programs that ask it as strangers do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from cloud.app import create_app, serve
from cloud.core.services import Services
from tests.servers.process import free_port


@asynccontextmanager
async def served(services: Services, public_url: str = "") -> AsyncIterator[str]:
    """Serve the application and return its address, which is the public one too unless a proxy's is given."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    own = replace(
        services.settings, http_port=port, public_url=public_url or address, api_requests_per_minute=1_000_000
    )
    started = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(serve(create_app(replace(services, settings=own)), started))
        await started.wait()
        yield address
        serving.cancel()
