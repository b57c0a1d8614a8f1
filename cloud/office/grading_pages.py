"""The page of grading schemes: which version counts, which are to come, and a new one."""

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.errors import NotAllowed, Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.imports.cells import CellWrong, date_of_text
from cloud.journal.diary import monday_of
from cloud.journal.errors import GradingRefused
from cloud.journal.grading import STATE, Scheme, scheme_for
from cloud.journal.quarters import quarter_at
from cloud.journal.schemes import put_scheme, quarters_of, versions_of
from cloud.notifications.week import DigestRule, digest_rule_of, minute_of, put_digest_rule
from cloud.office.person import Text
from cloud.studies.queries import subjects_of
from cloud.studies.rules import year_of

router = APIRouter(prefix="/schools/{code}/journal/grading", include_in_schema=False)
GradingDesk = Annotated[Desk, Depends(desk_of(Right.GRADING_KEEP))]
Figure = Annotated[int, Form(ge=-1, le=1_000)]
Codes = Annotated[list[str], Form(max_length=500)]


@router.get("")
async def show(request: Request, desk: GradingDesk) -> Response:
    """Show the versions, and the form of a new one, which begins with what counts now."""
    return await _page(request, desk, None)


@router.post("")
async def put(
    request: Request, desk: GradingDesk, from_on: Text = "", formative: Figure = 0, sor: Figure = 0, soch: Figure = 0,
    formative_max: Figure = 10, formative_least: Figure = 3, three: Figure = 40, four: Figure = 65, five: Figure = 85,
    unmarked_grade: Figure = 1, half_year: Codes = [], without_soch: Codes = [],  # noqa: B006 (FastAPI copies them)
) -> Response:  # fmt: skip
    """Set a version."""
    try:
        scheme = Scheme(
            date_of_text(from_on), formative, sor, soch, 0, formative_max, formative_least, three, four, five,
            unmarked_grade, *await _known(desk, half_year, without_soch),
        )  # fmt: skip
        await put_scheme(desk.services, desk.actor, desk.school.id, scheme, desk.school.on)
    except CellWrong as wrong:
        return await _page(request, desk, GradingRefused(wrong.message))
    except NotAllowed:
        raise
    except Refused as refused:
        return await _page(request, desk, refused)
    return RedirectResponse(f"/schools/{desk.school.code}/journal/grading", HTTPStatus.SEE_OTHER)


@router.post("/digest")
async def put_digest(
    request: Request, desk: GradingDesk, weekday: Figure = 5, at: Text = "", is_on: Annotated[bool, Form()] = False
) -> Response:
    """Set when the week is told to families."""
    try:
        rule = DigestRule(weekday, minute_of(at), is_on)
        await put_digest_rule(desk.services, desk.actor, desk.school.id, rule)
    except NotAllowed:
        raise
    except Refused as refused:
        return await _page(request, desk, refused)
    return RedirectResponse(f"/schools/{desk.school.code}/journal/grading#digest", HTTPStatus.SEE_OTHER)


async def _known(desk: Desk, *chosen: list[str]) -> list[frozenset[str]]:
    """Return of chosen codes those of the school's subjects."""
    known = {subject.code for subject in await subjects_of(desk.services, desk.school.id)}
    return [frozenset(codes) & known for codes in chosen]


async def _page(request: Request, desk: Desk, refused: Refused | None) -> Response:
    versions = await versions_of(desk.services, desk.school.id)
    subjects = await subjects_of(desk.services, desk.school.id)
    quarter = quarter_at(await quarters_of(desk.services, desk.school.id, year_of(desk.school.on)), desk.school.on)
    own = [version.scheme for version in versions]
    counts = scheme_for(own, quarter.first_on)
    latest = own[-1] if own else counts
    return pages_of(request).page(
        desk.visit, "office/grading.html", status=refused.status if refused else HTTPStatus.OK, section="journal",
        digest=await digest_rule_of(desk.services, desk.school.id), monday=monday_of(desk.school.on),
        versions=versions[::-1], counts=counts, quarter=quarter, state=STATE, on=desk.school.on,
        form=replace(latest, from_on=max(latest.from_on, desk.school.on)),
        subjects=subjects, names={each.code: each.name(desk.visit.language.value) for each in subjects},
        refused=translate(desk.visit.language, refused.message) if refused else "",
    )  # fmt: skip
