"""Pages of curriculum plans: headings of a year, one plan with its content, and the classes taught by it."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from cloud.attendance.web import Desk
from cloud.core.errors import Refused
from cloud.core.formats import Formats
from cloud.curriculum.actions import (
    apply_plan,
    copy_plan,
    drop_item,
    drop_plan,
    put_item,
    put_plan,
    set_units,
)
from cloud.curriculum.kinds import TEACHING
from cloud.curriculum.queries import Plan, mondays_of, plan_in, plans_of, whole_plan
from cloud.curriculum.rules import UNITS_MAX, PlanGiven, Unit
from cloud.office.person import day_typed
from cloud.office.studies import (
    KeepingDesk,
    Key,
    Number,
    Page,
    PlanningDesk,
    PlansDesk,
    Text,
    back_to,
    half_hours_typed,
    refused_by,
    whole_typed,
    year_asked,
    years_of,
)
from cloud.schools.rules import GRADES
from cloud.studies.queries import subjects_of

router = APIRouter(prefix="/schools/{code}/plans", include_in_schema=False)
ONE = "/{plan_id}"
LIST_PAGE = Page("office/plans.html", "plans")
PAGE = Page("office/plan.html", "plans")
USUAL_WEEKS = 34  # where the school has named no terms
Texts = Annotated[list[str], Form(max_length=UNITS_MAX + 10)]


@router.get("")
async def show_all(request: Request, desk: PlansDesk) -> Response:
    """Show the plans of a school year."""
    return await _list(request, desk, request.query_params.get("year", ""))


@router.post("")
async def add(
    request: Request, desk: PlanningDesk, title: Text = "", year: Text = "", grade: Text = "", language: Text = "",
    weeks: Text = "", paper: Text = "", approved_by: Text = "", approved_on: Text = "",
) -> Response:  # fmt: skip
    """Add a plan."""
    typed = _typed(title, year, grade, language, weeks, paper, approved_by, approved_on)
    added: list[int] = []

    async def change() -> None:
        added.append(await put_plan(desk.services, desk.actor, desk.school.id, _given(desk, typed)))

    refused = await refused_by(change())
    return await _list(request, desk, year, refused, typed) if refused else back_to(desk, f"plans/{added[0]}")


@router.get(ONE)
async def show(request: Request, desk: PlansDesk, plan_id: Key) -> Response:
    """Show a plan; `subject` names one whose units are changed."""
    return await _page(request, desk, plan_id)


@router.post(ONE)
async def keep(
    request: Request, desk: PlanningDesk, plan_id: Key, title: Text = "", year: Text = "", grade: Text = "",
    language: Text = "", weeks: Text = "", paper: Text = "", approved_by: Text = "", approved_on: Text = "",
) -> Response:  # fmt: skip
    """Change the heading of a plan."""
    typed = _typed(title, year, grade, language, weeks, paper, approved_by, approved_on)

    async def change() -> None:
        await put_plan(desk.services, desk.actor, desk.school.id, _given(desk, typed), plan_id)

    refused = await refused_by(change())
    return await _page(request, desk, plan_id, refused, typed) if refused else _back(desk, plan_id)


@router.post(f"{ONE}/copy")
async def copy(request: Request, desk: PlanningDesk, plan_id: Key, title: Text = "", year: Text = "") -> Response:
    """Add a plan with the same content."""
    copied: list[int] = []

    async def change() -> None:
        own = await plan_in(desk.services.database.pool, desk.school.id, plan_id)
        given = PlanGiven(title, year_asked(desk, year), own.grade, own.language, own.weeks)
        copied.append(await copy_plan(desk.services, desk.actor, desk.school.id, plan_id, given))

    refused = await refused_by(change())
    return await _page(request, desk, plan_id, refused) if refused else _back(desk, copied[0])


@router.post(f"{ONE}/drop")
async def drop(request: Request, desk: PlanningDesk, plan_id: Key) -> Response:
    """Delete a plan."""
    plan = await plan_in(desk.services.database.pool, desk.school.id, plan_id)
    refused = await refused_by(drop_plan(desk.services, desk.actor, desk.school.id, plan_id))
    return await _page(request, desk, plan_id, refused) if refused else back_to(desk, f"plans?year={plan.year}")


@router.post(f"{ONE}/apply")
async def apply(request: Request, desk: KeepingDesk, plan_id: Key, class_id: Number = 0) -> Response:
    """Let a class be taught by the plan."""
    refused = await refused_by(apply_plan(desk.services, desk.actor, desk.school.id, plan_id, class_id))
    return await _page(request, desk, plan_id, refused) if refused else _back(desk, plan_id)


@router.post(f"{ONE}/subjects")
async def keep_subject(
    request: Request, desk: PlanningDesk, plan_id: Key, subject: Number = 0, hours: Text = "", year_hours: Text = ""
) -> Response:
    """Put a subject into the plan, or change its hours."""

    async def change() -> None:
        half_hours, in_year = half_hours_typed(hours), whole_typed(year_hours)
        await put_item(desk.services, desk.actor, desk.school.id, plan_id, subject, half_hours, in_year)

    refused = await refused_by(change())
    typed = {"subject": str(subject), "hours": hours, "year_hours": year_hours}
    return await _page(request, desk, plan_id, refused, typed) if refused else _back(desk, plan_id)


@router.post(f"{ONE}/subjects/{{subject_id}}/drop")
async def drop_subject(desk: PlanningDesk, plan_id: Key, subject_id: Key) -> Response:
    """Take a subject out of the plan."""
    await drop_item(desk.services, desk.actor, desk.school.id, plan_id, subject_id)
    return _back(desk, plan_id)


@router.post(f"{ONE}/subjects/{{subject_id}}/units")
async def keep_units(
    request: Request, desk: PlanningDesk, plan_id: Key, subject_id: Key, unit: Texts = [],  # noqa: B006
    hours: Texts = [],  # noqa: B006 (FastAPI copies them)
) -> Response:  # fmt: skip
    """Set the units of a subject; lines that are left empty are none."""
    lines = [pair for pair in zip(unit, hours, strict=False) if any(each.strip() for each in pair)]
    units = [Unit(title, whole_typed(in_hours)) for title, in_hours in lines]
    refused = await refused_by(set_units(desk.services, desk.actor, desk.school.id, plan_id, subject_id, units))
    if refused:
        return await _page(request, desk, plan_id, refused, {"units_of": str(subject_id)}, lines)
    return _back(desk, plan_id)


def _typed(
    title: str, year: str, grade: str, language: str, weeks: str, paper: str, approved_by: str, approved_on: str
) -> dict[str, str]:
    return {
        "title": title, "year": year, "grade": grade, "language": language, "weeks": weeks, "paper": paper,
        "approved_by": approved_by, "approved_on": approved_on,
    }  # fmt: skip


def _given(desk: Desk, typed: Mapping[str, str]) -> PlanGiven:
    """Return a heading as it was typed. Raises PersonRefused for what is no day."""
    approved_on = day_typed(typed["approved_on"]) if typed["approved_on"].strip() else None
    return PlanGiven(
        typed["title"], year_asked(desk, typed["year"]), whole_typed(typed["grade"]), typed["language"],
        whole_typed(typed["weeks"]), typed["paper"], typed["approved_by"], approved_on,
    )  # fmt: skip


async def _list(
    request: Request, desk: Desk, asked: str, refused: Refused | None = None, typed: Mapping[str, str] | None = None
) -> Response:
    year = year_asked(desk, asked)
    mondays = await mondays_of(desk.services, desk.school.id, year)
    return LIST_PAGE.shown(
        request, desk, refused, typed, year=year, years=years_of(desk), teaching=TEACHING, grades=GRADES,
        weeks=len(mondays) or USUAL_WEEKS, taught_weeks=len(mondays) or None,
        found=await plans_of(desk.services, desk.actor, desk.school.id, year),
    )  # fmt: skip


async def _page(
    request: Request, desk: Desk, plan_id: int, refused: Refused | None = None,
    typed: Mapping[str, str] | None = None, lines: list[tuple[str, str]] | None = None,
) -> Response:  # fmt: skip
    whole = await whole_plan(desk.services, desk.actor, desk.school.id, plan_id)
    asked = (typed or {}).get("units_of") or request.query_params.get("subject", "")
    opened = next((each for each in whole.items if str(each.subject.id) == asked), None)
    known = [(unit.title, str(unit.hours)) for unit in opened.units] if opened else []
    return PAGE.shown(
        request, desk, refused, typed, whole=whole, plan=whole.plan, opened=opened, lines=lines or known,
        units_max=UNITS_MAX, years=years_of(desk), teaching=TEACHING, grades=GRADES, heading=_heading(desk, whole.plan),
        subjects=[each for each in await subjects_of(desk.services, desk.school.id) if each.is_active],
        taught_as=_taught_as,
    )  # fmt: skip


def _taught_as(taught: Sequence[int], formats: Formats) -> str:
    """Return the hours a week of a class's groups, as 4 or 3 / 4."""
    return " / ".join(formats.halves(each) for each in taught)


def _heading(desk: Desk, plan: Plan) -> dict[str, str]:
    """Return a heading as its form shows it."""
    approved_on = desk.visit.formats.typed(plan.approved_on) if plan.approved_on else ""
    return _typed(
        plan.title, str(plan.year), str(plan.grade), plan.language, str(plan.weeks), plan.paper, plan.approved_by,
        approved_on,
    )  # fmt: skip


def _back(desk: Desk, plan_id: int) -> Response:
    return back_to(desk, f"plans/{plan_id}")
