"""The canteen's page of its settings: limits of accounts, when pre-orders close, whom a till asks about."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.errors import Refused
from cloud.core.money import plain
from cloud.core.rights import Right
from cloud.menu.kinds import UnseenPolicy
from cloud.menu.rules import time_of
from cloud.menu.settings import CanteenRules, RulesTyped, rules_of, set_rules
from cloud.office.canteen import Text, shown

router = APIRouter(prefix="/schools/{code}/canteen/settings", include_in_schema=False)
PAGE = "office/canteen_rules.html"
LookersDesk = Annotated[Desk, Depends(desk_of(Right.CANTEEN_RULES_READ))]
KeepersDesk = Annotated[Desk, Depends(desk_of(Right.CANTEEN_RULES_KEEP))]


@router.get("")
async def show(request: Request, desk: LookersDesk, done: bool = False) -> Response:
    """Show what holds; to be changed by who may."""
    rules = await rules_of(desk.services.database.pool, desk.school.id)
    return _page(request, desk, _typed(rules), is_done=done)


@router.post("")
async def change(
    request: Request,
    desk: KeepersDesk,
    offline_limit: Text = "",
    overdraft: Text = "",
    low_balance: Text = "",
    preorder_cutoff: Text = "",
    unseen_policy: Annotated[UnseenPolicy, Form()] = UnseenPolicy.ALLOW,
) -> Response:
    """Let other rules hold from now on."""
    given = RulesTyped(offline_limit, overdraft, low_balance, preorder_cutoff, unseen_policy)
    try:
        await set_rules(desk.services, desk.actor, desk.school.id, given.read())
    except Refused as refused:
        return _page(request, desk, given, refused)
    return RedirectResponse(f"/schools/{desk.school.code}/canteen/settings?done=true", HTTPStatus.SEE_OTHER)


def _page(
    request: Request, desk: Desk, form: RulesTyped, refused: Refused | None = None, *, is_done: bool = False
) -> Response:
    may_keep = desk.actor.can(Right.CANTEEN_RULES_KEEP, desk.school.id)
    return shown(
        request, desk, PAGE, "menu", refused, form=form, policies=list(UnseenPolicy), may_keep=may_keep,
        is_cook=desk.actor.can(Right.MENU_PLAN, desk.school.id), is_done=is_done,
    )  # fmt: skip


def _typed(rules: CanteenRules) -> RulesTyped:
    return RulesTyped(
        plain(rules.offline_limit_tiyn), plain(rules.overdraft_tiyn), plain(rules.low_balance_tiyn),
        time_of(rules.preorder_cutoff_min), rules.unseen_policy,
    )  # fmt: skip
