"""Pages of whoever is asked: the questionnaires that wait, and one to be answered, on a phone and without a script."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.core.actor import Actor
from cloud.core.api import Counted
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import Visit, pages_of
from cloud.core.services import Services
from cloud.questionnaires.answering import answer, own_one, own_questionnaires
from cloud.questionnaires.forms import answers_in
from cloud.questionnaires.rules import LINE_MAX, WORDS_MAX
from cloud.questionnaires.waiting import SECTION

router = APIRouter(prefix="/questionnaires", include_in_schema=False)


@router.get("")
async def show(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, sent: bool = False
) -> Response:
    """Show the questionnaires that ask whoever looks."""
    found = await own_questionnaires(services, actor)
    return pages_of(request).page(visit, "questionnaires/own.html", section=SECTION, found=found, sent=sent)


@router.get("/{number}")
async def show_one(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, number: Counted
) -> Response:
    """Show one of them."""
    return await _one(request, visit, actor, services, number)


@router.post("/{number}")
async def do_answer(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, number: Counted
) -> Response:
    """Answer one; what cannot be taken stands in the form again."""
    typed = answers_in(await request.form())
    try:
        await answer(services, actor, number, typed, visit.language.value)
    except NotFound:
        raise
    except Refused as refused:
        return await _one(request, visit, actor, services, number, refused, typed)
    return RedirectResponse("/questionnaires?sent=true", HTTPStatus.SEE_OTHER)


async def _one(
    request: Request, visit: Visit, actor: Actor, services: Services, number: int, refused: Refused | None = None,
    typed: Mapping[int, Sequence[str]] | None = None,
) -> Response:  # fmt: skip
    asked, questions, answers = await own_one(services, actor, number)
    return pages_of(request).page(
        visit, "questionnaires/answer.html", status=refused.status if refused else HTTPStatus.OK, section=SECTION,
        asked=asked, each=asked.questionnaire, questions=questions, answers=answers if typed is None else typed,
        line_max=LINE_MAX, words_max=WORDS_MAX,
        refused=translate(visit.language, refused.message) if refused else "",
    )  # fmt: skip
