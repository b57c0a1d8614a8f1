"""The muster list for phones in the school's network: a link is exchanged for a cookie, and then the list is shown.

Rule: who has no good link sees nothing at all. The link's secret stands behind the `#`, so that no server and no log
ever has it in an address.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from edge_agent.guard.asking import Touch, answer, done, language_of
from edge_agent.guard.desk import Desk
from edge_agent.guard.links import LASTS_MS, Link, Links
from edge_agent.guard.listing import Listing
from edge_agent.guard.muster import Call
from edge_agent.guard.refusal import NotDone
from edge_agent.status.server import PAGE_HEADERS

_FOLDER = Path(__file__).parent
COOKIE = "esik-muster"


@dataclass(slots=True)
class PhonePages:
    """The answers to each address."""

    desk: Desk
    listing: Listing
    links: Links
    is_secure: bool = True  # served over TLS

    async def page(self, request: Request) -> Response:
        """Answer with the list, or with the way to it."""
        language = language_of(request)
        if self._link(request) is None:
            shown = self.listing.screen.write("enter.html", language)
        else:
            shown = await self.listing.whole(language, is_desk=False)
        return HTMLResponse(shown, headers=PAGE_HEADERS | {"Content-Language": language})

    async def enter(self, request: Request) -> Response:
        """Take a link, write that a phone opened it, and give a cookie for it."""

        async def work(touch: Touch) -> Response:
            link = await self.links.open(touch.token)
            await self.desk.tell_of_link(link.name, "opened")
            entered = done()
            entered.set_cookie(
                COOKIE, touch.token, max_age=LASTS_MS // 1000, httponly=True, samesite="strict", secure=self.is_secure
            )
            return entered

        return await answer(request, self.listing.screen, work)

    async def changes(self, request: Request) -> Response:
        """Stream what changes in the list."""
        if self._link(request) is None:
            return Response("the link is over", 403, headers=PAGE_HEADERS)
        if self.listing.watching.is_full:
            return Response("too many lists are open", 503, headers=PAGE_HEADERS)
        stream = self.listing.changes(language_of(request))
        return StreamingResponse(stream, headers=PAGE_HEADERS, media_type="text/event-stream")

    async def call(self, request: Request) -> Response:
        """Say of somebody whether they are here."""

        async def work(touch: Touch) -> Response:
            link = self._link(request)
            if link is None:
                raise NotDone("link_over")
            if touch.call not in get_args(Call):
                raise NotDone("not_understood")
            self.links.count_call(link)
            await self.desk.call(touch.key, cast(Call, touch.call), phone=link.name)
            return done()

        return await answer(request, self.listing.screen, work)

    def _link(self, request: Request) -> Link | None:
        secret = request.cookies.get(COOKIE, "")
        return self.links.link(secret) if secret else None


def create_phone_app(pages: PhonePages, host: str) -> Starlette:
    """Return the application; `host` is the address that it listens on."""
    return Starlette(
        routes=[
            Route("/", pages.page),
            Route("/enter", pages.enter, methods=["POST"]),
            Route("/muster/changes", pages.changes),
            Route("/act/call", pages.call, methods=["POST"]),
            Mount("/static", StaticFiles(directory=_FOLDER / "static")),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[host, "127.0.0.1", "localhost"])],
    )
