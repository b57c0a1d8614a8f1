"""A code on a guardian's phone that opens the gate to a child without a card, drawn anew while the page is open."""

from dataclasses import dataclass, replace
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response
from markupsafe import Markup

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.core.actor import Actor
from cloud.core.codes import code_svg
from cloud.core.i18n import N_, translations
from cloud.core.live import Quiet, stream
from cloud.core.pages import Visit, pages_of
from cloud.core.services import Services
from cloud.guardian.queries import Child, child_of
from cloud.people.kinds import FamilyRight
from cloud.rosters.passes import NoPass, phone_pass

TEMPLATE = "guardian/pass.html"
TITLE = N_("A code instead of the card")
router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """A code on the page with the instant of its end; none for a child that may have no card."""

    code: Markup
    ends_at: datetime


@router.get("/children/{ref}/pass")
async def show(request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str) -> Response:
    """Show a code for a child."""
    child = await child_of(services, actor, ref, FamilyRight.SEE)
    shown = await _shown(services, actor, visit, ref)
    return pages_of(request).page(_in_zone(visit, child), TEMPLATE, section="children", child=child, shown=shown)


@router.get("/children/{ref}/pass/live")
async def live(request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str) -> Response:
    """Stream the code, a new one every pulse and when the child was seen."""
    child = await child_of(services, actor, ref, FamilyRight.SEE)

    async def draw() -> str:
        now = await child_of(services, actor, ref, FamilyRight.SEE)
        shown = await _shown(services, actor, visit, ref)
        at = replace(_in_zone(visit, now), now=services.clock.now())
        return pages_of(request).block(at, TEMPLATE, "pass", child=now, shown=shown)

    return stream(request, [(child.school_id, child.ref)], draw, Quiet.DRAW)


async def _shown(services: Services, actor: Actor, visit: Visit, ref: str) -> Shown | None:
    try:
        issued = await phone_pass(services, actor, ref)
    except NoPass:
        return None
    return Shown(code_svg(issued.text, translations(visit.language).gettext(TITLE)), issued.ends_at)


def _in_zone(visit: Visit, child: Child) -> Visit:
    return replace(visit, zone=child.zone)
