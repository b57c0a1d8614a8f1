"""One request to the application within this process: what thousands of questions are asked by."""

import asyncio
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI

HOST = "school.test"


async def ask(app: FastAPI, method: str, path: str, token: str = "", form: dict[str, str] | None = None) -> int:
    """Return the status of the answer to a person's browser; a stream is left after its head."""
    is_stream = path.endswith("/live")
    body = urlencode(form or {}).encode()
    headers = {
        "host": HOST, "origin": f"http://{HOST}", "accept": "text/event-stream" if is_stream else "text/html",
        "content-type": "application/x-www-form-urlencoded", "content-length": str(len(body)),
    }  # fmt: skip
    if token:
        headers["cookie"] = f"esik_session={token}"
    bare, _, query = path.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": bare, "raw_path": bare.encode(), "query_string": query.encode(), "root_path": "",
        "client": ("127.0.0.1", 40_000), "server": (HOST, 80),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    answered: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    parts = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return parts.pop() if parts else await asyncio.Future()

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answered.set_result(message["status"])

    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(app(scope, receive, send), name=f"{method} {path}")
        status = await answered
        if is_stream:
            running.cancel()
    return status
