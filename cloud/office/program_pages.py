"""The page of other programs, for the school's IT: tokens with their scopes, webhooks, and how tellings went."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.api import Counted
from cloud.core.errors import Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.oneroster.building import ROOT as ONEROSTER
from cloud.oneroster.files import TYPE, roster_file
from cloud.oneroster.rows import Naming
from cloud.scim.schemas import ROOT as SCIM
from cloud.tokens import scopes
from cloud.tokens.actions import DAYS, make_token, revoke_token
from cloud.tokens.queries import tokens_of
from cloud.tokens.web import TOKEN_PATH
from cloud.webhooks import kinds
from cloud.webhooks.actions import add_webhook, change_secret, end_webhook, send_test, take_over
from cloud.webhooks.queries import deliveries_of, webhooks_of

router = APIRouter(prefix="/schools/{code}/programs", include_in_schema=False)
ItDesk = Annotated[Desk, Depends(desk_of(Right.PROGRAMS_KEEP))]
Text = Annotated[str, Form(max_length=500)]
Chosen = Annotated[list[str], Form(max_length=20)]


@router.get("")
async def programs(request: Request, desk: ItDesk) -> Response:
    """Show tokens, webhooks and the last tellings."""
    return await _page(request, desk)


@router.post("/roster.zip")
async def roster(desk: ItDesk, names: Annotated[str, Form(max_length=10)] = "") -> Response:
    """Send the class lists as files, with all names where that was ticked."""
    naming = Naming.ALL if names == Naming.ALL.value else Naming.CONSENTED
    content = await roster_file(desk.services, desk.actor, desk.school.id, naming)
    name = f"oneroster-{desk.school.code}-{desk.school.on}.zip"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(content, media_type=TYPE, headers=headers)


@router.post("/tokens")
async def add_token(
    request: Request, desk: ItDesk, name: Text = "", scope: Chosen | None = None, days: Annotated[int, Form()] = 0
) -> Response:
    """Make a token and show it, this once."""
    try:
        made = await make_token(desk.services, desk.actor, desk.school.id, name, scope or [], days)
    except Refused as refused:
        return await _page(request, desk, refused=refused)
    return await _page(request, desk, token=made)


@router.post("/tokens/{token_id}/revoke")
async def end_token(desk: ItDesk, token_id: Counted) -> Response:
    """Let a token work no more."""
    await revoke_token(desk.services, desk.actor, desk.school.id, token_id)
    return _back(desk)


@router.post("/webhooks")
async def add(
    request: Request, desk: ItDesk, name: Text = "", address: Text = "", kind: Chosen | None = None
) -> Response:
    """Add a webhook and show its secret, this once."""
    try:
        made = await add_webhook(desk.services, desk.actor, desk.school.id, name, address, kind or [])
    except Refused as refused:
        return await _page(request, desk, refused=refused)
    return await _page(request, desk, secret=made)


@router.post("/webhooks/{webhook_id}/secret")
async def another_secret(request: Request, desk: ItDesk, webhook_id: Counted) -> Response:
    """Give a webhook another secret and show it, this once."""
    return await _page(
        request, desk, secret=await change_secret(desk.services, desk.actor, desk.school.id, webhook_id)
    )  # fmt: skip


@router.post("/webhooks/{webhook_id}/test")
async def test(request: Request, desk: ItDesk, webhook_id: Counted) -> Response:
    """Send a test."""
    try:
        await send_test(desk.services, desk.actor, desk.school.id, webhook_id)
    except Refused as refused:
        return await _page(request, desk, refused=refused)
    return _back(desk)


@router.post("/webhooks/{webhook_id}/take")
async def take(desk: ItDesk, webhook_id: Counted) -> Response:
    """Answer for a webhook from now on."""
    await take_over(desk.services, desk.actor, desk.school.id, webhook_id)
    return _back(desk)


@router.post("/webhooks/{webhook_id}/end")
async def end(desk: ItDesk, webhook_id: Counted) -> Response:
    """End a webhook."""
    await end_webhook(desk.services, desk.actor, desk.school.id, webhook_id)
    return _back(desk)


async def _page(request: Request, desk: Desk, *, refused: Refused | None = None, **made: Any) -> Response:
    services, actor, school_id = desk.services, desk.actor, desk.school.id
    base = services.settings.public_url.rstrip("/")
    return pages_of(request).page(
        desk.visit, "office/programs.html", status=refused.status if refused else HTTPStatus.OK, section="programs",
        refused=translate(desk.visit.language, refused.message) if refused else "",
        tokens=await tokens_of(services, actor, school_id), webhooks=await webhooks_of(services, actor, school_id),
        deliveries=await deliveries_of(services, actor, school_id), scopes=scopes.WORDS, kinds=kinds.WORDS, days=DAYS,
        kind_words={kind.value: word for kind, word in kinds.WORDS.items()},
        addresses={"OAuth 2.0": base + TOKEN_PATH, "OneRoster 1.2": base + ONEROSTER, "SCIM 2.0": base + SCIM,
                   "OpenAPI": f"{base}/api/v1/openapi.json"},
        **{"token": None, "secret": None, **made},
    )  # fmt: skip


def _back(desk: Desk) -> Response:
    return RedirectResponse(f"/schools/{desk.school.code}/programs", HTTPStatus.SEE_OTHER)
