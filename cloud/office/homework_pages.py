"""Homework as who teaches sets it and who reads journals sees it: lists, the form, one with its students."""

from collections.abc import Awaitable
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk
from cloud.consents.scans import FORM_BYTES_MAX
from cloud.core.api import Counted
from cloud.core.downloads import as_download
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.messages import message
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.core.sealed_files import file_of, files_of_one
from cloud.homework.files import FILES, FILES_MAX, add_file, checked_files, drop_homework_file
from cloud.homework.kinds import NO_LOAD
from cloud.homework.queries import counts_of, homework_of_courses, loads_between
from cloud.homework.reach import course_set, homework_kept, homework_within, keeps
from cloud.homework.setting import (
    change_homework,
    close_homework,
    drop_homework,
    open_homework,
    set_homework,
)
from cloud.homework.sheet import sheet_of
from cloud.journal.reach import courses_within, reach_of
from cloud.office.homework import (
    HomeworkDesk,
    HomeworkForm,
    Refs,
    choice_of,
    form_of,
    here_of,
    norm_for,
    subject_names,
    uploads_in,
)
from cloud.portfolio.files import PICTURE_MAX
from cloud.studies.queries import Course
from cloud.studies.rules import days_of, year_of

router = APIRouter(prefix="/schools/{code}/homework", include_in_schema=False)
Asked = Annotated[int, Query(ge=0, le=2**62)]
Form = Annotated[HomeworkForm, Depends()]
LATELY, AHEAD = timedelta(days=14), timedelta(days=90)


@router.get("")
async def show(
    request: Request, desk: HomeworkDesk, course_id: Asked = 0, class_id: Asked = 0, earlier: bool = False
) -> Response:
    """Show the homework of one's courses, of one of them, or of a class: of late and to come, or of before."""
    reach = await reach_of(desk.services, desk.actor, desk.school)
    mine, others = await courses_within(desk.services, reach, desk.school, reach.year)
    known, classes = [*mine, *others], {each.class_id: each.class_name for each in others}
    shown = [each for each in known if each.class_id == class_id] if class_id else mine
    shown = [each for each in known if each.id == course_id] if course_id else shown
    year, on = days_of(year_of(desk.school.on)), desk.school.on
    span = (year[0], on - LATELY - timedelta(days=1)) if earlier else (on - LATELY, on + AHEAD)
    every = await homework_of_courses(desk.services, [each.id for each in shown], *span)
    return pages_of(request).page(
        desk.visit, "office/homework.html", section="homework", every=every, mine=mine, classes=classes,
        counts=await counts_of(desk.services, [each.id for each in every]), class_id=class_id, course_id=course_id,
        courses={each.id: each for each in known}, earlier=earlier, on=on,
        sets_norms=desk.actor.can(Right.HOMEWORK_NORMS, desk.school.id), teaches=reach.person_id is not None,
    )  # fmt: skip


@router.get("/new")
async def show_new(request: Request, desk: HomeworkDesk, course_id: Asked = 0) -> Response:
    """Show the form of a homework; without a course, the courses for which it can be set."""
    return await _form(request, desk, course_id, None)


@router.post("/new")
async def put(
    request: Request, desk: HomeworkDesk, form: Form, course_id: Asked = 0, ref: Refs = [],  # noqa: B006
    files: list[UploadFile] = [],  # noqa: B006 (FastAPI copies them)
) -> Response:  # fmt: skip
    """Set homework, and lead to it."""
    await course_set(desk.services, desk.actor, desk.school, course_id)
    try:
        attached = await checked_files(await uploads_in(files))
        given = form.given(ref)
        homework_id = await set_homework(desk.services, desk.actor, desk.school, course_id, given, attached)
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await _form(request, desk, course_id, refused, form, ref)
    return RedirectResponse(f"{here_of(desk)}/{homework_id}", HTTPStatus.SEE_OTHER)


@router.get("/{homework_id}")
async def show_one(request: Request, desk: HomeworkDesk, homework_id: Counted) -> Response:
    """Show a homework with its students."""
    return await _one(request, desk, homework_id, None)


@router.post("/{homework_id}")
async def change(
    request: Request, desk: HomeworkDesk, homework_id: Counted, form: Form, ref: Refs = []  # noqa: B006
) -> Response:  # fmt: skip
    """Change a homework."""
    await homework_kept(desk.services, desk.actor, desk.school, homework_id)

    async def deed() -> None:
        await change_homework(desk.services, desk.actor, desk.school, homework_id, form.given(ref))

    return await _done(request, desk, homework_id, deed(), form, ref)


@router.post("/{homework_id}/close")
async def close(request: Request, desk: HomeworkDesk, homework_id: Counted) -> Response:
    """Let nothing be handed in any more."""
    deed = close_homework(desk.services, desk.actor, desk.school, homework_id)
    return await _done(request, desk, homework_id, deed)


