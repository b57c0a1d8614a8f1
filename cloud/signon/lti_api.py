"""What tools ask of this platform (LTI Advantage): tokens, who is in a class, columns of results, and results."""

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from cloud.accounts.web import TheServices
from cloud.core.services import Services
from cloud.signon import lines
from cloud.signon.answering import issuer_of
from cloud.signon.contexts import Context, context_for, members_of
from cloud.signon.errors import Declined
from cloud.signon.launch_claims import LINES, LINES_READ, MEMBERS_READ, RESULTS, SCORES
from cloud.signon.provider_api import NOT_KEPT, bearer_of, declined_answer, form_of
from cloud.signon.tool_tokens import TOKEN, token_for, tool_behind
from cloud.signon.tools import Tool

router = APIRouter(include_in_schema=False)
HERE = "/lti/contexts/{context}"
MEMBERSHIP = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
LINE = "application/vnd.ims.lis.v2.lineitem+json"
LINE_LIST = "application/vnd.ims.lis.v2.lineitemcontainer+json"
RESULT_LIST = "application/vnd.ims.lis.v2.resultcontainer+json"


@router.post(TOKEN)
async def token(request: Request, services: TheServices) -> Response:
    """Give a tool a token for what it signed."""
    try:
        return JSONResponse(await token_for(services, await form_of(request)), headers=NOT_KEPT)
    except Declined as declined:
        return declined_answer(declined)


@router.get(f"{HERE}/members")
async def members(request: Request, services: TheServices, context: str) -> Response:
    """Tell who is in a class."""
    return await _answered(request, services, context, _members, MEMBERS_READ)


@router.get(f"{HERE}/lines")
async def list_lines(request: Request, services: TheServices, context: str) -> Response:
    """Tell the columns of a course."""
    return await _answered(request, services, context, _list, LINES, LINES_READ)


@router.post(f"{HERE}/lines")
async def add(request: Request, services: TheServices, context: str) -> Response:
    """Add a column."""
    return await _answered(request, services, context, _add, LINES)


@router.get(f"{HERE}/lines/{{key}}")
async def show(request: Request, services: TheServices, context: str) -> Response:
    """Tell one column."""
    return await _answered(request, services, context, _show, LINES, LINES_READ)


@router.put(f"{HERE}/lines/{{key}}")
async def change(request: Request, services: TheServices, context: str) -> Response:
    """Change a column."""
    return await _answered(request, services, context, _change, LINES)


@router.delete(f"{HERE}/lines/{{key}}")
async def drop(request: Request, services: TheServices, context: str) -> Response:
    """Take a column away."""
    return await _answered(request, services, context, _drop, LINES)


@router.post(f"{HERE}/lines/{{key}}/scores")
async def score(request: Request, services: TheServices, context: str) -> Response:
    """Take what a tool says of a student."""
    return await _answered(request, services, context, _score, SCORES)


@router.get(f"{HERE}/lines/{{key}}/results")
async def results(request: Request, services: TheServices, context: str) -> Response:
    """Tell the results of a column."""
    return await _answered(request, services, context, _results, RESULTS)


class _Asked:
    """A request of a tool about one of its courses."""

    def __init__(self, request: Request, services: Services, tool: Tool, context: Context) -> None:
        self.request, self.services, self.tool, self.context = request, services, tool, context

    @property
    def place(self) -> tuple[Services, Tool, Context]:
        return self.services, self.tool, self.context

    @property
    def key(self) -> str:
        return str(self.request.path_params["key"])

    @property
    def address(self) -> str:
        return f"{issuer_of(self.services)}/lti/contexts/{self.context.id}/lines"

    async def body(self) -> dict[str, Any]:
        try:
            found = json.loads(await self.request.body())
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise Declined("invalid_request", "a JSON object is needed")
        return found

    def line(self, line: lines.Line, status: HTTPStatus = HTTPStatus.OK) -> Response:
        return JSONResponse(line.told(self.address, self.context.resource_id), status, media_type=LINE)


Answering = Callable[[_Asked], Awaitable[Response]]


async def _answered(request: Request, services: Services, context: str, answering: Answering, *scopes: str) -> Response:
    """Answer a tool that shows a token with one of the scopes, about a course of its own."""
    try:
        tool = await tool_behind(services, bearer_of(request), *scopes)
        return await answering(_Asked(request, services, tool, await context_for(services, tool, context)))
    except Declined as declined:
        return declined_answer(declined)


async def _members(asked: _Asked) -> Response:
    address = f"{asked.address.removesuffix('lines')}members"
    return JSONResponse(await members_of(*asked.place, address), media_type=MEMBERSHIP)


async def _list(asked: _Asked) -> Response:
    wanted = {"resource_link_id": "resourceLinkId", "resource_id": "resourceId", "tag": "tag"}
    found = [line.told(asked.address, asked.context.resource_id) for line in await lines.lines_of(*asked.place)]
    for asked_for, name in wanted.items():
        if (value := asked.request.query_params.get(asked_for)) is not None:
            found = [line for line in found if line.get(name) == value]
    return JSONResponse(found, media_type=LINE_LIST)


async def _add(asked: _Asked) -> Response:
    return asked.line(await lines.add_line(*asked.place, await asked.body()), HTTPStatus.CREATED)


async def _show(asked: _Asked) -> Response:
    return asked.line(await lines.line_of(*asked.place, asked.key))


async def _change(asked: _Asked) -> Response:
    return asked.line(await lines.change_line(*asked.place, asked.key, await asked.body()))


async def _drop(asked: _Asked) -> Response:
    await lines.drop_line(*asked.place, asked.key)
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def _score(asked: _Asked) -> Response:
    await lines.put_score(*asked.place, asked.key, await asked.body())
    return Response(status_code=HTTPStatus.OK)


async def _results(asked: _Asked) -> Response:
    address = f"{asked.address}/{asked.key}"
    return JSONResponse(await lines.results_of(*asked.place, asked.key, address), media_type=RESULT_LIST)
