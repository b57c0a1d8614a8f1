"""The status page of an agent, its metrics and its health, over HTTP.

Rule: read only, no cookies, no assets from anywhere else. On loopback it answers to this machine's own names only, so
that no web page elsewhere can read it by a name of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from edge_agent.status.metrics import CONTENT_TYPE, exposition
from edge_agent.status.server import PAGE_HEADERS
from edge_agent.status.snapshot import Level, Snapshot, concerns, worst
from edge_agent.status.texts import LANGUAGES, TEXTS, choose, lasting

_FOLDER = Path(__file__).parent
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class StatusPages:
    """The answers to each address. A snapshot is taken in the event loop, in which what it shows changes."""

    snapshot: Callable[[], Snapshot]
    environment: Environment

    async def page(self, request: Request) -> Response:
        """Answer with the page for people."""
        now = self.snapshot()
        language = choose(request.query_params.get("lang"), request.headers.get("accept-language", ""))
        found = concerns(now)
        shown = self.environment.get_template("status.html").render(
            now=now,
            concerns=found,
            verdict=worst(found),
            language=language,
            languages=LANGUAGES,
            t=TEXTS[language],
            lasting=lambda seconds: lasting(seconds, language),
            number=_grouped,
            clock=_local(now),
        )
        return HTMLResponse(shown, headers=PAGE_HEADERS | {"Content-Language": language, "Vary": "Accept-Language"})

    async def metrics(self, _request: Request) -> Response:
        """Answer Prometheus."""
        return Response(exposition(self.snapshot), headers=PAGE_HEADERS, media_type=CONTENT_TYPE)

    async def health(self, _request: Request) -> Response:
        """Answer 200 while the agent does its work, though something may want attention, else 503."""
        now = self.snapshot()
        found = concerns(now)
        answer = {
            "status": worst(found),
            "device": now.device,
            "firmware": now.firmware,
            "uptime_s": now.uptime_s,
            "unsent": now.link.unsent,
            "link": now.link.phase,
            "roster": now.roster.version,
            "inside": now.inside,
            "concerns": [{"level": each.level.value, "what": each.key, "about": each.about} for each in found],
        }
        failing = any(each.level is Level.FAILING for each in found)
        return JSONResponse(answer, status_code=503 if failing else 200, headers=PAGE_HEADERS)


def create_status_app(snapshot: Callable[[], Snapshot], host: str = "127.0.0.1") -> Starlette:
    """Return the application; `host` is the address that it will listen on."""
    environment = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    pages = StatusPages(snapshot, environment)
    allowed = ["*"] if host not in _LOOPBACK else [*_LOOPBACK, "[::1]"]
    return Starlette(
        routes=[
            Route("/", pages.page),
            Route("/metrics", pages.metrics),
            Route("/health", pages.health),
            Mount("/static", StaticFiles(directory=_FOLDER / "static")),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=allowed)],
    )


def _local(now: Snapshot) -> str:
    local = datetime.fromtimestamp(now.clock.wall_ms / 1000, UTC) + timedelta(minutes=now.utc_offset_min)
    return f"{local:%d.%m.%Y %H:%M:%S}"


def _grouped(number: int) -> str:
    """Return a number with narrow spaces between its thousands."""
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
