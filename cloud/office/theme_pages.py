"""The calendar-thematic plan of a course: shown, kept theme by theme, taken in from a spreadsheet and out as one."""

from collections.abc import Mapping, Sequence

from fastapi import APIRouter, Request, UploadFile
from fastapi.responses import Response

from cloud.attendance.web import Desk
from cloud.core.errors import Refused
from cloud.core.messages import message
from cloud.core.sheets import CSV_TYPE, XLSX_TYPE, csv_of, xlsx_of
from cloud.curriculum.kinds import KINDS, ThemeKind
from cloud.curriculum.queries import ThemePlan, themes_of
from cloud.curriculum.rules import Theme
from cloud.curriculum.themes import drop_theme, put_theme
from cloud.imports.errors import FileRefused
from cloud.imports.report import Problem
from cloud.imports.themes import import_themes, rows_of
from cloud.imports.zips import FILE_MAX
from cloud.office.studies import Key, Number, Page, PlansDesk, Text, back_to, refused_by, whole_typed

router = APIRouter(prefix="/schools/{code}/courses/{course_id}/themes", include_in_schema=False)
PAGE = Page("office/themes.html", "courses")


@router.get("")
async def show(request: Request, desk: PlansDesk, course_id: Key) -> Response:
    """Show the themes; `edit` is the number of one that is changed."""
    return await _page(request, desk, course_id)


@router.get(".csv")
async def as_csv(desk: PlansDesk, course_id: Key) -> Response:
    """Send the themes as CSV."""
    plan = await themes_of(desk.services, desk.actor, desk.school.id, course_id)
    return _file(csv_of(rows_of(plan, desk.visit.language.value)), CSV_TYPE, f"{_stem(desk, plan)}.csv")


@router.get(".xlsx")
async def as_xlsx(desk: PlansDesk, course_id: Key) -> Response:
    """Send the themes as a workbook."""
    plan = await themes_of(desk.services, desk.actor, desk.school.id, course_id)
    rows = rows_of(plan, desk.visit.language.value)
    title = plan.course.title(desk.visit.language.value)
    return _file(xlsx_of(rows, title), XLSX_TYPE, f"{_stem(desk, plan)}.xlsx")


@router.post("")
async def keep(
    request: Request, desk: PlansDesk, course_id: Key, number: Number = 0, unit: Text = "", title: Text = "",
    hours: Text = "", week: Text = "", kind: Text = "",
) -> Response:  # fmt: skip
    """Put a theme in the place of one, or after the last."""
    chosen = ThemeKind(kind) if kind in set(ThemeKind) else ThemeKind.LESSON
    theme = Theme(unit, title, whole_typed(hours), whole_typed(week) if week.strip() else None, chosen)
    refused = await refused_by(
        put_theme(desk.services, desk.actor, desk.school.id, course_id, theme, number or None)
    )  # fmt: skip
    typed = {"number": str(number), "unit": unit, "title": title, "hours": hours, "week": week, "kind": kind}
    return await _page(request, desk, course_id, refused, typed) if refused else _back(desk, course_id)


@router.post("/import")
async def take(request: Request, desk: PlansDesk, course_id: Key, file: UploadFile | None = None) -> Response:
    """Take the themes of a spreadsheet in place of those that are there."""
    content = await file.read(FILE_MAX + 1) if file is not None else b""
    problems: list[Problem] = []

    async def change() -> None:
        if not content:
            raise FileRefused(message("Choose a file first."))
        read = await import_themes(desk.services, desk.actor, desk.school.id, course_id, content)
        problems.extend(read.problems)
        if problems:
            raise FileRefused(message("Nothing was changed: mend what stands below, and send the file once more."))

    refused = await refused_by(change())
    if refused:
        return await _page(request, desk, course_id, refused, problems=problems)
    return _back(desk, course_id)


@router.post("/{number}/drop")
async def drop(desk: PlansDesk, course_id: Key, number: Key) -> Response:
    """Take a theme out."""
    await drop_theme(desk.services, desk.actor, desk.school.id, course_id, number)
    return _back(desk, course_id)


async def _page(
    request: Request, desk: Desk, course_id: int, refused: Refused | None = None,
    typed: Mapping[str, str] | None = None, problems: Sequence[Problem] = (),
) -> Response:  # fmt: skip
    plan = await themes_of(desk.services, desk.actor, desk.school.id, course_id)
    asked = request.query_params.get("edit", "")
    themes = list(enumerate(plan.themes, 1))
    edited = next(((number, theme) for number, theme in themes if str(number) == asked), None)
    return PAGE.shown(
        request, desk, refused, typed or _shown(edited), plan=plan, course=plan.course, themes=themes, kinds=KINDS,
        problems=problems, file_max=FILE_MAX,
    )  # fmt: skip


def _shown(edited: tuple[int, Theme] | None) -> dict[str, str]:
    """Return a theme as its form shows it."""
    if edited is None:
        return {}
    number, theme = edited
    return {
        "number": str(number), "unit": theme.unit, "title": theme.title, "hours": str(theme.hours),
        "week": str(theme.week or ""), "kind": theme.kind.value,
    }  # fmt: skip


def _stem(desk: Desk, plan: ThemePlan) -> str:
    return f"{desk.school.code}-themes-{plan.course.id}"


def _file(body: bytes, media_type: str, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(body, media_type=media_type, headers=headers)


def _back(desk: Desk, course_id: int) -> Response:
    return back_to(desk, f"courses/{course_id}/themes")
