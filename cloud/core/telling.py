"""Refusals as answers: a page in the reader's language for people, a code and a sentence as JSON for programs."""

import traceback
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from cloud.core.errors import NotFound, Refused, kinds_of
from cloud.core.i18n import translate
from cloud.core.messages import Message, message
from cloud.core.pages import Visit, pages_of

ICONS = {HTTPStatus.NOT_FOUND: "absent", HTTPStatus.FORBIDDEN: "stop", HTTPStatus.UNAUTHORIZED: "person"}
TITLES = {
    HTTPStatus.NOT_FOUND: message("Not found"),
    HTTPStatus.FORBIDDEN: message("Not allowed"),
    HTTPStatus.UNAUTHORIZED: message("Sign in"),
    HTTPStatus.METHOD_NOT_ALLOWED: message("Not found"),
    HTTPStatus.SERVICE_UNAVAILABLE: message("One moment"),
    HTTPStatus.INTERNAL_SERVER_ERROR: message("Something went wrong here"),
}
OTHERWISE = message("This cannot be done")
FAILED = message("It is our mistake, and it is noted. Try again in a minute; if it stays, tell the school's IT.")
MALFORMED = message("What was sent cannot be read. Open the page again and repeat.")
FRAMES_MAX = 12
log = structlog.get_logger()


def wants_page(request: Request) -> bool:
    """Tell whether a person with a browser asks, rather than a program or a stream."""
    accepts = request.headers.get("accept", "")
    return "text/html" in accepts and "text/event-stream" not in accepts and not request.url.path.startswith("/api/")


def tell(request: Request, status: int, code: str, told: Message) -> Response:
    """Return a refusal as a page or as JSON."""
    services = request.app.state.services
    visit = getattr(request.state, "visit", None) or Visit.of(request, services.clock.now())
    text = translate(visit.language, told)
    if not wants_page(request):
        return JSONResponse({"code": code, "message": text}, status, {"cache-control": "no-store"})
    title = translate(visit.language, TITLES.get(HTTPStatus(status), OTHERWISE))
    icon = ICONS.get(HTTPStatus(status), "warn")
    return pages_of(request).page(visit, "core/error.html", status=status, title=title, text=text, icon=icon)


async def tell_refused(request: Request, refused: Exception) -> Response:
    """Tell of an expected error."""
    assert isinstance(refused, Refused)  # noqa: S101 (registered for these only)
    return tell(request, refused.status, refused.code, refused.message)


async def tell_http(request: Request, error: Exception) -> Response:
    """Tell of what the framework refused by itself: no such address, no such method."""
    assert isinstance(error, HTTPException)  # noqa: S101 (registered for these only)
    if error.status_code in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
        response = tell(request, error.status_code, NotFound.code, NotFound().message)
    else:
        response = tell(request, error.status_code, "malformed", MALFORMED)
    response.headers.update(error.headers or {})
    return response


async def tell_malformed(request: Request, _error: Exception) -> Response:
    """Tell of values that do not fit; which ones is not repeated, since they may be private."""
    return tell(request, HTTPStatus.UNPROCESSABLE_ENTITY, "malformed", MALFORMED)


def tell_failed(request: Request, error: Exception) -> Response:
    """Tell of our own mistake, and note its kind and place: its words may hold what somebody typed or a row holds."""
    route = getattr(request.scope.get("route"), "path", "none")
    log.error("request.failed", route=route, error=kinds_of(error), at=_place(error))
    return tell(request, HTTPStatus.INTERNAL_SERVER_ERROR, "failed", FAILED)


def register(app: FastAPI) -> None:
    """Tell of everything that an application refuses; what it fails at is told by Guarding, which stands around it."""
    app.add_exception_handler(Refused, tell_refused)
    app.add_exception_handler(HTTPException, tell_http)
    app.add_exception_handler(RequestValidationError, tell_malformed)


def _place(error: BaseException) -> list[str]:
    """Return where an error rose, outermost first."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES_MAX:]
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
