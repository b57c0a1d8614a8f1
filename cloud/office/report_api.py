"""The JSON API of monthly reports: an authority's schools in a month, a school's reports, and their files."""

from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from pydantic import Field

from cloud.accounts.web import SignedIn, TheServices
from cloud.attendance.web import Desk, desk_of
from cloud.core.api import PREFIX, Counted, Model, refusals
from cloud.core.i18n import Language
from cloud.core.pages import DEFAULT_ZONE
from cloud.core.rights import Right
from cloud.menu.api import NamesShown
from cloud.reports.files import Form, file_of
from cloud.reports.months import Month
from cloud.reports.overview import PAGE_SIZE, Standing, standings
from cloud.reports.queries import State, reports_of
from cloud.reports.subjects import Key, subject_of

router = APIRouter(prefix=f"{PREFIX}/reports", tags=["reports"])
of_one = APIRouter(prefix=f"{PREFIX}/schools/{{code}}/reports", tags=["reports"])
ReportDesk = Annotated[Desk, Depends(desk_of(Right.REPORTS_READ))]
MONTH = Query(
    pattern=r"^(|20[0-9]{2}-(0[1-9]|1[0-2]))$", examples=["2026-09"], description="The last one unless named."
)


class ReportStanding(Model):
    """How a school's first report of a month stands."""

    school: str
    names: NamesShown
    state: Standing
    report: int | None = Field(description="Its number at the school's address; none where there is no report.")
    number: int | None = Field(description="1, or that of the last supplement that came; none where none came.")
    signed_at: datetime | None
    sent_at: datetime | None
    way: str = Field(description="mail, hand or account: how it came first.")


class ReportStandings(Model):
    """A page of schools by code."""

    due_on: date
    schools: list[ReportStanding]
    after: str | None = Field(description="Ask for the next page after this code; none where there is none.")


class ReportShown(Model):
    """A report of a school."""

    id: int
    month: str
    number: int
    state: State
    made_at: datetime
    sent_at: datetime | None


@router.get("", responses=refusals(HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY))
async def of_schools(
    actor: SignedIn, services: TheServices, month: Annotated[str, MONTH] = "", subject: Key = Key.ATTENDANCE,
    state: Standing | None = None, after: Annotated[str, Query(max_length=12)] = "",
) -> ReportStandings:  # fmt: skip
    """Return how the reports of a month stand at the schools that the account reaches."""
    today = services.clock.now().astimezone(DEFAULT_ZONE).date()
    asked = Month.parse(month) if month else Month.of(today).before
    rows = await standings(services, actor, subject_of(subject), asked, state, after)
    shown = [
        ReportStanding(
            school=each.code, names=NamesShown(kk=each.name_kk, ru=each.name_ru, en=each.name_en), state=each.state,
            report=each.report_id, number=each.number, signed_at=each.signed_at, sent_at=each.sent_at, way=each.way,
        )
        for each in rows
    ]  # fmt: skip
    return ReportStandings(
        due_on=asked.due_on, schools=shown, after=rows[-1].code if len(rows) == PAGE_SIZE else None
    )  # fmt: skip


@of_one.get("", responses=refusals(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY))
async def of_school(desk: ReportDesk, subject: Key = Key.ATTENDANCE) -> list[ReportShown]:
    """Return a school's reports on a subject, the newest first."""
    rows = await reports_of(desk.services, desk.actor, desk.school.id, subject_of(subject))
    return [
        ReportShown(
            id=row.id, month=str(row.month), number=row.number, state=row.state, made_at=row.made_at,
            sent_at=row.sent_at,
        )
        for row in rows
    ]  # fmt: skip


@of_one.get(
    "/{report_id}/file.{form}", response_class=Response,
    responses=refusals(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
)  # fmt: skip
async def file(desk: ReportDesk, report_id: Counted, form: Form, language: Language = Language.KK) -> Response:
    """Return a file of a report; the JSON is the report itself, whose SHA-256 stands on its paper."""
    found = await file_of(desk.services, desk.actor, desk.school.id, report_id, form, language)
    headers = {"content-disposition": f'attachment; filename="{found.name}"', "cache-control": "no-store"}
    return Response(found.body, media_type=found.media_type, headers=headers)
