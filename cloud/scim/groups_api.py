"""SCIM's groups over HTTP: the roles at a school, with who has them, and PATCH and entity tags as for users."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

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
    base_of,
    check_unchanged,
    one,
    part,
)
from cloud.scim.errors import ScimRoute
from cloud.scim.groups import Group, change_group, create_group, group_of, groups_of, read_group, remove_group
from cloud.scim.patching import OF_GROUP, Patch, patched
from cloud.scim.schemas import GROUP, RESULTS_MAX, ROOT
from cloud.scim.store import USERS_MAX
from cloud.tokens.scopes import Scope
from cloud.tokens.web import Program

router = APIRouter(
    prefix=f"{ROOT}/Groups", tags=["SCIM 2.0"], route_class=ScimRoute, default_response_class=ScimResponse
)


class MemberShown(BaseModel):
    """An account that has the role."""

    model_config = ConfigDict(extra="allow")
    value: str = Field(max_length=40)


class GroupShown(BaseModel):
    """A role at the school, by its name, and who has it; attributes that are not kept here are left out."""

    model_config = ConfigDict(extra="allow")
    schemas: list[str] = Field(min_length=1, max_length=10, examples=[[GROUP]])
    displayName: str = Field(min_length=1, max_length=40, examples=["teacher"])  # noqa: N815 (the standard's names)
    externalId: str | None = Field(None, max_length=200)  # noqa: N815
    members: Annotated[list[MemberShown], Field(max_length=USERS_MAX)] = []


@router.get("", responses=FOUND, response_model=Many)
async def groups(
    program: Reader,
    filter: Text = "",  # noqa: A002 (the standard's name)
    startIndex: Place = 1,  # noqa: N803
    count: Place = RESULTS_MAX,
    attributes: Text = "",
    excludedAttributes: Text = "",  # noqa: N803
) -> Response:
    """Return groups that fit a filter."""
    return await _page(program, filter, startIndex, count, (attributes, excludedAttributes))


@router.post("/.search", responses=FOUND, response_model=Many, name="search groups")
async def search(program: Reader, asked: Search) -> Response:
    """Return groups that fit a filter, which stands in no address."""
    return await _page(program, asked.filter, asked.startIndex, asked.count, asked.shown)


@router.post("", responses=CHANGED, response_model=GroupShown, status_code=HTTPStatus.CREATED)
async def add_group(
    program: Writer,
    body: GroupShown,
    attributes: Text = "",
    excludedAttributes: Text = "",  # noqa: N803
) -> Response:
    """Take a role up as a group. Its name is that of the role; one that is there is changed instead."""
    program.bearer.require(Scope.ACCOUNTS_READ)
    group = await create_group(program, read_group(body.model_dump(exclude_none=True)))
    return one(group.shown(base_of(program)), attributes, excludedAttributes, HTTPStatus.CREATED)


@router.get("/{name}", responses=FOUND | {304: {"description": "It is still so."}}, response_model=GroupShown)
async def one_group(
    program: Reader,
    name: ResourceId,
    attributes: Text = "",
    excludedAttributes: Text = "",  # noqa: N803
    if_none_match: IfMatch = "",
) -> Response:
    """Return a group."""
    shown = (await group_of(program, name)).shown(base_of(program))
    return one(shown, attributes, excludedAttributes, if_none_match=if_none_match)


@router.put("/{name}", responses=CHANGED, response_model=GroupShown)
async def replace_group(program: Writer, name: ResourceId, body: GroupShown, if_match: IfMatch = "") -> Response:
    """Let a group have the members that are said here, and no others of those that the token sees."""
    group = await _unchanged(program, name, if_match)
    changed = await change_group(program, group, read_group(body.model_dump(exclude_none=True)))
    return one(changed.shown(base_of(program)))


@router.patch("/{name}", responses=CHANGED, response_model=GroupShown)
async def patch_group(program: Writer, name: ResourceId, body: Patch, if_match: IfMatch = "") -> Response:
    """Give the role of a group to some accounts, and take it from others."""
    group = await _unchanged(program, name, if_match)
    given = read_group(patched(group.shown(base_of(program)), body, OF_GROUP))
    return one((await change_group(program, group, given)).shown(base_of(program)))


@router.delete("/{name}", responses=CHANGED, status_code=HTTPStatus.NO_CONTENT)
async def drop_group(program: Writer, name: ResourceId, if_match: IfMatch = "") -> Response:
    """Take the role of a group from all its members; their accounts stay open."""
    await remove_group(program, await _unchanged(program, name, if_match))
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def _page(program: Program, condition: str, start: int, count: int, shown: tuple[str, str]) -> Response:
    base = base_of(program)
    return part([each.shown(base) for each in await groups_of(program)], condition, start, count, shown)


async def _unchanged(program: Program, name: str, if_match: str) -> Group:
    """Return a group, if it is still what a program thinks it is. Raises NotFound or ScimRefused."""
    program.bearer.require(Scope.ACCOUNTS_READ)
    group = await group_of(program, name)
    check_unchanged(group.shown(base_of(program)), if_match)
    return group
