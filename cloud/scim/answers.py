"""What SCIM's answers share: who may ask, the media type, lists, entity tags, and what may be refused."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Header, Path, Query
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field, JsonValue

from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.scim import schemas
from cloud.scim.errors import MEDIA, ScimRefusal, ScimRefused
from cloud.scim.filtering import read_filter
from cloud.scim.resource import chosen
from cloud.scim.schemas import LIST, RESULTS_MAX, ROOT, Json
from cloud.tokens.scopes import Scope
from cloud.tokens.web import Program, program_with

TEXT_MAX = 1_000
Reader = Annotated[Program, Depends(program_with(Scope.ACCOUNTS_READ))]
Writer = Annotated[Program, Depends(program_with(Scope.ACCOUNTS_WRITE))]
ResourceId = Annotated[str, Path(max_length=40)]
IfMatch = Annotated[str, Header(max_length=200, description="Change it only if it is still so.")]
Text = Annotated[str, Query(max_length=TEXT_MAX)]
Place = Annotated[int, Query(ge=-(2**31), le=2**31)]


class ScimResponse(JSONResponse):
    """An answer of the standard's own media type."""

    media_type = MEDIA


def _refusals(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    always = (
        HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS,
    )  # fmt: skip
    return {each.value: {"model": ScimRefusal, "description": each.phrase} for each in (*always, *statuses)}


FOUND = _refusals(HTTPStatus.NOT_FOUND)
CHANGED = _refusals(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED)


class Many(BaseModel):
    """A page of resources."""

    schemas: list[str] = Field(examples=[[LIST]])
    totalResults: int  # noqa: N815 (the standard's names, as those below)
    startIndex: int  # noqa: N815
    itemsPerPage: int  # noqa: N815
    Resources: list[dict[str, JsonValue]]


class Search(BaseModel):
    """What is looked for, where it is too long or too private for an address."""

    schemas: list[str] = Field(min_length=1, max_length=5, examples=[[schemas.SEARCH]])
    filter: str = Field("", max_length=TEXT_MAX)
    startIndex: int = Field(1, ge=-(2**31), le=2**31)  # noqa: N815
    count: int = Field(RESULTS_MAX, ge=-(2**31), le=2**31)
    attributes: list[str] = Field([], max_length=50)
    excludedAttributes: list[str] = Field([], max_length=50)  # noqa: N815

    @property
    def shown(self) -> tuple[str, str]:
        return ",".join(self.attributes), ",".join(self.excludedAttributes)


def tags(shown: Json) -> dict[str, str]:
    """Return the headers of one resource: what it is now, and where it is."""
    meta = shown["meta"]
    assert isinstance(meta, dict)  # noqa: S101 (we made it)
    return {"etag": str(meta["version"]), "location": str(meta["location"])}


def check_unchanged(shown: Json, if_match: str) -> None:
    """Raise ScimRefused if a resource is not what a program thinks it is any more."""
    if if_match and if_match.strip() != "*" and tags(shown)["etag"] not in if_match:
        told = message("It was changed meanwhile. Read it again.")
        raise ScimRefused("", told, HTTPStatus.PRECONDITION_FAILED)


def one_of(resources: list[Json], name: str) -> Response:
    """Return the resource of an id. Raises NotFound."""
    found = next((each for each in resources if each["id"] == name), None)
    if found is None:
        raise NotFound
    return scim(found)


def all_of(resources: list[Json], total: int | None = None, start: int = 1) -> Response:
    """Return a page of resources."""
    return scim(
        {"schemas": [LIST], "totalResults": len(resources) if total is None else total, "startIndex": start,
         "itemsPerPage": len(resources), "Resources": resources}
    )  # fmt: skip


def part(resources: list[Json], condition: str, start: int, count: int, shown: tuple[str, str]) -> Response:
    """Return a page of the resources that fit a filter, with the attributes asked for. Raises ScimRefused."""
    first, most = max(start, 1), min(max(count, 0), RESULTS_MAX)
    if condition:
        holds = read_filter(condition)
        resources = [each for each in resources if holds(each)]
    page = [chosen(each, *shown) for each in resources[first - 1 : first - 1 + most]]
    return all_of(page, total=len(resources), start=first)


def scim(body: Json, status: HTTPStatus = HTTPStatus.OK, headers: dict[str, str] | None = None) -> Response:
    """Return an answer."""
    return ScimResponse(body, status, headers)


def one(
    shown: Json, attributes: str = "", excluded: str = "", status: HTTPStatus = HTTPStatus.OK, if_none_match: str = ""
) -> Response:
    """Return a resource with the attributes asked for, or only that it is still what a program has of it."""
    headers = tags(shown)
    if headers["etag"] in if_none_match:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return scim(chosen(shown, attributes, excluded), status, headers)


def base_of(program: Program) -> str:
    """Return the address below which the resources are."""
    return program.services.settings.public_url.rstrip("/") + ROOT
