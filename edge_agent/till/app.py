"""The till's screen over HTTP: the page, what changes in it as a stream, and what the cashier's touches do.

Rule: it is served on this machine only and to its own page only: a touch that comes from elsewhere does nothing.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from edge_agent.readers.tap import Medium, Tap
from edge_agent.status.server import PAGE_HEADERS, serve_on
from edge_agent.status.snapshot import Language
from edge_agent.status.texts import choose
from edge_agent.till.desk import Desk, NotDone
from edge_agent.till.foreign import is_listed
from edge_agent.till.page import Screen
from edge_agent.till.shifts import Shifts
from edge_agent.till.texts import tiyn
from edge_agent.till.watching import WATCHERS_MAX, Watching

_FOLDER = Path(__file__).parent
_HOSTS = ["127.0.0.1", "localhost", "::1", "[::1]"]
BODY_BYTES_MAX = 4_096
SALES_OF_ONE_MAX = 2  # by right, and what is paid beside it
OWN_PAGE = "esik-till"  # a header that a page from elsewhere cannot send without being asked for leave
CODE_BEGINS = "ESIK:"  # as schemas/passes.py writes it
SCREEN = "screen"  # the reader that a scanner's letters come from
Text = Annotated[str, msgspec.Meta(max_length=400)]
log = structlog.get_logger()


class Touch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a touch sends; each deed takes what it needs of it."""

    turn: int = 0
    amount: int = 0
    payer: Literal["account", "cash"] = "account"
    why: Text = ""
    dish: Text = ""
    count: Annotated[int, msgspec.Meta(ge=-99, le=99)] = 1
    code: Text = ""
    ref: Text = ""
    meal: Text = ""
    staff: Text = ""
    pin: Text = ""
    day: Text = ""
    sale: Text = ""
    sum: Text = ""


_decode = msgspec.json.Decoder(Touch).decode


