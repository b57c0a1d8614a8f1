"""The inbox of questions: a school's for its support, who also says how it is reached; and the operator's."""

from collections.abc import Awaitable
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import OperatorDesk, everywhere
from cloud.attendance.web import Desk, desk_of
from cloud.core.api import Counted
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.support.answering import answer, answer_left, pass_on, questions_left, questions_of
from cloud.support.contacts import Contact, contacts_of, set_contact
from cloud.support.kinds import TOPICS
from cloud.support.waiting import INBOX, LEFT

router = APIRouter(prefix="/schools/{code}/questions", include_in_schema=False)
of_all = APIRouter(prefix="/questions", include_in_schema=False)
QuestionDesk = Annotated[Desk, Depends(desk_of(Right.QUESTIONS_ANSWER))]
TakingDesk = Annotated[OperatorDesk, Depends(everywhere(Right.QUESTIONS_TAKE))]
TEMPLATE = "support/questions.html"
Text = Annotated[str, Form(max_length=4_000)]
Line = Annotated[str, Form(max_length=200)]


@router.get("")
async def show(request: Request, desk: QuestionDesk) -> Response:
    """Show a school's questions."""
    return await _of_school(request, desk)


@router.post("/contact")
async def put_contact(
    request: Request, desk: QuestionDesk, phone: Line = "", email: Line = "", hours: Line = ""
) -> Response:
    """Say how the school's support is reached."""
    given = Contact(phone, email, hours)
    return await _done(request, desk, set_contact(desk.services, desk.actor, desk.school.id, given))


@router.post("/{question_id}")
async def answer_one(request: Request, desk: QuestionDesk, question_id: Counted, answered: Text = "") -> Response:
    """Answer a question."""
    return await _done(request, desk, answer(desk.services, desk.actor, desk.school.id, question_id, answered))


@router.post("/{question_id}/pass")
async def pass_one(request: Request, desk: QuestionDesk, question_id: Counted) -> Response:
    """Pass a question on to the operator."""
    return await _done(request, desk, pass_on(desk.services, desk.actor, desk.school.id, question_id))


@of_all.get("")
async def show_left(request: Request, desk: TakingDesk) -> Response:
    """Show the operator what schools passed on or left."""
    return await _of_operator(request, desk)


@of_all.post("/{question_id}")
async def answer_left_one(request: Request, desk: TakingDesk, question_id: Counted, answered: Text = "") -> Response:
    """Answer a question as the operator."""
    try:
        await answer_left(desk.services, desk.actor, question_id, answered)
    except NotFound:
        raise
    except Refused as refused:
        return await _of_operator(request, desk, refused)
    return RedirectResponse("/questions", HTTPStatus.SEE_OTHER)


async def _done(request: Request, desk: Desk, deed: Awaitable[None]) -> Response:
    try:
        await deed
    except NotFound:
        raise
    except Refused as refused:
        return await _of_school(request, desk, refused)
    return RedirectResponse(f"/schools/{desk.school.code}/questions", HTTPStatus.SEE_OTHER)


async def _of_school(request: Request, desk: Desk, refused: Refused | None = None) -> Response:
    language = desk.visit.language
    (own,) = await contacts_of(desk.services, [desk.school.id])
    return pages_of(request).page(
        desk.visit, TEMPLATE, status=refused.status if refused else HTTPStatus.OK, section=INBOX,
        questions=await questions_of(desk.services, desk.actor, desk.school.id, language.value), topics=TOPICS,
        here=f"/schools/{desk.school.code}/questions", contact=own.contact, is_all=False,
        refused=translate(language, refused.message) if refused else "",
    )  # fmt: skip


async def _of_operator(request: Request, desk: OperatorDesk, refused: Refused | None = None) -> Response:
    language = desk.visit.language
    return pages_of(request).page(
        desk.visit, TEMPLATE, status=refused.status if refused else HTTPStatus.OK, section=LEFT,
        questions=await questions_left(desk.services, desk.actor, language.value), topics=TOPICS, here="/questions",
        contact=None, is_all=True, refused=translate(language, refused.message) if refused else "",
    )  # fmt: skip
