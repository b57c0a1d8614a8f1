"""SCIM 2.0 over HTTP (RFC 7644): discovery, and users with filters, PATCH and entity tags; no bulk, no sort."""

import re
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.scim import schemas
from cloud.scim.errors import MEDIA, ScimRefusal, ScimRefused, ScimRoute, told
from cloud.scim.filtering import read_filter
from cloud.scim.patching import Patch, patched
from cloud.scim.resource import User, chosen, read
from cloud.scim.schemas import LIST, RESULTS_MAX, ROOT, USER, Json
from cloud.scim.store import change, create, page_of, remove, user_of, users_of
from cloud.tokens.scopes import Scope
from cloud.tokens.web import Program, program_with


class ScimResponse(JSONResponse):
    """An answer of the standard's own media type."""

    media_type = MEDIA


router = APIRouter(prefix=ROOT, tags=["SCIM 2.0"], route_class=ScimRoute, default_response_class=ScimResponse)
TEXT_MAX = 1_000
BY_LOGIN = re.compile(r'\s*userName\s+eq\s+"(?P<login>[^"\\]+)"\s*', re.IGNORECASE)
Reader = Annotated[Program, Depends(program_with(Scope.ACCOUNTS_READ))]
Writer = Annotated[Program, Depends(program_with(Scope.ACCOUNTS_WRITE))]
UserId = Annotated[str, Path(max_length=40)]
IfMatch = Annotated[str, Header(max_length=200, description="Change it only if it is still so.")]
Text = Annotated[str, Query(max_length=TEXT_MAX)]


