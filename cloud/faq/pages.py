"""Pages of what is often asked: for who keeps it at a school; a reader says on the page of help whether one helped."""

from collections.abc import Awaitable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import SignedIn, TheServices
from cloud.attendance.web import Desk, desk_of
from cloud.core.api import Counted
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.faq.keeping import drop_entry, entries_at, lift_entry, put_entry
from cloud.faq.kinds import AUDIENCES, LANGUAGES, Entry, Given
from cloud.faq.reading import say_helpful

router = APIRouter(prefix="/schools/{code}/faq", include_in_schema=False)
of_reader = APIRouter(prefix="/help/faq", include_in_schema=False)
KeepingDesk = Annotated[Desk, Depends(desk_of(Right.FAQ_KEEP))]
Line = Annotated[str, Form(max_length=400)]
Long = Annotated[str, Form(max_length=4_000)]


@dataclass(frozen=True, slots=True)
class EntryForm:
    """An entry, as it was typed."""

    entry: Annotated[int, Form(ge=0, le=2**62)] = 0
    topic: Line = ""
    question_kk: Line = ""
    question_ru: Line = ""
    question_en: Line = ""
    answer_kk: Long = ""
    answer_ru: Long = ""
    answer_en: Long = ""
    audiences: Annotated[tuple[str, ...], Form(max_length=8)] = ()
    shown: Annotated[str, Form(max_length=4)] = ""

    def given(self) -> Given:
        """Return what was meant."""
        questions = (self.question_kk, self.question_ru, self.question_en)
        answers = (self.answer_kk, self.answer_ru, self.answer_en)
        return Given(
            self.topic, dict(zip(LANGUAGES, questions, strict=True)), dict(zip(LANGUAGES, answers, strict=True)),
            self.audiences, bool(self.shown),
        )  # fmt: skip

    def said(self, name: str, language: str) -> str:
        """Return what a field of a language says."""
        return str(getattr(self, f"{name}_{language}"))


@router.get("")
async def show(request: Request, desk: KeepingDesk) -> Response:
    """Show all entries of the school."""
    return await _page(request, desk)


@router.post("")
async def put(request: Request, desk: KeepingDesk, form: Annotated[EntryForm, Depends()]) -> Response:
    """Write an entry, or change one."""
    deed = put_entry(desk.services, desk.actor, desk.school.id, form.given(), form.entry)
    return await _done(request, desk, deed, form)


@router.post("/{entry_id}/drop")
async def drop(request: Request, desk: KeepingDesk, entry_id: Counted) -> Response:
    """Take an entry away."""
    return await _done(request, desk, drop_entry(desk.services, desk.actor, desk.school.id, entry_id))


@router.post("/{entry_id}/lift")
async def lift(request: Request, desk: KeepingDesk, entry_id: Counted) -> Response:
    """Move an entry up."""
    return await _done(request, desk, lift_entry(desk.services, desk.actor, desk.school.id, entry_id))


@of_reader.post("/{entry_id}")
async def vote(
    actor: SignedIn, services: TheServices, entry_id: Counted, helpful: Annotated[str, Form(max_length=4)] = ""
) -> Response:
    """Say whether an answer helped."""
    await say_helpful(services, actor, entry_id, is_helpful=helpful == "yes")
    return RedirectResponse(f"/help?voted={entry_id}#asked-{entry_id}", HTTPStatus.SEE_OTHER)


def form_of(entry: Entry) -> EntryForm:
    """Return the form of an entry as it stands."""
    given = entry.given
    texts = {f"{name}_{language}": text[language] for name, text in (("question", given.questions),
             ("answer", given.answers)) for language in LANGUAGES}  # fmt: skip
    return EntryForm(
        entry.id, given.topic, audiences=tuple(given.audiences), shown="yes" if given.is_shown else "", **texts
    )


async def _done(
    request: Request, desk: Desk, deed: Awaitable[object], form: EntryForm | None = None
) -> Response:  # fmt: skip
    try:
        await deed
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await _page(request, desk, refused, form)
    return RedirectResponse(f"/schools/{desk.school.code}/faq", HTTPStatus.SEE_OTHER)


async def _page(
    request: Request, desk: Desk, refused: Refused | None = None, typed: EntryForm | None = None
) -> Response:  # fmt: skip
    found = await entries_at(desk.services, desk.actor, desk.school.id)
    return pages_of(request).page(
        desk.visit, "faq/kept.html", status=refused.status if refused else HTTPStatus.OK, section="help",
        entries=[(each, form_of(each)) for each in found], typed=typed, empty=EntryForm(shown="yes"),
        audiences=AUDIENCES, langs=LANGUAGES, topics=list(dict.fromkeys(each.given.topic for each in found)),
        refused=translate(desk.visit.language, refused.message) if refused else "",
    )  # fmt: skip
