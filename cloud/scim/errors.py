"""Refusals as SCIM words them (RFC 7644, 3.12), and the route class that turns every refusal into such words."""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from typing_extensions import override

from cloud.core.errors import NotFound, Refused
from cloud.core.messages import Message, message
from cloud.tokens.errors import BearerRefused
from cloud.tokens.web import headers_of

MEDIA = "application/scim+json"
ERROR_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error"


class ScimRefusal(BaseModel):
    """Why a request failed."""

    schemas: list[str] = Field(examples=[[ERROR_SCHEMA]])
    status: str = Field(description="The HTTP status, as text.")
    scimType: str | None = Field(None, description="Of status 400 and 409: what is wrong, for programs.")  # noqa: N815
    detail: str


class ScimRefused(Refused):
    """A request that cannot be done; `kind` is the standard's word for why."""

    status = HTTPStatus.BAD_REQUEST

    def __init__(self, kind: str, told: Message, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(told)
        self.kind = kind
        self.http_status = status


class ScimRoute(APIRoute):
    """A route whose refusals are SCIM's."""

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await answer(request)
            except RequestValidationError:
                return told(HTTPStatus.BAD_REQUEST, "The request cannot be read.", "invalidSyntax")
            except ScimRefused as refused:
                return told(refused.http_status, str(refused.message), refused.kind)
            except BearerRefused as refused:
                return told(refused.status, str(refused.message), headers=headers_of(refused))
            except NotFound:
                return told(HTTPStatus.NOT_FOUND, "There is no such resource.")
            except Refused as refused:  # of accounts: who is the last of a role, say
                return told(refused.status, str(refused.message))

        return answered


def told(status: HTTPStatus, detail: str, kind: str = "", headers: dict[str, str] | None = None) -> Response:
    """Return a refusal."""
    body: dict[str, object] = {"schemas": [ERROR_SCHEMA], "status": str(status.value), "detail": detail}
    if kind:
        body["scimType"] = kind
    return JSONResponse(body, status, headers, MEDIA)


def wrong(kind: str, name: str) -> ScimRefused:
    """Return the refusal of a value, a path or a filter."""
    return ScimRefused(kind, message("This cannot be used: {name}.", name=name[:80]))
