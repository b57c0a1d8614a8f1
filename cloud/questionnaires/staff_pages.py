"""Pages of who makes questionnaires: the list, a draft with its questions, results as charts, tables and files."""

from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.api import Counted
from cloud.core.charts import Chart, Column, chart_of
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.core.sheets import CSV_TYPE, XLSX_TYPE, Cell, csv_of, xlsx_of
from cloud.core.words import word
from cloud.questionnaires.audience import STAFF_ROLES
from cloud.questionnaires.forms import HeadForm, QuestionForm, form_of, head_of
from cloud.questionnaires.kinds import AUDIENCES, KINDS, LANGUAGES, OF_NUMBERS, State
from cloud.questionnaires.making import (
    change,
    drop,
    drop_question,
    end,
    lift_question,
    make,
    make_ready,
    publish,
    put_question,
    remind,
)
from cloud.questionnaires.queries import classes_at, one_at, questionnaires_at, questions_of
from cloud.questionnaires.ready import LASTS, all_ready
from cloud.questionnaires.results import Result, results_of
from cloud.questionnaires.rules import words_of
from cloud.questionnaires.waiting import SECTION

router = APIRouter(prefix="/schools/{code}/questionnaires", include_in_schema=False)
KeepingDesk = Annotated[Desk, Depends(desk_of(Right.QUESTIONNAIRES_KEEP))]
Key = Annotated[str, Form(max_length=20)]
COLUMNS_MAX = 12
FORMS: dict[str, tuple[str, Callable[[list[list[Cell]], str], bytes]]] = {
    "csv": (CSV_TYPE, lambda rows, _title: csv_of(rows)), "xlsx": (XLSX_TYPE, xlsx_of),
}  # fmt: skip


@router.get("")
async def show(request: Request, desk: KeepingDesk) -> Response:
    """Show the questionnaires of the school."""
    return await _list(request, desk)


@router.post("")
async def do_make(
    request: Request, desk: KeepingDesk, form: Annotated[HeadForm, Depends()], ready: Key = ""
) -> Response:
    """Make a draft, of one that stands ready if it is named."""
    if ready and ready not in all_ready():
        raise NotFound
    try:
        if ready:
            number = await make_ready(desk.services, desk.actor, desk.school, all_ready()[ready])
        else:
            number = await make(desk.services, desk.actor, desk.school, form.given())
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await _list(request, desk, form, refused)
    return _to(desk, number)


@router.get("/{number}")
async def show_one(
    request: Request, desk: KeepingDesk, number: Counted, reminded: Annotated[int, Query(ge=-1, le=100_000)] = -1
) -> Response:
    """Show a draft to be worked on, or the results of one that was published."""
    return await _one(request, desk, number, reminded=reminded)


@router.get("/{number}/results.{form}")
async def send_file(desk: KeepingDesk, number: Counted, form: str) -> Response:
    """Send the results as CSV or as a workbook."""
    if form not in FORMS:
        raise NotFound
    results = await results_of(desk.services, desk.actor, desk.school, number)
    rows = results.rows(desk.visit.formats, partial(translate, desk.visit.language))
    kind, made = FORMS[form]
    named = {"content-disposition": f'attachment; filename="questionnaire-{number}.{form}"'}
    return Response(made(rows, f"{number}"), media_type=kind, headers={**named, "cache-control": "no-store"})


@router.post("/{number}")
async def do_change(
    request: Request, desk: KeepingDesk, number: Counted, form: Annotated[HeadForm, Depends()]
) -> Response:
    """Change the head of a draft."""

    async def deed() -> None:
        await change(desk.services, desk.actor, desk.school, number, form.given())

    return await _done(request, desk, number, deed(), head=form)


@router.post("/{number}/questions")
async def do_put_question(
    request: Request, desk: KeepingDesk, number: Counted, form: Annotated[QuestionForm, Depends()]
) -> Response:
    """Add a question, or change one."""

    async def deed() -> None:
        await put_question(desk.services, desk.actor, desk.school, number, form.given(), form.question)

    return await _done(request, desk, number, deed(), typed=form)


@router.post("/{number}/questions/{question_id}/drop")
async def do_drop_question(request: Request, desk: KeepingDesk, number: Counted, question_id: Counted) -> Response:
    """Take a question away."""
    deed = drop_question(desk.services, desk.actor, desk.school, number, question_id)
    return await _done(request, desk, number, deed)


@router.post("/{number}/questions/{question_id}/lift")
async def do_lift_question(request: Request, desk: KeepingDesk, number: Counted, question_id: Counted) -> Response:
    """Move a question up."""
    deed = lift_question(desk.services, desk.actor, desk.school, number, question_id)
    return await _done(request, desk, number, deed)


