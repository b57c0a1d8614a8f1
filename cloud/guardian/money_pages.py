"""A guardian's page of a child's money: what is there, how to pay, and what moved it."""

from dataclasses import replace
from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.core.pages import pages_of
from cloud.guardian.lasting import lasting_of
from cloud.guardian.queries import seen_of
from cloud.ledger.queries import movements_of
from cloud.meals.queries import eaten_by
from cloud.people.kinds import FamilyRight
from cloud.topups.numbers import number_of
from cloud.topups.rules import shown

DAYS_SHOWN, EATEN_DAYS = 60, 14
router = APIRouter(include_in_schema=False)


@router.get("/children/{ref}/money")
async def show(request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str) -> Response:
    """Show a child's account."""
    child = await seen_of(services, actor, ref, FamilyRight.PAY)
    pool, eaten = services.database.pool, []
    if FamilyRight.MEALS in child.rights:
        eaten = await eaten_by(pool, child.id, child.on - timedelta(days=EATEN_DAYS), child.on)
    return pages_of(request).page(
        replace(visit, zone=child.zone), "guardian/money.html", section="children", child=child,
        lasting=await lasting_of(services, child), number=shown(await number_of(services, child.id)),
        movements=await movements_of(pool, child.id, child.on - timedelta(days=DAYS_SHOWN), child.on),
        eaten=eaten, eaten_days=EATEN_DAYS, days_shown=DAYS_SHOWN, has_kaspi=bool(services.settings.kaspi_sources),
    )  # fmt: skip
