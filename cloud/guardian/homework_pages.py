"""A child's homework for the family and the student: what is to be done by when, handing it in, what came of it."""

from collections.abc import Awaitable
from dataclasses import replace
from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.consents.scans import FORM_BYTES_MAX
from cloud.core.actor import Actor
from cloud.core.api import Counted
from cloud.core.downloads import as_download
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.messages import message
from cloud.core.pages import Visit, pages_of
from cloud.core.sealed_files import file_of, files_of, files_of_one
from cloud.core.services import Services
from cloud.homework.errors import HomeworkRefused
from cloud.homework.files import ANSWER_FILES_MAX, FILES, answer_file_of
from cloud.homework.handing import drop_draft_file, hand_in, keep_draft
from cloud.homework.queries import received
from cloud.homework.reach import pupil_of
from cloud.homework.rules import WORDS_MAX
from cloud.homework.sheet import Task, task_of, tasks_of
from cloud.journal.diary import courses_of_student
from cloud.portfolio.files import PICTURE_MAX, checked_file
from cloud.portfolio.kinds import Subject
from cloud.portfolio.reach import today_at
from cloud.schools.queries import school_of_id
from cloud.studies.queries import Course, course_of
from cloud.studies.rules import year_of

router = APIRouter(prefix="/children/{ref}/homework", include_in_schema=False)
LATELY, AHEAD = timedelta(days=30), timedelta(days=90)
Words = Annotated[str, Form(max_length=2 * WORDS_MAX)]
Act = Annotated[str, Form(max_length=10)]


@router.get("")
async def show(request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str) -> Response:
    """Show what is to be done, by day, what is due soon first; below it what was handed in of late."""
    whose = await pupil_of(services, actor, ref)
    today = await today_at(services.database.pool, whose.school_id, services.clock.now())
    tasks = await tasks_of(services, whose.id, today - LATELY, today + AHEAD)
    days: dict[date, list[Task]] = {}
    for each in tasks:
        if not each.is_done:
            days.setdefault(each.homework.due_on, []).append(each)
    return pages_of(request).page(
        await _at_school(services, visit, whose), "guardian/homework.html", section="children", whose=whose,
        days=days, done=[each for each in reversed(tasks) if each.is_done], today=today,
        courses=await _courses(services, whose, today),
        files=await files_of(services, FILES, [each.homework.id for each in tasks]),
    )  # fmt: skip


@router.get("/{homework_id}")
async def show_one(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str, homework_id: Counted
) -> Response:
    """Show a homework, with what was handed in each time."""
    return await _page(request, visit, actor, services, ref, homework_id)


@router.post("/{homework_id}")
async def put(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str, homework_id: Counted,
    words: Words = "", act: Act = "", files: list[UploadFile] = [],  # noqa: B006 (FastAPI copies them)
) -> Response:  # fmt: skip
    """Hand in words and files, or keep them to add further ones."""
    whose = await pupil_of(services, actor, ref)
    await received(services.database.pool, whose.id, homework_id)

    async def deed() -> None:
        if len(files) > ANSWER_FILES_MAX:
            raise HomeworkRefused(message("{count} files at most are handed in at once.", count=ANSWER_FILES_MAX))
        uploads = [await file.read(PICTURE_MAX + 1) for file in files]
        kept = [await checked_file(upload) for upload in uploads if upload]
        keep = keep_draft if act == "add" else hand_in
        await keep(services, actor, ref, homework_id, words, kept)

    return await _done(request, visit, actor, services, ref, homework_id, deed(), words)


@router.post("/{homework_id}/files/{file_id}/drop")
async def take_file_away(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str, homework_id: Counted,
    file_id: Counted,
) -> Response:  # fmt: skip
    """Take a file out of what is not handed in yet."""
    deed = drop_draft_file(services, actor, ref, homework_id, file_id)
    return await _done(request, visit, actor, services, ref, homework_id, deed)


@router.get("/{homework_id}/files/{file_id}")
async def file_of_homework(
    actor: SignedIn, services: TheServices, ref: str, homework_id: Counted, file_id: Counted
) -> Response:
    """Hand out a file of a homework that is for the child."""
    whose = await pupil_of(services, actor, ref)
    await received(services.database.pool, whose.id, homework_id)
    file = await file_of(services, FILES, homework_id, file_id)
    return as_download(file)


@router.get("/{homework_id}/handed/{file_id}")
async def file_handed_in(
    actor: SignedIn, services: TheServices, ref: str, homework_id: Counted, file_id: Counted
) -> Response:
    """Hand out a file of what was handed in, or is about to be."""
    whose = await pupil_of(services, actor, ref)
    file = await answer_file_of(services, homework_id, whose.id, file_id, first=0)
    return as_download(file)


async def _done(
    request: Request, visit: Visit, actor: Actor, services: Services, ref: str, homework_id: int,
    deed: Awaitable[None], typed: str | None = None,
) -> Response:  # fmt: skip
    try:
        await deed
    except NotFound:
        raise
    except Refused as refused:
        return await _page(request, visit, actor, services, ref, homework_id, refused, typed)
    return RedirectResponse(f"/children/{ref}/homework/{homework_id}#handing", HTTPStatus.SEE_OTHER)


async def _page(
    request: Request, visit: Visit, actor: Actor, services: Services, ref: str, homework_id: int,
    refused: Refused | None = None, typed: str | None = None,
) -> Response:  # fmt: skip
    whose = await pupil_of(services, actor, ref)
    task = await task_of(services, whose.id, homework_id)
    course = await course_of(services, whose.school_id, task.homework.course_id)
    words = typed if typed is not None else task.draft.words if task.draft else ""
    return pages_of(request).page(
        await _at_school(services, visit, whose), "guardian/homework_one.html",
        status=refused.status if refused else HTTPStatus.OK, section="children", whose=whose, task=task,
        course=course, words=words, files=await files_of_one(services, FILES, homework_id),
        bytes_max=FORM_BYTES_MAX, files_max=ANSWER_FILES_MAX,
        refused=translate(visit.language, refused.message) if refused else "",
    )  # fmt: skip


async def _at_school(services: Services, visit: Visit, whose: Subject) -> Visit:
    return replace(visit, zone=(await school_of_id(services, whose.school_id)).zone)


async def _courses(services: Services, whose: Subject, today: date) -> dict[int, Course]:
    """Return the courses of the school year, and of the one before while its last homework is shown."""
    years = {year_of(today), year_of(today - LATELY)}
    return {
        each.id: each for year in years
        for each in await courses_of_student(services, whose.school_id, whose.id, year)
    }  # fmt: skip
