"""The pages of OpenID Connect that people pass: signing in to a resource, what it learns, and signing out."""

from http import HTTPStatus
from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import AnyVisit, FactorNeeded, PasswordChangeNeeded, TheServices
from cloud.core.pages import Visit, pages_of
from cloud.core.services import Services
from cloud.resources.members import Member, schools_of_member
from cloud.signon import asked as asking
from cloud.signon.answering import issuer_of, member_let_in
from cloud.signon.asked import Asked, Pairs, one
from cloud.signon.errors import Declined, RequestRefused
from cloud.signon.grants import issue_code
from cloud.signon.parties import Party, party_of
from cloud.signon.releases import is_released, release
from cloud.signon.scopes import SCOPES, allowed, tellable
from cloud.signon.visits import lead_on, session_of, sign_in_first, with_parameters

router = APIRouter(include_in_schema=False)
AUTHORIZE, ONWARD = "/oidc/authorize", "/oidc/onward"
Query = Annotated[str, Form(max_length=4_000)]


@router.get(AUTHORIZE)
async def authorize(request: Request, visit: AnyVisit, services: TheServices) -> Response:
    """Sign somebody in to a client: by a code that goes back with them."""
    pairs = request.query_params.multi_items()
    party = await _party(services, pairs)
    back = asking.back_to(pairs, party.redirect_uris)
    try:
        return await _authorize(request, visit, services, party, asking.read(pairs))
    except Declined as declined:
        return _redirect(_declined(services, back, pairs, declined))


@router.get(ONWARD)
async def onward(request: Request, visit: AnyVisit) -> Response:
    """Go on to where somebody was before signing in."""
    return lead_on(request, visit, f"{AUTHORIZE}?{request.url.query}")


@router.post(AUTHORIZE)
async def answer(
    request: Request, visit: AnyVisit, services: TheServices, query: Query = "", says: Annotated[str, Form()] = ""
) -> Response:
    """Go on after somebody was told what a client learns, or back without anything."""
    pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=asking.PARAMETERS_MAX)
    party = await _party(services, pairs)
    back = asking.back_to(pairs, party.redirect_uris)
    if says != "yes":
        refused = Declined("access_denied", "the person did not go on")
        return lead_on(request, visit, _declined(services, back, pairs, refused), party.name)
    try:
        asked = asking.read(pairs)
        member = await _member(visit, services, party)
    except Declined as declined:
        return lead_on(request, visit, _declined(services, back, pairs, declined), party.name)
    assert visit.actor is not None  # noqa: S101 (a member is signed in)
    await release(services, visit.actor, party, tellable(member, allowed(asked.scopes, party.scopes)))
    rest = urlencode([(name, value) for name, value in pairs if name != "prompt"])
    return lead_on(request, visit, f"{AUTHORIZE}?{rest}", party.name)


async def _authorize(request: Request, visit: Visit, services: Services, party: Party, asked: Asked) -> Response:
    session = await session_of(services, request)
    if visit.actor is None or session is None:
        if "none" in asked.prompts:
            raise Declined("login_required", "nobody is signed in")
        return sign_in_first(ONWARD, request.url.query)
    if asked.max_age_s is not None and (visit.now - session.signed_in_at).total_seconds() > asked.max_age_s:
        raise Declined("login_required", "the person signed in longer ago than max_age")
    member = await _member(visit, services, party)
    scopes = allowed(asked.scopes, party.scopes)
    told = tellable(member, scopes)
    if "consent" in asked.prompts or not await is_released(services, session.account_id, party, told):
        if "none" in asked.prompts:
            raise Declined("consent_required", "the person has not yet been told what is passed on")
        return _telling(request, visit, party, scopes, told)
    code = await issue_code(services, party, session.account_id, session.id, asked, scopes)
    parameters = {"code": code, "state": asked.state, "iss": issuer_of(services)}
    return _redirect(with_parameters(asked.redirect_uri, parameters))


async def _party(services: Services, pairs: Pairs) -> Party:
    party = await party_of(services, one(pairs, "client_id") or "")
    if party is None:
        raise RequestRefused(asking.UNKNOWN)
    return party


async def _member(visit: Visit, services: Services, party: Party) -> Member:
    """Return whom the visitor is at the client's school. Raises Declined for who may open nothing of the client."""
    if visit.actor is None or visit.actor.account_id is None:
        raise Declined("login_required", "nobody is signed in")
    if visit.actor.must_change:
        raise PasswordChangeNeeded
    if visit.actor.must_enrol:
        raise FactorNeeded
    member = None
    if party.school_id in schools_of_member(visit.actor):
        member = await member_let_in(services, party, visit.actor.account_id)
    if member is None:
        raise Declined("access_denied", "nothing of this client is published for the person")
    return member


def _telling(request: Request, visit: Visit, party: Party, scopes: tuple[str, ...], told: tuple[str, ...]) -> Response:
    """Return the page that says what a client learns."""
    kept = [SCOPES[scope] for scope in scopes if scope in SCOPES and scope not in told]
    return pages_of(request).page(
        visit, "signon/telling.html", name=party.name, told=[SCOPES[scope] for scope in told], kept=kept,
        query=request.url.query,
    )  # fmt: skip


def _declined(services: Services, back: str, pairs: Pairs, declined: Declined) -> str:
    state = one(pairs, "state")
    return with_parameters(back, {**declined.told, "state": state, "iss": issuer_of(services)})


def _redirect(address: str) -> Response:
    return RedirectResponse(address, HTTPStatus.SEE_OTHER, {"cache-control": "no-store"})
