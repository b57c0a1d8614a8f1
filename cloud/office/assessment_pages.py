"""Tests at school: the list of them and of what was given, a test with its sections, the analysis of its questions."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from cloud.assessments.analysing import analysis_of
from cloud.assessments.banks import banks_within, questions_by_id, themes_of
from cloud.assessments.giving import give
from cloud.assessments.kinds import COUNTS, REVIEWS, Counts, Review, Section, Terms
from cloud.assessments.making import (
    drop_test,
    keep_sections,
    make_test,
    rename_test,
    test_of,
    tests_within,
    with_questions,
    with_section,
    without_question,
    without_section,
)
from cloud.assessments.questions import Choice
from cloud.assessments.reach import gives_any, reach_of
from cloud.assessments.results import given_in, given_of
from cloud.assessments.rules import asked_in
from cloud.attendance.web import Desk
from cloud.core.api import Counted
from cloud.core.errors import Refused
from cloud.office.assessments import (
    GiveDesk,
    Key,
    MakeDesk,
    Number,
    Page,
    ReadDesk,
    Text,
    back_to,
    first_of_terms,
    instant_of,
    refused_by,
    whole_of,
)
from cloud.schools.rules import GRADES

router = APIRouter(prefix="/schools/{code}/tests", include_in_schema=False)
LIST, TEST, ANALYSIS = Page("office/tests.html"), Page("office/test.html"), Page("office/test_analysis.html")
Numbers = Annotated[list[int], Form(max_length=200)]


@router.get("")
async def show(request: Request, desk: ReadDesk) -> Response:
    """Show the tests that were given, and those that one makes."""
    return await _list(request, desk)


@router.post("")
async def make(
    request: Request, desk: MakeDesk, subject: Number = 0, grade: Number = 0, title: Text = ""
) -> Response:  # fmt: skip
    """Make a test, and lead to it."""
    made: list[int] = []

    async def change() -> None:
        made.append(await make_test(desk.services, desk.actor, desk.school, subject, grade, title))

    refused = await refused_by(change())
    return await _list(request, desk, refused) if refused else back_to(desk, f"/of/{made[0]}")


@router.get("/of/{test_id}")
async def show_test(request: Request, desk: MakeDesk, test_id: Counted) -> Response:
    """Show a test with its sections and questions."""
    return await _test(request, desk, test_id)


@router.post("/of/{test_id}")
async def rename(request: Request, desk: MakeDesk, test_id: Counted, title: Text = "") -> Response:
    """Give a test another name."""
    refused = await refused_by(rename_test(desk.services, desk.actor, desk.school, test_id, title))
    return await _test(request, desk, test_id, refused) if refused else back_to(desk, f"/of/{test_id}")


@router.post("/of/{test_id}/drop")
async def drop(desk: MakeDesk, test_id: Counted) -> Response:
    """Put a test out of use."""
    await drop_test(desk.services, desk.actor, desk.school, test_id)
    return back_to(desk)


@router.post("/of/{test_id}/sections")
async def add_section(
    request: Request, desk: MakeDesk, test_id: Counted, title: Text = "", theme: Text = "", draws: Text = ""
) -> Response:  # fmt: skip
    """Add a section: of chosen questions, or of so many of a theme."""
    section = Section(title, (), theme, whole_of(draws)) if draws.strip() not in ("", "0") else Section(title)
    change = keep_sections(desk.services, desk.actor, desk.school, test_id, with_section(section))
    refused = await refused_by(change)
    return await _test(request, desk, test_id, refused) if refused else back_to(desk, f"/of/{test_id}")


@router.post("/of/{test_id}/sections/{place}/drop")
async def drop_section(desk: MakeDesk, test_id: Counted, place: Key) -> Response:
    """Take a section out."""
    await keep_sections(desk.services, desk.actor, desk.school, test_id, without_section(place))
    return back_to(desk, f"/of/{test_id}")


@router.post("/of/{test_id}/sections/{place}/questions")
async def choose(
    request: Request, desk: MakeDesk, test_id: Counted, place: Key, chosen: Numbers = []  # noqa: B006
) -> Response:  # fmt: skip
    """Put questions of the bank into a section."""
    change = keep_sections(desk.services, desk.actor, desk.school, test_id, with_questions(place, chosen))
    refused = await refused_by(change)
    return await _test(request, desk, test_id, refused) if refused else back_to(desk, f"/of/{test_id}")


@router.post("/of/{test_id}/sections/{place}/questions/{question_id}/drop")
async def leave_out(
    request: Request, desk: MakeDesk, test_id: Counted, place: Key, question_id: Counted
) -> Response:  # fmt: skip
    """Take a question out of a section."""
    change = keep_sections(desk.services, desk.actor, desk.school, test_id, without_question(place, question_id))
    refused = await refused_by(change)
    return await _test(request, desk, test_id, refused) if refused else back_to(desk, f"/of/{test_id}")


@router.post("/of/{test_id}/give")
async def give_out(
    request: Request, desk: GiveDesk, test_id: Counted, course: Number = 0, opens: Text = "", closes: Text = "",
    limit: Text = "", attempts: Text = "1", counts: Text = "", review: Text = "", shuffle: Text = "", one: Text = "",
) -> Response:  # fmt: skip
    """Give a test to a course, and lead to its results."""
    await gives_any(desk.services, desk.actor, desk.school)
    given: list[int] = []

    async def change() -> None:
        terms = Terms(
            instant_of(opens, desk), instant_of(closes, desk), whole_of(limit) if limit.strip() else None,
            whole_of(attempts), Counts(counts) if counts in set(Counts) else Counts.BEST,
            Review(review) if review in set(Review) else Review.CLOSED, bool(shuffle), bool(one),
        )  # fmt: skip
        given.append(await give(desk.services, desk.actor, desk.school, test_id, course, terms))

    refused = await refused_by(change())
    typed = {
        "course": str(course), "opens": opens, "closes": closes, "limit": limit, "attempts": attempts,
        "counts": counts, "review": review, "shuffle": shuffle, "one": one,
    }  # fmt: skip
    return await _test(request, desk, test_id, refused, typed) if refused else back_to(desk, f"/given/{given[0]}")


@router.get("/of/{test_id}/analysis")
async def analyse(request: Request, desk: MakeDesk, test_id: Counted) -> Response:
    """Show how good each question of a test was."""
    test = await test_of(desk.services, desk.actor, desk.school, test_id)
    told = await analysis_of(desk.services, desk.school, test_id)
    return ANALYSIS.shown(request, desk, test=test, told=told, is_choice=lambda body: isinstance(body, Choice))


async def _list(request: Request, desk: Desk, refused: Refused | None = None) -> Response:
    reach = await reach_of(desk.services, desk.actor, desk.school)
    banks = await banks_within(desk.services, reach, desk.school.id)
    return LIST.shown(
        request, desk, refused, given=await given_in(desk.services, reach, desk.school), banks=banks, grades=GRADES,
        tests=await tests_within(desk.services, reach, desk.school.id) if banks else [], asked_in=asked_in,
        subjects={each.id: each for each in banks}, grade=reach.first_grade,
    )  # fmt: skip


async def _test(
    request: Request, desk: Desk, test_id: int, refused: Refused | None = None, typed: Mapping[str, str] | None = None
) -> Response:
    services = desk.services
    test = await test_of(services, desk.actor, desk.school, test_id)
    reach, pool = await reach_of(services, desk.actor, desk.school), services.database.pool
    ids = [number for section in test.sections for number in section.questions]
    banks = await banks_within(services, reach, desk.school.id)
    return TEST.shown(
        request, desk, refused, test=test, questions=await questions_by_id(pool, desk.school.id, ids),
        subject=next(each for each in banks if each.id == test.subject_id), asked=asked_in(test.sections),
        themes=await themes_of(pool, desk.school.id, test.subject_id, test.grade), counts=COUNTS, reviews=REVIEWS,
        given=await given_of(services, desk.school, test_id), typed=typed or first_of_terms(desk),
        has_typed=bool(typed),
        courses=[
            each for each in reach.courses.values() if each.subject.id == test.subject_id and each.is_on(desk.school.on)
        ],
    )  # fmt: skip
