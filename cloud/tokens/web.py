"""Requests of programs: whose token one bears, whether it may ask this, and whether it asks too often."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from math import ceil
from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.responses import Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.security.oauth2 import OAuth2

from cloud.accounts.web import TheServices
from cloud.core.services import Services
from cloud.core.telling import tell_refused
from cloud.tokens.bearer import Bearer
from cloud.tokens.errors import BearerRefused, TokenNeeded, TokenRefused, TooManyRequests
from cloud.tokens.queries import bearer_of
from cloud.tokens.rates import Rates
from cloud.tokens.scopes import Scope

TOKEN_PATH = "/api/v1/oauth/token"  # noqa: S105 (an address)
_header = HTTPBearer(auto_error=False, scheme_name="token", description="A token that the school's IT made.")
_oauth = OAuth2(
    flows=OAuthFlows(
        clientCredentials=OAuthFlowClientCredentials(
            tokenUrl=TOKEN_PATH, scopes={scope.value: scope.name.replace("_", " ").lower() for scope in Scope}
        )
    ),
    scheme_name="client_credentials", auto_error=False,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Program:
    """A program that asks, let in."""

    bearer: Bearer
    services: Services


def rates_of(request: Request) -> Rates:
    """Return the application's counts of requests."""
    return cast(Rates, request.app.state.rates)


def program_with(scope: Scope) -> Callable[..., Awaitable[Program]]:
    """Return a dependency that lets in programs whose token names a scope.

    Raises TokenNeeded, TokenRefused, ScopeMissing or TooManyRequests.
    """

    async def find(
        request: Request,
        services: TheServices,
        sent: Annotated[HTTPAuthorizationCredentials | None, Depends(_header)],
        _flow: Annotated[str | None, Depends(_oauth)],
    ) -> Program:
        bearer = await _bearer(services, sent)
        if wait_s := rates_of(request).take(bearer.token_id):
            raise TooManyRequests(ceil(wait_s))
        bearer.require(scope)
        return Program(bearer, services)

    return find


async def tell_bearer(request: Request, refused: Exception) -> Response:
    """Tell a program why it is not let in, with the headers that RFC 6750 and RFC 6585 have it look at."""
    assert isinstance(refused, BearerRefused)  # noqa: S101 (registered for these only)
    response = await tell_refused(request, refused)
    response.headers.update(headers_of(refused))
    return response


def headers_of(refused: BearerRefused) -> dict[str, str]:
    """Return the headers of a refusal."""
    if refused.retry_after_s:
        return {"retry-after": str(refused.retry_after_s)}
    return {"www-authenticate": refused.challenge}


async def _bearer(services: Services, sent: HTTPAuthorizationCredentials | None) -> Bearer:
    if sent is None:
        raise TokenNeeded
    bearer = await bearer_of(services, sent.credentials)
    if bearer is None:
        raise TokenRefused
    return bearer
