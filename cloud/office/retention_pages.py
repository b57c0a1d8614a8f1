"""The page of how long what is kept: what each rule found, from when on it deletes, and what is gone already."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.retention.actions import certificates_of, plans_of
from cloud.retention.rules import RULES

router = APIRouter(prefix="/schools/{code}/audit/retention", include_in_schema=False)
AuditDesk = Annotated[Desk, Depends(desk_of(Right.AUDIT_READ))]


@router.get("")
async def show(request: Request, desk: AuditDesk) -> Response:
    """Show the rules, their plans, and the newest certificates."""
    plans = {plan.rule: plan for plan in await plans_of(desk.services, desk.actor, desk.school.id)}
    return pages_of(request).page(
        desk.visit, "office/retention.html", section="audit", rules=RULES, plans=plans,
        kinds={rule.name: rule.kind for rule in RULES},
        certificates=(await certificates_of(desk.services, desk.actor, desk.school.id))[:50],
    )  # fmt: skip
