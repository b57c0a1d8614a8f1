"""What the desk's and the phones' pages ask in common: touches, languages, and that it is our own page that asks.

Rule: a touch that comes from elsewhere does nothing.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from edge_agent.guard.page import Screen
from edge_agent.guard.refusal import NotDone
from edge_agent.status.server import PAGE_HEADERS
from edge_agent.status.snapshot import Language
from edge_agent.status.texts import choose

BODY_BYTES_MAX = 4_096
OWN_PAGE = "esik-guard"  # a header that a page from elsewhere cannot send without being asked for leave
Text = Annotated[str, msgspec.Meta(max_length=120)]


class Touch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a touch sends; each deed takes what it needs of it."""

    ref: Text = ""
    gate: Text = ""
    way: Text = "in"
    reason: Text = ""
    detail: Text = ""
    mode: Text = ""
    what: Text = ""
    staff: Text = ""
    pin: Text = ""
    name: Text = ""
    badge: Text = ""
    host: Text = ""
    purpose: Text = ""
    visit: Text = ""
    key: Text = ""
    call: Text = ""
    token: Text = ""
    firm: Text = ""
    collector: Text = ""
    allowed: Text = ""
    stay: Annotated[int, msgspec.Meta(ge=0, le=1_440)] = 0


_decode = msgspec.json.Decoder(Touch).decode


class Foreign(Exception):
    """It is not our own page that asks, or not a touch."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


async def touch_of(request: Request) -> Touch:
    """Return what a touch of our own page sends. Raises Foreign."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site != "same-origin" or request.headers.get("x-requested-by") != OWN_PAGE:
        raise Foreign(403, "this is not the desk's own page")
    body = b""
    async for part in request.stream():  # whoever asks may say nothing of a length, or not the truth
        body += part
        if len(body) > BODY_BYTES_MAX:
            raise Foreign(400, "this is not a touch")
    try:
        return _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Foreign(400, "this is not a touch") from None


async def answer(request: Request, screen: Screen, work: Callable[[Touch], Awaitable[Response]]) -> Response:
    """Return what comes of a touch; why not, in the reader's language, where nothing does."""
    try:
        return await work(await touch_of(request))
    except Foreign as foreign:
        return Response(str(foreign), foreign.status, headers=PAGE_HEADERS)
    except NotDone as refused:
        why = screen.why_not(refused, language_of(request))
        return JSONResponse({"reason": refused.reason, "why": why}, 409, PAGE_HEADERS)


def done() -> JSONResponse:
    """Return that something was done."""
    return JSONResponse({}, headers=PAGE_HEADERS)


def language_of(request: Request) -> Language:
    """Return the language that a page is asked for in."""
    return choose(request.query_params.get("lang"), request.headers.get("accept-language", ""))
