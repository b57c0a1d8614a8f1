"""The page of how learning goes: courses of a quarter with their marks, plans and journals; a chart; files of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from cloud.attendance.web import Desk, reach_desk
from cloud.core.charts import Chart, Column, chart_of
from cloud.core.errors import NotFound
from cloud.core.i18n import N_, Language, translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.core.sheets import Cell
from cloud.journal.sheets import Shares
from cloud.office.journal_sheet_pages import FORMS
from cloud.office.view import Sorting
from cloud.quality.queries import Quality, Wanted, quality_of
from cloud.quality.rules import MARKS, Line, Order, ordered, together

router = APIRouter(prefix="/schools/{code}/quality", include_in_schema=False)
QualityDesk = Annotated[Desk, Depends(reach_desk(Right.JOURNAL_READ))]
Number = Annotated[int, Query(ge=0, le=2**62)]
Sort = Annotated[str, Query(max_length=20)]
BARS_MAX = 40  # of the chart
HEADS = (
    N_("Course"), N_("Teacher"), N_("Marks given"), "5", "4", "3", "2", N_("Quality, %"), N_("Passed, %"),
    N_("Lessons held"), N_("Behind the plan"), N_("Without a theme"), N_("Not filled in"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page was asked for, as its addresses say it."""

    wanted: Wanted
    order: Order
    is_descending: bool

    def to(self, **changes: object) -> str:
        """Return the query of an address with some of it changed, without what goes without saying."""
        said: dict[str, object] = {
            "quarter": self.wanted.quarter, "class_id": self.wanted.class_id, "subject_id": self.wanted.subject_id,
            "sort": ("-" if self.is_descending else "") + self.order.value,
        }  # fmt: skip
        return urlencode({key: value for key, value in {**said, **changes}.items() if value not in (0, "course")})

    def turned(self, key: str) -> str:
        """Return the address that sorts by a column; figures begin with the most."""
        is_first = key != self.order.value
        is_descending = key != Order.COURSE if is_first else not self.is_descending
        return "?" + self.to(sort=("-" if is_descending else "") + key)


def asked(quarter: Number = 0, class_id: Number = 0, subject_id: Number = 0, sort: Sort = "") -> Asked:
    """Return what is asked; what cannot be read is passed over."""
    key = sort.removeprefix("-")
    order = Order(key) if key in set(Order) else Order.COURSE
    return Asked(Wanted(min(quarter, 12), class_id, subject_id), order, sort.startswith("-"))


AskedFor = Annotated[Asked, Depends(asked)]


@router.get("")
async def show(request: Request, desk: QualityDesk, asked: AskedFor) -> Response:
    """Show the courses of a quarter, by class and subject where they are chosen."""
    told, lines = await _told(desk, asked)
    shares = named_shares(lines, desk.visit.language.value)
    return pages_of(request).page(
        desk.visit, "office/quality.html", section="journal", told=told, lines=lines, asked=asked, marks=MARKS,
        whole=together(lines), chart=chart_of_shares(shares), shares=shares,
        sorting=Sorting(asked.order.value, asked.is_descending, asked.turned), on=desk.school.on,
    )  # fmt: skip


@router.get(".{form}")
async def send(desk: QualityDesk, asked: AskedFor, form: str) -> Response:
    """Send the same as CSV or as a workbook."""
    if form not in FORMS:
        raise NotFound
    told, lines = await _told(desk, asked)
    kind, made = FORMS[form]
    name = f"{desk.school.code}-quality-{told.quarter.number}"
    return Response(made(rows_of(lines, desk.visit.language), name), media_type=kind, headers={
        "content-disposition": f'attachment; filename="{name}.{form}"', "cache-control": "no-store",
    })  # fmt: skip


def rows_of(lines: Sequence[Line], language: Language) -> list[list[Cell]]:
    """Return courses as the rows of a spreadsheet."""
    heads: list[Cell] = [translate(language, head) for head in HEADS]
    return [heads] + [
        [each.course.title(language.value), each.course.teacher, each.shares.marks,
         *(each.spread[mark] for mark in MARKS), each.shares.good if each.marks else "",
         each.shares.passed if each.marks else "", each.held, "" if each.planned is None else each.behind,
         each.without_theme, each.empty]
        for each in lines
    ]  # fmt: skip


def chart_of_shares(shares: Mapping[str, Shares]) -> Chart | None:
    """Return what `named_shares` has, as columns; None where it has nothing."""
    return None if not shares else chart_of([
        Column(name[:6], f"{name}: {each.good} %, {each.passed} %", [each.good, each.passed - each.good])
        for name, each in shares.items()
    ])  # fmt: skip


def named_shares(lines: Sequence[Line], language: str) -> dict[str, Shares]:
    """Return the quality of marks of each class, or of each subject where one class is shown; nothing of one alone."""
    marked = [each for each in lines if each.marks]
    groups: dict[str, list[Line]] = {}
    is_one = len({each.course.class_id for each in marked}) == 1
    for each in marked:
        name = each.course.subject.name(language) if is_one else each.course.class_name
        groups.setdefault(name, []).append(each)
    if len(groups) < 2:
        return {}
    return {name: together(some) for name, some in list(groups.items())[:BARS_MAX]}


async def _told(desk: Desk, asked: Asked) -> tuple[Quality, list[Line]]:
    told = await quality_of(desk.services, desk.actor, desk.school, asked.wanted, desk.visit.language.value)
    return told, ordered(told.lines, asked.order, is_descending=asked.is_descending)
