"""Pages of who writes to families: what was written, a new message, and one with its receipts and answers."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Query, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, reach_desk
from cloud.consents.scans import FORM_BYTES_MAX, SCAN_MAX
from cloud.core.api import Counted
from cloud.core.downloads import as_download
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.messages import message
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.messages.choosing import children_for, classes_for
from cloud.messages.desk import file_at, files_at, hear, say_back, written_at, written_one
from cloud.messages.files import FILES_MAX, checked_files
from cloud.messages.inbox import SECTION
from cloud.messages.kinds import LANGUAGES, Audience, Given, MessageRefused, Wording
from cloud.messages.receipts import receipts_of
from cloud.messages.rules import GRADES
from cloud.messages.writing import approve, cancel, recall, refuse, write
from cloud.notifications.channels.words import channel_name

router = APIRouter(prefix="/schools/{code}/messages", include_in_schema=False)
WritingDesk = Annotated[Desk, Depends(reach_desk(Right.MESSAGES_WRITE))]
LIST, NEW, ONE = "messages/written.html", "messages/new.html", "messages/one.html"
Line = Annotated[str, Form(max_length=400)]
Body = Annotated[str, Form(max_length=9_000)]
Numbers = Annotated[tuple[int, ...], Form(max_length=200)]


class Deed(StrEnum):
    """What is done with a message from its page."""

    APPROVE = "approve"
    REFUSE = "refuse"
    CANCEL = "cancel"
    RECALL = "recall"


@dataclass(frozen=True, slots=True)
class Typed:
    """What the form of a new message says."""

    audience: Annotated[Audience, Form()] = Audience.CLASSES
    grades: Numbers = ()
    classes: Numbers = ()
    child: Annotated[str, Form(max_length=12)] = ""
    title_kk: Line = ""
    title_ru: Line = ""
    title_en: Line = ""
    body_kk: Body = ""
    body_ru: Body = ""
    body_en: Body = ""
    only_language: Annotated[str, Form(max_length=2)] = ""
    may_answer: Annotated[bool, Form()] = False
    send_at: Annotated[str, Form(max_length=20)] = ""
    corrects: Annotated[int, Form(ge=0, le=2**63 - 1)] = 0

    def wordings(self) -> dict[str, Wording]:
        """Return the texts by language, as they were typed."""
        return {
            "kk": Wording(self.title_kk, self.body_kk), "ru": Wording(self.title_ru, self.body_ru),
            "en": Wording(self.title_en, self.body_en),
        }  # fmt: skip


@router.get("")
async def show(request: Request, desk: WritingDesk) -> Response:
    """Show what was written."""
    written = await written_at(desk.services, desk.actor, desk.school.id)
    return pages_of(request).page(desk.visit, LIST, section=SECTION, written=written)


@router.get("/new")
async def show_new(
    request: Request, desk: WritingDesk, child: Annotated[str, Query(max_length=12)] = "",
    corrects: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
) -> Response:  # fmt: skip
    """Show the form of a new message; of a correction with what it corrects."""
    typed = Typed(Audience.FAMILY if child else Audience.CLASSES, child=child, may_answer=True)
    if corrects:
        typed = await _as_before(desk, corrects)
    return await _form(request, desk, typed)


@router.post("/new")
async def do_write(
    request: Request, desk: WritingDesk, typed: Annotated[Typed, Depends()],
    files: Annotated[list[UploadFile], File(max_length=FILES_MAX + 1)] = [],  # noqa: B006 (FastAPI copies it)
) -> Response:  # fmt: skip
    """Keep a message, and send it if it is due; what cannot be taken stands in the form again."""
    try:
        uploads = [(each.filename or "", await each.read(SCAN_MAX + 1)) for each in files if each.filename]
        given = Given(
            typed.audience, typed.wordings(), typed.grades, typed.classes, typed.child, typed.only_language,
            typed.may_answer, _instant(typed.send_at, desk), typed.corrects or None,
        )  # fmt: skip
        number = await write(desk.services, desk.actor, desk.school.id, given, await checked_files(uploads))
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await _form(request, desk, typed, refused)
    return _to(desk, number)


@router.get("/{number}")
async def show_one(request: Request, desk: WritingDesk, number: Counted) -> Response:
    """Show a message with its receipts and answers."""
    return await _one(request, desk, number)


@router.get("/{number}/files/{file_id}")
async def send_file(desk: WritingDesk, number: Counted, file_id: Counted) -> Response:
    """Hand out a file of a message."""
    file = await file_at(desk.services, desk.actor, desk.school.id, number, file_id)
    return as_download(file)


@router.post("/{number}/answers/{account_id}")
async def do_answer(
    request: Request, desk: WritingDesk, number: Counted, account_id: Counted, words: Body = ""
) -> Response:
    """Answer one family."""
    deed = say_back(desk.services, desk.actor, desk.school.id, number, account_id, words)
    return await _done(request, desk, number, deed)


@router.post("/{number}/{deed}")
async def do(request: Request, desk: WritingDesk, number: Counted, deed: Deed, reason: Line = "") -> Response:
    """Approve, refuse, cancel or recall a message."""
    services, actor, school_id = desk.services, desk.actor, desk.school.id
    done: Awaitable[None]
    match deed:
        case Deed.APPROVE:
            done = approve(services, actor, school_id, number)
        case Deed.REFUSE:
            done = refuse(services, actor, school_id, number, reason)
        case Deed.CANCEL:
            done = cancel(services, actor, school_id, number)
        case Deed.RECALL:
            done = recall(services, actor, school_id, number, reason)
    return await _done(request, desk, number, done)


async def _done(request: Request, desk: Desk, number: int, done: Awaitable[None]) -> Response:
    try:
        await done
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await _one(request, desk, number, refused)
    return _to(desk, number)


async def _one(request: Request, desk: Desk, number: int, refused: Refused | None = None) -> Response:
    services, actor, school_id = desk.services, desk.actor, desk.school.id
    written = await written_one(services, actor, school_id, number)
    receipts = await receipts_of(services, actor, school_id, number)
    names = {each.account_id: (each.name, child.name) for child in receipts.children for each in child.receipts}
    return pages_of(request).page(
        desk.visit, ONE, status=refused.status if refused else HTTPStatus.OK, section=SECTION, written=written,
        receipts=receipts, channel_name=channel_name, names=names,
        threads=await hear(services, actor, school_id, number),
        files=await files_at(services, actor, school_id, number), langs=LANGUAGES,
        may_approve=actor.can(Right.MESSAGES_APPROVE, school_id), refused=_words(desk, refused),
    )  # fmt: skip


async def _form(request: Request, desk: Desk, typed: Typed, refused: Refused | None = None) -> Response:
    services, actor, school_id = desk.services, desk.actor, desk.school.id
    values: dict[str, Any] = {
        "classes": await classes_for(services, actor, school_id),
        "children": await children_for(services, actor, school_id, typed.child),
        "is_whole": actor.can(Right.MESSAGES_WRITE, school_id),
        "approves": actor.can(Right.MESSAGES_APPROVE, school_id),
    }
    return pages_of(request).page(
        desk.visit, NEW, status=refused.status if refused else HTTPStatus.OK, section=SECTION, typed=typed,
        wordings=typed.wordings(), langs=LANGUAGES, grades=_grades(values["classes"]), files_max=FILES_MAX,
        bytes_max=FORM_BYTES_MAX, refused=_words(desk, refused), **values,
    )  # fmt: skip


async def _as_before(desk: Desk, number: int) -> Typed:
    """Return the form of a correction: the message as it was, for the same people."""
    written = await written_one(desk.services, desk.actor, desk.school.id, number)
    told = {
        f"{part}_{code}": getattr(wording, part)
        for code, wording in written.wordings.items() for part in ("title", "body")
    }  # fmt: skip
    classes = await classes_for(desk.services, desk.actor, desk.school.id)
    return Typed(
        written.audience, grades=tuple(written.grades), child=written.child, only_language=written.only_language,
        classes=tuple(class_id for class_id, name, _ in classes if name in written.classes),
        may_answer=written.may_answer, corrects=number, **told,
    )  # fmt: skip


def _grades(classes: Sequence[tuple[int, str, int]]) -> list[int]:
    return [grade for grade in GRADES if any(grade == of for _, _, of in classes)]


def _instant(text: str, desk: Desk) -> datetime | None:
    """Return when a message goes, of what was typed by the school's clock; None is at once. Raises MessageRefused."""
    if not text.strip():
        return None
    try:
        return datetime.strptime(text.strip()[:16], "%Y-%m-%dT%H:%M").replace(tzinfo=desk.school.zone)
    except ValueError:
        raise MessageRefused(message("This is no day and time. Choose both, or leave both empty.")) from None


def _to(desk: Desk, number: int) -> Response:
    return RedirectResponse(f"/schools/{desk.school.code}/messages/{number}", HTTPStatus.SEE_OTHER)


def _words(desk: Desk, refused: Refused | None) -> str:
    return translate(desk.visit.language, refused.message) if refused else ""
