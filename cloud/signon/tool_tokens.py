"""Access tokens of tools: given for an assertion that the tool signed with its key (RFC 7523, LTI 1.3 security 4.1).

Rule: an assertion is believed once, from the tool whose key signed it, for this platform and for a few minutes.
"""

import base64
import binascii
import json
import secrets
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import asyncpg

from cloud.core.database import raw
from cloud.core.services import Services
from cloud.signon.answering import issuer_of
from cloud.signon.asked import Pairs, one
from cloud.signon.errors import Declined
from cloud.signon.fetching import NotFetched, fetch_json
from cloud.signon.grants import TOKEN_MAX
from cloud.signon.jose import ALGORITHM, TokenWrong, audiences, check_times, opened
from cloud.signon.launch_claims import SCOPES_OF
from cloud.signon.parties import digest_of
from cloud.signon.tools import Tool, tool_of, tool_of_id

LASTS = timedelta(minutes=30)
ASSERTION_LASTS_S = 3_600
JTI_MAX = 255
ASSERTION_MAX = 8_192
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TOKEN = "/lti/token"  # noqa: S105 (an address)
_ADD = "INSERT INTO lti_token (digest, tool_id, scopes, jti, until) VALUES ($1, $2, $3, $4, $5)"
_FORGET = "DELETE FROM lti_token WHERE tool_id = $1 AND until < $2"
_FOUND = "SELECT tool_id, scopes FROM lti_token WHERE digest = $1 AND until > $2"
KEPT = timedelta(seconds=2 * ASSERTION_LASTS_S)  # after a token's end: so long its assertion could come again


async def token_for(services: Services, form: Pairs) -> dict[str, Any]:
    """Return the token endpoint's answer. Raises Declined."""
    if one(form, "grant_type") != "client_credentials" or one(form, "client_assertion_type") != ASSERTION:
        raise Declined("unsupported_grant_type", "client_credentials with a signed assertion")
    tool, claims = await _believed(services, one(form, "client_assertion") or "")
    let = {scope for service in tool.services for scope in SCOPES_OF[service]}
    scopes = [scope for scope in (one(form, "scope") or "").split() if scope in let]
    if not scopes:
        raise Declined("invalid_scope", "nothing of this was let to the tool")
    token = secrets.token_urlsafe(32)
    await _keep(services, tool, token, scopes, str(claims["jti"]))
    return {
        "access_token": token, "token_type": "Bearer", "expires_in": int(LASTS.total_seconds()),
        "scope": " ".join(scopes),
    }  # fmt: skip


async def tool_behind(services: Services, token: str, *scopes: str) -> Tool:
    """Return the tool of an access token that has one of the scopes. Raises Declined."""
    row = await services.database.pool.fetchrow(_FOUND, digest_of(token[:TOKEN_MAX]), services.clock.now())
    tool = await tool_of_id(services, row["tool_id"]) if row else None
    if row is None or tool is None:
        raise Declined("invalid_token", "the access token is over or never was", HTTPStatus.UNAUTHORIZED)
    if not set(scopes) & set(row["scopes"]):
        raise Declined("insufficient_scope", f"one of {' '.join(scopes)} is needed", HTTPStatus.FORBIDDEN)
    return tool


async def _believed(services: Services, assertion: str) -> tuple[Tool, dict[str, Any]]:
    tool = await tool_of(services, _sender(assertion))
    if tool is None or not tool.keys_uri:
        raise _wrong("no tool of this client_id that has keys")
    try:
        keys = (await fetch_json(services, tool.keys_uri)).get("keys")
        claims = opened(assertion, keys if isinstance(keys, list) else [], ALGORITHM)
        check_times(claims, int(services.clock.now().timestamp()), ASSERTION_LASTS_S)
    except (NotFetched, TokenWrong) as error:
        raise _wrong(str(error)) from None
    issuer = issuer_of(services)
    if claims.get("sub") != tool.client_id or not {issuer, f"{issuer}{TOKEN}"} & set(audiences(claims)):
        raise _wrong("sub or aud is not what it has to be")
    if not isinstance(claims.get("jti"), str) or not 0 < len(claims["jti"]) <= JTI_MAX:
        raise _wrong("jti is missing")
    return tool, claims


def _sender(assertion: str) -> str:
    """Return who an assertion says it is from, before anything of it is believed: it only chooses whose keys to ask."""
    part = assertion.split(".")[1] if assertion.count(".") == 2 and len(assertion) <= ASSERTION_MAX else ""
    try:
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError):
        return ""
    return str(claims.get("iss", "")) if isinstance(claims, dict) else ""


async def _keep(services: Services, tool: Tool, token: str, scopes: list[str], jti: str) -> None:
    now = services.clock.now()
    async with services.database.transaction() as connection:
        at = raw(connection)
        await at.execute(_FORGET, tool.id, now - KEPT)
        try:
            await at.execute(_ADD, digest_of(token), tool.id, scopes, jti, now + LASTS)
        except asyncpg.UniqueViolationError:
            raise _wrong("an assertion with this jti came already") from None


def _wrong(why: str) -> Declined:
    return Declined("invalid_client", why, HTTPStatus.UNAUTHORIZED)
