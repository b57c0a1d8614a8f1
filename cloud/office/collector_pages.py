"""The office's page of who may collect a child: what guardians named, what papers say, and lifting a guardian's no."""

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, desk_of
from cloud.collectors.actions import CollectorGiven, end_by_school, lift_by_paper, name_by_paper
from cloud.collectors.queries import Kin, named_of_person
from cloud.core.api import Counted
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.notifications.family import tell_of_collector
from cloud.office.person import PREFIX, Text, day_typed, person_at

router = APIRouter(prefix=f"{PREFIX}/collectors", include_in_schema=False)
FamilyDesk = Annotated[Desk, Depends(desk_of(Right.FAMILY_KEEP))]


@dataclass(frozen=True, slots=True)
class PaperForm:
    """What the form of a paper says."""

    name: Text = ""
    phone: Text = ""
    kin: Annotated[Kin, Form()] = Kin.OTHER
    first: Text = ""
    last: Text = ""
    paper: Text = ""

    def days(self) -> tuple[date, date]:
        """Return the days that were typed. Raises PersonRefused."""
        first_on = day_typed(self.first)
        return first_on, day_typed(self.last) if self.last.strip() else first_on


@router.get("")
async def show(request: Request, desk: FamilyDesk, ref: str) -> Response:
    """Show who may collect a child."""
    return await _page(request, desk, ref)


@router.post("")
async def add(request: Request, desk: FamilyDesk, ref: str, form: Annotated[PaperForm, Depends()]) -> Response:
    """Name somebody by a paper."""

    async def deed() -> None:
        given = CollectorGiven(form.name, form.kin, form.phone, *form.days())
        await name_by_paper(
            desk.services, desk.actor, desk.school.id, ref, given, form.paper, tell_of_collector
        )  # fmt: skip

    return await _done(request, desk, ref, deed())


@router.post("/{collector_id}/end")
async def end(request: Request, desk: FamilyDesk, ref: str, collector_id: Counted) -> Response:
    """Let somebody collect the child no more."""
    deed = end_by_school(desk.services, desk.actor, desk.school.id, ref, collector_id, tell_of_collector)
    return await _done(request, desk, ref, deed)


@router.post("/{collector_id}/lift")
async def lift(request: Request, desk: FamilyDesk, ref: str, collector_id: Counted, paper: Text = "") -> Response:
    """Take a guardian's no back by a court's paper."""
    deed = lift_by_paper(desk.services, desk.actor, desk.school.id, ref, collector_id, paper, tell_of_collector)
    return await _done(request, desk, ref, deed)


async def _done(request: Request, desk: Desk, ref: str, deed: Awaitable[None]) -> Response:
    try:
        await deed
    except NotFound:
        raise
    except Refused as refused:
        return await _page(request, desk, ref, refused)
    return RedirectResponse(f"/schools/{desk.school.code}/people/{ref}/collectors", HTTPStatus.SEE_OTHER)


async def _page(request: Request, desk: Desk, ref: str, refused: Refused | None = None) -> Response:
    person = await person_at(desk, ref)
    return pages_of(request).page(
        desk.visit, "office/collectors.html", status=refused.status if refused else HTTPStatus.OK, section="today",
        person=person, on=desk.school.on, kins=list(Kin),
        named=await named_of_person(desk.services, desk.actor, desk.school.id, ref),
        refused=translate(desk.visit.language, refused.message) if refused else "",
    )  # fmt: skip
