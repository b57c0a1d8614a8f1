"""Signing out at the wish of a client (OpenID Connect RP-Initiated Logout 1.0).

Rule: a session ends without a question only when the client shows a token of the very person who is signed in; a
browser goes on only to an address that was registered for that.
"""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.actions import sign_out
from cloud.accounts.web import AnyVisit, TheServices, forget_session, token_of
from cloud.core.navigation import SIGN_IN
from cloud.core.pages import Visit, pages_of
from cloud.core.services import Services
from cloud.resources.members import member_of
from cloud.signon.answering import issuer_of
from cloud.signon.asked import PARAMETERS_MAX, STATE_MAX, Pairs, one
from cloud.signon.jose import ALGORITHM, TokenWrong, audiences, opened
from cloud.signon.keys import told_keys
from cloud.signon.parties import Party, party_of
from cloud.signon.subjects import subject_for
from cloud.signon.visits import lead_on, with_parameters

router = APIRouter(include_in_schema=False)
END = "/oidc/end-session"


@dataclass(frozen=True, slots=True)
class Leaving:
    """Who asks, whom the token is about, and where the browser goes afterwards."""

    party: Party | None
    subject: str
    after: str


@router.get(END)
async def leave(request: Request, visit: AnyVisit, services: TheServices) -> Response:
    """Sign out whom a client's token is about; ask anybody else."""
    pairs = request.query_params.multi_items()
    leaving = await read(services, pairs)
    if visit.actor is None:
        return RedirectResponse(leaving.after, 303)
    if await _is_about(services, visit, leaving):
        return await _gone(request, visit, services, leaving)
    name = leaving.party.name if leaving.party else ""
    return pages_of(request).page(visit, "signon/sign_out.html", name=name, query=request.url.query)


@router.post(END)
async def confirm(
    request: Request, visit: AnyVisit, services: TheServices, query: Annotated[str, Form(max_length=4_000)] = "",
) -> Response:  # fmt: skip
    """Sign out after the question."""
    pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=PARAMETERS_MAX)
    return await _gone(request, visit, services, await read(services, pairs))


async def read(services: Services, pairs: Pairs) -> Leaving:
    """Return what a client asks; what does not fit together leads to our own sign-in page."""
    hint = await _hinted(services, one(pairs, "id_token_hint"))
    client_ids = {*audiences(hint), *([given] if (given := one(pairs, "client_id")) else [])}
    party = await party_of(services, client_ids.pop()) if len(client_ids) == 1 else None
    after, state = one(pairs, "post_logout_redirect_uri"), one(pairs, "state")
    if party is None or after not in party.logout_uris or len(state or "") > STATE_MAX:
        return Leaving(party, str(hint.get("sub", "")), f"{SIGN_IN}?out=1")
    assert after is not None  # noqa: S101 (it is among the addresses)
    return Leaving(party, str(hint.get("sub", "")), with_parameters(after, {"state": state}))


async def _hinted(services: Services, token: str | None) -> dict[str, object]:
    """Return the claims of a token of ours, also of one that is over."""
    if token is None:
        return {}
    try:
        claims = opened(token, await told_keys(services), ALGORITHM)
    except TokenWrong:
        return {}
    return claims if claims.get("iss") == issuer_of(services) else {}


async def _is_about(services: Services, visit: Visit, leaving: Leaving) -> bool:
    if visit.actor is None or leaving.party is None or not leaving.subject:
        return False
    member = await member_of(services, visit.actor.account_id, leaving.party.school_id)
    return member is not None and await subject_for(services, leaving.party.key, member.key) == leaving.subject


async def _gone(request: Request, visit: Visit, services: Services, leaving: Leaving) -> Response:
    if token := token_of(request):
        await sign_out(services, token)
    response = lead_on(request, visit, leaving.after)
    forget_session(response, services)
    return response
