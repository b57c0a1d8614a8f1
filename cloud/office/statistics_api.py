"""The JSON API of statistics: an authority's schools in numbers without names, and one school's days and classes.

A program with a token reads one school as an authority does: no class of few, and of a small school no reasons.
"""

from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from cloud.accounts.web import SignedIn, TheServices
from cloud.attendance.web import Desk, desk_of
from cloud.core.api import PREFIX, Model, refusals
from cloud.core.pages import DEFAULT_ZONE
from cloud.core.rights import Right
from cloud.menu.api import NamesShown
from cloud.schools.queries import school_of_id
from cloud.statistics.comparing import NodeSums, SchoolSums, seen_above
from cloud.statistics.kinds import REASONS, Figures
from cloud.statistics.queries import OfClass, OfSchool, PartSums, outsiders_told, school_told
from cloud.statistics.spans import By, stretch_of
from cloud.tokens.scopes import Scope
from cloud.tokens.web import Program, program_with

router = APIRouter(prefix=f"{PREFIX}/statistics", tags=["statistics"])
of_one = APIRouter(prefix=f"{PREFIX}/schools/{{code}}/statistics", tags=["statistics"])
of_program = APIRouter(prefix=f"{PREFIX}/school-statistics", tags=["statistics"])
Reader = Annotated[Program, Depends(program_with(Scope.STATISTICS_READ))]
ReadersDesk = Annotated[Desk, Depends(desk_of(Right.STATISTICS_READ))]
PAGE_SIZE = 200
On = Annotated[date | None, Query(description="A day of the stretch; today when none is said.")]


class Reasons(Model):
    """Of how many students it is known, or not, why they were absent."""

    ill: int
    family: int
    other: int = Field(description="Another reason, or one that was forgotten by now.")
    away: int = Field(description="For the school.")
    unexplained: int = Field(description="Seen by no gate, and nobody said why.")


class FiguresShown(Model):
    """Counts; of several days each student counts once a day."""

    people: int = Field(description="That the school had; of several days the most of one.")
    taught: int = Field(description="Those of them whose class had lessons.")
    expected: int = Field(description="Those of them on days on which the gates saw anybody.")
    came: int
    late: int
    late_min: int
    not_seen: int = Field(description="Of the expected.")
    reasons: Reasons | None = Field(description="None where so few could be told apart.")
    never_left: int
    timed: int = Field(description="Of whom the first arrival and the last departure are known.")
    inside_min: int = Field(description="Minutes of these between the two.")
    ate: int = Field(description="People; each once a day.")
    free: int = Field(description="Meals.")
    subsidised: int
    account: int
    cash: int = Field(description="Of these nobody knows who ate them.")
    rated: int
    food: int = Field(description="Sum of the marks of 1 to 5.")
    service: int


class PartShown(Model):
    """A day, or a month of a year."""

    first_on: date
    last_on: date
    figures: FiguresShown


class ClassShown(Model):
    """A class; the one without a name is of students who are in none."""

    id: int
    name: str
    figures: FiguresShown | None = Field(description="None for a class of so few that they could be told apart.")


class SchoolStatistics(Model):
    """A school's stretch of days."""

    school: str
    by: By
    first_on: date
    last_on: date
    made_at: datetime | None = Field(description="When its last day was counted.")
    students: FiguresShown
    staff: FiguresShown
    parts: list[PartShown]
    classes: list[ClassShown]
    meals: dict[str, int] = Field(description="By the keys of the school's own meals.")


class NodeShown(Model):
    """An authority with what the schools below it come to; without a code, the schools below none."""

    code: str
    names: NamesShown | None
    schools: int
    students: int
    figures: FiguresShown


class SchoolShown(Model):
    """A school below."""

    school: str
    names: NamesShown
    students: int
    school_days: int
    shifts: int
    figures: FiguresShown


class RegionStatistics(Model):
    """What the schools below an authority come to, as far as the account reaches."""

    node: str
    by: By
    first_on: date
    last_on: date
    students: FiguresShown
    staff: FiguresShown
    parts: list[PartShown]
    below: list[NodeShown]
    schools: list[SchoolShown] = Field(description="A page of them by code.")
    after: str | None = Field(description="Ask for the next page after this code; none where there is none.")


