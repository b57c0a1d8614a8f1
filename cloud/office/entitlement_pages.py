"""Pages of free and subsidised meals: the office keeps the orders and their lists, the director approves them."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.api import Counted
from cloud.core.errors import NotFound, Refused
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.menu.entitlements import (
    EntitlementGiven,
    approve,
    end_order,
    list_children,
    listed_of,
    order_of,
    orders_of,
    propose,
    unlist,
)
from cloud.menu.errors import EntitlementRefused
from cloud.menu.kinds import GROUNDS, RightKind
from cloud.menu.queries import meals_of
from cloud.menu.rules import price_of
from cloud.office.canteen import Text, Words, day_typed, shown
from cloud.people.kinds import PersonRole
from cloud.people.queries import PersonRow, people_of

router = APIRouter(prefix="/schools/{code}", include_in_schema=False)
OfficeDesk = Annotated[Desk, Depends(desk_of(Right.ENTITLEMENTS_KEEP))]
DirectorDesk = Annotated[Desk, Depends(desk_of(Right.ENTITLEMENTS_APPROVE))]
ALL, ONE = "office/entitlements.html", "office/entitlement.html"
GRADES = range(13)
NOBODY_NEW = message("Choose a child who is not on the list yet.")


@dataclass(frozen=True, slots=True)
class Part:
    """One of the two places from which the same orders are looked at."""

    section: str
    may_keep: bool
    may_approve: bool


OFFICE, DIRECTOR = Part("entitlements", True, False), Part("approvals", False, True)


@router.get("/entitlements")
async def show_all(request: Request, desk: OfficeDesk) -> Response:
    """Show the orders to the office."""
    return await _all(request, desk, OFFICE)


@router.get("/approvals")
async def show_approvals(request: Request, desk: DirectorDesk) -> Response:
    """Show the orders to the director."""
    return await _all(request, desk, DIRECTOR)


@router.post("/entitlements")
async def add(
    request: Request,
    desk: OfficeDesk,
    kind: Annotated[RightKind, Form()] = RightKind.FREE,
    ground: Text = "",
    grade: Annotated[list[int], Form()] = [],  # noqa: B006 (FastAPI reads it and gives a list of its own)
    meal: Words = [],  # noqa: B006 (as above)
    price: Text = "",
    first_on: Text = "",
    last_on: Text = "",
    document: Text = "",
) -> Response:
    """Propose an order."""
    try:
        given = EntitlementGiven(
            kind, ground, tuple(meal), day_typed(first_on), day_typed(last_on), document,
            tuple(grade) if ground == "grades" else (), price_of(price) if kind is RightKind.SUBSIDISED else 0,
        )  # fmt: skip
        order_id = await propose(desk.services, desk.actor, desk.school.id, given)
    except Refused as refused:
        return await _all(request, desk, OFFICE, refused)
    return _to(desk, OFFICE, order_id)


@router.get("/entitlements/{order_id}")
async def show_one(request: Request, desk: OfficeDesk, order_id: Counted) -> Response:
    """Show one order with its list to the office."""
    return await _one(request, desk, OFFICE, order_id)


@router.get("/approvals/{order_id}")
async def show_approval(request: Request, desk: DirectorDesk, order_id: Counted) -> Response:
    """Show one order with its list to the director."""
    return await _one(request, desk, DIRECTOR, order_id)


@router.post("/entitlements/{order_id}/list")
async def put_on_list(request: Request, desk: OfficeDesk, order_id: Counted, person: Words = []) -> Response:  # noqa: B006
    """Put children on the list of an order."""
    try:
        if not await list_children(desk.services, desk.actor, desk.school.id, order_id, person):
            raise EntitlementRefused(NOBODY_NEW)
    except NotFound:
        raise
    except Refused as refused:
        return await _one(request, desk, OFFICE, order_id, refused)
    return _to(desk, OFFICE, order_id)


@router.post("/entitlements/{order_id}/list/{person}/end")
async def take_from_list(desk: OfficeDesk, order_id: Counted, person: str) -> Response:
    """Take a child from the list of an order."""
    await unlist(desk.services, desk.actor, desk.school.id, order_id, person)
    return _to(desk, OFFICE, order_id)


@router.post("/entitlements/{order_id}/end")
async def end(desk: OfficeDesk, order_id: Counted) -> Response:
    """Let an order hold no more."""
    await end_order(desk.services, desk.actor, desk.school.id, order_id)
    return _to(desk, OFFICE, order_id)


@router.post("/approvals/{order_id}/approve")
async def approve_one(request: Request, desk: DirectorDesk, order_id: Counted) -> Response:
    """Approve an order and who waits on its list."""
    try:
        await approve(desk.services, desk.actor, desk.school.id, order_id)
    except EntitlementRefused as refused:
        return await _one(request, desk, DIRECTOR, order_id, refused)
    return _to(desk, DIRECTOR, order_id)


@router.post("/approvals/{order_id}/refuse")
async def refuse_one(desk: DirectorDesk, order_id: Counted) -> Response:
    """End an order that is not to be."""
    await end_order(desk.services, desk.actor, desk.school.id, order_id)
    return _to(desk, DIRECTOR, order_id)


async def _all(request: Request, desk: Desk, part: Part, refused: Refused | None = None) -> Response:
    orders = await orders_of(desk.services, desk.actor, desk.school.id)
    waiting = [order for order in orders if order.needs_approval]
    return shown(
        request, desk, ALL, part.section, refused, part=part, waiting=waiting,
        others=[order for order in orders if not order.needs_approval], **await _common(desk),
    )  # fmt: skip


async def _one(request: Request, desk: Desk, part: Part, order_id: Counted, refused: Refused | None = None) -> Response:
    order = await order_of(desk.services, desk.actor, desk.school.id, order_id)
    listed = await listed_of(desk.services, desk.actor, desk.school.id, order_id)
    children: list[PersonRow] = []
    if part.may_keep and not order.given.grades and order.ended_at is None:
        held = {each.ref for each in listed}
        people = await people_of(desk.services, desk.actor, desk.school.id)
        children = [each for each in people if each.role is PersonRole.STUDENT and each.ref not in held]
    return shown(
        request, desk, ONE, part.section, refused, part=part, order=order, listed=listed,
        by_class=_by_class(children), **await _common(desk),
    )  # fmt: skip


async def _common(desk: Desk) -> dict[str, Any]:
    meals = await meals_of(desk.services.database.pool, desk.school.id)
    names = {meal.key: meal.names[desk.visit.language.value] for meal in meals}
    return {"grounds": GROUNDS, "kinds": list(RightKind), "grades": GRADES, "meal_rows": meals, "meal_names": names}


def _by_class(children: list[PersonRow]) -> dict[str, list[PersonRow]]:
    classes: dict[str, list[PersonRow]] = {}
    for child in sorted(children, key=lambda each: (len(each.class_name), each.class_name)):
        classes.setdefault(child.class_name, []).append(child)
    return classes


def _to(desk: Desk, part: Part, order_id: Counted) -> Response:
    return RedirectResponse(f"/schools/{desk.school.code}/{part.section}/{order_id}", HTTPStatus.SEE_OTHER)
