"""What stands around every response: security headers, a check of where a write comes from, logs and figures.

Plain ASGI, so that streams pass through untouched.
"""

import re
from http import HTTPStatus
from urllib.parse import urlsplit

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloud.core.clock import Clock
from cloud.core.messages import Message as Told
from cloud.core.messages import message
from cloud.core.telling import MALFORMED, tell, tell_failed
from cloud.core.tracing import Answering

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
METHODS = SAFE | {"POST", "PUT", "PATCH", "DELETE"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
TLS_ONLY = ("strict-transport-security", "max-age=31536000")
FORM_MAX = 64 * 1024  # a form is read before anybody asks whose it is, and 10 MB of "&" take seconds to read
UPLOAD_MAX = 11 * 1024 * 1024  # a spreadsheet of 10 MB in its form
UPLOADS = re.compile(
    r"/schools/[^/]+/(import|people/[^/]+/(photo|consents/paper)|dishes/import|dishes/of/[^/]+/photo|wallet/files"
    r"|resources/of/[^/]+/cover|messages/new|courses/[0-9]+/themes/import|journal/[0-9]+/lessons/[0-9]+/files"
    r"|journal/[0-9]+/import|timetable/versions/[0-9]+/import|exams/[0-9]+/import"
    r"|homework/new|homework/[0-9]+/files|tests/packages"
    r"|(people|staff)/[^/]+/profile/entries)|/children/[^/]+/(absences|portfolio)(/[0-9]+/reply)?"
    r"|/profile/[^/]+/entries(/[0-9]+/reply)?|/children/[^/]+/homework/[0-9]+"
    r"|/talks/(sections/)?[0-9]+|/schools/[^/]+/announcements/new"
)
ELSEWHERE = message("This form was sent from another site. Open the page again and repeat.")
TOO_BIG = message("What was sent is too big: {size} MB at most.", size=UPLOAD_MAX >> 20)
NO_LENGTH = message("What was sent does not say how long it is.")
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
log = structlog.get_logger()


class Figures:
    """Counters of the web process, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "esik_http_requests_total", "Requests answered.", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "esik_http_seconds", "From request to the end of the answer's head.", ("route",),
            registry=self.registry, buckets=BUCKETS_S,
        )  # fmt: skip
        self.sms_calls = Counter(
            "esik_sms_calls_total", "What gateways for SMS told: texts that came in, reports of texts that went.",
            ("about", "outcome"), registry=self.registry,
        )  # fmt: skip
        self.streams = Gauge("esik_live_pages", "Live pages that are open now.", registry=self.registry)


class Guarding:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, *, clock: Clock, figures: Figures, is_secure: bool) -> None:
        self.app, self.clock, self.figures, self.is_secure = app, clock, figures, is_secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began_s, has_answered, answering = self.clock.monotonic_s(), False, Answering(method_of(scope))

        async def sending(message: Message) -> None:
            nonlocal has_answered
            if message["type"] == "http.response.start":
                has_answered = True
                self._dress(MutableHeaders(scope=message))
                self._note(scope, int(message["status"]), self.clock.monotonic_s() - began_s, answering)
            await send(message)

        refusal = refusal_of(scope["method"], scope["path"], Headers(scope=scope), is_secure=self.is_secure)
        if refusal is not None:
            await tell(Request(scope), *refusal)(scope, receive, sending)
            return
        try:
            with answering.begun():
                await self.app(scope, receive, sending)
        except Exception as error:  # noqa: BLE001 (the outermost layer; the server's own words would tell values)
            answer = tell_failed(Request(scope), error)
            if not has_answered:
                await answer(scope, receive, sending)

    def _dress(self, headers: MutableHeaders) -> None:
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault("cache-control", "no-store")  # but for assets, whose address changes with them
        if self.is_secure:
            headers.setdefault(*TLS_ONLY)

    def _note(self, scope: Scope, status: int, seconds: float, answering: Answering) -> None:
        # The route's pattern, never the address: an address may hold a person's reference or what somebody looked for.
        route = getattr(scope.get("route"), "path", "none")
        method = method_of(scope)
        self.figures.requests.labels(method, route, status).inc()
        self.figures.seconds.labels(route).observe(seconds)
        answering.answered(route, status)
        log.info("request.answered", method=method, route=route, status=status, ms=round(seconds * 1000, 1))


def method_of(scope: Scope) -> str:
    """Return a request's method, or that it is none that is known: a figure for each word would fill memory."""
    return str(scope["method"]) if scope["method"] in METHODS else "other"


def refusal_of(method: str, path: str, headers: Headers, *, is_secure: bool) -> tuple[int, str, Told] | None:
    """Return why a request goes no further, as status, code and sentence, or None."""
    if comes_from_elsewhere(method, headers, is_secure=is_secure):
        return HTTPStatus.FORBIDDEN, "from_elsewhere", ELSEWHERE
    if "transfer-encoding" in headers:  # else a body without end could be sent; browsers always say how long it is
        return HTTPStatus.LENGTH_REQUIRED, "no_length", NO_LENGTH
    length, most = headers.get("content-length", "0"), length_max(path, headers)
    if not length.isdecimal() or int(length) > most:
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_big", TOO_BIG if most == UPLOAD_MAX else MALFORMED
    return None


def length_max(path: str, headers: Headers) -> int:
    """Return how long the body of a request may be: only a file may be long, and only where one is waited for."""
    is_file = headers.get("content-type", "").startswith("multipart/form-data")
    return UPLOAD_MAX if is_file and UPLOADS.fullmatch(path) else FORM_MAX


def comes_from_elsewhere(method: str, headers: Headers, *, is_secure: bool) -> bool:
    """Tell whether a write was sent by another site's page. A program that is no browser sends neither header.

    A page of the own name that came without TLS is another site's too: whoever is in between may have written it.
    """
    if method in SAFE:
        return False
    site = headers.get("sec-fetch-site")
    if site is not None and site not in {"same-origin", "none"}:
        return True
    origin = headers.get("origin")
    if origin is not None:
        scheme, host = urlsplit(origin)[:2]
        return host != headers.get("host") or (is_secure and scheme != "https")
    return site is None and "cookie" in headers
