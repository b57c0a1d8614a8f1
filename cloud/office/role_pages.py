"""The page of roles at a school: who has which, giving and taking them, whose classes are whose, and what changed."""

from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.actions import give_role, take_role
from cloud.accounts.granting import may_give
from cloud.attendance.web import Desk, desk_of
from cloud.core.actor import Reach
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import TABLE, Right
from cloud.core.rights_words import REACHES
from cloud.core.roles import OF_CLASSES, STAFF, Role
from cloud.organisation.classes import give_class, take_class
from cloud.organisation.staff import VERBS, role_changes_of, staff_of
from cloud.schools.queries import classes_of

router = APIRouter(prefix="/schools/{code}/roles", include_in_schema=False)
PAGE = "office/roles.html"
RolesDesk = Annotated[Desk, Depends(desk_of(Right.ROLES_READ))]
GivingDesk = Annotated[Desk, Depends(desk_of(Right.ROLES_GIVE))]
Number = Annotated[int, Form(ge=0, le=2**53)]
RoleNamed = Annotated[Role, Form()]


@router.get("")
async def show(request: Request, desk: RolesDesk) -> Response:
    """Show who has which role."""
    return await _page(request, desk)


@router.post("/give")
async def give(request: Request, desk: GivingDesk, account: Number = 0, role: RoleNamed = Role.TEACHER) -> Response:
    """Give somebody of the school one more role."""

    async def change() -> None:
        await _check_own(desk, account)
        await give_role(desk.services, desk.actor, account, Reach(role, desk.school.id))

    return await _changed(request, desk, change)


@router.post("/take")
async def take(request: Request, desk: GivingDesk, account: Number = 0, role: RoleNamed = Role.TEACHER) -> Response:
    """Take a role from somebody of the school."""

    async def change() -> None:
        await _check_own(desk, account)
        await take_role(desk.services, desk.actor, account, Reach(role, desk.school.id))

    return await _changed(request, desk, change)


@router.post("/classes/give")
async def give_one(
    request: Request, desk: GivingDesk, account: Number = 0, role: RoleNamed = Role.CLASS_TEACHER, class_id: Number = 0
) -> Response:
    """Name a class for somebody, in a role."""
    change = partial(give_class, desk.services, desk.actor, desk.school.id, account, role, class_id)
    return await _changed(request, desk, change)


@router.post("/classes/take")
async def take_one(
    request: Request, desk: GivingDesk, account: Number = 0, role: RoleNamed = Role.CLASS_TEACHER, class_id: Number = 0
) -> Response:
    """Take a class from somebody."""
    change = partial(take_class, desk.services, desk.actor, desk.school.id, account, role, class_id)
    return await _changed(request, desk, change)


async def _changed(request: Request, desk: Desk, change: Callable[[], Awaitable[None]]) -> Response:
    """Change something and lead back, or tell on the page why it was not changed. Raises NotFound."""
    try:
        await change()
    except NotFound:
        raise
    except Refused as refused:
        return await _page(request, desk, refused)
    return RedirectResponse(f"/schools/{desk.school.code}/roles", HTTPStatus.SEE_OTHER)


async def _check_own(desk: Desk, account_id: int) -> None:
    """Raise NotFound for an account that has no role at the school: whose it is, is nobody's business here."""
    if account_id not in {each.account_id for each in await staff_of(desk.services, desk.actor, desk.school.id)}:
        raise NotFound


async def _page(request: Request, desk: Desk, refused: Refused | None = None) -> Response:
    told = translate(desk.visit.language, refused.message) if refused else ""
    return pages_of(request).page(
        desk.visit, PAGE, status=refused.status if refused else HTTPStatus.OK, section="roles", refused=told,
        **await _values(desk),
    )  # fmt: skip


async def _values(desk: Desk) -> dict[str, Any]:
    services, actor, school_id = desk.services, desk.actor, desk.school.id
    given = [role for role in Role if role in STAFF and may_give(actor, role, school_id)]
    return {
        "staff": await staff_of(services, actor, school_id),
        "changes": await role_changes_of(services, actor, school_id),
        "classes": await classes_of(services, actor, school_id),
        "given": given,
        "own_id": actor.account_id,
        "of_classes": [role for role in given if role in OF_CLASSES],
        "is_giving": {verb: not verb.endswith("_taken") for verb in VERBS},
        "table": {
            role: [(row.words, REACHES[row.who[role]]) for row in TABLE.values() if role in row.who]
            for role in Role if role in STAFF
        },
    }  # fmt: skip
