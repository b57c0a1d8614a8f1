"""A video lesson for a student, or for who sits with a small one: the way in, made at that moment, and recordings."""

from dataclasses import replace
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.calls.joining import call_for, come, policy_towards
from cloud.calls.queries import recordings_of
from cloud.calls.servers import server_of
from cloud.core.actor import Actor
from cloud.core.api import Counted
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import Visit, pages_of
from cloud.core.services import Services
from cloud.guardian.queries import seen_of
from cloud.people.kinds import FamilyRight
from cloud.timetable.lessons import lesson_of

router = APIRouter(prefix="/children/{ref}/diary/lessons/{lesson_id}/video", include_in_schema=False)


@router.get("")
async def show(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str, lesson_id: Counted
) -> Response:
    """Show a video lesson."""
    return await _page(request, visit, actor, services, ref, lesson_id)


@router.post("")
async def do_come(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str, lesson_id: Counted
) -> Response:
    """Go to the lesson."""
    child = await seen_of(services, actor, ref, FamilyRight.SEE)
    try:
        address = await come(
            services, actor, child.school_id, child.id, lesson_id, visit.language, by_family=not child.is_own
        )  # fmt: skip
    except NotFound:
        raise
    except Refused as refused:
        return await _page(request, visit, actor, services, ref, lesson_id, refused)
    return RedirectResponse(address, HTTPStatus.SEE_OTHER, {"cache-control": "no-store"})


async def _page(
    request: Request, visit: Visit, actor: Actor, services: Services, ref: str, lesson_id: int,
    refused: Refused | None = None,
) -> Response:  # fmt: skip
    child = await seen_of(services, actor, ref, FamilyRight.SEE)
    call = await call_for(services, child.school_id, child.id, lesson_id)
    page = pages_of(request).page(
        replace(visit, zone=child.zone), "guardian/video_lesson.html", section="children",
        status=refused.status if refused else HTTPStatus.OK, child=child, call=call,
        lesson=await lesson_of(services, child.school_id, lesson_id),
        recordings=await recordings_of(services, lesson_id),
        refused=translate(visit.language, refused.message) if refused else "",
    )  # fmt: skip
    page.headers["content-security-policy"] = policy_towards(await server_of(services, child.school_id))
    return page
