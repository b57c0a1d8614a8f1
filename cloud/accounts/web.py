"""Who a request comes from: the session's cookie, and what pages ask of it before they show anything."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated, cast
from urllib.parse import quote

from fastapi import Depends, Request, Response

from cloud.accounts.beginnings import Half, Session
from cloud.accounts.known import remembered
from cloud.accounts.machines import machine_of
from cloud.accounts.queries import actor_of
from cloud.accounts.rules import login_or_blank
from cloud.core.actor import Actor
from cloud.core.errors import Refused
from cloud.core.messages import message
from cloud.core.navigation import ACCOUNT, SECOND_STEP, SIGN_IN, is_first_page
from cloud.core.pages import Announcing, Counting, Posting, Visit
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.telling import wants_page

COOKIE = "esik_session"
HOST_COOKIE = f"__Host-{COOKIE}"  # with TLS: browsers take it from this very host alone, and from no page beside it
HALF_COOKIE = "esik_half"  # of a sign-in between its two steps; no page reads it but the second step
KNOWN_COOKIE = "esik_known"  # of a browser that somebody signed in from; it opens nothing
TOKEN_MAX = 100
YEAR_S = 31_536_000


class SignInNeeded(Refused):
    """Nobody is signed in, or no more."""

    status = HTTPStatus.UNAUTHORIZED
    code = "sign_in_needed"

    def __init__(self) -> None:
        super().__init__(message("Sign in first."))


class PasswordChangeNeeded(Refused):
    """The password is one that somebody else gave out; nothing opens before it is changed."""

    status = HTTPStatus.FORBIDDEN
    code = "password_change_needed"

    def __init__(self) -> None:
        super().__init__(message("Choose your own password first, on the page of your account."))


class FactorNeeded(Refused):
    """Who works here signs in with a second step; nothing opens before it is set up."""

    status = HTTPStatus.FORBIDDEN
    code = "factor_needed"

    def __init__(self) -> None:
        super().__init__(message("Set up a second step for signing in first, on the page of your account."))


def services_of(request: Request) -> Services:
    """Return the application's services."""
    return cast(Services, request.app.state.services)


async def visitor(request: Request) -> Visit:
    """Return the visit, with whoever is signed in, or nobody."""
    services = services_of(request)
    token = token_of(request)
    actor = await actor_of(services, token) if token else None
    visit = replace(Visit.of(request, services.clock.now(), actor), reader=reader_of(token) if actor else "")
    if wants_page(request):
        announcing: Announcing = request.app.state.announced.said
        visit = replace(visit, window=await announcing(services))
    if actor is not None and wants_page(request):
        counting: Counting = request.app.state.counting
        visit = replace(visit, counts=await counting(services, actor))
        if is_first_page(actor, request.url.path):
            posted: Posting = request.app.state.posted
            visit = replace(visit, board=await posted(services, actor, visit.language.value))
    request.state.visit = visit
    return visit


AnyVisit = Annotated[Visit, Depends(visitor)]


# Each of these asks the visit itself, and none another: FastAPI unfolds every chain anew for each route at a start.


async def newcomer(visit: AnyVisit) -> Visit:
    """Return the visit of somebody signed in, even with a password that must change. Raises SignInNeeded."""
    _signed_in(visit)
    return visit


async def owner(visit: AnyVisit) -> Visit:
    """Return the visit of somebody who may set up a second step. Raises PasswordChangeNeeded."""
    _settled(visit)
    return visit


async def member(visit: AnyVisit) -> Visit:
    """Return the visit of somebody signed in with a password of their own, and the second step that it takes."""
    _whole(visit)
    return visit


async def signed_in(visit: AnyVisit) -> Actor:
    """Return who is signed in, as a member."""
    return _whole(visit)


def _signed_in(visit: Visit) -> Actor:
    if visit.actor is None:
        raise SignInNeeded
    return visit.actor


def _settled(visit: Visit) -> Actor:
    actor = _signed_in(visit)
    if actor.must_change:
        raise PasswordChangeNeeded
    return actor


def _whole(visit: Visit) -> Actor:
    actor = _settled(visit)
    if actor.must_enrol:
        raise FactorNeeded
    return actor


NewVisit = Annotated[Visit, Depends(newcomer)]
OwnerVisit = Annotated[Visit, Depends(owner)]
MemberVisit = Annotated[Visit, Depends(member)]
SignedIn = Annotated[Actor, Depends(signed_in)]
TheServices = Annotated[Services, Depends(services_of)]


