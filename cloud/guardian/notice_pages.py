"""A guardian's page of notices: what was told of the children, by day, live; and reading them all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.formats import Formats
from cloud.core.live import stream
from cloud.core.pages import Visit, pages_of
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.guardian.queries import children_of
from cloud.notifications.actions import mark_read
from cloud.notifications.channels.queries import own_deliveries
from cloud.notifications.channels.words import Told, told_of
from cloud.notifications.live_pages import key_of
from cloud.notifications.queries import SECTION, NoticeRow, Page, notices_of, unread_of
from cloud.notifications.texts import told

PAGE = "guardian/notices.html"
router = APIRouter(prefix="/notices", include_in_schema=False)
ChildAsked = Annotated[str, Query(max_length=12)]
Before = Annotated[int | None, Query(ge=1, le=2**63 - 1)]


@dataclass(frozen=True, slots=True)
class DayTold:
    """What was told on a day, newest first, each notice with its words."""

    on: date
    notices: Sequence[tuple[NoticeRow, str]]


@router.get("")
async def show(
    request: Request,
    visit: MemberVisit,
    actor: SignedIn,
    services: TheServices,
    child: ChildAsked = "",
    before: Before = None,
) -> Response:
    """Show notices, of one child if one is named."""
    _require_guardian(actor)
    children = await children_of(services, actor)
    if child and child not in {each.ref for each in children}:
        raise NotFound
    here = replace(visit, zone=children[0].zone) if children else visit
    values = await _values(here, services, actor, child, before)
    return pages_of(request).page(
        here, PAGE, section=SECTION, children=children, live=_address("/notices/live", child), anew=False, **values
    )


@router.get("/live")
async def live(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, child: ChildAsked = ""
) -> Response:
    """Stream the newest notices, and how many are unread."""
    _require_guardian(actor)
    children = await children_of(services, actor)
    zone = children[0].zone if children else visit.zone

    async def draw() -> str:
        now = replace(visit, now=services.clock.now(), zone=zone)
        values = await _values(now, services, actor, child, None)
        return pages_of(request).block(now, PAGE, "notices", anew=True, **values)

    return stream(request, [key_of(actor.account_id or 0)], draw)


@router.post("/read")
async def read_all(
    actor: SignedIn,
    services: TheServices,
    upto: Annotated[int, Form(ge=0, le=2**63 - 1)] = 0,
    child: Annotated[str, Form(max_length=12)] = "",
) -> Response:
    """Note that what was shown is read; what came since stays unread."""
    _require_guardian(actor)
    await mark_read(services, actor, upto, child)
    return RedirectResponse(_address("/notices", child), HTTPStatus.SEE_OTHER)


async def _values(visit: Visit, services: Services, actor: Actor, child: str, before: int | None) -> dict[str, Any]:
    page = await notices_of(services, actor, before=before, child=child)
    return {
        "went": await _went(visit, services, actor, page),
        "days": _days(visit, page), "page": page, "child": child, "before": before,
        "unread": await unread_of(services, actor), "has_new": any(each.read_at is None for each in page.notices),
    }  # fmt: skip


async def _went(visit: Visit, services: Services, actor: Actor, page: Page) -> dict[int, list[Told]]:
    """Return how each notice went by the guardian's channels."""
    found = await own_deliveries(services, actor, [each.id for each in page.notices])
    zones = {each.id: each.zone for each in page.notices}
    return {
        notice_id: [told_of(each, Formats(visit.language, zones[notice_id])) for each in rows]
        for notice_id, rows in found.items()
    }  # fmt: skip


def _days(visit: Visit, page: Page) -> list[DayTold]:
    """Return the notices by the day on which they were told: a late one is new today, and says when it happened."""
    days: dict[date, list[tuple[NoticeRow, str]]] = {}
    for each in page.notices:
        on = each.told_at.astimezone(each.zone).date()
        days.setdefault(on, []).append((each, told(each, visit.language)))
    return [DayTold(on, notices) for on, notices in days.items()]


def _address(path: str, child: str) -> str:
    return f"{path}?{urlencode({'child': child})}" if child else path


def _require_guardian(actor: Actor) -> None:
    if not actor.kinships(Right.NOTICES_READ):
        raise NotFound
