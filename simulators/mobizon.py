"""A gateway for SMS in the shape of Mobizon's `message/sendSmsMessage`: refusing, limiting, answering nothing readable.

Written after its published documentation; it is not Mobizon, and was not compared with it.
"""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PATH = "/service/message/sendsmsmessage"
OK, WRONG, NOT_SIGNED_IN, MISSING, TOO_OFTEN = 0, 1, 8, 11, 30


@dataclass(frozen=True, slots=True)
class Taken:
    """A text that the gateway took."""

    to: str
    words: str
    sender: str


@dataclass(slots=True)
class SimulatedMobizon:
    """The gateway; `app` answers HTTP."""

    key: str
    trouble: str = "none"  # busy, rubbish, lost, unknown, silent
    refused: set[str] = field(default_factory=set)  # numbers
    taken: list[Taken] = field(default_factory=list)

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route(PATH, self._send, methods=["POST"])])

    async def _send(self, request: Request) -> Response:
        if self.trouble == "silent":
            await asyncio.Event().wait()  # until whoever asks goes away
        told = self._judged(dict(request.query_params), {k: str(v) for k, v in (await request.form()).items()})
        odd = {"lost": Response("", 502), "rubbish": Response("<html>")}
        return odd.get(self.trouble) or Response(json.dumps(told), media_type="application/json")

    def _judged(self, asked: dict[str, str], form: dict[str, str]) -> dict[str, Any]:
        if asked.get("output") != "json" or asked.get("api") != "v1" or not form.get("text"):
            return _told(MISSING)
        if asked.get("apiKey") != self.key:
            return _told(NOT_SIGNED_IN)
        if self.trouble in {"busy", "unknown"}:
            return _told(TOO_OFTEN if self.trouble == "busy" else 999)
        to = form.get("recipient", "")
        if not to.isdigit() or to in self.refused:
            return _told(WRONG, {"recipient": "The number is wrong."})
        self.taken.append(Taken(to, form["text"], form.get("from", "")))
        return _told(OK, {"campaignId": str(100 + len(self.taken)), "messageId": str(len(self.taken)), "status": 2})


def _told(code: int, data: object = None) -> dict[str, Any]:
    return {"code": code, "data": data, "message": ""}