@dataclass(frozen=True, slots=True)
class OperatorDesk:
    """An operator at a page of all schools."""

    visit: Visit
    actor: Actor
    services: Services


def everywhere(right: Right) -> Callable[..., Awaitable[OperatorDesk]]:
    """Return a dependency that finds who has a right at every school there is. Raises NotAllowed."""

    async def find(visit: MemberVisit, actor: SignedIn, services: TheServices) -> OperatorDesk:
        actor.require_everywhere(right)
        return OperatorDesk(visit, actor, services)

    return find


def way_out(refused: Refused, path: str) -> str | None:
    """Return where a page sends a reader instead of telling of a refusal, or None."""
    if isinstance(refused, SignInNeeded):
        return SIGN_IN if path == "/" else f"{SIGN_IN}?next={quote(path, safe='')}"
    if isinstance(refused, PasswordChangeNeeded):
        return ACCOUNT
    if isinstance(refused, FactorNeeded):
        return SECOND_STEP
    return None


def own_path(path: str) -> str:
    """Return a path of this site to go on to; anything that leads elsewhere becomes the first page."""
    is_own = path.startswith("/") and not path.startswith(("//", "/\\")) and "\n" not in path and "\r" not in path
    return path if is_own else "/"


def remember_session(response: Response, services: Services, session: Session) -> None:
    """Give the browser a session's token: for this site, out of the reach of scripts."""
    lasts_s = int((session.expires_at - services.clock.now()).total_seconds())
    response.set_cookie(
        session_cookie(services), session.token, max_age=lasts_s, path="/", secure=services.settings.cookies_secure,
        httponly=True, samesite="lax",
    )  # fmt: skip


def session_cookie(services: Services) -> str:
    """Return what the cookie of a session is called here."""
    return HOST_COOKIE if services.settings.cookies_secure else COOKIE


def remember_half(response: Response, services: Services, half: Half) -> None:
    """Give the browser half a session's token, for the pages of signing in only."""
    lasts_s = int((half.expires_at - services.clock.now()).total_seconds())
    response.set_cookie(
        HALF_COOKIE, half.token, max_age=lasts_s, path=SIGN_IN, secure=services.settings.cookies_secure, httponly=True,
        samesite="strict",
    )  # fmt: skip


def forget_half(response: Response, services: Services) -> None:
    """Take half a session's token from the browser."""
    response.delete_cookie(
        HALF_COOKIE, path=SIGN_IN, secure=services.settings.cookies_secure, httponly=True, samesite="strict"
    )


def remember_browser(response: Response, services: Services, cookie: str, login: str) -> None:
    """Let the browser be known when the login is signed in to again, for the pages of signing in only."""
    response.set_cookie(
        KNOWN_COOKIE, remembered(services.vault, cookie, login_or_blank(login)), max_age=YEAR_S, path=SIGN_IN,
        secure=services.settings.cookies_secure, httponly=True, samesite="strict",
    )  # fmt: skip


def token_of(request: Request, cookie: str = "") -> str:
    """Return a cookie's token, of the session where none is named; nothing where it is too long to be one."""
    token = request.cookies.get(cookie or session_cookie(services_of(request)), "")
    return token if len(token) <= TOKEN_MAX else ""


def reader_of(token: str) -> str:
    """Return what a page calls the session that it is shown to; nobody finds the token by it, nor the account."""
    return hashlib.sha256(f"reader {token}".encode()).hexdigest()[:16]


def address_of(request: Request) -> str:
    """Return where a request comes from."""
    return request.client.host if request.client else ""


def device_of(request: Request) -> str:
    """Return the browser and its system, as its owner knows them."""
    return machine_of(request.headers.get("user-agent", ""))


def remember_choice(response: Response, services: Services, cookie: str, value: str) -> None:
    """Keep a language or a look in the browser for a year."""
    response.set_cookie(
        cookie, value, max_age=YEAR_S, path="/", secure=services.settings.cookies_secure, httponly=True, samesite="lax"
    )


def forget_session(response: Response, services: Services) -> None:
    """Take the session's token from the browser."""
    response.delete_cookie(
        session_cookie(services), path="/", secure=services.settings.cookies_secure, httponly=True, samesite="lax"
    )


async def who_now(request: Request) -> Actor | None:
    """Return who a request's session belongs to now; a stream asks while it lasts."""
    token = token_of(request)
    return await actor_of(services_of(request), token) if token else None
