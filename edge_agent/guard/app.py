"""The guard's screen over HTTP: the page, what changes in it as a stream, and what a guard's touches do.

Rule: it is served on this machine only. Whoever has not signed in sees nobody, and can do nothing but tell of a fire.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast, get_args

import segno
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from edge_agent.actuators.actuator import Direction
from edge_agent.guard.asking import Foreign, Touch, answer, done, language_of
from edge_agent.guard.desk import DELIVERY, HAND_REASONS, OPEN_REASONS, Desk
from edge_agent.guard.duty import Duty
from edge_agent.guard.links import Links
from edge_agent.guard.listing import Listing
from edge_agent.guard.muster import Call
from edge_agent.guard.page import Screen
from edge_agent.guard.records import Came, Taken
from edge_agent.guard.refusal import NotDone
from edge_agent.pipeline import HandReason, OpenReason
from edge_agent.regime import OrderedMode
from edge_agent.status.server import PAGE_HEADERS
from edge_agent.status.snapshot import Language
from edge_agent.till.watching import Watching

_FOLDER = Path(__file__).parent
_HOSTS = ["127.0.0.1", "localhost", "::1", "[::1]"]
COOKIE = "esik-guard"
PANELS = ("hand", "visitors", "deliveries", "open", "alarm")


@dataclass(slots=True)
class GuardPages:
    """The answers to each address. `marks` grow with what a part beside the live view shows."""

    desk: Desk
    duty: Duty
    screen: Screen
    listing: Listing
    links: Links
    watching: Watching
    list_url: str = ""  # where phones find the list
    face: Callable[[str], bytes | None] = lambda _digest: None
    marks: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PANELS, 0))
    _deeds: dict[str, Callable[[str, Touch], Awaitable[None]]] = field(init=False)

    def __post_init__(self) -> None:
        self._deeds = {
            "hand": self._hand, "open": self._open, "order": self._order, "muster": self._muster, "visit": self._visit,
            "leave": self._leave, "call": self._call, "withdraw": self._withdraw, "collect": self._collect,
        }  # fmt: skip

    # What is read

    async def page(self, request: Request) -> Response:
        language = language_of(request)
        return _html(self.screen.whole(language, self._staff(request)), language)

    async def events(self, request: Request) -> Response:
        """Stream the page's parts, anew at each change."""
        if self.watching.is_full:
            return Response("too many screens are open", 503, headers=PAGE_HEADERS)
        stream = self._stream(request, language_of(request))
        return StreamingResponse(stream, headers=PAGE_HEADERS, media_type="text/event-stream")

    async def panel(self, request: Request) -> Response:
        """Answer with a part beside the live view."""
        name, language, staff = request.path_params["name"], language_of(request), self._staff(request)
        if name not in PANELS or not staff:
            return Response("there is no such part, or nobody has signed in", 404, headers=PAGE_HEADERS)
        return _html(self.screen.panel(name, language, staff, **await self._more(name)), language)

    async def people(self, request: Request) -> Response:
        """Answer with who is in a class, or fits some words."""
        people = self.screen.people()
        if people is None or not self._staff(request):
            return _html("", language_of(request))
        words, of_class = request.query_params.get("q", "")[:60], request.query_params.get("class")
        found = people.of_class(of_class) if of_class is not None else await asyncio.to_thread(people.find, words)
        is_asked = of_class is not None or bool(words.strip())
        language = language_of(request)
        return _html(self.screen.write("people.html", language, found=found, is_asked=is_asked), language)

    async def person(self, request: Request) -> Response:
        """Answer with somebody who is to be let through by hand."""
        language, ref, staff = language_of(request), request.path_params["ref"], self._staff(request)
        if not staff or self.screen.name(ref) == ref:
            return Response("nobody has signed in, or nobody is called so", 404, headers=PAGE_HEADERS)
        return _html(
            self.screen.write("panel_person.html", language, staff=staff, **self.screen.hand(language, ref)), language
        )

    async def photo(self, request: Request) -> Response:
        """Answer with a person's photo, which a browser is not to keep."""
        digest = request.path_params["digest"]
        photo = await asyncio.to_thread(self.face, digest) if self._staff(request) else None
        if photo is None:
            return Response("no such photo is here", 404, headers=PAGE_HEADERS)
        return Response(photo, headers=PAGE_HEADERS, media_type="image/webp")

    async def muster(self, request: Request) -> Response:
        """Answer with the list of the muster."""
        if not self._staff(request):
            return Response("nobody has signed in", 404, headers=PAGE_HEADERS)
        language = language_of(request)
        return _html(await self.listing.whole(language, is_desk=True), language)

    async def changes(self, request: Request) -> Response:
        """Stream what changes in that list."""
        if not self._staff(request) or self.listing.watching.is_full:
            return Response("nobody has signed in, or too many screens are open", 503, headers=PAGE_HEADERS)
        stream = self.listing.changes(language_of(request))
        return StreamingResponse(stream, headers=PAGE_HEADERS, media_type="text/event-stream")

    async def _stream(self, request: Request, language: Language) -> AsyncIterator[bytes]:
        async for _ in self.watching.turns():
            staff = self._staff(request)
            parts: dict[str, Any] = dict(self.screen.parts(language, staff))
            last = self.screen.sightings.last if staff else None
            told = {"kind": self.screen.kind() if staff else "", "turn": last.turn if last is not None else 0}
            regime = self.desk.around.regimes.mode
            told |= {"marks": self.marks, "staff": staff, "mode": regime}
            yield b"data: " + json.dumps(parts | told, ensure_ascii=False).encode() + b"\n\n"

    async def _more(self, name: str) -> dict[str, Any]:
        match name:
            case "hand":
                people = self.screen.people()
                return {"classes": people.classes if people is not None else []}
            case "visitors":
                return self.screen.visitors()
            case "deliveries":
                return self.screen.deliveries()
            case "open":
                return self.screen.opening()
            case _:
                return {"counts": await self.listing.board.roll()}

    # What is done

    async def sign_in(self, request: Request) -> Response:
        """Let a guard sign in; the answer's cookie is the sign-in."""

        async def work(touch: Touch) -> Response:
            secret = await self.duty.sign_in(touch.staff, touch.pin)
            signed = done()
            signed.set_cookie(COOKIE, secret, httponly=True, samesite="strict")
            return signed

        return await answer(request, self.screen, work)

    async def sign_out(self, request: Request) -> Response:
        """End a sign-in."""

        async def work(_touch: Touch) -> Response:
            self.duty.sign_out(request.cookies.get(COOKIE, ""))
            ended = done()
            ended.delete_cookie(COOKIE, httponly=True, samesite="strict")
            self.watching.change()
            return ended

        return await answer(request, self.screen, work)

    async def act(self, request: Request) -> Response:
        """Do what a touch asks; answer whether it was done, and why not in the guard's language."""
        name, staff = request.path_params["deed"], self._staff(request)

        async def work(touch: Touch) -> Response:
            deed = self._deeds.get(name)
            if deed is None:
                raise Foreign(404, "there is no such deed")
            if not staff and not (name == "order" and touch.mode == "fire"):
                raise NotDone("sign_in")
            await deed(staff, touch)
            return done()

        return await answer(request, self.screen, work)

    async def share(self, request: Request) -> Response:
        """Make a link to the list, and answer with its code for a camera."""
        staff, language = self._staff(request), language_of(request)

        async def work(_touch: Touch) -> Response:
            if not staff or not self.list_url:
                raise NotDone("sign_in")
            secret, link = await self.links.make()
            await self.desk.tell_of_link(link.name, "shared", staff)
            drawn = _drawn(f"{self.list_url}#{secret}")
            return _html(self.screen.write("qr.html", language, drawn=drawn), language)

        return await answer(request, self.screen, work)

    async def _hand(self, staff: str, touch: Touch) -> None:
        reason, way = _word(touch.reason, HAND_REASONS), _word(touch.way, get_args(Direction))
        await self.desk.hand_pass(staff, touch.ref, touch.gate, cast(Direction, way), cast(HandReason, reason))

    async def _open(self, staff: str, touch: Touch) -> None:
        reason, way = _word(touch.reason, OPEN_REASONS), _word(touch.way, get_args(Direction))
        await self.desk.open(staff, touch.gate, cast(Direction, way), cast(OpenReason, reason), touch.detail)

    async def _order(self, staff: str, touch: Touch) -> None:
        await self.desk.order(staff, cast(OrderedMode, _word(touch.mode, get_args(OrderedMode))))

    async def _muster(self, staff: str, touch: Touch) -> None:
        if touch.what == "end":
            await self.desk.end_muster(staff)
            await self.links.withdraw()
        else:
            await self.desk.begin_muster(staff)

    async def _visit(self, staff: str, touch: Touch) -> None:
        came = Came(
            touch.gate, touch.name, touch.purpose, touch.badge, touch.host, touch.detail, touch.stay, touch.firm
        )  # fmt: skip
        await self.desk.let_in(staff, came)
        await self.desk.open(staff, touch.gate, "in", "load" if came.purpose == DELIVERY else "visitor")

    async def _leave(self, staff: str, touch: Touch) -> None:
        visit = await self.desk.let_out(staff, touch.visit)
        if visit.gate in self.desk.around.gates:
            await self.desk.open(staff, visit.gate, "out", "load" if visit.is_delivery else "visitor")

    async def _collect(self, staff: str, touch: Touch) -> None:
        """Write down with whom a child leaves; who has not gone out by a card is let out by the same touch."""
        taken = Taken(touch.ref, touch.gate, touch.collector, touch.reason, touch.allowed, touch.detail)
        await self.desk.hand_over(staff, taken)
        stay = self.screen.view.whereabouts(touch.ref)
        if stay is not None and stay.is_inside:
            await self.desk.hand_pass(staff, touch.ref, touch.gate, "out", "other")

    async def _call(self, staff: str, touch: Touch) -> None:
        call = cast(Call, _word(touch.call, get_args(Call)))
        await self.desk.call(touch.key, call, staff=staff)

    async def _withdraw(self, staff: str, _touch: Touch) -> None:
        await self.links.withdraw()
        await self.desk.tell_of_link("", "withdrawn", staff)

    def _staff(self, request: Request) -> str:
        """Return who has signed in by the request's cookie; empty when nobody has."""
        secret = request.cookies.get(COOKIE, "")
        return self.duty.who(secret) if secret else ""


