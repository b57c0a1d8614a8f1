"""Who a request comes from: the session's cookie, and what pages ask of it before they show anything."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated, cast
from urllib.parse import quote

from fastapi import Depends, Request, Response

from cloud.accounts.actions import Session
from cloud.accounts.queries import actor_of
from cloud.core.actor import Actor
from cloud.core.errors import Refused
from cloud.core.messages import message
from cloud.core.navigation import ACCOUNT, SIGN_IN
from cloud.core.pages import Counting, Visit
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.telling import wants_page

COOKIE = "esik_session"
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


def services_of(request: Request) -> Services:
    """Return the application's services."""
    return cast(Services, request.app.state.services)


async def visitor(request: Request) -> Visit:
    """Return the visit, with whoever is signed in, or nobody."""
    services = services_of(request)
    token = request.cookies.get(COOKIE, "")
    actor = await actor_of(services, token) if 0 < len(token) <= TOKEN_MAX else None
    visit = Visit.of(request, services.clock.now(), actor)
    if actor is not None and wants_page(request):
        counting: Counting = request.app.state.counting
        visit = replace(visit, counts=await counting(services, actor))
    request.state.visit = visit
    return visit


async def newcomer(visit: Annotated[Visit, Depends(visitor)]) -> Visit:
    """Return the visit of somebody signed in, even with a password that must change. Raises SignInNeeded."""
    if visit.actor is None:
        raise SignInNeeded
    return visit


async def member(visit: Annotated[Visit, Depends(newcomer)]) -> Visit:
    """Return the visit of somebody signed in with a password of their own."""
    if visit.actor is not None and visit.actor.must_change:
        raise PasswordChangeNeeded
    return visit


async def signed_in(visit: Annotated[Visit, Depends(member)]) -> Actor:
    """Return who is signed in."""
    assert visit.actor is not None  # noqa: S101 (member refuses others)
    return visit.actor


AnyVisit = Annotated[Visit, Depends(visitor)]
NewVisit = Annotated[Visit, Depends(newcomer)]
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
    return None


def own_path(path: str) -> str:
    """Return a path of this site to go on to; anything that leads elsewhere becomes the first page."""
    is_own = path.startswith("/") and not path.startswith(("//", "/\\")) and "\n" not in path and "\r" not in path
    return path if is_own else "/"


def remember_session(response: Response, services: Services, session: Session) -> None:
    """Give the browser a session's token: for this site, out of the reach of scripts."""
    lasts_s = int((session.expires_at - services.clock.now()).total_seconds())
    response.set_cookie(
        COOKIE, session.token, max_age=lasts_s, path="/", secure=services.settings.cookies_secure, httponly=True,
        samesite="lax",
    )  # fmt: skip


def remember_choice(response: Response, services: Services, cookie: str, value: str) -> None:
    """Keep a language or a look in the browser for a year."""
    response.set_cookie(
        cookie, value, max_age=YEAR_S, path="/", secure=services.settings.cookies_secure, httponly=True, samesite="lax"
    )


def forget_session(response: Response, services: Services) -> None:
    """Take the session's token from the browser."""
    response.delete_cookie(
        COOKIE, path="/", secure=services.settings.cookies_secure, httponly=True, samesite="lax"
    )  # fmt: skip


async def who_now(request: Request) -> Actor | None:
    """Return who a request's session belongs to now; a stream asks while it lasts."""
    token = request.cookies.get(COOKIE, "")
    return await actor_of(services_of(request), token) if 0 < len(token) <= TOKEN_MAX else None
