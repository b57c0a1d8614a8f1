"""Pages of signing in and of one's own account: password, language, look, signing out everywhere."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.actions import change_password, choose_language, sign_in, sign_out
from cloud.accounts.errors import PasswordRefused, SignInRefused, TooManyAttempts
from cloud.accounts.sessions import login_of, sign_out_everywhere
from cloud.accounts.web import (
    COOKIE,
    AnyVisit,
    MemberVisit,
    NewVisit,
    TheServices,
    forget_session,
    own_path,
    remember_choice,
    remember_session,
)
from cloud.core.errors import Refused
from cloud.core.i18n import N_, Language, translate
from cloud.core.messages import Message, message
from cloud.core.navigation import ACCOUNT, SIGN_IN, home_of
from cloud.core.pages import LANGUAGE_COOKIE, THEME_COOKIE, Theme, Visit, pages_of

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form(max_length=300)]
DONE = {"password": N_("The password is changed. Other devices were signed out.")}


@router.get(SIGN_IN)
async def show_sign_in(request: Request, visit: AnyVisit, next: str = "/", out: bool = False) -> Response:  # noqa: A002
    """Show the form; whoever is signed in goes on at once."""
    if visit.actor is not None:
        return _go(home_of(visit.actor) if next == "/" else own_path(next))
    return _sign_in_page(request, visit, next=next, told_out=out)


@router.post(SIGN_IN)
async def do_sign_in(
    request: Request, visit: AnyVisit, services: TheServices, login: Text = "", password: Text = "", next: Text = "/"  # noqa: A002
) -> Response:  # fmt: skip
    """Begin a session, or say why not."""
    address = request.client.host if request.client else ""
    try:
        session = await sign_in(services, login, password, address)
    except (SignInRefused, TooManyAttempts) as refused:
        return _sign_in_page(request, visit, next=next, login=login, refused=refused)
    response = _go(ACCOUNT if session.must_change else own_path(next))
    remember_session(response, services, session)
    return response


@router.post("/sign-out")
async def do_sign_out(request: Request, services: TheServices) -> Response:
    """End the session."""
    if token := request.cookies.get(COOKIE):
        await sign_out(services, token)
    response = _go(f"{SIGN_IN}?out=1")
    forget_session(response, services)
    return response


@router.get(ACCOUNT)
async def show_account(request: Request, visit: NewVisit, done: str = "") -> Response:
    """Show one's own account; with an initial password nothing but its change."""
    told = translate(visit.language, DONE[done]) if done in DONE else ""
    return pages_of(request).page(visit, "accounts/account.html", done=told, refused="")


@router.post(f"{ACCOUNT}/password")
async def do_change_password(
    request: Request, visit: NewVisit, services: TheServices, current: Text = "", new: Text = "", again: Text = ""
) -> Response:
    """Change the password and stay signed in on this device."""
    assert visit.actor is not None  # noqa: S101 (NewVisit refuses others)
    if new != again:
        return _account_page(request, visit, message("The new password was not typed the same way twice."))
    try:
        await change_password(services, visit.actor, current, new)
        session = await sign_in(services, await login_of(services, visit.actor), new, "")
    except SignInRefused:
        return _account_page(request, visit, message("The password now is not right. Type it again."))
    except (PasswordRefused, TooManyAttempts) as refused:
        return _account_page(request, visit, refused.message)
    response = _go("/" if visit.actor.must_change else f"{ACCOUNT}?done=password")
    remember_session(response, services, session)
    return response


@router.post(f"{ACCOUNT}/sign-out-everywhere")
async def do_sign_out_everywhere(visit: MemberVisit, services: TheServices) -> Response:
    """End every session of the account."""
    assert visit.actor is not None  # noqa: S101 (MemberVisit refuses others)
    await sign_out_everywhere(services, visit.actor)
    response = _go(f"{SIGN_IN}?out=1")
    forget_session(response, services)
    return response


@router.post("/preferences")
async def do_choose(
    visit: AnyVisit, services: TheServices, language: Text = "", theme: Text = "", back: Text = "/"
) -> Response:
    """Remember a language or a look: in the browser, and the language with the account too."""
    response = _go(own_path(back))
    if language in set(Language):
        remember_choice(response, services, LANGUAGE_COOKIE, language)
        if visit.actor is not None:
            await choose_language(services, visit.actor, language)
    if theme in set(Theme):
        remember_choice(response, services, THEME_COOKIE, theme)
    return response


def _sign_in_page(
    request: Request,
    visit: Visit,
    *,
    next: str,  # noqa: A002
    login: str = "",
    refused: Refused | None = None,
    told_out: bool = False,
) -> Response:
    told = translate(visit.language, refused.message) if refused else ""
    status = refused.status if refused else HTTPStatus.OK
    page = pages_of(request).page(
        visit, "accounts/sign_in.html", status=status, next=own_path(next), login=login, refused=told, told_out=told_out
    )
    if isinstance(refused, TooManyAttempts):
        page.headers["retry-after"] = str(refused.retry_after_s)
    return page


def _account_page(request: Request, visit: Visit, told: Message) -> Response:
    return pages_of(request).page(
        visit, "accounts/account.html", status=HTTPStatus.UNPROCESSABLE_ENTITY, done="",
        refused=translate(visit.language, told),
    )  # fmt: skip


def _go(path: str) -> RedirectResponse:
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)