@router.post("/{number}/publish")
async def do_publish(request: Request, desk: KeepingDesk, number: Counted) -> Response:
    """Publish a draft."""
    return await _done(request, desk, number, publish(desk.services, desk.actor, desk.school, number))


@router.post("/{number}/end")
async def do_end(request: Request, desk: KeepingDesk, number: Counted) -> Response:
    """End one before its last day."""
    return await _done(request, desk, number, end(desk.services, desk.actor, desk.school, number))


@router.post("/{number}/remind")
async def do_remind(request: Request, desk: KeepingDesk, number: Counted) -> Response:
    """Remind who has not answered."""
    try:
        count = await remind(desk.services, desk.actor, desk.school, number)
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await _one(request, desk, number, refused)
    return RedirectResponse(f"{_here(desk)}/{number}?reminded={count}", HTTPStatus.SEE_OTHER)


@router.post("/{number}/drop")
async def do_drop(request: Request, desk: KeepingDesk, number: Counted) -> Response:
    """Drop a draft."""
    try:
        await drop(desk.services, desk.actor, desk.school, number)
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await _one(request, desk, number, refused)
    return RedirectResponse(_here(desk), HTTPStatus.SEE_OTHER)


def chart_of_numbers(result: Result, language: str) -> Chart | None:
    """Return the columns of a scale or of few numbers; None where there are too many of them, or none."""
    lines = result.lines(language)
    if result.question.kind not in OF_NUMBERS or not result.counted.counts or len(lines) > COLUMNS_MAX:
        return None
    return chart_of([Column(each.words, f"{each.words}: {each.count}", [each.count]) for each in lines])


async def _done(
    request: Request, desk: Desk, number: int, deed: Awaitable[None], head: HeadForm | None = None,
    typed: QuestionForm | None = None,
) -> Response:  # fmt: skip
    try:
        await deed
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await _one(request, desk, number, refused, head, typed)
    return _to(desk, number)


async def _list(
    request: Request, desk: Desk, typed: HeadForm | None = None, refused: Refused | None = None
) -> Response:  # fmt: skip
    found = await questionnaires_at(desk.services, desk.actor, desk.school.id)
    first = desk.school.on
    head = typed or HeadForm(
        anonymous="yes", first=first.isoformat(), last=(first + LASTS).isoformat()
    )  # fmt: skip
    return pages_of(request).page(
        desk.visit, "questionnaires/list.html", status=refused.status if refused else HTTPStatus.OK, section=SECTION,
        found=found, on=desk.school.on, ready=all_ready(), head=head, is_typed=typed is not None,
        refused=translate(desk.visit.language, refused.message) if refused else "", **await _offered(desk),
    )  # fmt: skip


async def _one(
    request: Request, desk: Desk, number: int, refused: Refused | None = None, head: HeadForm | None = None,
    typed: QuestionForm | None = None, reminded: int = -1,
) -> Response:  # fmt: skip
    found, language = await one_at(desk.services, desk.actor, desk.school.id, number), desk.visit.language
    told = translate(language, refused.message) if refused else ""
    status = refused.status if refused else HTTPStatus.OK
    if found.state(desk.school.on) is State.DRAFT:
        questions = await questions_of(desk.services.database.pool, number)
        return pages_of(request).page(
            desk.visit, "questionnaires/draft.html", status=status, section=SECTION, each=found, refused=told,
            head=head or head_of(found), is_typed=head is not None, typed=typed, kinds=KINDS,
            questions=[(question, form_of(question)) for question in questions], empty=QuestionForm(required="yes"),
            **await _offered(desk),
        )  # fmt: skip
    results = await results_of(desk.services, desk.actor, desk.school, number)
    charts = {part.question.id: chart_of_numbers(part, language.value) for part in results.parts}
    return pages_of(request).page(
        desk.visit, "questionnaires/results.html", status=status, section=SECTION, each=found, results=results,
        on=desk.school.on, charts=charts, refused=told, reminded=reminded, words_of=words_of, audiences=AUDIENCES,
    )  # fmt: skip


async def _offered(desk: Desk) -> dict[str, Any]:
    """Return what forms of a head offer."""
    return {
        "audiences": AUDIENCES, "langs": LANGUAGES, "classes": await classes_at(desk.services, desk.school.id),
        "roles": {role: word(f"role_{role}") for role in STAFF_ROLES},
    }  # fmt: skip


def _here(desk: Desk) -> str:
    return f"/schools/{desk.school.code}/questionnaires"


def _to(desk: Desk, number: int) -> Response:
    return RedirectResponse(f"{_here(desk)}/{number}", HTTPStatus.SEE_OTHER)
