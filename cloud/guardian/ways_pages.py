"""A guardian's page of how to be told: addresses that proved themselves, choices by child and kind, quiet hours."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices, token_of
from cloud.core.actor import Actor
from cloud.core.api import Counted
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.messenger_targets import targets_of
from cloud.core.pages import Visit, pages_of
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.guardian.queries import Child, children_of
from cloud.guardian.ways_reach import reach_values
from cloud.notifications.channels.addresses import AddressRow, addresses_of
from cloud.notifications.channels.choices import ALL, DEFAULT, forget_scope, save_scope, scopes_of
from cloud.notifications.channels.planning import KINDS
from cloud.notifications.channels.proving import connect, contacts_of, disconnect, send_code
from cloud.notifications.channels.registry import senders_of
from cloud.notifications.channels.rules import AFTER_S, DAY_MIN, NOT_BY_ITSELF, STEPS_MAX, Choice, Quiet, Scope
from cloud.notifications.channels.sender import Sender
from cloud.notifications.channels.words import channel_name, why_of
from cloud.notifications.queries import SECTION

PAGE = "guardian/ways.html"
WAITS_S = (60, 300, 900)
FIELDS_MAX = 400
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
router = APIRouter(prefix="/notices/ways", include_in_schema=False)
ChildAsked = Annotated[str, Query(max_length=12)]
Text = Annotated[str, Form(max_length=80)]


@dataclass(frozen=True, slots=True)
class Came:
    """What a form came to."""

    refused: Refused | None = None
    channel: str = ""  # by which a code went
    contact: str = ""
    done: str = ""


@router.get("")
async def show(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, child: ChildAsked = "",
    done: Annotated[str, Query(max_length=12)] = "",
) -> Response:  # fmt: skip
    """Show where and how the guardian is told; of one child if one is named."""
    return await _page(request, visit, actor, services, child, Came(done=done))


@router.post("")
async def choose(request: Request, actor: SignedIn, services: TheServices) -> Response:
    """Keep what was chosen for a child, or for all."""
    form = await request.form(max_fields=FIELDS_MAX, max_files=0)
    ref = str(form.get("child", ""))[:12]
    person_id = await _person(services, actor, ref)
    typed = {name: [str(value) for value in form.getlist(name)] for name in form}
    senders = senders_of(services)
    connected = _connected(await addresses_of(services, actor.account_id or 0), senders)
    await save_scope(services, actor, person_id, scope_typed(typed, senders, connected))
    return _back(ref, "saved")


@router.post("/own")
async def as_for_all(
    actor: SignedIn, services: TheServices, child: Annotated[str, Form(max_length=12)] = ""
) -> Response:
    """Let a child go by what is chosen for all."""
    await forget_scope(services, actor, await _person(services, actor, child))
    return _back("", "saved")


@router.post("/code")
async def ask(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, channel: Text = "",
    contact: Text = "",
) -> Response:  # fmt: skip
    """Send a code to a contact."""
    _require_guardian(actor)
    try:
        await send_code(services, actor, _sender(services, channel), contact, visit.language)
    except NotFound:
        raise
    except Refused as refused:
        return await _page(request, visit, actor, services, "", Came(refused))
    return await _page(request, visit, actor, services, "", Came(channel=channel, contact=contact))


@router.post("/connect")
async def prove(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, channel: Text = "",
    contact: Text = "", code: Text = "",
) -> Response:  # fmt: skip
    """Take the code of a contact."""
    _require_guardian(actor)
    try:
        await connect(services, actor, _sender(services, channel), contact, code)
    except NotFound:
        raise
    except Refused as refused:
        return await _page(request, visit, actor, services, "", Came(refused, channel, contact))
    return _back("", "connected")


@router.post("/addresses/{address_id}/remove")
async def remove(actor: SignedIn, services: TheServices, address_id: Counted) -> Response:
    """Remove an address of the guardian's own."""
    _require_guardian(actor)
    await disconnect(services, actor, address_id)
    return _back("", "removed")