@router.get("", responses=refusals(HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY))
async def of_schools(
    actor: SignedIn, services: TheServices, node: Annotated[str, Query(max_length=24)] = "", by: By = By.DAY,
    on: On = None, after: Annotated[str, Query(max_length=12)] = "",
) -> RegionStatistics:  # fmt: skip
    """Return a day, week, month or school year over the schools that the account reaches, or those below a node."""
    today = services.clock.now().astimezone(DEFAULT_ZONE).date()
    above = await seen_above(services, actor, node, stretch_of(by, min(on or today, today)))
    page = [each for each in above.schools if each.code > after][: PAGE_SIZE + 1]
    return RegionStatistics(
        node=above.node.code if above.node else "", by=by, first_on=above.stretch.first_on,
        last_on=above.stretch.last_on, students=_figures(above.figures, has_reasons=above.has_reasons),
        staff=_figures(above.staff, has_reasons=False),
        parts=[_part(each, has_reasons=above.has_reasons) for each in above.parts],
        below=[_node(each) for each in above.below], schools=[_school(each) for each in page[:PAGE_SIZE]],
        after=page[PAGE_SIZE - 1].code if len(page) > PAGE_SIZE else None,
    )  # fmt: skip


@of_one.get("", responses=refusals(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY))
async def of_school(desk: ReadersDesk, by: By = By.DAY, on: On = None) -> SchoolStatistics:
    """Return a day, week, month or school year of a school."""
    stretch = stretch_of(by, min(on or desk.school.on, desk.school.on))
    return _of_school(desk.school.code, by, await school_told(desk.services, desk.actor, desk.school.id, stretch))


@of_program.get("", responses=refusals(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.TOO_MANY_REQUESTS))
async def of_programs_school(program: Reader, by: By = By.DAY, on: On = None) -> SchoolStatistics:
    """Return a day, week, month or school year of the token's school, as who is not of the school reads it."""
    school = await school_of_id(program.services, program.bearer.school_id)
    today = program.services.clock.now().astimezone(school.zone).date()
    stretch = stretch_of(by, min(on or today, today))
    return _of_school(school.code, by, await outsiders_told(program.services, school.id, stretch))


def _of_school(code: str, by: By, found: OfSchool) -> SchoolStatistics:
    told, stretch = found.told, found.told.stretch
    return SchoolStatistics(
        school=code, by=by, first_on=stretch.first_on, last_on=stretch.last_on, made_at=told.made_at,
        students=_figures(told.figures, has_reasons=told.has_reasons),
        staff=_figures(found.staff.figures, has_reasons=False),
        parts=[_part(each, has_reasons=told.has_reasons) for each in told.parts],
        classes=[_class(each, has_reasons=found.has_class_reasons) for each in found.classes],
        meals={each.key: each.count for each in found.meals},
    )  # fmt: skip


def _figures(figures: Figures, *, has_reasons: bool) -> FiguresShown:
    counts = {name: getattr(figures, name) for name in FiguresShown.model_fields if name != "reasons"}
    reasons = {name: getattr(figures, name) for name in REASONS}
    return FiguresShown(**counts, reasons=Reasons(**reasons) if has_reasons else None)


def _part(part: PartSums, *, has_reasons: bool) -> PartShown:
    stretch = part.stretch
    return PartShown(
        first_on=stretch.first_on, last_on=stretch.last_on, figures=_figures(part.figures, has_reasons=has_reasons)
    )  # fmt: skip


def _class(each: OfClass, *, has_reasons: bool) -> ClassShown:
    figures = None if each.figures is None else _figures(each.figures, has_reasons=has_reasons)
    return ClassShown(id=each.id, name=each.name, figures=figures)


def _node(each: NodeSums) -> NodeShown:
    node = each.node
    return NodeShown(
        code=node.code if node else "",
        names=NamesShown(kk=node.name_kk, ru=node.name_ru, en=node.name_en) if node else None,
        schools=each.schools, students=each.students, figures=_figures(each.figures, has_reasons=True),
    )  # fmt: skip


def _school(each: SchoolSums) -> SchoolShown:
    return SchoolShown(
        school=each.code, names=NamesShown(kk=each.name_kk, ru=each.name_ru, en=each.name_en), students=each.students,
        school_days=each.school_days, shifts=each.shifts, figures=_figures(each.figures, has_reasons=each.has_reasons),
    )  # fmt: skip