def create_guard_app(pages: GuardPages) -> Starlette:
    """Return the application."""
    return Starlette(
        routes=[
            Route("/", pages.page),
            Route("/events", pages.events),
            Route("/panel/{name}", pages.panel),
            Route("/people", pages.people),
            Route("/person/{ref}", pages.person),
            Route("/face/{digest}", pages.photo),
            Route("/muster", pages.muster),
            Route("/muster/changes", pages.changes),
            Route("/sign-in", pages.sign_in, methods=["POST"]),
            Route("/sign-out", pages.sign_out, methods=["POST"]),
            Route("/share", pages.share, methods=["POST"]),
            Route("/act/{deed}", pages.act, methods=["POST"]),
            Mount("/static", StaticFiles(directory=_FOLDER / "static")),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=_HOSTS)],
    )


def _html(text: str, language: Language) -> Response:
    return HTMLResponse(text, headers=PAGE_HEADERS | {"Content-Language": language})


def _drawn(text: str) -> str:
    """Return a code for cameras as SVG, black on white in either look."""
    code = segno.make(text, error="m", micro=False)
    return str(code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None))


def _word(said: str, known: tuple[str, ...]) -> str:
    """Return a word that is one of those known. Raises NotDone."""
    if said not in known:
        raise NotDone("not_understood")
    return said
