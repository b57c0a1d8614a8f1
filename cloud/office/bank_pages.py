"""Banks of questions: found by subject, grade and theme, written in a form for each kind, put out of use."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from cloud.assessments.banks import (
    SHOWN_MAX,
    Filed,
    QuestionWrong,
    Wanted,
    banks_within,
    put_question,
    question_of,
    questions_of,
    themes_of,
    turn_question,
)
from cloud.assessments.making import test_of
from cloud.assessments.questions import DIFFICULTIES, OPTIONS_MAX, Kind
from cloud.assessments.reach import makes_any
from cloud.attendance.web import Desk
from cloud.core.api import Counted
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.i18n import translate
from cloud.office.assessments import Long, MakeDesk, Many, Number, Page, Text, back_to, whole_of
from cloud.office.question_form import QuestionForm, form_of, lines_shown
from cloud.schools.rules import GRADES
from cloud.studies.queries import Subject

router = APIRouter(prefix="/schools/{code}/tests/questions", include_in_schema=False)
LIST, FORM = Page("office/bank.html"), Page("office/question.html")
Asked = Annotated[int, Query(ge=0, le=2**53)]
Word = Annotated[str, Query(max_length=200)]
Grade = Annotated[str, Query(max_length=2)]


@router.get("")
async def show(
    request: Request, desk: MakeDesk, subject: Asked = 0, grade: Grade = "", theme: Word = "*", kind: Word = "",
    unused: bool = False, into: Asked = 0, section: Asked = 0,
) -> Response:  # fmt: skip
    """Show the questions of a bank; `into` is a test, into whose section questions are chosen."""
    banks = await _banks(desk)
    test = await test_of(desk.services, desk.actor, desk.school, into) if into else None
    chosen = _subject(banks, test.subject_id if test else subject)
    of_grade = whole_of(grade) if whole_of(grade) in GRADES else None
    wanted = Wanted(
        chosen.id if chosen else 0, of_grade, None if theme == "*" else theme,
        Kind(kind) if kind in set(Kind) else None, not unused,
    )  # fmt: skip
    pool = desk.services.database.pool
    return LIST.shown(
        request, desk, banks=banks, chosen=chosen, wanted=wanted, grades=GRADES, kinds=list(Kind), test=test,
        section_at=section, questions=await questions_of(desk.services, desk.school.id, wanted), most=SHOWN_MAX,
        themes=await themes_of(pool, desk.school.id, wanted.subject_id, of_grade),
    )  # fmt: skip


@router.get("/new")
async def begin(
    request: Request, desk: MakeDesk, kind: Word = "choice", subject: Asked = 0, grade: Grade = "", theme: Word = ""
) -> Response:  # fmt: skip
    """Show an empty form for a question of a kind."""
    reach = await makes_any(desk.services, desk.actor, desk.school)
    chosen = _subject(await banks_within(desk.services, reach, desk.school.id), subject)
    form = QuestionForm(
        Kind(kind) if kind in set(Kind) else Kind.CHOICE, chosen.id if chosen else 0,
        whole_of(grade) if whole_of(grade) in GRADES else reach.first_grade, "" if theme == "*" else theme,
    )  # fmt: skip
    return await _form(request, desk, form, 0)


async def form_typed(
    kind: Text = "", subject: Number = 0, grade: Number = 0, theme: Text = "", prompt: Long = "", points: Text = "",
    explanation: Long = "", difficulty: Text = "", option: Many = [], right: Many = [], partial: Text = "",  # noqa: B006
    left: Many = [], partner: Many = [], lines: Long = "", value: Text = "", tolerance: Text = "", exact: Text = "",  # noqa: B006
    words: Text = "", rubric: Long = "",
) -> QuestionForm:  # fmt: skip
    """Return what the form of a question says."""
    return QuestionForm(
        Kind(kind) if kind in set(Kind) else Kind.CHOICE, subject, grade, theme, prompt, points, explanation,
        difficulty, option[:OPTIONS_MAX], right, bool(partial), left[:OPTIONS_MAX], partner[:OPTIONS_MAX], lines, value,
        tolerance, bool(exact), words, rubric,
    )  # fmt: skip


Typed = Annotated[QuestionForm, Depends(form_typed)]


@router.post("/new")
async def add(request: Request, desk: MakeDesk, form: Typed) -> Response:
    """Put a question into the bank."""
    return await _keep(request, desk, form, 0)


@router.get("/{question_id}")
async def show_one(request: Request, desk: MakeDesk, question_id: Counted) -> Response:
    """Show a question in its form."""
    found = await question_of(desk.services, desk.actor, desk.school, question_id)
    form = form_of(found.question, found.subject_id, found.grade, found.theme)
    return await _form(request, desk, form, question_id, is_active=found.is_active)


@router.post("/{question_id}")
async def change(request: Request, desk: MakeDesk, question_id: Counted, form: Typed) -> Response:
    """Keep a question in the place of the one before."""
    found = await question_of(desk.services, desk.actor, desk.school, question_id)
    return await _keep(request, desk, replace(form, subject=found.subject_id), question_id)


@router.post("/{question_id}/turn")
async def turn(desk: MakeDesk, question_id: Counted) -> Response:
    """Put a question out of use, or into it again."""
    found = await question_of(desk.services, desk.actor, desk.school, question_id)
    await turn_question(desk.services, desk.actor, desk.school, question_id, is_active=not found.is_active)
    return back_to(desk, f"/questions/{question_id}")


async def _keep(request: Request, desk: Desk, form: QuestionForm, question_id: int) -> Response:
    filed = Filed(form.subject, form.grade, form.theme, form.question())
    try:
        await put_question(desk.services, desk.actor, desk.school, filed, question_id or None)
    except (NotFound, NotAllowed):
        raise
    except Refused as refused:
        return await _form(request, desk, form, question_id, refused)
    return back_to(desk, f"/questions?subject={form.subject}&grade={form.grade}")


async def _form(
    request: Request, desk: Desk, form: QuestionForm, question_id: int, refused: Refused | None = None, *,
    is_active: bool = True,
) -> Response:  # fmt: skip
    problems = refused.problems[1:] if isinstance(refused, QuestionWrong) else ()
    pool = desk.services.database.pool
    return FORM.shown(
        request, desk, refused, form=form, question_id=question_id, banks=await _banks(desk), grades=GRADES,
        kinds=list(Kind), difficulties=DIFFICULTIES, is_active=is_active,
        option_lines=lines_shown(len(form.option)), pair_lines=lines_shown(len(form.left)),
        themes=await themes_of(pool, desk.school.id, form.subject, None),
        problems=[translate(desk.visit.language, each.told) for each in problems],
    )  # fmt: skip


async def _banks(desk: Desk) -> list[Subject]:
    reach = await makes_any(desk.services, desk.actor, desk.school)
    return await banks_within(desk.services, reach, desk.school.id)


def _subject(banks: list[Subject], asked: int) -> Subject | None:
    return next((each for each in banks if each.id == asked), banks[0] if banks else None)
