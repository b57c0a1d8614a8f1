"""Practice of a student: begun as often as one likes, mistakes put right, and what came of it by theme and over time.

Rule: only the student's own account begins, answers and hands in; a family looks.
"""

from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.assessments.answers import moved
from cloud.assessments.errors import AnswerRefused, AttemptOver
from cloud.assessments.kinds import GRACE
from cloud.core.actor import Actor
from cloud.core.api import Counted
from cloud.core.errors import Refused
from cloud.core.i18n import translate
from cloud.core.pages import Visit, pages_of
from cloud.core.services import Services
from cloud.guardian.queries import Child, seen_of
from cloud.people.kinds import FamilyRight
from cloud.practice.attempts import Wish, begin, hand_in, save
from cloud.practice.formats import PAIRS, TITLES
from cloud.practice.kinds import WAYS, Paper, PracticeRefused, Way
from cloud.practice.mistakes import by_theme, met_by
from cloud.practice.opening import open_to
from cloud.practice.papers import attempts_of, paper_of, reached_in
from cloud.practice.shown import names_of, percents
from cloud.studies.queries import subjects_of

router = APIRouter(prefix="/children/{ref}/practice", include_in_schema=False)
Fields = Annotated[list[str], Form(max_length=20)]
Key = Annotated[str, Form(max_length=40)]
About = Annotated[str, Form(max_length=200)]
NOT_KEPT = {"cache-control": "no-store"}
JSON = "application/json"


@router.get("")
async def show(request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str) -> Response:
    """Show what can be practised, what is still wrong, and what came of it so far."""
    return await _page(request, visit, actor, services, ref)


@router.post("")
async def start(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str, way: Key = "",
    about: About = "",
) -> Response:  # fmt: skip
    """Begin an attempt, or go on with the one that is not over, and lead to it."""
    try:
        attempt_id = await begin(services, actor, ref, wish_of(way, about))
    except PracticeRefused as refused:
        return await _page(request, visit, actor, services, ref, refused)
    return RedirectResponse(f"/children/{ref}/practice/{attempt_id}", HTTPStatus.SEE_OTHER)


@router.get("/{attempt_id}")
async def show_attempt(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str, attempt_id: Counted
) -> Response:  # fmt: skip
    """Show an attempt: to be gone on with, or what came of it."""
    return await _attempt(request, visit, actor, services, ref, attempt_id)


@router.post("/{attempt_id}/answers/{place}")
async def answer(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str, attempt_id: Counted,
    place: Counted, answer: Fields = [], up: Key = "", down: Key = "",  # noqa: B006
) -> Response:  # fmt: skip
    """Keep the answer to a question; tell as JSON how much time is left, or lead back to the question."""
    fields = moved(answer, up, -1) if up else moved(answer, down, 1) if down else answer
    try:
        left = await save(services, actor, ref, attempt_id, place, fields)
    except (AnswerRefused, AttemptOver) as refused:
        if request.headers.get("accept") == JSON:
            raise
        return await _attempt(request, visit, actor, services, ref, attempt_id, refused)
    if request.headers.get("accept") == JSON:
        return JSONResponse({"left_s": int(left.total_seconds())}, HTTPStatus.OK, NOT_KEPT)
    return RedirectResponse(f"/children/{ref}/practice/{attempt_id}#q{place}", HTTPStatus.SEE_OTHER)


@router.post("/{attempt_id}/hand")
async def hand(actor: SignedIn, services: TheServices, ref: str, attempt_id: Counted) -> Response:
    """Hand the work in, and lead to what came of it."""
    await hand_in(services, actor, ref, attempt_id)
    return RedirectResponse(f"/children/{ref}/practice/{attempt_id}", HTTPStatus.SEE_OTHER)


def wish_of(way: str, about: str) -> Wish:
    """Return what a form wishes: a pair of subjects; or a subject's number, with a space and a theme after it."""
    if way == Way.NATIONAL:
        return Wish(Way.NATIONAL, about)
    number, space, theme = about.partition(" ")
    subject_id = int(number) if number.isascii() and number.isdigit() and len(number) < 16 else None
    if way == Way.MISTAKES:
        return Wish(Way.MISTAKES, subject_id=subject_id)
    return Wish(Way.SUBJECT, subject_id=subject_id or 0, theme=theme if space else None)


async def _page(
    request: Request, visit: Visit, actor: Actor, services: Services, ref: str, refused: Refused | None = None
) -> Response:  # fmt: skip
    child, now = await seen_of(services, actor, ref, FamilyRight.SEE), services.clock.now()
    here = replace(visit, zone=child.zone)
    attempts = await attempts_of(services, child.id)
    themes = by_theme(await met_by(services, child.id))
    return pages_of(request).page(
        here, "guardian/practice.html", status=refused.status if refused else HTTPStatus.OK, section="children",
        child=child, now=now, attempts=attempts, themes=themes, wrong=sum(each.wrong for each in themes),
        running=next((each for each in attempts if not each.is_over(now)), None), ways=WAYS, pairs=PAIRS,
        titles=TITLES, opened=await open_to(services, child.school_id, child.id) if child.is_own else [],
        names=names_of(await subjects_of(services, child.school_id), visit.language.value),
        chart=percents(attempts, now, here.formats),
        refused=translate(visit.language, refused.message) if refused else "",
    )  # fmt: skip


async def _attempt(
    request: Request, visit: Visit, actor: Actor, services: Services, ref: str, attempt_id: int,
    refused: Refused | None = None,
) -> Response:  # fmt: skip
    child, now = await seen_of(services, actor, ref, FamilyRight.SEE), services.clock.now()
    paper = await paper_of(services, child.id, attempt_id)
    is_over = paper.attempt.is_over(now)
    if not is_over and not child.is_own:
        return RedirectResponse(f"/children/{ref}/practice", HTTPStatus.SEE_OTHER)
    names = names_of(await subjects_of(services, child.school_id), visit.language.value)
    return pages_of(request).page(
        replace(visit, zone=child.zone),
        "guardian/practice_attempt.html" if is_over else "guardian/practice_sitting.html",
        status=refused.status if refused else HTTPStatus.OK, section="children", child=child, paper=paper, now=now,
        titles=TITLES, names=names, ways=WAYS, refused=translate(visit.language, refused.message) if refused else "",
        **_clock(paper, child, now), reached=reached_in(paper),
    )  # fmt: skip


def _clock(paper: Paper, child: Child, now: datetime) -> dict[str, object]:
    left = (paper.attempt.ends_at - now).total_seconds()
    ends = paper.attempt.ends_at.astimezone(child.zone)
    return {"left_s": max(0, int(left)), "grace_s": int(GRACE.total_seconds()), "ends": ends}
