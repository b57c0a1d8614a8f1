"""A test that was given: who reached what, its end moved, results put into the journal, attempts looked at, marked."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from cloud.assessments.giving import move_end, take_back
from cloud.assessments.kinds import COUNTS, REVIEWS
from cloud.assessments.marking import Put, lessons_for, mark_item, put_marks
from cloud.assessments.papers import paper_of
from cloud.assessments.reach import given_within
from cloud.assessments.results import results_of
from cloud.attendance.web import Desk
from cloud.core.api import Counted
from cloud.core.errors import NotFound, Refused
from cloud.office.assessments import (
    GiveDesk,
    Number,
    Page,
    ReadDesk,
    Text,
    back_to,
    instant_of,
    refused_by,
    typed_instant,
)
from cloud.proctoring.kinds import WORDS
from cloud.proctoring.logs import ask_for_log, is_asked, log_of, times_left
from cloud.proctoring.rules import away_s, line_of

router = APIRouter(prefix="/schools/{code}/tests/given/{given_id}", include_in_schema=False)
RESULTS, ATTEMPT = Page("office/test_given.html"), Page("office/test_attempt.html")


@router.get("")
async def show(request: Request, desk: ReadDesk, given_id: Counted) -> Response:
    """Show what the students of a course have reached."""
    return await _page(request, desk, given_id)


@router.post("/end")
async def end(request: Request, desk: GiveDesk, given_id: Counted, closes: Text = "") -> Response:
    """Close a test earlier or later; without an hour, now."""

    async def change() -> None:
        at = instant_of(closes, desk) if closes.strip() else desk.services.clock.now()
        await move_end(desk.services, desk.actor, desk.school, given_id, at)

    refused = await refused_by(change())
    return await _page(request, desk, given_id, refused) if refused else back_to(desk, f"/given/{given_id}")


@router.post("/log")
async def log(desk: GiveDesk, given_id: Counted, wanted: Text = "") -> Response:
    """Have the test taken with a log, by who consented; or without."""
    await ask_for_log(desk.services, desk.actor, desk.school, given_id, is_wanted=bool(wanted))
    return back_to(desk, f"/given/{given_id}#log-head")


@router.post("/back")
async def back(request: Request, desk: GiveDesk, given_id: Counted) -> Response:
    """Take back a test that nobody began."""
    refused = await refused_by(take_back(desk.services, desk.actor, desk.school, given_id))
    return await _page(request, desk, given_id, refused) if refused else back_to(desk)


@router.post("/journal")
async def into_journal(request: Request, desk: GiveDesk, given_id: Counted, lesson: Number = 0) -> Response:
    """Put the results into a lesson of the journal, and tell what became of it."""
    done: list[Put] = []

    async def change() -> None:
        done.append(await put_marks(desk.services, desk.actor, desk.school, given_id, lesson))

    refused = await refused_by(change())
    return await _page(request, desk, given_id, refused, done[0] if done else None)


@router.get("/attempts/{attempt_id}")
async def show_attempt(request: Request, desk: ReadDesk, given_id: Counted, attempt_id: Counted) -> Response:
    """Show an attempt with its answers."""
    return await _attempt(request, desk, given_id, attempt_id)


@router.post("/attempts/{attempt_id}/answers/{place}")
async def give_points(
    request: Request, desk: GiveDesk, given_id: Counted, attempt_id: Counted, place: Counted, points: Text = "",
    remark: Text = "",
) -> Response:  # fmt: skip
    """Give points for an answer."""
    change = mark_item(
        desk.services, desk.actor, desk.school, given_id, attempt_id, place, points=points, remark=remark
    )  # fmt: skip
    refused = await refused_by(change)
    if refused:
        return await _attempt(request, desk, given_id, attempt_id, refused)
    return back_to(desk, f"/given/{given_id}/attempts/{attempt_id}#q{place}")


async def _page(
    request: Request, desk: Desk, given_id: int, refused: Refused | None = None, put: Put | None = None
) -> Response:
    services = desk.services
    reach, given, course = await given_within(services, desk.actor, desk.school, given_id)
    gives = reach.gives(course)
    results = await results_of(services, given, course, desk.school.on)
    return RESULTS.shown(
        request, desk, refused, given=given, course=course, results=results, gives=gives, put=put, counts=COUNTS,
        reviews=REVIEWS, lessons=await lessons_for(services, desk.school, course) if gives else [],
        closes=typed_instant(given.terms.closes_at, desk), state=given.state(desk.visit.now), analyses=reach.makes(
            course.subject.id), has_begun=any(each.attempts for each in results),
        is_asked=await is_asked(services, given_id),
        left=await times_left(services, [one.id for each in results for one in each.attempts]),
    )  # fmt: skip


async def _attempt(
    request: Request, desk: Desk, given_id: int, attempt_id: int, refused: Refused | None = None
) -> Response:  # fmt: skip
    reach, given, course = await given_within(desk.services, desk.actor, desk.school, given_id)
    paper = await paper_of(desk.services, attempt_id)
    results = await results_of(desk.services, given, course, desk.school.on)
    student = next((each.student for each in results if each.student.id == paper.attempt.person_id), None)
    if paper.given.id != given_id or student is None:
        raise NotFound
    is_over = paper.attempt.is_over(desk.visit.now)
    log = await log_of(desk.services, given, paper.attempt)
    begins, ends = paper.attempt.began_at, paper.attempt.handed_at or min(paper.attempt.ends_at, desk.visit.now)
    return ATTEMPT.shown(
        request, desk, refused, paper=paper, given=given, course=course, student=student,
        marks=reach.gives(course) and is_over, is_over=is_over, log=log, away_s=away_s(log), log_words=WORDS,
        log_marks=line_of(log, begins, ends), begins=begins, ends=ends,
    )  # fmt: skip
