"""Pages of who posts on the board: what was posted, a new announcement, one with who has confirmed it."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from cloud.announcements.desk import classes_for, confirmations_of, posted_at, posted_one
from cloud.announcements.files import FILES
from cloud.announcements.kinds import READERS, SECTION, Given, PostingRefused, Reader
from cloud.announcements.posting import post, set_days, withdraw
from cloud.attendance.web import Desk, reach_desk
from cloud.consents.scans import FORM_BYTES_MAX, SCAN_MAX
from cloud.core.api import Counted
from cloud.core.downloads import as_download
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.messages import message
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.core.sealed_files import file_of, files_of_one
from cloud.messages.files import FILES_MAX, checked_files
from cloud.messages.kinds import LANGUAGES, Wording
from cloud.messages.rules import GRADES

router = APIRouter(prefix="/schools/{code}/announcements", include_in_schema=False)
PostingDesk = Annotated[Desk, Depends(reach_desk(Right.BOARD_POST))]
LIST, NEW, ONE = "announcements/posted.html", "announcements/new.html", "announcements/one.html"
STANDS = timedelta(days=14)  # what the form offers
Line = Annotated[str, Form(max_length=400)]
Body = Annotated[str, Form(max_length=9_000)]
Numbers = Annotated[tuple[int, ...], Form(max_length=200)]
Day = Annotated[str, Form(max_length=10)]


@dataclass(frozen=True, slots=True)
class Typed:
    """What the form of a new announcement says."""

    readers: Annotated[tuple[str, ...], Form(max_length=8)] = ()
    grades: Numbers = ()
    classes: Numbers = ()
    title_kk: Line = ""
    title_ru: Line = ""
    title_en: Line = ""
    body_kk: Body = ""
    body_ru: Body = ""
    body_en: Body = ""
    first_on: Day = ""
    last_on: Day = ""
    is_pinned: Annotated[bool, Form()] = False
    asks: Annotated[bool, Form()] = False

    def wordings(self) -> dict[str, Wording]:
        """Return the texts by language, as they were typed."""
        return {
            "kk": Wording(self.title_kk, self.body_kk), "ru": Wording(self.title_ru, self.body_ru),
            "en": Wording(self.title_en, self.body_en),
        }  # fmt: skip


@router.get("")
async def show(request: Request, desk: PostingDesk) -> Response:
    """Show what was posted."""
    posted, on = await posted_at(desk.services, desk.actor, desk.school.id), desk.school.on
    posted.sort(key=lambda each: each.state(on) != "posting_shown")  # what stands on the board now comes first
    return pages_of(request).page(
        desk.visit, LIST, section=SECTION, posted=posted, on=on, readers=READERS
    )  # fmt: skip


@router.get("/new")
async def show_new(request: Request, desk: PostingDesk) -> Response:
    """Show the form of a new announcement."""
    today = desk.school.on
    typed = Typed(tuple(Reader), first_on=today.isoformat(), last_on=(today + STANDS).isoformat())
    return await _form(request, desk, typed)


@router.post("/new")
async def do_post(
    request: Request, desk: PostingDesk, typed: Annotated[Typed, Depends()],
    files: Annotated[list[UploadFile], File(max_length=FILES_MAX + 1)] = [],  # noqa: B006 (FastAPI copies it)
) -> Response:  # fmt: skip
    """Put an announcement on the board; what cannot be taken stands in the form again."""
    try:
        uploads = [(each.filename or "", await each.read(SCAN_MAX + 1)) for each in files if each.filename]
        given = Given(
            typed.wordings(), frozenset(Reader(each) for each in typed.readers if each in set(Reader)),
            _day(typed.first_on), _day(typed.last_on), typed.grades, typed.classes, typed.is_pinned, typed.asks,
        )  # fmt: skip
        number = await post(desk.services, desk.actor, desk.school, given, await checked_files(uploads))
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await _form(request, desk, typed, refused)
    return _to(desk, number)


@router.get("/{number}")
async def show_one(request: Request, desk: PostingDesk, number: Counted) -> Response:
    """Show an announcement with who has confirmed it."""
    return await _one(request, desk, number)


@router.get("/{number}/files/{file_id}")
async def send_file(desk: PostingDesk, number: Counted, file_id: Counted) -> Response:
    """Hand out a file of an announcement."""
    await posted_one(desk.services, desk.actor, desk.school.id, number)
    file = await file_of(desk.services, FILES, number, file_id)
    return as_download(file)


@router.post("/{number}/days")
async def do_set(
    request: Request, desk: PostingDesk, number: Counted, last_on: Day = "", is_pinned: Annotated[bool, Form()] = False
) -> Response:
    """Let an announcement stand until another day, pinned or not."""

    async def deed() -> None:
        day = _day(last_on)
        await set_days(desk.services, desk.actor, desk.school, number, last_on=day, is_pinned=is_pinned)

    return await _done(request, desk, number, deed())


@router.post("/{number}/withdraw")
async def do_withdraw(request: Request, desk: PostingDesk, number: Counted) -> Response:
    """Take an announcement off the board."""
    return await _done(request, desk, number, withdraw(desk.services, desk.actor, desk.school, number))


async def _done(request: Request, desk: Desk, number: int, done: Awaitable[None]) -> Response:
    try:
        await done
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await _one(request, desk, number, refused)
    return _to(desk, number)


async def _one(request: Request, desk: Desk, number: int, refused: Refused | None = None) -> Response:
    services, actor, school = desk.services, desk.actor, desk.school
    posted = await posted_one(services, actor, school.id, number)
    return pages_of(request).page(
        desk.visit, ONE, status=refused.status if refused else HTTPStatus.OK, section=SECTION, each=posted,
        on=school.on, files=await files_of_one(services, FILES, number), readers=READERS,
        confirmations=await confirmations_of(services, actor, school.id, number),
        is_whole=actor.can(Right.BOARD_POST, school.id), refused=_words(desk, refused),
    )  # fmt: skip


async def _form(request: Request, desk: Desk, typed: Typed, refused: Refused | None = None) -> Response:
    services, actor, school = desk.services, desk.actor, desk.school
    classes = await classes_for(services, actor, school.id)
    return pages_of(request).page(
        desk.visit, NEW, status=refused.status if refused else HTTPStatus.OK, section=SECTION, typed=typed,
        wordings=typed.wordings(), langs=LANGUAGES, classes=classes, grades=_grades(classes), readers=READERS,
        is_whole=actor.can(Right.BOARD_POST, school.id), files_max=FILES_MAX, bytes_max=FORM_BYTES_MAX,
        refused=_words(desk, refused),
    )  # fmt: skip


def _grades(classes: Sequence[tuple[int, str, int]]) -> list[int]:
    return [grade for grade in GRADES if any(grade == of for _, _, of in classes)]


def _day(text: str) -> date:
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d").date()  # noqa: DTZ007 (a day has no zone)
    except ValueError:
        raise PostingRefused(message("Choose the first and the last day.")) from None


def _to(desk: Desk, number: int) -> Response:
    return RedirectResponse(f"/schools/{desk.school.code}/announcements/{number}", HTTPStatus.SEE_OTHER)


def _words(desk: Desk, refused: Refused | None) -> str:
    return translate(desk.visit.language, refused.message) if refused else ""
