"""Pages of a school's accounts: found, made, edited, closed, opened again, signed out, helped and deleted."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.actions import NewAccount, add_account, close_account, reset_password
from cloud.accounts.granting import may_give
from cloud.accounts.keeping import (
    SHOWN_MAX,
    Kept,
    account_at,
    delete_account,
    edit_account,
    end_all_sessions,
    find_accounts,
    groups,
    name_typed,
    open_again,
    sessions_at,
)  # fmt: skip
from cloud.accounts.rescuing import forget_lost
from cloud.attendance.web import Desk, desk_of
from cloud.core.actor import Reach
from cloud.core.api import Counted
from cloud.core.errors import NotAllowed, Refused
from cloud.core.i18n import N_, translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.core.roles import STAFF, Role

router = APIRouter(prefix="/schools/{code}/accounts", include_in_schema=False)
of_one = APIRouter(prefix="/schools/{code}/accounts/{account_id}", include_in_schema=False)
LIST, ONE = "office/accounts.html", "office/account.html"
ReadingDesk = Annotated[Desk, Depends(desk_of(Right.ACCOUNTS_READ))]
KeepingDesk = Annotated[Desk, Depends(desk_of(Right.ACCOUNTS_KEEP))]
Text = Annotated[str, Form(max_length=300)]
Words = Annotated[str, Query(max_length=60)]
DONE = {
    "edited": N_("The account is changed."),
    "close": N_("The account is closed: it signs in no more."),
    "open": N_("The account is open again, with the password of before."),
    "sign_out": N_("The account is signed out everywhere."),
    "forget": N_("Its second steps are taken away. The next sign-in sets up a new one where one is needed."),
    "delete": N_("The account is deleted. What it did stays in the audit journal, by its number."),
}


class Deed(StrEnum):
    """What is done with an account besides editing it."""

    CLOSE = "close"
    OPEN = "open"
    RESET = "reset"
    SIGN_OUT = "sign_out"
    FORGET = "forget"
    DELETE = "delete"


ACTIONS = {
    Deed.CLOSE: close_account, Deed.OPEN: open_again, Deed.SIGN_OUT: end_all_sessions, Deed.FORGET: forget_lost,
    Deed.DELETE: delete_account,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class AccountForm:
    """What the form of an account says; its role only where it is new."""

    name: Text = ""
    login: Text = ""
    role: Annotated[Role, Form()] = Role.TEACHER


async def account_of(desk: KeepingDesk, account_id: Counted) -> Kept:
    """Return the account of the path, which has a role at the school. Raises NotFound, or NotAllowed."""
    account = await account_at(desk.services, desk.actor, desk.school.id, account_id)
    if not account.may_keep:
        raise NotAllowed
    return account


TheAccount = Annotated[Kept, Depends(account_of)]


@router.get("")
async def show(
    request: Request, desk: ReadingDesk, kind: Words = "staff", search: Words = "", done: str = ""
) -> Response:
    """Show the accounts of a kind, by name."""
    return await _list(request, desk, kind=kind, search=search, done=done)


@router.post("")
async def add(request: Request, desk: KeepingDesk, form: Annotated[AccountForm, Depends()]) -> Response:
    """Make an account of somebody who works at the school; its first password is on this answer and nowhere else."""
    try:
        if form.role not in STAFF:
            raise NotAllowed
        name, reach = name_typed(form.name), Reach(form.role, desk.school.id)
        made = await add_account(desk.services, desk.actor, form.login, name, reach)
    except Refused as refused:
        return await _list(request, desk, refused=refused, typed={**asdict(form), "role": form.role.value})
    account = await account_at(desk.services, desk.actor, desk.school.id, made.account_id)
    return await _one(request, desk, account, given=made)


@router.get("/{account_id}")
async def show_one(request: Request, desk: ReadingDesk, account_id: Counted, done: str = "") -> Response:
    """Show one account, and what may be done with it."""
    account = await account_at(desk.services, desk.actor, desk.school.id, account_id)
    return await _one(request, desk, account, done=done)


@of_one.post("")
async def edit(request: Request, desk: KeepingDesk, account: TheAccount, name: Text = "", login: Text = "") -> Response:
    """Change the name or the login."""
    try:
        await edit_account(desk.services, desk.actor, account.account_id, login, name)
    except Refused as refused:
        return await _one(request, desk, account, refused=refused, typed={"name": name, "login": login})
    return _to(desk, f"/{account.account_id}?done=edited")


@of_one.post("/{deed}")
async def do(request: Request, desk: KeepingDesk, account: TheAccount, deed: Deed) -> Response:
    """Do something with an account; a new first password is on this answer and nowhere else."""
    try:
        if deed is Deed.RESET:
            given = await reset_password(desk.services, desk.actor, account.account_id)
            return await _one(request, desk, account, given=given)
        await ACTIONS[deed](desk.services, desk.actor, account.account_id)
    except Refused as refused:
        return await _one(request, desk, account, refused=refused)
    return _to(desk, f"?done={deed}" if deed is Deed.DELETE else f"/{account.account_id}?done={deed}")


async def _list(
    request: Request,
    desk: Desk,
    *,
    kind: str = "staff",
    search: str = "",
    done: str = "",
    refused: Refused | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    kinds = groups()
    shown = kind if kind in kinds else "staff"
    found = await find_accounts(desk.services, desk.actor, desk.school.id, kinds[shown], search)
    can_keep = desk.actor.can(Right.ACCOUNTS_KEEP, desk.school.id)
    given = [role for role in Role if role in STAFF and may_give(desk.actor, role, desk.school.id)]
    return pages_of(request).page(
        desk.visit, LIST, status=refused.status if refused else HTTPStatus.OK, section="accounts", kind=shown,
        search=search, accounts=found[:SHOWN_MAX], is_cut=len(found) > SHOWN_MAX, shown_max=SHOWN_MAX,
        given=given if can_keep else [], typed=typed or {}, kinds=list(kinds),
        refused=translate(desk.visit.language, refused.message) if refused else "",
        done=translate(desk.visit.language, DONE[done]) if done in DONE else "",
    )  # fmt: skip


async def _one(
    request: Request,
    desk: Desk,
    account: Kept,
    *,
    refused: Refused | None = None,
    typed: dict[str, str] | None = None,
    given: NewAccount | None = None,
    done: str = "",
) -> Response:
    services, actor, school_id = desk.services, desk.actor, desk.school.id
    if given is not None:
        account = await account_at(services, actor, school_id, account.account_id)
    return pages_of(request).page(
        desk.visit, ONE, status=refused.status if refused else HTTPStatus.OK, section="accounts", account=account,
        sessions=await sessions_at(services, actor, school_id, account.account_id), given=given, typed=typed or {},
        may_keep=account.may_keep and actor.can(Right.ACCOUNTS_KEEP, school_id),
        is_own=account.account_id == actor.account_id,
        refused=translate(desk.visit.language, refused.message) if refused else "",
        done=translate(desk.visit.language, DONE[done]) if done in DONE else "",
    )  # fmt: skip


def _to(desk: Desk, path: str) -> Response:
    return RedirectResponse(f"/schools/{desk.school.code}/accounts{path}", HTTPStatus.SEE_OTHER)