def scope_typed(typed: Mapping[str, list[str]], senders: Collection[str], connected: Collection[str]) -> Scope:
    """Return what a form chose; what it does not know is passed over.

    A way that is connected later counts as chosen, as if the form had shown it: but SMS, and of kinds that go by none.
    """
    since, until = _minute(typed, "since"), _minute(typed, "until")
    is_quiet = bool(typed.get("quiet")) and since is not None and until is not None and since != until
    quiet = Quiet(since or 0, until or 0) if is_quiet else None
    steps = [each for number in range(1, STEPS_MAX + 1) for each in typed.get(f"step{number}", ()) if each in senders]
    wait = next((each for each in WAITS_S if str(each) in typed.get("after", ())), AFTER_S)
    unseen = frozenset(senders) - frozenset(connected) - NOT_BY_ITSELF
    choices = {}
    for kind in KINDS if connected else ():
        chosen = frozenset(typed.get(f"by-{kind.value}", ())) & frozenset(connected)
        choices[kind.value] = Choice(chosen | unseen if chosen else chosen, bool(typed.get(f"urgent-{kind.value}")))
    return Scope(quiet, tuple(dict.fromkeys(steps)), wait, choices)


def _minute(typed: Mapping[str, list[str]], name: str) -> int | None:
    found = _TIME.fullmatch(next(iter(typed.get(name, ())), "").strip())
    return None if found is None else (int(found[1]) * 60 + int(found[2])) % DAY_MIN


def _sender(services: Services, channel: str) -> Sender:
    """Return who carries a channel whose addresses are proved by a code. Raises NotFound."""
    sender = senders_of(services).get(channel)
    if sender is None or channel not in {"email", "sms", *targets_of(services.settings.apprise_targets)}:
        raise NotFound
    return sender


async def _person(services: Services, actor: Actor, ref: str) -> int:
    """Return the id that choices for a child are kept under. Raises NotFound."""
    _require_guardian(actor)
    if not ref:
        return ALL
    child = next((each for each in await children_of(services, actor) if each.ref == ref), None)
    if child is None:
        raise NotFound
    return child.id


async def _page(
    request: Request, visit: Visit, actor: Actor, services: Services, child: str, came: Came
) -> Response:  # fmt: skip
    _require_guardian(actor)
    refused = came.refused
    return pages_of(request).page(
        visit, PAGE, status=refused.status if refused else HTTPStatus.OK, section=SECTION, came=came,
        refused=translate(visit.language, refused.message) if refused else "",
        **await _values(services, actor, child), **await reach_values(services, actor, token_of(request)),
    )  # fmt: skip


async def _values(services: Services, actor: Actor, child: str) -> dict[str, Any]:
    senders, children = senders_of(services), await children_of(services, actor)
    addresses = await addresses_of(services, actor.account_id or 0)
    scopes = await scopes_of(services.database.pool, [actor.account_id or 0])
    person_id = await _person(services, actor, child)
    own = scopes.get((actor.account_id or 0, person_id))
    scope = own or scopes.get((actor.account_id or 0, ALL)) or DEFAULT
    connected = _connected(addresses, senders)
    return {
        "children": children, "child": child, "name": _name(children, child), "addresses": addresses,
        "contacts": [each for each in await contacts_of(services, actor, senders) if not each.is_connected],
        "targets": list(targets_of(services.settings.apprise_targets).values()), "scope": scope,
        "is_own": own is not None, "connected": connected, "waits": WAITS_S, "steps": range(STEPS_MAX),
        "channel_name": channel_name, "why_of": why_of,
        "rows": [(kind, scope.chosen(kind.value, connected), scope.is_urgent(kind.value)) for kind in KINDS],
    }  # fmt: skip


def _connected(addresses: list[AddressRow], senders: Mapping[str, Sender]) -> list[str]:
    """Return the channels that a guardian can be told by, in the order of the senders."""
    living = {each.channel for each in addresses if each.gone_at is None}
    return [name for name in senders if name in living]


def _name(children: list[Child], ref: str) -> str:
    return next((each.name for each in children if each.ref == ref), "")


def _back(child: str, done: str) -> Response:
    asked = {"child": child, "done": done} if child else {"done": done}
    return RedirectResponse(f"/notices/ways?{urlencode(asked)}", HTTPStatus.SEE_OTHER)


def _require_guardian(actor: Actor) -> None:
    if not actor.kinships(Right.NOTICES_READ):
        raise NotFound