@router.post("/{homework_id}/open")
async def open_again(request: Request, desk: HomeworkDesk, homework_id: Counted) -> Response:
    """Let things be handed in again."""
    return await _done(request, desk, homework_id, open_homework(desk.services, desk.actor, desk.school, homework_id))


@router.post("/{homework_id}/drop")
async def drop(request: Request, desk: HomeworkDesk, homework_id: Counted) -> Response:
    """Take a homework back, and lead to the list."""
    try:
        await drop_homework(desk.services, desk.actor, desk.school, homework_id)
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await _one(request, desk, homework_id, refused)
    return RedirectResponse(here_of(desk), HTTPStatus.SEE_OTHER)


@router.post("/{homework_id}/files")
async def put_file(
    request: Request, desk: HomeworkDesk, homework_id: Counted, file: UploadFile | None = None
) -> Response:  # fmt: skip
    """Keep a file of a homework."""
    name, content = (file.filename or "", await file.read(PICTURE_MAX + 1)) if file else ("", b"")
    deed = add_file(desk.services, desk.actor, desk.school, homework_id, name, content)
    return await _done(request, desk, homework_id, deed)


@router.get("/{homework_id}/files/{file_id}")
async def send_file(desk: HomeworkDesk, homework_id: Counted, file_id: Counted) -> Response:
    """Hand out a file of a homework."""
    await homework_within(desk.services, desk.actor, desk.school, homework_id)
    file = await file_of(desk.services, FILES, homework_id, file_id)
    return as_download(file)


@router.post("/{homework_id}/files/{file_id}/drop")
async def take_file_away(request: Request, desk: HomeworkDesk, homework_id: Counted, file_id: Counted) -> Response:
    """Take a file of a homework away."""
    deed = drop_homework_file(desk.services, desk.actor, desk.school, homework_id, file_id)
    return await _done(request, desk, homework_id, deed)


async def _form(
    request: Request, desk: Desk, course_id: int, refused: Refused | None, form: HomeworkForm | None = None,
    refs: list[str] | None = None,
) -> Response:  # fmt: skip
    reach = await reach_of(desk.services, desk.actor, desk.school)
    mine, _ = await courses_within(desk.services, reach, desk.school, reach.year)
    if reach.person_id is None:
        raise NotAllowed(message("Who teaches the course sets its homework."))
    course: Course | None = None
    if course_id:
        _, course = await course_set(desk.services, desk.actor, desk.school, course_id)
    language = desk.visit.language
    return pages_of(request).page(
        desk.visit, "office/homework_new.html", status=refused.status if refused else HTTPStatus.OK,
        section="homework", mine=[each for each in mine if each.is_on(desk.school.on)], course=course,
        choice=await choice_of(desk, course) if course else None, form=form or HomeworkForm(), chosen=refs or [],
        names=await subject_names(desk), bytes_max=FORM_BYTES_MAX, files_max=FILES_MAX,
        on=desk.school.on, refused=translate(language, refused.message) if refused else "",
    )  # fmt: skip


async def _one(
    request: Request, desk: Desk, homework_id: int, refused: Refused | None, form: HomeworkForm | None = None,
    refs: list[str] | None = None,
) -> Response:  # fmt: skip
    reach, course, homework = await homework_within(desk.services, desk.actor, desk.school, homework_id)
    rows = await sheet_of(desk.services, homework)
    people, on = {each.pupil.id for each in rows}, homework.due_on
    is_kept = keeps(desk.actor, reach, course, homework)
    chosen = refs if refs is not None else [row.pupil.ref for row in rows] if homework.is_named else []
    return pages_of(request).page(
        desk.visit, "office/homework_one.html", status=refused.status if refused else HTTPStatus.OK,
        section="homework", course=course, homework=homework, rows=rows, keeps=is_kept,
        files=await files_of_one(desk.services, FILES, homework_id), files_max=FILES_MAX,
        file_max=PICTURE_MAX, on=desk.school.on, norm=await norm_for(desk, course.grade),
        load=(await loads_between(desk.services, course.class_id, on, on, people)).get(on, NO_LOAD),
        names=await subject_names(desk), choice=await choice_of(desk, course) if is_kept else None,
        form=form or form_of(homework), chosen=chosen, is_refused=form is not None,
        refused=translate(desk.visit.language, refused.message) if refused else "",
    )  # fmt: skip


async def _done(
    request: Request, desk: Desk, homework_id: int, deed: Awaitable[None], form: HomeworkForm | None = None,
    refs: list[str] | None = None,
) -> Response:  # fmt: skip
    try:
        await deed
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await _one(request, desk, homework_id, refused, form, refs)
    return RedirectResponse(f"{here_of(desk)}/{homework_id}", HTTPStatus.SEE_OTHER)
