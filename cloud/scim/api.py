"""SCIM 2.0 over HTTP (RFC 7644): discovery, and users with filters, PATCH and entity tags; no bulk, no sort."""

import re
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from cloud.core.errors import NotFound
from cloud.scim import schemas
from cloud.scim.answers import (
    CHANGED,
    FOUND,
    IfMatch,
    Many,
    Place,
    Reader,
    ResourceId,
    ScimResponse,
    Search,
    Text,
    Writer,
    all_of,
    base_of,
    check_unchanged,
    one,
    one_of,
    part,
    scim,
)
from cloud.scim.errors import ScimRoute, told
from cloud.scim.groups import groups_of
from cloud.scim.patching import Patch, patched
from cloud.scim.resource import User, chosen, read
from cloud.scim.schemas import RESULTS_MAX, ROOT, USER
from cloud.scim.store import change, create, page_of, remove, user_of, users_of
from cloud.tokens.scopes import Scope
from cloud.tokens.web import Program

router = APIRouter(prefix=ROOT, tags=["SCIM 2.0"], route_class=ScimRoute, default_response_class=ScimResponse)
BY_LOGIN = re.compile(r'\s*userName\s+eq\s+"(?P<login>[^"\\]+)"\s*', re.IGNORECASE)


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


@router.get("/ServiceProviderConfig", responses=FOUND)
async def service_provider_config(program: Reader) -> Response:
    """Return what this service can do."""
    return scim(schemas.service_provider_config(base_of(program)))


@router.get("/ResourceTypes", responses=FOUND)
async def resource_types(program: Reader) -> Response:
    """Return the kinds of resources."""
    return all_of(schemas.resource_types(base_of(program)))


@router.get("/ResourceTypes/{name}", responses=FOUND)
async def resource_type(program: Reader, name: ResourceId) -> Response:
    """Return a kind of resources."""
    return one_of(schemas.resource_types(base_of(program)), name)


@router.get("/Schemas", responses=FOUND)
async def all_schemas(program: Reader) -> Response:
    """Return the schemas."""
    return all_of(schemas.schemas(base_of(program)))


@router.get("/Schemas/{urn}", responses=FOUND)
async def one_schema(program: Reader, urn: Annotated[str, Path(max_length=200)]) -> Response:
    """Return a schema."""
    return one_of(schemas.schemas(base_of(program)), urn)


@router.get("/Users", responses=FOUND, response_model=Many)
async def users(
    program: Reader,
    filter: Text = "",  # noqa: A002 (the standard's name)
    startIndex: Place = 1,  # noqa: N803
    count: Place = RESULTS_MAX,
    attributes: Text = "",
    excludedAttributes: Text = "",  # noqa: N803
) -> Response:
    """Return accounts that fit a filter, by their ids."""
    return await _page(program, filter, startIndex, count, (attributes, excludedAttributes))


@router.post("/.search", responses=FOUND, response_model=Many)
async def search_all(program: Reader, asked: Search) -> Response:
    """Return accounts and groups that fit a filter."""
    base = base_of(program)
    resources = [each.shown(base) for each in await users_of(program)]
    resources += [each.shown(base) for each in await groups_of(program)]
    return part(resources, asked.filter, asked.startIndex, asked.count, asked.shown)


@router.post("/Users/.search", responses=FOUND, response_model=Many)
async def search(program: Reader, asked: Search) -> Response:
    """Return accounts that fit a filter, which stands in no address."""
    return await _page(program, asked.filter, asked.startIndex, asked.count, asked.shown)


@router.post("/Users", responses=CHANGED, response_model=UserShown, status_code=HTTPStatus.CREATED)
async def add_user(program: Writer, body: UserShown, attributes: Text = "", excludedAttributes: Text = "") -> Response:  # noqa: N803
    """Open an account. Nobody can sign in to it by a password until the school gives a first one."""
    user = await create(program, read(body.model_dump(exclude_none=True)))
    return one(user.shown(base_of(program)), attributes, excludedAttributes, HTTPStatus.CREATED)


@router.get("/Users/{user_id}", responses=FOUND | {304: {"description": "It is still so."}}, response_model=UserShown)
async def one_user(
    program: Reader,
    user_id: ResourceId,
    attributes: Text = "",
    excludedAttributes: Text = "",  # noqa: N803
    if_none_match: IfMatch = "",
) -> Response:
    """Return an account."""
    shown = (await _found(program, user_id)).shown(base_of(program))
    return one(shown, attributes, excludedAttributes, if_none_match=if_none_match)


@router.put("/Users/{user_id}", responses=CHANGED, response_model=UserShown)
async def replace_user(program: Writer, user_id: ResourceId, body: UserShown, if_match: IfMatch = "") -> Response:
    """Let an account be as it is said here; what is not said is not set."""
    user = await _unchanged(program, user_id, if_match)
    changed = await change(program, user, read(body.model_dump(exclude_none=True)))
    return one(changed.shown(base_of(program)))


@router.patch("/Users/{user_id}", responses=CHANGED, response_model=UserShown)
async def patch_user(program: Writer, user_id: ResourceId, body: Patch, if_match: IfMatch = "") -> Response:
    """Change some attributes of an account. `active: false` ends its sessions at once."""
    user = await _unchanged(program, user_id, if_match)
    shown = user.shown(base_of(program))
    given = read(patched(shown, body))
    if given.is_active and not user.given.is_active:  # who comes back has the roles that are named now
        given = read(patched({**shown, "roles": []}, body))
    return one((await change(program, user, given)).shown(base_of(program)))


@router.delete("/Users/{user_id}", responses=CHANGED, status_code=HTTPStatus.NO_CONTENT)
async def remove_user(program: Writer, user_id: ResourceId, if_match: IfMatch = "") -> Response:
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
    base, first, most = base_of(program), max(start, 1), min(max(count, 0), RESULTS_MAX)
    named = BY_LOGIN.fullmatch(condition)
    if named or not condition:  # what directories ask for: the database makes the page
        users, total = await page_of(program, first, most, named["login"] if named else None)
        return all_of([chosen(each.shown(base), *shown) for each in users], total=total, start=first)
    return part([user.shown(base) for user in await users_of(program)], condition, start, count, shown)


async def _found(program: Program, user_id: str) -> User:
    if not user_id.isascii() or not user_id.isdecimal() or len(user_id) > 19:
        raise NotFound
    return await user_of(program, int(user_id))


async def _unchanged(program: Program, user_id: str, if_match: str) -> User:
    """Return an account, if it is still what a program thinks it is. Raises NotFound or ScimRefused."""
    program.bearer.require(Scope.ACCOUNTS_READ)
    user = await _found(program, user_id)
    check_unchanged(user.shown(base_of(program)), if_match)
    return user
