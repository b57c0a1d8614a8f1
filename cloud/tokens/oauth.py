"""OAuth 2.0 for programs: the grant of client credentials (RFC 6749, 4.4), which OneRoster 1.2 demands.

A token of the school is the client: its id and its secret are traded for a token that lasts an hour.
"""

import base64
import binascii
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import unquote_plus

from fastapi import APIRouter, Form, Header
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from cloud.accounts.web import TheServices
from cloud.core.api import Model, Told
from cloud.tokens.actions import trade
from cloud.tokens.web import TOKEN_PATH

router = APIRouter(tags=["tokens"])
GRANT = "client_credentials"
TEXT_MAX = 2_000
Text = Annotated[str, Form(max_length=TEXT_MAX)]


class AccessShown(Model):
    """A token of an hour, as RFC 6749 answers it."""

    access_token: str
    token_type: str = Field(examples=["Bearer"])
    expires_in: int = Field(description="Seconds.")
    scope: str = Field(description="What was granted, with spaces between.")


class OAuthRefusal(Model):
    """Why no token is given, as RFC 6749 answers it."""

    error: str = Field(examples=["invalid_client"])
    error_description: str


_REFUSALS: dict[int | str, dict[str, Any]] = {
    HTTPStatus.BAD_REQUEST.value: {"model": OAuthRefusal, "description": "The request is not one of this grant."},
    HTTPStatus.UNAUTHORIZED.value: {"model": OAuthRefusal, "description": "The client is not known."},
    HTTPStatus.FORBIDDEN.value: {"model": Told, "description": "Sent by a browser from another site's page."},
}


@router.post(TOKEN_PATH, responses=_REFUSALS, response_model=AccessShown)
async def give_access(
    services: TheServices,
    authorization: Annotated[str, Header(max_length=TEXT_MAX)] = "",
    grant_type: Text = "",
    scope: Text = "",
    client_id: Text = "",
    client_secret: Text = "",
) -> Response:
    """Trade a client's id and secret, by HTTP Basic or in the form, for a token of an hour."""
    if grant_type != GRANT:
        return _refused(HTTPStatus.BAD_REQUEST, "unsupported_grant_type", f"Only grant_type={GRANT} is offered.")
    basic = _basic(authorization)
    client, secret = basic or (client_id, client_secret)
    access = await trade(services, client, secret, scope)
    if access is None:
        return _refused(HTTPStatus.UNAUTHORIZED, "invalid_client", "No such client, or its secret does not fit.")
    if not access.scopes:
        return _refused(HTTPStatus.BAD_REQUEST, "invalid_scope", "The client holds none of these scopes.")
    shown = AccessShown(
        access_token=access.token, token_type="Bearer", expires_in=access.lasts_s,  # noqa: S106 (a kind)
        scope=" ".join(access.scopes),
    )  # fmt: skip
    return JSONResponse(shown.model_dump(), headers={"cache-control": "no-store", "pragma": "no-cache"})


def _basic(header: str) -> tuple[str, str] | None:
    """Return what HTTP Basic says: both parts are encoded as in a form (RFC 6749, 2.3.1)."""
    kind, _, value = header.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        client, _, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote_plus(client), unquote_plus(secret)


def _refused(status: HTTPStatus, error: str, told: str) -> Response:
    headers = {"cache-control": "no-store"}
    if status is HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = 'Basic realm="esik"'
    return JSONResponse({"error": error, "error_description": told}, status, headers)