def _refusals(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    always = (
        HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS,
    )  # fmt: skip
    return {each.value: {"model": ScimRefusal, "description": each.phrase} for each in (*always, *statuses)}


FOUND = _refusals(HTTPStatus.NOT_FOUND)
CHANGED = _refusals(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED)


class RoleShown(BaseModel):
    """A role."""

    value: str


class UserShown(BaseModel):
    """An account of staff; attributes of the standard that are not kept here are taken and left out."""

    model_config = ConfigDict(extra="allow")
    schemas: list[str] = Field(min_length=1, max_length=10, examples=[[USER]])
    userName: str = Field(min_length=1, max_length=120)  # noqa: N815 (the standard's names, as those below)
    externalId: str | None = Field(None, max_length=200)  # noqa: N815
    displayName: str | None = Field(None, max_length=180)  # noqa: N815
    active: bool | str = True
    preferredLanguage: str | None = Field(None, max_length=20)  # noqa: N815
    roles: list[RoleShown | str] = Field([], max_length=20)


class Many(BaseModel):
    """A page of resources."""

    schemas: list[str] = Field(examples=[[LIST]])
    totalResults: int  # noqa: N815
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


@router.get("/ServiceProviderConfig", responses=FOUND)
async def service_provider_config(program: Reader) -> Response:
    """Return what this service can do."""
    return _scim(schemas.service_provider_config(_base(program)))


@router.get("/ResourceTypes", responses=FOUND)
async def resource_types(program: Reader) -> Response:
    """Return the kinds of resources."""
    return _all(schemas.resource_types(_base(program)))


@router.get("/ResourceTypes/{name}", responses=FOUND)
async def resource_type(program: Reader, name: UserId) -> Response:
    """Return a kind of resources."""
    return _one_of(schemas.resource_types(_base(program)), name)


@router.get("/Schemas", responses=FOUND)
async def all_schemas(program: Reader) -> Response:
    """Return the schemas."""
    return _all(schemas.schemas(_base(program)))


@router.get("/Schemas/{urn}", responses=FOUND)
async def one_schema(program: Reader, urn: Annotated[str, Path(max_length=200)]) -> Response:
    """Return a schema."""
    return _one_of(schemas.schemas(_base(program)), urn)


@router.get("/Users", responses=FOUND, response_model=Many)
async def users(
    program: Reader,
    filter: Text = "",  # noqa: A002 (the standard's name)
    startIndex: Annotated[int, Query(ge=-(2**31), le=2**31)] = 1,  # noqa: N803
    count: Annotated[int, Query(ge=-(2**31), le=2**31)] = RESULTS_MAX,
    attributes: Text = "",
    excludedAttributes: Text = "",  # noqa: N803
) -> Response:
    """Return accounts that fit a filter, by their ids."""
    return await _page(program, filter, startIndex, count, (attributes, excludedAttributes))


@router.post("/.search", responses=FOUND, response_model=Many, name="search all")
@router.post("/Users/.search", responses=FOUND, response_model=Many)
async def search(program: Reader, asked: Search) -> Response:
    """Return accounts that fit a filter, which stands in no address."""
    shown = (",".join(asked.attributes), ",".join(asked.excludedAttributes))
    return await _page(program, asked.filter, asked.startIndex, asked.count, shown)


@router.post("/Users", responses=CHANGED, response_model=UserShown, status_code=HTTPStatus.CREATED)
async def add_user(program: Writer, body: UserShown, attributes: Text = "", excludedAttributes: Text = "") -> Response:  # noqa: N803
    """Open an account. Nobody can sign in to it by a password until the school gives a first one."""
    user = await create(program, read(body.model_dump(exclude_none=True)))
    shown = user.shown(_base(program))
    return _scim(chosen(shown, attributes, excludedAttributes), HTTPStatus.CREATED, _headers(shown))


@router.get("/Users/{user_id}", responses=FOUND | {304: {"description": "It is still so."}}, response_model=UserShown)
async def one_user(
    program: Reader,
    user_id: UserId,
    attributes: Text = "",
    excludedAttributes: Text = "",  # noqa: N803
    if_none_match: IfMatch = "",
) -> Response:
    """Return an account."""
    shown = (await _found(program, user_id)).shown(_base(program))
    headers = _headers(shown)
    if headers["etag"] in if_none_match:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return _scim(chosen(shown, attributes, excludedAttributes), headers=headers)


@router.put("/Users/{user_id}", responses=CHANGED, response_model=UserShown)
async def replace_user(program: Writer, user_id: UserId, body: UserShown, if_match: IfMatch = "") -> Response:
    """Let an account be as it is said here; what is not said is not set."""
    user = await _unchanged(program, user_id, if_match)
    return _changed(program, await change(program, user, read(body.model_dump(exclude_none=True))))


@router.patch("/Users/{user_id}", responses=CHANGED, response_model=UserShown)
async def patch_user(program: Writer, user_id: UserId, body: Patch, if_match: IfMatch = "") -> Response:
    """Change some attributes of an account. `active: false` ends its sessions at once."""
    user = await _unchanged(program, user_id, if_match)
    shown = user.shown(_base(program))
    given = read(patched(shown, body))
    if given.is_active and not user.given.is_active:  # who comes back has the roles that are named now
        given = read(patched({**shown, "roles": []}, body))
    return _changed(program, await change(program, user, given))


@router.delete("/Users/{user_id}", responses=CHANGED, status_code=HTTPStatus.NO_CONTENT)
async def remove_user(program: Writer, user_id: UserId, if_match: IfMatch = "") -> Response:
    """Close an account and end its sessions at once; what it did stays told."""
    await remove(program, await _unchanged(program, user_id, if_match))
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.api_route(
    "/{rest:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False, name="scim nothing"
)
async def nothing(request: Request, _program: Reader) -> Response:
    """Say in SCIM's words that there is nothing here, or that it is only read."""
    top = request.url.path.removeprefix(ROOT).strip("/").partition("/")[0]
    if top in {"ServiceProviderConfig", "ResourceTypes", "Schemas"} and request.method != "GET":
        return told(HTTPStatus.METHOD_NOT_ALLOWED, "This is only read.", headers={"allow": "GET"})
    raise NotFound


async def _page(program: Program, condition: str, start: int, count: int, shown: tuple[str, str]) -> Response:
    base, first, most = _base(program), max(start, 1), min(max(count, 0), RESULTS_MAX)
    named = BY_LOGIN.fullmatch(condition)
    if named or not condition:  # what directories ask for: the database makes the page
        users, total = await page_of(program, first, most, named["login"] if named else None)
        return _all([chosen(each.shown(base), *shown) for each in users], total=total, start=first)
    holds = read_filter(condition)
    found = [each for each in (user.shown(base) for user in await users_of(program)) if holds(each)]
    page = [chosen(each, *shown) for each in found[first - 1 : first - 1 + most]]
    return _all(page, total=len(found), start=first)


async def _found(program: Program, user_id: str) -> User:
    if not user_id.isascii() or not user_id.isdecimal() or len(user_id) > 19:
        raise NotFound
    return await user_of(program, int(user_id))


async def _unchanged(program: Program, user_id: str, if_match: str) -> User:
    """Return an account, if it is still what a program thinks it is. Raises NotFound or ScimRefused."""
    program.bearer.require(Scope.ACCOUNTS_READ)
    user = await _found(program, user_id)
    tag = _headers(user.shown(_base(program)))["etag"]
    if if_match and if_match.strip() != "*" and tag not in if_match:
        told = message("It was changed meanwhile. Read it again.")
        raise ScimRefused("", told, HTTPStatus.PRECONDITION_FAILED)
    return user


def _changed(program: Program, user: User) -> Response:
    shown = user.shown(_base(program))
    return _scim(shown, headers=_headers(shown))


def _headers(shown: Json) -> dict[str, str]:
    meta = shown["meta"]
    assert isinstance(meta, dict)  # noqa: S101 (we made it)
    return {"etag": str(meta["version"]), "location": str(meta["location"])}


def _one_of(resources: list[Json], name: str) -> Response:
    found = next((each for each in resources if each["id"] == name), None)
    if found is None:
        raise NotFound
    return _scim(found)


def _all(resources: list[Json], total: int | None = None, start: int = 1) -> Response:
    return _scim(
        {"schemas": [LIST], "totalResults": len(resources) if total is None else total, "startIndex": start,
         "itemsPerPage": len(resources), "Resources": resources}
    )  # fmt: skip


def _scim(body: Json, status: HTTPStatus = HTTPStatus.OK, headers: dict[str, str] | None = None) -> Response:
    return ScimResponse(body, status, headers)


def _base(program: Program) -> str:
    return program.services.settings.public_url.rstrip("/") + ROOT
