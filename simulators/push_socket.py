"""The line that a real Firefox keeps to its push service: a WebSocket of JSON, as far as it is needed here.

After Mozilla's description of autopush (https://mozilla-push-service.readthedocs.io/en/latest/design/): `hello`,
`register`, `unregister`, `notification`, `ack`. Rule: the service sees sealed bodies only; the browser has the keys.
"""

import asyncio
import base64
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from simulators.push import Pushed, SimulatedPush, Subscribed

PROTOCOL = "push-notification"


@dataclass(slots=True)
class PushSocket:
    """The lines of browsers to one service; add `route` to its application."""

    push: SimulatedPush
    heard: list[dict[str, Any]] = field(default_factory=list)  # what browsers said, in order
    acknowledged: list[str] = field(default_factory=list)  # versions of messages that a browser read

    @property
    def route(self) -> WebSocketRoute:
        return WebSocketRoute("/", self._talk)

    async def _talk(self, socket: WebSocket) -> None:
        await socket.accept(PROTOCOL if PROTOCOL in socket.scope["subprotocols"] else None)
        sending: asyncio.Queue[dict[str, Any]] = asyncio.Queue(100)
        async with asyncio.TaskGroup() as group:
            pump = group.create_task(_pump(socket, sending), name="push socket")
            try:
                while True:
                    for answer in self._answers(json.loads(await socket.receive_text() or "{}"), sending):
                        sending.put_nowait(answer)
            except WebSocketDisconnect:
                pump.cancel()

    def _answers(self, said: dict[str, Any], sending: "asyncio.Queue[dict[str, Any]]") -> list[dict[str, Any]]:
        self.heard.append(said)
        match said.get("messageType"):
            case "hello":
                known = said.get("uaid") or secrets.token_hex(16)
                return [{"messageType": "hello", "status": 200, "uaid": known, "use_webpush": True, "broadcasts": {}}]
            case "register":
                return [self._register(said, sending)]
            case "unregister":
                return [{"messageType": "unregister", "status": 200, "channelID": said["channelID"]}]
            case "ack":
                self.acknowledged += [each["version"] for each in said.get("updates", [])]
                return []
            case None:  # a ping of the browser's own
                return [{}]
            case _:
                return []

    def _register(self, said: dict[str, Any], sending: "asyncio.Queue[dict[str, Any]]") -> dict[str, Any]:
        channel = said["channelID"]
        made = self.push.subscribe(said.get("key", "").rstrip("="))
        made.tell = lambda pushed: sending.put_nowait(_told(channel, made, pushed))
        return {"messageType": "register", "status": 200, "channelID": channel, "pushEndpoint": made.endpoint}


async def _pump(socket: WebSocket, sending: "asyncio.Queue[dict[str, Any]]") -> None:
    while True:
        await socket.send_text(json.dumps(await sending.get()))


def _told(channel: str, to: Subscribed, pushed: Pushed) -> dict[str, Any]:
    body = base64.urlsafe_b64encode(pushed.body).rstrip(b"=").decode()
    return {
        "messageType": "notification", "channelID": channel, "version": f"{to.number}:{pushed.number}",
        "ttl": pushed.ttl_s, "data": body, "headers": {"encoding": "aes128gcm"},
    }  # fmt: skip
