"""Pages of guardians: the children's day, live; earlier days; blocking a card in two touches."""

from dataclasses import replace
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.live import stream
from cloud.core.navigation import home_of
from cloud.core.pages import Visit, pages_of
from cloud.core.rights import Right
from cloud.guardian.day_line import lines_of
from cloud.guardian.lasting import lasting_of, purses_of
from cloud.guardian.ordering import ahead_of
from cloud.guardian.queries import DAYS_SHOWN, Child, children_of, seen_of
from cloud.notifications.live_pages import key_of
from cloud.notifications.queries import counts_of
from cloud.people.kinds import FamilyRight

router = APIRouter(include_in_schema=False)


@router.get("/")
async def home(request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices) -> Response:
    """Show a guardian's children; lead everybody else to the first page of their own."""
    if not actor.kinships(Right.PRESENCE_READ):
        return RedirectResponse(home_of(actor), HTTPStatus.SEE_OTHER)
    children = await children_of(services, actor)
    page = "guardian/children.html"
    return pages_of(request).page(
        _in_zone(visit, children), page, section="children", children=children,
        purses=await purses_of(services, children), lines=await lines_of(services, children), anew=False,
    )  # fmt: skip


@router.get("/live")
async def live(request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices) -> Response:
    """Stream the children's day, and how many notices are unread."""
    _require_guardian(actor)
    page = "guardian/children.html"

    async def draw() -> str:
        children = await children_of(services, actor)
        counts = await counts_of(services, actor)
        now = replace(_in_zone(visit, children), now=services.clock.now(), counts=counts)
        told = {"purses": await purses_of(services, children), "lines": await lines_of(services, children)}
        return pages_of(request).block(now, page, "children", children=children, anew=True, **told)

    keys = [(child.school_id, child.ref) for child in await children_of(services, actor)]
    return stream(request, [*keys, key_of(actor.account_id or 0)], draw)


@router.get("/children/{ref}")
async def child_page(
    request: Request,
    visit: MemberVisit,
    actor: SignedIn,
    services: TheServices,
    ref: str,
    blocked: bool = False,
    lost: bool = False,
) -> Response:
    """Show one child's days and card."""
    child = await seen_of(services, actor, ref)
    return pages_of(request).page(
        _in_zone(visit, [child]), "guardian/child.html", section="children", child=child, blocked=blocked, lost=lost,
        days_shown=DAYS_SHOWN, line=(await lines_of(services, [child]))[child.id],
        lasting=await lasting_of(services, child),
        broken_on=(await ahead_of(services, child, visit.now)).broken_on,
    )  # fmt: skip


@router.get("/children/{ref}/live")
async def child_live(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str
) -> Response:
    """Stream one child's day."""

    async def draw() -> str:
        child = await seen_of(services, actor, ref, FamilyRight.SEE)
        now = replace(_in_zone(visit, [child]), now=services.clock.now())
        line = (await lines_of(services, [child]))[child.id]
        return pages_of(request).block(now, "guardian/child.html", "today", child=child, line=line)

    child = await seen_of(services, actor, ref, FamilyRight.SEE)
    return stream(request, [(child.school_id, child.ref)], draw)


def _require_guardian(actor: Actor) -> None:
    if not actor.kinships(Right.PRESENCE_READ):
        raise NotFound


def _in_zone(visit: Visit, children: list[Child]) -> Visit:
    """Return the visit in the zone of the first child's school."""
    return replace(visit, zone=children[0].zone) if children else visit
