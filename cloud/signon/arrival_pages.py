"""The pages of signing in by an identity provider: off to it, back from it, and joining it to one's own account."""

from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.beginnings import Half
from cloud.accounts.pages import SECOND
from cloud.accounts.web import (
    AnyVisit,
    MemberVisit,
    SignedIn,
    TheServices,
    device_of,
    own_path,
    remember_half,
    remember_session,
)
from cloud.core.errors import NotFound
from cloud.core.navigation import ACCOUNT
from cloud.core.pages import pages_of
from cloud.core.services import Services
from cloud.signon import arrivals, links
from cloud.signon.arrivals import AGAIN, LASTS
from cloud.signon.errors import RequestRefused
from cloud.signon.providers import provider_of
from cloud.signon.visits import ADDRESS_MAX, with_parameters

router = APIRouter(include_in_schema=False)
COOKIE = "esik_arrival"
BACK = "/sign-in/back"
JOINED = f"{ACCOUNT}/joined"


@router.get("/sign-in/with/{provider_id}")
async def send_off(services: TheServices, provider_id: int, next: str = "/") -> Response:  # noqa: A002
    """Send a browser to an identity provider."""
    after = own_path(next) if len(next) <= ADDRESS_MAX else "/"
    return await _sent(services, provider_id, after)


@router.get(BACK + "/{provider_id}")
async def come_back(request: Request, visit: AnyVisit, services: TheServices, provider_id: int) -> Response:
    """Sign in whom a provider sent back, or join it to who is signed in."""
    provider = await provider_of(services, provider_id)
    pairs = request.query_params.multi_items()
    begun, claims = await arrivals.finish(services, provider, request.cookies.get(COOKIE, ""), pairs)
    if begun.account_id:
        if visit.actor is None or visit.actor.account_id != begun.account_id:
            raise RequestRefused(AGAIN)
        await links.join(services, visit.actor, provider, claims["sub"])
        return _left(services, RedirectResponse(JOINED, HTTPStatus.SEE_OTHER))
    come = await links.come_in(services, provider, claims, device_of(request))
    if isinstance(come, Half):
        half = RedirectResponse(with_parameters(SECOND, {"next": begun.next}), HTTPStatus.SEE_OTHER)
        remember_half(half, services, come)
        return _left(services, half)
    whole = RedirectResponse(ACCOUNT if come.must_change else begun.next, HTTPStatus.SEE_OTHER)
    remember_session(whole, services, come)
    return _left(services, whole)


@router.get(JOINED)
async def show_joined(request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices) -> Response:
    """Show which providers are joined to one's own account."""
    return pages_of(request).page(visit, "signon/joined.html", providers=await links.own_providers(services, actor))


@router.post(JOINED + "/{provider_id}/join")
async def join(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, provider_id: int
) -> Response:
    """Send a browser to a provider, to join it to one's own account."""
    await _check_own(services, actor, provider_id)
    provider = await provider_of(services, provider_id)
    address, cookie = await arrivals.begin(services, provider, JOINED, actor.account_id or 0)
    page = pages_of(request).page(visit, "signon/onward.html", address=address, name=provider.name)
    _remember(services, page, cookie)
    return page


@router.post(JOINED + "/{provider_id}/part")
async def part(actor: SignedIn, services: TheServices, provider_id: int) -> Response:
    """Take a provider from one's own account."""
    await links.part(services, actor, provider_id)
    return RedirectResponse(JOINED, HTTPStatus.SEE_OTHER)


async def _check_own(services: Services, actor: SignedIn, provider_id: int) -> None:
    if provider_id not in {key for key, _name, _joined in await links.own_providers(services, actor)}:
        raise NotFound


async def _sent(services: Services, provider_id: int, after: str) -> Response:
    provider = await provider_of(services, provider_id)
    address, cookie = await arrivals.begin(services, provider, after)
    response = RedirectResponse(address, HTTPStatus.SEE_OTHER, {"cache-control": "no-store"})
    _remember(services, response, cookie)
    return response


def _remember(services: Services, response: Response, cookie: str) -> None:
    """Keep what was begun in the browser: sealed, for ten minutes, for the address that it comes back to."""
    response.set_cookie(
        COOKIE, cookie, max_age=int(LASTS.total_seconds()), path=BACK, httponly=True, samesite="lax",
        secure=services.settings.cookies_secure,
    )  # fmt: skip


def _left(services: Services, response: Response) -> Response:
    response.delete_cookie(
        COOKIE, path=BACK, httponly=True, samesite="lax", secure=services.settings.cookies_secure
    )  # fmt: skip
    return response
