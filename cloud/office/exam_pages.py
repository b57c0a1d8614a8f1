"""Pages of exams: which there are, and one with its results, taken in from a spreadsheet or written one by one."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, UploadFile
from fastapi.responses import Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.api import Counted
from cloud.core.days import day_of
from cloud.core.errors import Refused
from cloud.core.i18n import translate
from cloud.core.messages import message
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.imports.errors import FileRefused
from cloud.imports.exam_results import Roll, import_results
from cloud.imports.report import Problem
from cloud.imports.zips import FILE_MAX
from cloud.office.studies import back_to, refused_by, whole_typed
from cloud.progress.errors import ExamRefused
from cloud.progress.exams import (
    ExamGiven,
    add_exam,
    drop_result,
    exam_of,
    exams_of,
    put_results,
    results_of,
    students_by,
)
from cloud.progress.kinds import EXAM_KINDS, Score
from cloud.studies.queries import subjects_of

router = APIRouter(prefix="/schools/{code}/exams", include_in_schema=False)
ExamDesk = Annotated[Desk, Depends(desk_of(Right.EXAMS_KEEP))]
Typed = Annotated[str, Form(max_length=300)]


@router.get("")
async def show_all(request: Request, desk: ExamDesk) -> Response:
    """Show the exams, and the form of a new one."""
    return await _all(request, desk)


@router.post("")
async def add(
    request: Request, desk: ExamDesk, kind: Typed = "", title: Typed = "", on: Typed = "", subject: Typed = "",
    points: Typed = "",
) -> Response:  # fmt: skip
    """Add an exam."""
    subject_id = whole_typed(subject) if subject.strip() not in {"", "0"} else None

    async def change() -> None:
        day = day_of(on)
        if day is None:
            raise ExamRefused(message("This is no day that can be: write it as 01.09.2026."))
        given = ExamGiven(kind, title, day, subject_id, whole_typed(points) if points.strip() else 0)
        await add_exam(desk.services, desk.actor, desk.school.id, given, desk.school.on)

    refused = await refused_by(change())
    typed = {"kind": kind, "title": title, "on": on, "subject": subject, "points": points}
    return await _all(request, desk, refused, typed) if refused else back_to(desk, "exams")


@router.get("/{exam_id}")
async def show(request: Request, desk: ExamDesk, exam_id: Counted) -> Response:
    """Show an exam with its results."""
    return await _one(request, desk, exam_id)


@router.post("/{exam_id}")
async def put(
    request: Request, desk: ExamDesk, exam_id: Counted, number: Typed = "", class_name: Typed = "", name: Typed = "",
    points: Typed = "", mark: Typed = "",
) -> Response:  # fmt: skip
    """Write down what one student reached, told by the school's number or the name."""
    exam = await exam_of(desk.services, desk.actor, desk.school.id, exam_id)

    async def change() -> None:
        roll = Roll(await students_by(desk.services, desk.school.id))
        score = Score(*(whole_typed(each) if each.strip() else None for each in (points, mark)))
        person_id = roll.find(number.strip(), class_name, name)
        await put_results(desk.services, desk.actor, desk.school.id, exam, {person_id: score})

    refused = await refused_by(change())
    typed = {"number": number, "class_name": class_name, "name": name, "points": points, "mark": mark}
    return await _one(request, desk, exam_id, refused, typed) if refused else back_to(desk, f"exams/{exam_id}")


@router.post("/{exam_id}/import")
async def take(request: Request, desk: ExamDesk, exam_id: Counted, file: UploadFile | None = None) -> Response:
    """Take the results of a spreadsheet, all of them or nothing."""
    content = await file.read(FILE_MAX + 1) if file is not None else b""
    exam = await exam_of(desk.services, desk.actor, desk.school.id, exam_id)
    problems: list[Problem] = []

    async def change() -> None:
        if not content:
            raise FileRefused(message("Choose a file first."))
        read = await import_results(desk.services, desk.actor, desk.school.id, exam, content)
        problems.extend(read.problems)
        if problems:
            raise FileRefused(message("Nothing was changed: mend what stands below, and send the file once more."))

    refused = await refused_by(change())
    if refused:
        return await _one(request, desk, exam_id, refused, problems=problems)
    return back_to(desk, f"exams/{exam_id}")


@router.post("/{exam_id}/drop/{ref}")
async def drop(desk: ExamDesk, exam_id: Counted, ref: str) -> Response:
    """Take a result out."""
    exam = await exam_of(desk.services, desk.actor, desk.school.id, exam_id)
    await drop_result(desk.services, desk.actor, desk.school.id, exam, ref)
    return back_to(desk, f"exams/{exam_id}")


async def _all(
    request: Request, desk: Desk, refused: Refused | None = None, typed: Mapping[str, str] | None = None
) -> Response:  # fmt: skip
    return pages_of(request).page(
        desk.visit, "office/exams.html", status=refused.status if refused else HTTPStatus.OK, section="portfolio",
        exams=await exams_of(desk.services, desk.actor, desk.school.id), kinds=EXAM_KINDS, typed=typed or {},
        subjects=[each for each in await subjects_of(desk.services, desk.school.id) if each.is_active],
        refused=translate(desk.visit.language, refused.message) if refused else "",
        language=desk.visit.language.value, on=desk.school.on,
    )  # fmt: skip


async def _one(
    request: Request, desk: Desk, exam_id: int, refused: Refused | None = None,
    typed: Mapping[str, str] | None = None, problems: Sequence[Problem] = (),
) -> Response:  # fmt: skip
    exam = await exam_of(desk.services, desk.actor, desk.school.id, exam_id)
    return pages_of(request).page(
        desk.visit, "office/exam.html", status=refused.status if refused else HTTPStatus.OK, section="portfolio",
        exam=exam, results=await results_of(desk.services, exam), typed=typed or {}, problems=problems,
        refused=translate(desk.visit.language, refused.message) if refused else "", file_max=FILE_MAX,
        language=desk.visit.language.value,
        may_profiles=desk.actor.can(Right.PROFILES_READ, desk.school.id),
    )  # fmt: skip
