"""The first page of an agent: it takes an enrolment code by paste, by a scanner that types, or by a camera.

Rule: it knows nothing that is secret and shows no code back. A page from elsewhere cannot send it a code.
"""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from edge_agent.firstboot.desk import FirstDesk
from edge_agent.firstboot.texts import TEXTS, sentence
from edge_agent.status.texts import LANGUAGES, choose

_FOLDER = Path(__file__).parent
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
FORM_BYTES_MAX = 4_096
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with none at all, browsers send the form from an origin called null
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class FirstPages:
    """The answers to each address."""

    desk: FirstDesk
    environment: Environment

    async def page(self, request: Request) -> Response:
        """Show how it stands, and where to put a code."""
        language = choose(request.query_params.get("lang"), request.headers.get("accept-language", ""))
        now = self.desk.standing
        shown = self.environment.get_template("first.html").render(
            now=now, language=language, languages=LANGUAGES, t=TEXTS[language], sentence=sentence
        )
        return HTMLResponse(shown, headers=_HEADERS | {"Content-Language": language, "Vary": "Accept-Language"})

    async def take(self, request: Request) -> Response:
        """Take a code, and lead back to the page, which says what became of it."""
        length = request.headers.get("content-length", "")
        if _is_from_elsewhere(request) or not length.isdecimal() or int(length) > FORM_BYTES_MAX:
            return Response("this is not the form of the agent's own page", 403, headers=_HEADERS)
        form = parse_qs((await request.body()).decode("utf-8", "replace"))
        await self.desk.take(form.get("code", [""])[0])
        language = request.query_params.get("lang", "")
        return RedirectResponse(f"/?lang={language}" if language in LANGUAGES else "/", 303, headers=_HEADERS)

    async def health(self, _request: Request) -> Response:
        """Answer 503: an agent without a bundle does not do its work yet."""
        now = self.desk.standing
        told = {"status": "not_enrolled", "enrolment": now.phase.value, "reason": now.reason}
        return JSONResponse(told, 503, _HEADERS)


def create_first_app(desk: FirstDesk, host: str = "127.0.0.1") -> Starlette:
    """Return the application; `host` is the address that it will listen on."""
    environment = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    pages = FirstPages(desk, environment)
    allowed = ["*"] if host not in _LOOPBACK else [*_LOOPBACK, "[::1]"]
    return Starlette(
        routes=[
            Route("/", pages.page),
            Route("/", pages.take, methods=["POST"]),
            Route("/health", pages.health),
            Mount("/static", StaticFiles(directory=_FOLDER / "static")),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=allowed)],
    )


def _is_from_elsewhere(request: Request) -> bool:
    """Tell whether another site's page sent this. A program that is no browser sends neither header."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        return site not in {"same-origin", "none"}
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")
