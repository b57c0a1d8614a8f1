"""Pages of the second step: an app, passkeys and recovery codes of one's own account, set up and taken away."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts import factors, passkeys
from cloud.accounts.sessions import login_of
from cloud.accounts.totp import app_address, secret_text
from cloud.accounts.web import OwnerVisit, TheServices, device_of, token_of
from cloud.core.actor import Actor
from cloud.core.api import Counted
from cloud.core.codes import code_svg
from cloud.core.errors import Refused
from cloud.core.i18n import N_, translate
from cloud.core.navigation import SECOND_STEP
from cloud.core.pages import Visit, pages_of
from cloud.core.services import Services

router = APIRouter(prefix=SECOND_STEP, include_in_schema=False)
Text = Annotated[str, Form(max_length=300)]
Answer = Annotated[str, Form(max_length=passkeys.ANSWER_MAX)]
ISSUER = "Esik"
PICTURE = N_("A picture for your app to read")
DONE = {
    "app": N_("The app is set up. From now on you sign in with its codes."),
    "passkey": N_("The passkey is set up. From now on you can sign in with it."),
    "dropped": N_("It is taken away."),
}


@router.get("")
async def show(request: Request, visit: OwnerVisit, services: TheServices, done: str = "") -> Response:
    """Show what the account has besides a password."""
    told = translate(visit.language, DONE[done]) if done in DONE else ""
    return await _page(request, visit, services, done=told)


@router.post("/app")
async def start_app(request: Request, visit: OwnerVisit, services: TheServices, password: Text = "") -> Response:
    """Make a picture for an app to read."""
    try:
        await factors.confirm_owner(services, _actor(visit), token_of(request), password)
        await factors.start_app(services, _actor(visit), token_of(request))
    except Refused as refused:
        return await _page(request, visit, services, refused=refused)
    return _go(f"{SECOND_STEP}#code")


@router.post("/app/confirm")
async def confirm_app(request: Request, visit: OwnerVisit, services: TheServices, code: Text = "") -> Response:
    """Let the app count, with its first code."""
    try:
        codes = await factors.confirm_app(services, _actor(visit), token_of(request), code)
    except Refused as refused:
        return await _page(request, visit, services, refused=refused)
    return await _set_up(request, visit, services, "app", codes)


@router.post("/app/drop")
async def drop_app(request: Request, visit: OwnerVisit, services: TheServices, password: Text = "") -> Response:
    """Take the app away."""
    try:
        await factors.confirm_owner(services, _actor(visit), token_of(request), password)
        await factors.drop_app(services, _actor(visit))
    except Refused as refused:
        return await _page(request, visit, services, refused=refused)
    return _go(f"{SECOND_STEP}?done=dropped")


@router.post("/codes")
async def make_codes(request: Request, visit: OwnerVisit, services: TheServices, password: Text = "") -> Response:
    """Make recovery codes anew; they stand on this answer and nowhere else."""
    try:
        await factors.confirm_owner(services, _actor(visit), token_of(request), password)
        codes = await factors.make_codes(services, _actor(visit))
    except Refused as refused:
        return await _page(request, visit, services, refused=refused)
    return await _page(request, visit, services, codes=codes)


@router.post("/passkeys/offer")
async def offer_passkey(request: Request, visit: OwnerVisit, services: TheServices, password: Text = "") -> Response:
    """Tell the browser's script what to make a passkey from."""
    await factors.confirm_owner(services, _actor(visit), token_of(request), password)
    return Response(await passkeys.offer_passkey(services, _actor(visit)), media_type="application/json")


@router.post("/passkeys")
async def add_passkey(request: Request, visit: OwnerVisit, services: TheServices, answer: Answer = "") -> Response:
    """Keep the passkey that the browser made."""
    try:
        codes = await passkeys.add_passkey(
            services, _actor(visit), token_of(request), answer, device_of(request) or ISSUER
        )
    except Refused as refused:
        return await _page(request, visit, services, refused=refused)
    return await _set_up(request, visit, services, "passkey", codes)


@router.post("/passkeys/{passkey_id}/drop")
async def drop_passkey(
    request: Request, visit: OwnerVisit, services: TheServices, passkey_id: Counted, password: Text = ""
) -> Response:
    """Take a passkey away."""
    try:
        await factors.confirm_owner(services, _actor(visit), token_of(request), password)
        await passkeys.drop_passkey(services, _actor(visit), passkey_id)
    except Refused as refused:
        return await _page(request, visit, services, refused=refused)
    return _go(f"{SECOND_STEP}?done=dropped")


async def _set_up(request: Request, visit: Visit, services: Services, what: str, codes: Sequence[str]) -> Response:
    """Show the recovery codes that were made along, once; else lead to what there is now."""
    if codes:
        return await _page(request, visit, services, done=translate(visit.language, DONE[what]), codes=codes)
    return _go(f"{SECOND_STEP}?done={what}")


async def _page(
    request: Request,
    visit: Visit,
    services: Services,
    *,
    refused: Refused | None = None,
    done: str = "",
    codes: Sequence[str] = (),
) -> Response:
    actor = _actor(visit)
    secret = await factors.pending_app(services, actor, token_of(request))
    picture = code_svg(
        app_address(secret, await login_of(services, actor), ISSUER), translate(visit.language, PICTURE)
    ) if secret else ""  # fmt: skip
    return pages_of(request).page(
        visit, "accounts/factors.html", status=refused.status if refused else HTTPStatus.OK,
        refused=translate(visit.language, refused.message) if refused else "", done=done, codes=codes,
        factors=await factors.factors_of(services, actor), passkeys=await passkeys.passkeys_of(actor),
        can_passkey=passkeys.site_of(services.settings) is not None, picture=picture,
        secret=secret_text(secret) if secret else "", is_fresh=await factors.is_fresh(services, token_of(request)),
    )  # fmt: skip


def _actor(visit: Visit) -> Actor:
    assert visit.actor is not None  # noqa: S101 (OwnerVisit refuses others)
    return visit.actor


def _go(path: str) -> RedirectResponse:
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)
