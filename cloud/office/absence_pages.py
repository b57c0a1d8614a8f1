"""The school's page of what families tell of absences: seen, accepted in one touch, or asked back in words."""

from collections.abc import Awaitable
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.absences.answering import accept, ask_back, note_seen
from cloud.absences.kinds import State
from cloud.absences.papers import paper_of_school
from cloud.absences.queries import Told, absences_at
from cloud.attendance.web import Desk, reach_desk
from cloud.consents.scans import PDF
from cloud.core.api import Counted
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.notifications.family import tell_of_absence

router = APIRouter(prefix="/schools/{code}/absences", include_in_schema=False)
ReadersDesk = Annotated[Desk, Depends(reach_desk(Right.ABSENCES_READ))]
AnswerDesk = Annotated[Desk, Depends(reach_desk(Right.ABSENCES_ANSWER))]


@router.get("")
async def show(request: Request, desk: ReadersDesk) -> Response:
    """Show what was told; who answers has seen it then."""
    return await _page(request, desk)


@router.post("/{absence_id}/accept")
async def say_yes(request: Request, desk: AnswerDesk, absence_id: Counted) -> Response:
    """Accept one."""
    deed = accept(desk.services, desk.actor, desk.school.id, absence_id, tell_of_absence)
    return await _done(request, desk, deed, absence_id)


@router.post("/{absence_id}/ask")
async def ask(
    request: Request, desk: AnswerDesk, absence_id: Counted, words: Annotated[str, Form(max_length=1_000)] = ""
) -> Response:
    """Ask the family back."""
    deed = ask_back(desk.services, desk.actor, desk.school.id, absence_id, words, tell_of_absence)
    return await _done(request, desk, deed, absence_id)


@router.get("/{absence_id}/papers/{paper_id}")
async def paper(desk: ReadersDesk, absence_id: Counted, paper_id: Counted) -> Response:
    """Hand out a paper as a file; a browser shows none of it in a page of ours."""
    found = await paper_of_school(desk.services, desk.actor, desk.school.id, absence_id, paper_id)
    name = f"paper-{paper_id}.{'pdf' if found.media == PDF else 'jpg'}"
    return Response(
        found.content, media_type=found.media,
        headers={"content-disposition": f'attachment; filename="{name}"', "content-security-policy": "sandbox"},
    )  # fmt: skip


async def _done(request: Request, desk: Desk, deed: Awaitable[None], absence_id: int) -> Response:
    try:
        await deed
    except NotFound:
        raise
    except Refused as refused:
        return await _page(request, desk, refused)
    return RedirectResponse(f"/schools/{desk.school.code}/absences#absence-{absence_id}", HTTPStatus.SEE_OTHER)


async def _page(request: Request, desk: Desk, refused: Refused | None = None) -> Response:
    absences = await absences_at(desk.services, desk.actor, desk.school)
    answers = {each.id for each in absences if may_answer(desk, each)}
    unseen = [each.id for each in absences if each.id in answers and each.seen_at is None]
    await note_seen(desk.services, desk.actor, desk.school.id, unseen)
    return pages_of(request).page(
        desk.visit, "office/absences.html", status=refused.status if refused else HTTPStatus.OK, section="register",
        absences=absences, answers=answers, may_trip=may_trip(desk),
        waiting=sum(each.state is State.TOLD for each in absences),
        refused=translate(desk.visit.language, refused.message) if refused else "",
    )  # fmt: skip


def may_answer(desk: Desk, told: Told) -> bool:
    """Tell whether who sits at the desk answers what a family told."""
    right, school_id = Right.ABSENCES_ANSWER, desk.school.id
    return desk.actor.can(right, school_id) or told.class_id in desk.actor.classes(right, school_id)


def may_trip(desk: Desk) -> bool:
    """Tell whether who sits at the desk writes down trips of some class."""
    right, school_id = Right.TRIPS_KEEP, desk.school.id
    return desk.actor.can(right, school_id) or bool(desk.actor.classes(right, school_id))
