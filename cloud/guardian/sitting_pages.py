"""Tests of a student: the list for student and family, taking one, and what came of it.

Rule: only the student's own account begins, answers and hands in; a family looks at what is over.
"""

from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.assessments.answers import moved
from cloud.assessments.attempts import begin, hand_in, save
from cloud.assessments.errors import AnswerRefused, AttemptOver, AttemptRefused
from cloud.assessments.kinds import GRACE, Paper
from cloud.assessments.papers import paper_of
from cloud.assessments.results import test_of_student, tests_of
from cloud.assessments.rules import is_reviewed
from cloud.core.actor import Actor
from cloud.core.api import Counted
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import Visit, pages_of
from cloud.core.services import Services
from cloud.guardian.queries import Child, seen_of
from cloud.people.kinds import FamilyRight
from cloud.proctoring.kinds import SIGN_S
from cloud.proctoring.logs import is_asked, is_logged

router = APIRouter(prefix="/children/{ref}", include_in_schema=False)
Fields = Annotated[list[str], Form(max_length=20)]
Key = Annotated[str, Form(max_length=40)]
NOT_KEPT = {"cache-control": "no-store"}
JSON = "application/json"


@router.get("/tests")
async def show(request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str) -> Response:
    """Show the tests that a student is to take, and those that it took."""
    child = await seen_of(services, actor, ref, FamilyRight.SEE)
    found = await tests_of(services, child.school_id, child.id, child.on)
    return pages_of(request).page(
        replace(visit, zone=child.zone), "guardian/tests.html", section="children", child=child, found=found,
        now=services.clock.now(),
    )  # fmt: skip


@router.get("/tests/{given_id}")
async def show_one(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str, given_id: Counted
) -> Response:  # fmt: skip
    """Show what a test asks for, and the attempts at it."""
    return await _about(request, visit, actor, services, ref, given_id)


@router.post("/tests/{given_id}")
async def start(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str, given_id: Counted
) -> Response:  # fmt: skip
    """Begin an attempt, or go on with the one that is not over, and lead to it."""
    try:
        attempt_id = await begin(services, actor, ref, given_id)
    except AttemptRefused as refused:
        return await _about(request, visit, actor, services, ref, given_id, refused)
    return RedirectResponse(f"/children/{ref}/attempts/{attempt_id}", HTTPStatus.SEE_OTHER)


@router.get("/attempts/{attempt_id}")
async def show_attempt(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str, attempt_id: Counted
) -> Response:  # fmt: skip
    """Show an attempt: to be gone on with, or what came of it."""
    return await _attempt(request, visit, actor, services, ref, attempt_id)


@router.post("/attempts/{attempt_id}/answers/{place}")
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
    return RedirectResponse(f"/children/{ref}/attempts/{attempt_id}#q{place}", HTTPStatus.SEE_OTHER)


@router.post("/attempts/{attempt_id}/hand")
async def hand(actor: SignedIn, services: TheServices, ref: str, attempt_id: Counted) -> Response:
    """Hand the work in, and lead to what came of it."""
    await hand_in(services, actor, ref, attempt_id)
    return RedirectResponse(f"/children/{ref}/attempts/{attempt_id}", HTTPStatus.SEE_OTHER)


async def _about(
    request: Request, visit: Visit, actor: Actor, services: Services, ref: str, given_id: int,
    refused: Refused | None = None,
) -> Response:  # fmt: skip
    child, now = await seen_of(services, actor, ref, FamilyRight.SEE), services.clock.now()
    own = await test_of_student(services, child.school_id, child.id, child.on, given_id)
    return pages_of(request).page(
        replace(visit, zone=child.zone), "guardian/test.html",
        status=refused.status if refused else HTTPStatus.OK, section="children", child=child, own=own, now=now,
        is_asked=await is_asked(services, given_id),
        is_logged=await is_logged(services, given_id, child.id),
        refused=translate(visit.language, refused.message) if refused else "",
    )  # fmt: skip


async def _attempt(
    request: Request, visit: Visit, actor: Actor, services: Services, ref: str, attempt_id: int,
    refused: Refused | None = None,
) -> Response:  # fmt: skip
    child, now = await seen_of(services, actor, ref, FamilyRight.SEE), services.clock.now()
    paper = await paper_of(services, attempt_id)
    if paper.attempt.person_id != child.id:
        raise NotFound
    is_over = paper.attempt.is_over(now)
    if not is_over and not child.is_own:
        return RedirectResponse(f"/children/{ref}/tests/{paper.given.id}", HTTPStatus.SEE_OTHER)
    told = translate(visit.language, refused.message) if refused else ""
    return pages_of(request).page(
        replace(visit, zone=child.zone), "guardian/attempt.html" if is_over else "guardian/sitting.html",
        status=refused.status if refused else HTTPStatus.OK, section="children", child=child, paper=paper,
        now=now, refused=told, is_reviewed=is_reviewed(paper.given, paper.attempt, now), **_clock(paper, child, now),
        is_logged=not is_over and await is_logged(services, paper.given.id, child.id), signs_s=SIGN_S,
    )  # fmt: skip


def _clock(paper: Paper, child: Child, now: datetime) -> dict[str, object]:
    """Return how much time is left, and what is shown of the end."""
    left = (paper.attempt.ends_at - now).total_seconds()
    ends = paper.attempt.ends_at.astimezone(child.zone)
    return {"left_s": max(0, int(left)), "grace_s": int(GRACE.total_seconds()), "ends": ends}
