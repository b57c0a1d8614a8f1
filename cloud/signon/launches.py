"""Launches of a tool (LTI 1.3, a login begun by a third party): sent off once, believed once, told once.

Rule: a launch belongs to one account, one resource and one class, for five minutes and one use; the browser that comes
back with it must be signed in as that account.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cloud.core.database import raw
from cloud.core.services import Services
from cloud.resources.members import Member, member_of
from cloud.resources.queries import Resource, classes_for, on_shelf
from cloud.schools.queries import school_of_id
from cloud.signon.answering import issuer_of
from cloud.signon.asked import NONCE_MAX, STATE_MAX, Pairs, one
from cloud.signon.errors import Declined
from cloud.signon.grants import TOKEN_MAX
from cloud.signon.keys import sign
from cloud.signon.launch_claims import Launched, claims_of_launch
from cloud.signon.parties import digest_of
from cloud.signon.subjects import subject_for
from cloud.signon.tools import Tool
from cloud.signon.visits import with_parameters

LASTS = timedelta(minutes=5)
WANTED = {"scope": "openid", "response_type": "id_token", "response_mode": "form_post", "prompt": "none"}
_ADD = """
INSERT INTO lti_launch (digest, tool_id, resource_id, school_class_id, account_id, until)
VALUES ($1, $2, $3, $4, $5, $6)
"""
_FORGET = "DELETE FROM lti_launch WHERE until < $1 OR (account_id = $2 AND tool_id = $3)"
_TAKE = """
DELETE FROM lti_launch WHERE digest = $1 AND tool_id = $2 AND account_id = $3 AND until > $4
RETURNING resource_id, school_class_id
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Which class a resource is opened with: a tool sees each class as a course of its own."""

    class_id: int
    class_name: str


async def places_of(services: Services, resource: Resource, member: Member) -> list[Place]:
    """Return the classes that somebody may open a resource with: a student their own, a teacher any it is meant for."""
    if member.class_id is not None:
        return [Place(member.class_id, member.class_name)]
    return [Place(class_id, name) for class_id, name in await classes_for(services, resource)]


async def begin(
    services: Services, tool: Tool, resource: Resource, member: Member, account_id: int, place: Place
) -> str:
    """Return where a browser goes so that the tool asks who comes."""
    hint, now = secrets.token_urlsafe(24), services.clock.now()
    async with services.database.transaction() as connection:
        at = raw(connection)
        await at.execute(_FORGET, now, account_id, tool.id)
        await at.execute(_ADD, digest_of(hint), tool.id, resource.id, place.class_id, account_id, now + LASTS)
    return with_parameters(
        tool.login_uri,
        {
            "iss": issuer_of(services), "login_hint": await subject_for(services, tool.key, member.key),
            "target_link_uri": resource.address, "lti_message_hint": hint, "client_id": tool.client_id,
            "lti_deployment_id": tool.deployment_id,
        },
    )  # fmt: skip


async def launch(services: Services, tool: Tool, account_id: int, pairs: Pairs) -> dict[str, str]:
    """Return what is sent to the tool: a signed message, and its own state. Raises Declined."""
    _check(pairs)
    member = await member_of(services, account_id, tool.school_id)
    if member is None or one(pairs, "login_hint") != await subject_for(services, tool.key, member.key):
        raise Declined("access_denied", "another person is signed in than the launch was begun for")
    hint = digest_of((one(pairs, "lti_message_hint") or "")[:TOKEN_MAX])
    taken = await services.database.pool.fetchrow(_TAKE, hint, tool.id, account_id, services.clock.now())
    if taken is None:
        raise Declined("invalid_request", "the launch is over, was used, or was begun by another browser")
    resource = await on_shelf(services, member, taken["resource_id"])
    place = _place(await places_of(services, resource, member), taken["school_class_id"])
    launched = Launched(
        issuer_of(services), tool, resource, member, place.class_id, place.class_name,
        str((await school_of_id(services, tool.school_id)).name(resource.language)),
        await subject_for(services, tool.key, member.key), one(pairs, "nonce") or "",
    )  # fmt: skip
    claims: dict[str, Any] = claims_of_launch(launched, int(services.clock.now().timestamp()))
    return {"id_token": await sign(services, claims), "state": one(pairs, "state") or ""}


def _check(pairs: Pairs) -> None:
    """Raise Declined unless a tool asks as LTI 1.3 says (security framework, 5.1.1.2)."""
    if wrong := [name for name, value in WANTED.items() if one(pairs, name) != value]:
        raise Declined("invalid_request", f"{wrong[0]} must be {WANTED[wrong[0]]}")
    if not 0 < len(one(pairs, "nonce") or "") <= NONCE_MAX:
        raise Declined("invalid_request", "a nonce is needed")
    if not 0 < len(one(pairs, "state") or "") <= STATE_MAX:
        raise Declined("invalid_request", "a state is needed")


def _place(places: Iterable[Place], class_id: int) -> Place:
    found = next((place for place in places if place.class_id == class_id), None)
    if found is None:
        raise Declined("access_denied", "the resource is not meant for this class any more")
    return found
