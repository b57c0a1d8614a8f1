"""A guardian's page of who may collect a child: named with a phone and days, ended, and a no to whom another named."""

from collections.abc import Awaitable
from dataclasses import dataclass, replace
from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.collectors.actions import CollectorGiven, end, guardian_of, lift, name
from cloud.collectors.errors import CollectorRefused
from cloud.collectors.queries import Kin, named_of
from cloud.core.actor import Actor
from cloud.core.api import Counted
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import Visit, pages_of
from cloud.core.services import Services
from cloud.guardian.queries import child_of
from cloud.imports.cells import CellWrong, date_of_text
from cloud.notifications.family import tell_of_collector
from cloud.people.kinds import FamilyRight

router = APIRouter(prefix="/children/{ref}/collectors", include_in_schema=False)
PAGE = "guardian/collectors.html"
KINS = (Kin.GRANDPARENT, Kin.SIBLING, Kin.RELATIVE, Kin.OTHER)
Text = Annotated[str, Form(max_length=200)]


@dataclass(frozen=True, slots=True)
class CollectorForm:
    """What the form of somebody who may collect a child says; without a last day it is one day."""

    name: Text = ""
    phone: Text = ""
    kin: Annotated[Kin, Form()] = Kin.OTHER
    first: Text = ""
    last: Text = ""

    def given(self) -> CollectorGiven:
        """Return what was meant. Raises CollectorRefused."""
        first_on = day_typed(self.first)
        last_on = day_typed(self.last) if self.last.strip() else first_on
        return CollectorGiven(self.name, self.kin, self.phone, first_on, last_on)


def day_typed(text: str) -> date:
    """Return a day as somebody typed it. Raises CollectorRefused with how to write it."""
    try:
        return date_of_text(text)
    except CellWrong as wrong:
        raise CollectorRefused(wrong.message) from None


@router.get("")
async def show(request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str) -> Response:
    """Show who may collect the child."""
    return await _page(request, visit, actor, services, ref)


@router.post("")
async def add(
    request: Request,
    visit: MemberVisit,
    actor: SignedIn,
    services: TheServices,
    ref: str,
    form: Annotated[CollectorForm, Depends()],
) -> Response:
    """Name somebody."""
    try:
        await name(services, actor, ref, form.given(), tell_of_collector)
    except NotFound:
        raise
    except Refused as refused:
        return await _page(request, visit, actor, services, ref, refused, form)
    return _back(ref)


@router.post("/{collector_id}/end")
async def stop(actor: SignedIn, services: TheServices, ref: str, collector_id: Counted) -> Response:
    """Let somebody collect the child no more."""
    return await _done(ref, end(services, actor, ref, collector_id, tell_of_collector))


@router.post("/{collector_id}/lift")
async def allow(actor: SignedIn, services: TheServices, ref: str, collector_id: Counted) -> Response:
    """Take the own no back."""
    return await _done(ref, lift(services, actor, ref, collector_id, tell_of_collector))


async def _done(ref: str, deed: Awaitable[None]) -> Response:
    await deed
    return _back(ref)


def _back(ref: str) -> Response:
    return RedirectResponse(f"/children/{ref}/collectors", HTTPStatus.SEE_OTHER)


async def _page(
    request: Request, visit: Visit, actor: Actor, services: Services, ref: str, refused: Refused | None = None,
    typed: CollectorForm | None = None,
) -> Response:  # fmt: skip
    child = await child_of(services, actor, ref, FamilyRight.CONSENT, FamilyRight.SEE)
    mine = await guardian_of(services, actor, ref)
    return pages_of(request).page(
        replace(visit, zone=child.zone), PAGE, status=refused.status if refused else HTTPStatus.OK,
        section="children", child=child, named=[] if mine is None else await named_of(services, child.id),
        me=None if mine is None else mine["guardian_id"], kins=KINS, typed=typed,
        refused=translate(visit.language, refused.message) if refused else "",
    )  # fmt: skip
