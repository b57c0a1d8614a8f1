"""The page on which who forgot a password asks for a letter, and types its code with a new password.

Rule: it is there only where the installation sends mail, and answers alike whatever there is.
"""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from starlette.background import BackgroundTask

from cloud.accounts.errors import PasswordRefused, TooManyAtOnce, TooManyAttempts
from cloud.accounts.web import AnyVisit, TheServices, address_of
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.mail import Post
from cloud.core.messages import message
from cloud.core.navigation import SIGN_IN
from cloud.core.pages import Visit, pages_of
from cloud.core.services import Services
from cloud.people.recovering import RecoveryRefused, count_wish, recover, send_changed, send_code
from cloud.reports.sending import post_of

router = APIRouter(prefix=f"{SIGN_IN}/forgotten", include_in_schema=False)
Text = Annotated[str, Form(max_length=300)]


@router.get("")
async def show(request: Request, visit: AnyVisit, services: TheServices, have: bool = False) -> Response:
    """Ask whose password it is, or for the code of who has one."""
    _post(services)
    return _page(request, visit, is_asked=have)


@router.post("")
async def ask(request: Request, visit: AnyVisit, services: TheServices, login: Text = "") -> Response:
    """Send a letter, after the answer: how long that takes tells nothing."""
    post = _post(services)
    try:
        await count_wish(services, login, address_of(request))
    except TooManyAttempts as refused:
        return _page(request, visit, login=login, refused=refused)
    page = _page(request, visit, login=login, is_asked=True, is_sent=True)
    page.background = BackgroundTask(send_code, services, post, login, _address(services))
    return page


@router.post("/code")
async def choose(
    request: Request, visit: AnyVisit, services: TheServices, login: Text = "", code: Text = "", new: Text = "",
    again: Text = "",
) -> Response:  # fmt: skip
    """Choose a new password with the letter's code; then sign in with it."""
    post = _post(services)
    if new != again:
        unlike = PasswordRefused(message("The new password was not typed the same way twice."))
        return _page(request, visit, login=login, is_asked=True, refused=unlike)
    try:
        to = await recover(services, login, code, new, address_of(request))
    except (RecoveryRefused, PasswordRefused, TooManyAttempts, TooManyAtOnce) as refused:
        return _page(request, visit, login=login, is_asked=True, refused=refused)
    page = _page(request, visit, is_done=True)
    page.background = BackgroundTask(send_changed, services, post, to, _address(services))
    return page


def _post(services: Services) -> Post:
    post = post_of(services.settings)
    if post is None:
        raise NotFound
    return post


def _page(
    request: Request, visit: Visit, *, login: str = "", is_asked: bool = False, is_sent: bool = False,
    is_done: bool = False, refused: Refused | None = None,
) -> Response:  # fmt: skip
    page = pages_of(request).page(
        visit, "guardian/recovery.html", status=refused.status if refused else HTTPStatus.OK, login=login,
        is_asked=is_asked, is_sent=is_sent, is_done=is_done,
        refused=translate(visit.language, refused.message) if refused else "",
    )  # fmt: skip
    if isinstance(refused, TooManyAttempts | TooManyAtOnce):
        page.headers["retry-after"] = str(refused.retry_after_s)
    return page


def _address(services: Services) -> str:
    return services.settings.public_url
