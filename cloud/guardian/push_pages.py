"""Web Push on the page “How I am told”: a browser is turned on, tried, and says what reached it."""

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import Field

from cloud.accounts.web import MemberVisit, SignedIn, TheServices, device_of, token_of
from cloud.core.actor import Actor
from cloud.core.api import Model
from cloud.core.errors import NotFound
from cloud.core.i18n import translate
from cloud.core.messages import message
from cloud.core.pages import Visit
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.underway import UnderWay
from cloud.notifications.channels.confirming import confirm
from cloud.notifications.channels.push_subscribing import renew, send_to_session, subscribe
from cloud.notifications.channels.push_subscriptions import TEXT_MAX
from cloud.notifications.channels.sender import Message, Sent
from cloud.notifications.channels.webpush import WebPush

WAYS = "/notices/ways"
TRIES = UnderWay(4)  # of this process, at once
TRY_LASTS = timedelta(minutes=1)
router = APIRouter(prefix=f"{WAYS}/webpush", include_in_schema=False)


class Received(Model):
    """What a service worker says of a message that it has shown."""

    id: str = Field(max_length=60)


class Renewed(Model):
    """What a browser subscribed by itself in the place of something older."""

    subscription: str = Field(max_length=TEXT_MAX)


@router.post("")
async def turn_on(
    request: Request,
    actor: SignedIn,
    services: TheServices,
    key: Annotated[str, Form(max_length=100)] = "",
    subscription: Annotated[str, Form(max_length=TEXT_MAX)] = "",
) -> Response:
    """Let this browser show notices."""
    _require_guardian(actor)
    await subscribe(services, actor, token_of(request), key, subscription, device_of(request))
    return _back("push_on")


@router.post("/renew", status_code=HTTPStatus.NO_CONTENT)
async def renewed(request: Request, actor: SignedIn, services: TheServices, given: Renewed) -> None:
    """Note what a browser subscribed in the place of what it had; its worker asks, with the session's cookie."""
    await renew(services, actor, token_of(request), given.subscription, device_of(request))


@router.post("/received", status_code=HTTPStatus.NO_CONTENT)
async def received(services: TheServices, given: Received) -> None:
    """Note that a message was shown; its reference is the proof, and what is none is answered likewise."""
    await confirm(services, given.id)


@router.post("/test")
async def try_it(request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices) -> Response:
    """Send a message to this browser now."""
    _require_guardian(actor)
    with TRIES.one() as has_room:
        was_sent = has_room and await _was_sent(services, visit, actor, token_of(request))
    return _back("push_sent" if was_sent else "push_unsent")


async def _was_sent(services: Services, visit: Visit, actor: Actor, token: str) -> bool:
    now = services.clock.now()
    words = message("Notices are shown on this device.")
    trial = Message(
        id="", notice_id=0, title="Esik", body=translate(visit.language, words), short="",
        url=services.settings.public_url.rstrip("/") + WAYS, language=visit.language, at=now, tag="try",
        is_urgent=True, expires_at=now + TRY_LASTS,
    )  # fmt: skip
    sender = WebPush(services)
    try:
        outcome = await send_to_session(services, sender, actor, token, trial)
    finally:
        await sender.aclose()
    return isinstance(outcome, Sent)


def _back(done: str) -> Response:
    return RedirectResponse(f"{WAYS}?done={done}", HTTPStatus.SEE_OTHER)


def _require_guardian(actor: Actor) -> None:
    if not actor.kinships(Right.NOTICES_READ):
        raise NotFound
