"""Where a browser passes on its way to a tool: sent off from the shelf, and back with what the tool asked."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import AnyVisit, MemberVisit, SignedIn, TheServices
from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.guarding import POLICY
from cloud.core.messages import message
from cloud.core.pages import Visit, pages_of
from cloud.resources.addresses import origin_of
from cloud.resources.kinds import Way
from cloud.resources.members import schools_of_member
from cloud.resources.usage import note_opening
from cloud.signon.asked import UNKNOWN, back_to, one
from cloud.signon.errors import Declined, RequestRefused
from cloud.signon.launches import Place, begin, launch, places_of
from cloud.signon.shelf_pages import found, section_of
from cloud.signon.tools import Tool, tool_of, tool_of_id

router = APIRouter(include_in_schema=False)
AUTHORIZE = "/lti/authorize"
SIGNED_OUT = message("You are signed in no more. Sign in, and open the resource again.")


@router.get("/resources/{resource_id}/launch/{class_id}")
async def send_off(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, resource_id: int,
    class_id: Annotated[int, Path(ge=0, le=2**53)],
) -> Response:  # fmt: skip
    """Send the visitor to a tool, with a class; 0 stands for the only one there is."""
    resource, member = await found(services, actor, resource_id)
    tool = await tool_of_id(services, resource.tool_id) if resource.way is Way.LTI else None
    if tool is None or actor.account_id is None:
        raise NotFound
    places = await places_of(services, resource, member)
    chosen = [place for place in places if place.class_id == class_id] or (places if class_id == 0 else [])
    if len(chosen) != 1:
        return _choice(request, visit, resource_id, resource.title, places)
    await note_opening(services, member, resource.id)
    address = await begin(services, tool, resource, member, actor.account_id, chosen[0])
    return RedirectResponse(address, HTTPStatus.SEE_OTHER, {"cache-control": "no-store"})


@router.get(AUTHORIZE)
async def authorize(request: Request, visit: AnyVisit, services: TheServices) -> Response:
    """Tell a tool who comes."""
    pairs = request.query_params.multi_items()
    tool = await tool_of(services, one(pairs, "client_id") or "")
    if tool is None:
        raise RequestRefused(UNKNOWN)
    back = back_to(pairs, tool.redirect_uris)
    try:
        fields = await launch(services, tool, _account(visit.actor, tool), pairs)
    except Declined as declined:
        fields = {**declined.told, "state": one(pairs, "state") or ""}
    except NotFound:
        fields = {"error": "access_denied", "state": one(pairs, "state") or ""}
    return _sent(request, visit, tool, back, fields)


def _account(actor: Actor | None, tool: Tool) -> int:
    if actor is None or actor.account_id is None:
        raise RequestRefused(SIGNED_OUT)
    if tool.school_id not in schools_of_member(actor):
        raise Declined("access_denied", "the person neither studies nor teaches there")
    return actor.account_id


def _sent(request: Request, visit: Visit, tool: Tool, address: str, fields: dict[str, str]) -> Response:
    """Return a page whose only form goes to the tool; the page's policy lets forms go there too.

    A tool often sends the browser on within its own site and other ones: every secure address may follow.
    """
    page = pages_of(request).page(visit, "signon/launch.html", name=tool.name, address=address, fields=fields)
    to = f"form-action 'self' https: {origin_of(address)};"
    page.headers["content-security-policy"] = POLICY.replace("form-action 'self';", to)
    return page


def _choice(request: Request, visit: Visit, resource_id: int, title: str, places: list[Place]) -> Response:
    return pages_of(request).page(
        visit, "signon/classes.html", section=section_of(visit), resource_id=resource_id, title=title, places=places
    )
