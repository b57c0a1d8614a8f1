"""The endpoints of OpenID Connect that programs ask: discovery, keys, tokens, userinfo, revocation."""

import base64
import binascii
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_plus

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from cloud.accounts.web import TheServices
from cloud.core.services import Services
from cloud.signon import grants
from cloud.signon.answering import answer_to, issuer_of, userinfo
from cloud.signon.asked import Pairs, one
from cloud.signon.errors import Declined
from cloud.signon.jose import ALGORITHM
from cloud.signon.keys import told_keys
from cloud.signon.parties import Party, party_of
from cloud.signon.scopes import CLAIMS, OFFLINE, OPENID, SCOPES

router = APIRouter(include_in_schema=False)
NOT_KEPT = {"cache-control": "no-store", "pragma": "no-cache"}
KEPT_SHORTLY = {"cache-control": "public, max-age=300"}
WHO = Declined("invalid_client", "client_id and secret do not belong together", HTTPStatus.UNAUTHORIZED)


@router.get("/.well-known/openid-configuration")
async def discovery(services: TheServices) -> Response:
    """Tell what this provider is and where its endpoints are (OpenID Connect Discovery, RFC 8414, RFC 9207)."""
    return JSONResponse(metadata(issuer_of(services)), headers=KEPT_SHORTLY)


@router.get("/oidc/keys")
async def keys(services: TheServices) -> Response:
    """Tell the public keys."""
    return JSONResponse({"keys": await told_keys(services)}, headers=KEPT_SHORTLY)


@router.post("/oidc/token")
async def token(request: Request, services: TheServices) -> Response:
    """Give tokens for a code or for a refresh token."""
    form = await form_of(request)
    try:
        party = await _client(services, request, form)
        granted = await _granted(services, party, form)
        return JSONResponse(await answer_to(services, party, granted), headers=NOT_KEPT)
    except Declined as declined:
        return declined_answer(declined)


@router.post("/oidc/revoke")
async def revoke(request: Request, services: TheServices) -> Response:
    """End what hangs on a token; the answer is the same whether it was one."""
    form = await form_of(request)
    try:
        party = await _client(services, request, form)
    except Declined as declined:
        return declined_answer(declined)
    await grants.revoke(services, party, one(form, "token") or "")
    return Response(status_code=HTTPStatus.OK, headers=NOT_KEPT)


@router.get("/oidc/userinfo")
async def show_userinfo(request: Request, services: TheServices) -> Response:
    """Tell a client who signed in, as of now."""
    return await _userinfo(request, services)


@router.post("/oidc/userinfo")
async def send_userinfo(request: Request, services: TheServices) -> Response:
    """Tell the same to a client that asks by POST."""
    return await _userinfo(request, services)


def metadata(issuer: str) -> dict[str, Any]:
    """Return the provider's metadata."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oidc/authorize",
        "token_endpoint": f"{issuer}/oidc/token",
        "userinfo_endpoint": f"{issuer}/oidc/userinfo",
        "revocation_endpoint": f"{issuer}/oidc/revoke",
        "end_session_endpoint": f"{issuer}/oidc/end-session",
        "jwks_uri": f"{issuer}/oidc/keys",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": [OPENID, *SCOPES, OFFLINE],
        "claims_supported": list(CLAIMS),
        "prompt_values_supported": ["none", "consent"],
        "ui_locales_supported": ["kk", "ru", "en"],
        "authorization_response_iss_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }


async def form_of(request: Request) -> Pairs:
    """Return a form's fields; files are none of them."""
    async with request.form(max_files=0, max_fields=30) as form:
        return [(key, value) for key, value in form.multi_items() if isinstance(value, str)]


def declined_answer(declined: Declined) -> Response:
    """Return an error as the protocol tells it."""
    headers = dict(NOT_KEPT)
    if declined.status is HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = f'Basic realm="{declined.error}"'
    return JSONResponse(declined.told, declined.status, headers)


def bearer_of(request: Request) -> str:
    """Return the access token of a request; empty without one."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


async def _granted(services: Services, party: Party, form: Pairs) -> grants.Granted:
    match one(form, "grant_type"):
        case "authorization_code":
            code, verifier = one(form, "code"), one(form, "code_verifier")
            return await grants.redeem(services, party, code or "", one(form, "redirect_uri") or "", verifier or "")
        case "refresh_token":
            return await grants.refresh(services, party, one(form, "refresh_token") or "")
        case _:
            raise Declined("unsupported_grant_type", "authorization_code or refresh_token")


async def _client(services: Services, request: Request, form: Pairs) -> Party:
    """Return who asks: by one secret in one place, or, keeping none, by its id alone. Raises Declined."""
    basic = _basic(request.headers.get("authorization", ""))
    client_id, secret = basic or (one(form, "client_id") or "", one(form, "client_secret") or "")
    party = await party_of(services, client_id)
    if party is None or (basic is not None and one(form, "client_secret")):
        raise WHO
    if party.secret_digest is None and not secret:
        return party
    if not party.fits(secret):
        raise WHO
    return party


def _basic(header: str) -> tuple[str, str] | None:
    """Return id and secret of a Basic header (RFC 6749, 2.3.1: both form-encoded), or None."""
    kind, _, packed = header.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(packed.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote_plus(client_id), unquote_plus(secret)


async def _userinfo(request: Request, services: Services) -> Response:
    told = await userinfo(services, bearer_of(request))
    if told is None:
        challenge = {"www-authenticate": 'Bearer error="invalid_token"', **NOT_KEPT}
        return JSONResponse({"error": "invalid_token"}, HTTPStatus.UNAUTHORIZED, challenge)
    return JSONResponse(told, headers=NOT_KEPT)