@dataclass(slots=True)
class TillPages:
    """The answers to each address."""

    desk: Desk
    shifts: Shifts
    screen: Screen
    watching: Watching
    dish_photo: Callable[[str], bytes | None] = lambda _digest: None
    face: Callable[[str], bytes | None] = lambda _digest: None
    _deeds: dict[str, Callable[[Touch], Awaitable[None]]] = field(init=False)
    _language: Language = "kk"  # of the last touch, for paper

    def __post_init__(self) -> None:
        self._deeds = {
            "sell": self._sell, "clear": self._clear, "put": self._put, "scan": self._scan, "present": self._present,
            "meal": self._meal, "open": self._open, "close": self._close, "void": self._void, "refund": self._refund,
            "print": self._print,
        }  # fmt: skip
        self.desk.on_change = self.watching.change

    # What is read

    async def page(self, request: Request) -> Response:
        language = _language(request)
        return HTMLResponse(self.screen.whole(language), headers=PAGE_HEADERS | {"Content-Language": language})

    async def events(self, request: Request) -> Response:
        """Stream the page's parts, anew at each change."""
        if self.watching.count >= WATCHERS_MAX:
            return Response("too many screens are open", 503, headers=PAGE_HEADERS)
        stream = self._stream(_language(request))
        return StreamingResponse(stream, headers=PAGE_HEADERS, media_type="text/event-stream")

    async def people(self, request: Request) -> Response:
        words = request.query_params.get("q", "")[:60]
        return HTMLResponse(self.screen.people(words, _language(request)), headers=PAGE_HEADERS)

    async def sales(self, request: Request) -> Response:
        words = request.query_params.get("q", "")[:60]
        return HTMLResponse(self.screen.sales(_language(request), words), headers=PAGE_HEADERS)

    async def dish(self, request: Request) -> Response:
        """Answer with a dish's photo, which never changes under its name."""
        photo = await asyncio.to_thread(self.dish_photo, request.path_params["digest"])
        return _picture(photo, "private, max-age=86400, immutable")

    async def person(self, request: Request) -> Response:
        """Answer with a person's photo, which a browser is not to keep."""
        return _picture(await asyncio.to_thread(self.face, request.path_params["digest"]), "no-store")

    async def _stream(self, language: Language) -> AsyncIterator[bytes]:
        shown = ""
        async for is_change in self.watching.turns():
            parts = self.screen.parts(language)
            stage, shift = self.desk.stage, self.desk.shift
            told = {
                "bar": parts["bar"], "kind": self._sound(), "turn": stage.turn,
                "shift": shift.id if shift is not None else "",
            }  # fmt: skip
            if is_change or parts["main"] != shown:
                told["main"] = shown = parts["main"]
            yield b"data: " + json.dumps(told, ensure_ascii=False).encode() + b"\n\n"

    def _sound(self) -> str:
        """Return what the moment sounds like: a buyer to whom something is objected sounds like a question."""
        if self.desk.stage.kind != "buyer":
            return self.desk.stage.kind
        judgement = self.desk.look().judgement
        return "asking" if judgement is not None and judgement.objections else "buyer"

    # What is done

    async def act(self, request: Request) -> Response:
        """Do what a touch asks; answer whether it was done, and why not in the cashier's language."""
        deed = self._deeds.get(request.path_params["deed"])
        if deed is None or _is_from_elsewhere(request):
            return Response("this is not the till's own page", 403, headers=PAGE_HEADERS)
        body = await request.body()
        try:
            touch = _decode(body) if len(body) <= BODY_BYTES_MAX else None
        except (msgspec.MsgspecError, UnicodeDecodeError):
            touch = None
        if touch is None:
            return Response("this is not a touch", 400, headers=PAGE_HEADERS)
        self._language = _language(request)
        try:
            await deed(touch)
        except NotDone as refused:
            why = self.screen.why_not(refused, _language(request))
            return JSONResponse({"reason": refused.reason, "why": why}, 409, PAGE_HEADERS)
        return JSONResponse({}, headers=PAGE_HEADERS)

    async def _sell(self, touch: Touch) -> None:
        sales = await self.desk.sell(touch.turn, touch.amount, touch.payer, touch.why)
        if touch.payer == "cash":
            self.screen.receipts.put(self.screen.receipt(sales, self._language))

    async def _clear(self, _touch: Touch) -> None:
        self.desk.clear()

    async def _put(self, touch: Touch) -> None:
        self.desk.put(touch.dish, touch.count)

    async def _scan(self, touch: Touch) -> None:
        """Take what a scanner typed: a dish's barcode, or somebody's code."""
        tap = Tap(SCREEN, touch.code.encode(), Medium.QR, self.desk.around.timekeeper.now().monotonic_ms)
        if touch.code.startswith(CODE_BEGINS) or is_listed(self.desk.around.roster(), self.desk.around.token(tap)):
            await self.desk.tap(tap)
        elif not self.desk.scan(touch.code):
            raise NotDone("unknown_code")

    async def _present(self, touch: Touch) -> None:
        self.desk.present(touch.ref)

    async def _meal(self, touch: Touch) -> None:
        self.desk.choose_meal(touch.meal)

    async def _open(self, touch: Touch) -> None:
        await self.shifts.open(touch.staff, touch.pin, touch.day)
        self.screen.closed = None
        self.watching.change()

    async def _close(self, _touch: Touch) -> None:
        shift = self.desk.shift
        totals = await self.shifts.close()
        self.screen.closed = totals
        self.screen.receipts.put(self.screen.closing(totals, shift.staff if shift is not None else "", self._language))
        self.watching.change()

    async def _void(self, touch: Touch) -> None:
        await self.shifts.void(touch.sale, touch.why)

    async def _print(self, touch: Touch) -> None:
        sales = touch.sale.split(",")[:SALES_OF_ONE_MAX]
        if any(self.desk.around.sales.sold(each) is None for each in sales):
            raise NotDone("no_sale")
        if not self.screen.receipts.put(self.screen.receipt(sales, self._language)):
            raise NotDone("no_printer")

    async def _refund(self, touch: Touch) -> None:
        amount_tiyn = tiyn(touch.sum)
        if amount_tiyn is None:
            raise NotDone("remains_less")
        await self.shifts.refund(touch.sale, amount_tiyn, touch.why)


def create_till_app(pages: TillPages) -> Starlette:
    """Return the application."""
    return Starlette(
        routes=[
            Route("/", pages.page),
            Route("/events", pages.events),
            Route("/people", pages.people),
            Route("/sales", pages.sales),
            Route("/photo/{digest}", pages.dish),
            Route("/face/{digest}", pages.person),
            Route("/act/{deed}", pages.act, methods=["POST"]),
            Mount("/static", StaticFiles(directory=_FOLDER / "static")),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=_HOSTS)],
    )


async def serve_till(pages: TillPages, listening: socket.socket) -> None:
    """Serve until cancelled, and let no stream outlive that."""
    await serve_on(listening, create_till_app(pages), ending=pages.watching.close)


def _picture(photo: bytes | None, keeping: str) -> Response:
    if photo is None:
        return Response("no such photo is here", 404, headers=PAGE_HEADERS)
    return Response(photo, headers=PAGE_HEADERS | {"Cache-Control": keeping}, media_type="image/webp")


def _language(request: Request) -> Language:
    return choose(request.query_params.get("lang"), request.headers.get("accept-language", ""))


def _is_from_elsewhere(request: Request) -> bool:
    site = request.headers.get("sec-fetch-site", "same-origin")
    return site != "same-origin" or request.headers.get("x-requested-by") != OWN_PAGE
