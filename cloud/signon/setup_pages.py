"""IT's page of single sign-on: clients of OpenID Connect and tools of LTI, and what their makers have to be told."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.core.errors import Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.signon.answering import issuer_of
from cloud.signon.desks import Desk, desk_of
from cloud.signon.jose import ALGORITHMS
from cloud.signon.parties import NewParty, PartyGiven, add_party, end_party, parties_of, renew_secret
from cloud.signon.providers import KINDS, ProviderGiven, add_provider, end_provider, providers_of
from cloud.signon.scopes import SCOPES
from cloud.signon.tools import SERVICES, ToolGiven, add_tool, end_tool, tools_of

router = APIRouter(prefix="/schools/{code}/sign-on", include_in_schema=False)
SetupDesk = Annotated[Desk, Depends(desk_of(Right.SIGN_ON_KEEP))]
Text = Annotated[str, Form(max_length=600)]
Lines = Annotated[str, Form(max_length=6_000)]
Words = Annotated[list[str], Form(max_length=20)]
TEMPLATE = "signon/setup.html"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a form was sent with, or what came of it."""

    refused: Refused | None = None
    new: NewParty | None = None


@router.get("")
async def show(request: Request, desk: SetupDesk) -> Response:
    """Show clients and tools."""
    return await _page(request, desk, Shown())


@router.post("/clients")
async def add_client(
    request: Request, desk: SetupDesk, name: Text = "", redirect_uris: Lines = "", logout_uris: Lines = "",
    scopes: Words = [], keeps_secret: Annotated[bool, Form()] = False,  # noqa: B006 (FastAPI gives a list of its own)
) -> Response:  # fmt: skip
    """Set up a client, and show its secret this once."""
    given = PartyGiven(name, redirect_uris, logout_uris, scopes, keeps_secret)
    try:
        new = await add_party(desk.services, desk.actor, desk.school.id, given)
    except Refused as refused:
        return await _page(request, desk, Shown(refused))
    return await _page(request, desk, Shown(new=new))


@router.post("/clients/{party_id}/secret")
async def change_secret(request: Request, desk: SetupDesk, party_id: int) -> Response:
    """Give a client another secret, and show it this once."""
    new = await renew_secret(desk.services, desk.actor, desk.school.id, party_id)
    return await _page(request, desk, Shown(new=new))


@router.post("/clients/{party_id}/end")
async def end_client(desk: SetupDesk, party_id: int) -> Response:
    """Let nobody sign in to a client any more."""
    await end_party(desk.services, desk.actor, desk.school.id, party_id)
    return _to(desk)


@router.post("/tools")
async def register_tool(
    request: Request, desk: SetupDesk, name: Text = "", login_uri: Text = "", redirect_uris: Lines = "",
    keys_uri: Text = "", scopes: Words = [], services: Words = [],  # noqa: B006 (as above)
) -> Response:  # fmt: skip
    """Register a tool."""
    given = ToolGiven(name, login_uri, redirect_uris, keys_uri, scopes, services)
    try:
        await add_tool(desk.services, desk.actor, desk.school.id, given)
    except Refused as refused:
        return await _page(request, desk, Shown(refused))
    return _to(desk)


@router.post("/tools/{tool_id}/end")
async def end_one(desk: SetupDesk, tool_id: int) -> Response:
    """Launch a tool no more."""
    await end_tool(desk.services, desk.actor, desk.school.id, tool_id)
    return _to(desk)


@router.post("/providers")
async def believe(
    request: Request, desk: SetupDesk, name: Text = "", issuer: Text = "", client_id: Text = "", secret: Text = "",
    algorithm: Text = "RS256", claim_kind: Text = "", claim: Text = "", scopes: Text = "openid profile email",
) -> Response:  # fmt: skip
    """Believe an identity provider."""
    given = ProviderGiven(name, issuer, client_id, secret, algorithm, claim_kind, claim, scopes)
    try:
        await add_provider(desk.services, desk.actor, desk.school.id, given)
    except Refused as refused:
        return await _page(request, desk, Shown(refused))
    return _to(desk)


@router.post("/providers/{provider_id}/end")
async def believe_no_more(desk: SetupDesk, provider_id: int) -> Response:
    """Believe an identity provider no more."""
    await end_provider(desk.services, desk.actor, desk.school.id, provider_id)
    return _to(desk)


async def _page(request: Request, desk: Desk, shown: Shown) -> Response:
    asked = (desk.services, desk.actor, desk.school.id)
    refused = shown.refused
    values: dict[str, Any] = {
        "parties": await parties_of(*asked), "tools": await tools_of(*asked), "new": shown.new,
        "providers": await providers_of(*asked), "provider_kinds": KINDS, "algorithms": ALGORITHMS,
        "issuer": issuer_of(desk.services), "scopes": SCOPES, "services": SERVICES,
    }  # fmt: skip
    return pages_of(request).page(
        desk.visit, TEMPLATE, status=refused.status if refused else HTTPStatus.OK, section="sign_on",
        refused=translate(desk.visit.language, refused.message) if refused else "", **values,
    )  # fmt: skip


def _to(desk: Desk) -> Response:
    return RedirectResponse(f"/schools/{desk.school.code}/sign-on", HTTPStatus.SEE_OTHER)
