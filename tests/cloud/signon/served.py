"""The application on a loopback port for programs of other people, and such a program, talked to in lines of JSON."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
from fastapi import FastAPI

from cloud.app import create_app, serve
from cloud.core.clock import SystemClock
from cloud.core.services import Services
from tests.cloud.signon.factory import Visitor
from tests.servers.node import node_command
from tests.servers.process import free_port

ANSWER_S = 60.0


class Program:
    """A running program of somebody else's library."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def ask(self, act: str, **given: object) -> dict[str, Any]:
        """Tell it to do something, and return what it answers."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"act": act, **given}).encode() + b"\n")
        return await self.told()

    async def told(self) -> dict[str, Any]:
        """Return what it says next."""
        assert self._process.stdout is not None
        async with asyncio.timeout(ANSWER_S):
            line = await self._process.stdout.readline()
        assert line, "the program ended"
        told: dict[str, Any] = json.loads(line)
        return told


@contextlib.asynccontextmanager
async def program(script: Path, *arguments: str) -> AsyncIterator[Program]:
    """Run a script of node until the end of the block."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *node_command(script, *arguments), stdin=pipe, stdout=pipe, limit=2**20
    )
    try:
        yield Program(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@contextlib.asynccontextmanager
async def serving(services: Services) -> AsyncIterator[Services]:
    """Serve the application on a port of its own by the clock of other programs."""
    port = free_port()
    settings = replace(services.settings, http_port=port, public_url=f"http://127.0.0.1:{port}")
    here = replace(services, settings=settings, clock=SystemClock())
    app: FastAPI = create_app(here)
    started = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        server = tasks.create_task(serve(app, started), name="web")
        await started.wait()
        yield here
        server.cancel()


@contextlib.asynccontextmanager
async def browsing(services: Services, token: str = "") -> AsyncIterator[Visitor]:
    """Open a browser on the served application."""
    async with httpx2.AsyncClient(base_url=services.settings.public_url, timeout=ANSWER_S) as client:
        yield Visitor(client, token)
