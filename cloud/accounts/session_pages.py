"""The page of one's own devices and of attempts that failed, and the end of a session."""

from datetime import timedelta
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.failures import own_failures
from cloud.accounts.sessions import end_others, end_session, sessions_of
from cloud.accounts.web import MemberVisit, SignedIn, TheServices, token_of
from cloud.core.api import Counted
from cloud.core.i18n import N_, translate
from cloud.core.navigation import ACCOUNT
from cloud.core.pages import pages_of

router = APIRouter(prefix=f"{ACCOUNT}/sessions", include_in_schema=False)
SHOWN = timedelta(days=30)
DONE = {"one": N_("The device is signed out."), "others": N_("All other devices are signed out.")}


@router.get("")
async def show(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, done: str = ""
) -> Response:
    """Show where the account is signed in, and who tried in vain."""
    now = services.clock.now()
    return pages_of(request).page(
        visit, "accounts/sessions.html", sessions=await sessions_of(services, actor, token_of(request)),
        failures=await own_failures(services, actor, now - SHOWN, now), days=SHOWN.days,
        done=translate(visit.language, DONE[done]) if done in DONE else "",
    )  # fmt: skip


@router.post("/others/end")
async def end_all_others(request: Request, actor: SignedIn, services: TheServices) -> Response:
    """Sign every other device out."""
    await end_others(services, actor, token_of(request))
    return RedirectResponse(f"{ACCOUNT}/sessions?done=others", HTTPStatus.SEE_OTHER)


@router.post("/{session_id}/end")
async def end_one(actor: SignedIn, services: TheServices, session_id: Counted) -> Response:
    """Sign one device out."""
    await end_session(services, actor, session_id)
    return RedirectResponse(f"{ACCOUNT}/sessions?done=one", HTTPStatus.SEE_OTHER)
