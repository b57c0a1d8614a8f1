"""Pages of signing in and of one's own account: both steps, password, language, look."""

from collections.abc import Awaitable
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.actions import change_password, choose_language, sign_in, sign_out
from cloud.accounts.beginnings import Half, Session
from cloud.accounts.errors import CodeRefused, HalfEnded, PasswordRefused, SignInRefused, TooManyAtOnce, TooManyAttempts
from cloud.accounts.passkeys import ANSWER_MAX, finish_with_passkey, passkey_asked
from cloud.accounts.second_step import HalfWay, finish_with_code, half_of
from cloud.accounts.sessions import sign_out_everywhere
from cloud.accounts.web import (
    HALF_COOKIE,
    KNOWN_COOKIE,
    AnyVisit,
    MemberVisit,
    NewVisit,
    TheServices,
    address_of,
    device_of,
    forget_half,
    forget_session,
    own_path,
    remember_browser,
    remember_choice,
    remember_half,
    remember_session,
    services_of,
    token_of,
)
from cloud.core.errors import Refused
from cloud.core.i18n import N_, Language, translate
from cloud.core.messages import Message, message
from cloud.core.navigation import ACCOUNT, SECOND_STEP, SIGN_IN, home_of
from cloud.core.pages import LANGUAGE_COOKIE, THEME_COOKIE, Theme, Visit, pages_of
from cloud.core.services import Services

router = APIRouter(include_in_schema=False)
SECOND = f"{SIGN_IN}/second-step"
Text = Annotated[str, Form(max_length=300)]
Answer = Annotated[str, Form(max_length=ANSWER_MAX)]
Address = Annotated[str, Form(max_length=2_000)]  # where to go on to
DONE = {"password": N_("The password is changed. Other devices were signed out.")}


@router.get(SIGN_IN)
async def show_sign_in(request: Request, visit: AnyVisit, next: str = "/", out: bool = False) -> Response:  # noqa: A002
    """Show the form; whoever is signed in goes on at once."""
    if visit.actor is not None:
        return _go(home_of(visit.actor) if next == "/" else own_path(next))
    return await _sign_in_page(request, visit, next=next, told_out=out)


@router.post(SIGN_IN)
async def do_sign_in(
    request: Request, visit: AnyVisit, services: TheServices, login: Text = "", password: Text = "", next: Address = "/"  # noqa: A002
) -> Response:  # fmt: skip
    """Begin a session, or its first half, or say why not."""
    cookie = request.cookies.get(KNOWN_COOKIE, "")
    try:
        begun = await sign_in(services, login, password, address_of(request), device_of(request), cookie)
    except (SignInRefused, TooManyAttempts, TooManyAtOnce) as refused:
        return await _sign_in_page(request, visit, next=next, login=login, refused=refused)
    if isinstance(begun, Half):
        response = _go(f"{SECOND}?next={quote(own_path(next), safe='')}")
        remember_half(response, services, begun)
    else:
        response = _go(ACCOUNT if begun.must_change else own_path(next))
        remember_session(response, services, begun)
    remember_browser(response, services, cookie, login)
    return response


@router.get(SECOND)
async def show_second(request: Request, visit: AnyVisit, services: TheServices, next: str = "/") -> Response:  # noqa: A002
    """Ask for the second step; without a first one, begin with that."""
    try:
        half = await half_of(services, _half(request))
    except HalfEnded as refused:
        return await _sign_in_page(request, visit, next=next, refused=refused)
    return await _second_page(request, visit, half, next=next)


@router.post(SECOND)
async def do_second(
    request: Request, visit: AnyVisit, services: TheServices, code: Text = "", next: Address = "/"  # noqa: A002
) -> Response:  # fmt: skip
    """Begin the session with a code of an app or of the paper."""
    finishing = finish_with_code(services, _half(request), code, address_of(request), device_of(request))
    return await _finished(request, visit, services, finishing, next)


@router.post(f"{SECOND}/passkey")
async def do_second_with_passkey(
    request: Request, visit: AnyVisit, services: TheServices, answer: Answer = "", next: Address = "/"  # noqa: A002
) -> Response:  # fmt: skip
    """Begin the session with a passkey."""
    finishing = finish_with_passkey(services, _half(request), answer, address_of(request), device_of(request))
    return await _finished(request, visit, services, finishing, next)


@router.post("/sign-out")
async def do_sign_out(request: Request, services: TheServices) -> Response:
    """End the session."""
    if token := token_of(request):
        await sign_out(services, token)
    response = _go(f"{SIGN_IN}?out=1")
    forget_session(response, services)
    return response


@router.get(ACCOUNT)
async def show_account(request: Request, visit: NewVisit, done: str = "") -> Response:
    """Show one's own account; with an initial password nothing but its change, then nothing but a second step."""
    assert visit.actor is not None  # noqa: S101 (NewVisit refuses others)
    if visit.actor.must_enrol and not visit.actor.must_change:
        return _go(SECOND_STEP)
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
        session = await change_password(services, visit.actor, current, new, device_of(request))
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
    visit: AnyVisit, services: TheServices, language: Text = "", theme: Text = "", back: Address = "/"
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


async def _sign_in_page(
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
    ways: list[tuple[int, str]] = await request.app.state.ways_in(request.app.state.services)  # of others
    page = pages_of(request).page(
        visit,
        "accounts/sign_in.html",
        status=status,
        next=own_path(next),
        login=login,
        refused=told,
        told_out=told_out,
        ways=ways,
        has_mail=bool(services_of(request).settings.smtp_url),
    )
    return _later(page, refused)


async def _finished(
    request: Request, visit: Visit, services: Services, finishing: Awaitable[Session], after: str
) -> Response:
    """Answer with a whole session, or say why the second step was not taken."""
    try:
        session = await finishing
    except (CodeRefused, HalfEnded, TooManyAttempts) as refused:
        try:
            half = await half_of(services, _half(request))
        except HalfEnded as ended:
            return await _sign_in_page(request, visit, next=after, refused=ended)
        return await _second_page(request, visit, half, next=after, refused=refused)
    response = _go(ACCOUNT if session.must_change else own_path(after))
    remember_session(response, services, session)
    forget_half(response, services)
    return response


def _half(request: Request) -> str:
    return token_of(request, HALF_COOKIE)


async def _second_page(
    request: Request,
    visit: Visit,
    half: HalfWay,
    *,
    next: str,  # noqa: A002
    refused: Refused | None = None,
) -> Response:
    services = services_of(request)
    told = translate(visit.language, refused.message) if refused else ""
    page = pages_of(request).page(
        visit, "accounts/second_step.html", status=refused.status if refused else HTTPStatus.OK, next=own_path(next),
        ways={way.value for way in half.ways}, asked=await passkey_asked(services, half), refused=told,
    )  # fmt: skip
    return _later(page, refused)


def _later(page: Response, refused: Refused | None) -> Response:
    if isinstance(refused, TooManyAttempts | TooManyAtOnce):
        page.headers["retry-after"] = str(refused.retry_after_s)
    return page


def _account_page(request: Request, visit: Visit, told: Message) -> Response:
    return pages_of(request).page(
        visit, "accounts/account.html", status=HTTPStatus.UNPROCESSABLE_ENTITY, done="",
        refused=translate(visit.language, told),
    )  # fmt: skip


def _go(path: str) -> RedirectResponse:
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)
