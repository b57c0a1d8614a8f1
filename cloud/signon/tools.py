"""Tools of LTI 1.3 that a school launches: where they are, what they may know, and what they may ask for and send."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.i18n import N_
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.resources.addresses import checked_address, checked_addresses
from cloud.signon.errors import PartyRefused
from cloud.signon.parties import ADDRESSES_MAX, PARTIES_MAX, checked_name, end, require_choosing
from cloud.signon.scopes import SCOPES

MEMBERS, GRADES = "members", "grades"
SERVICES = {MEMBERS: N_("ask who is in the class"), GRADES: N_("send results")}
_COLUMNS = """
SELECT id, school_id, name, client_id, deployment_id, login_uri, redirect_uris, keys_uri, scopes, services, made_at
FROM lti_tool
"""
_ADD = """
INSERT INTO lti_tool (school_id, name, client_id, deployment_id, login_uri, redirect_uris, keys_uri, scopes, services,
  made_at)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10
WHERE (SELECT count(*) FROM lti_tool WHERE school_id = $1 AND ended_at IS NULL) < $11 RETURNING id
"""
_END = "UPDATE lti_tool SET ended_at = $3 WHERE id = $1 AND school_id = $2 AND ended_at IS NULL RETURNING id"
_DROP = "DELETE FROM lti_token WHERE tool_id = $1"


@dataclass(frozen=True, slots=True)
class ToolGiven:
    """A tool as IT enters it, from what its maker says; redirect URIs stand one a line."""

    name: str
    login_uri: str
    redirect_uris: str
    keys_uri: str = ""
    scopes: Sequence[str] = ()
    services: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool of one school: registered once there, and deployed once."""

    id: int
    school_id: int
    name: str
    client_id: str
    deployment_id: str
    login_uri: str
    redirect_uris: tuple[str, ...]
    keys_uri: str
    scopes: tuple[str, ...]
    services: tuple[str, ...]
    made_at: datetime

    @property
    def key(self) -> str:
        """The tool's name among all that know people by pseudonyms."""
        return f"lti:{self.id}"


async def add_tool(services: Services, actor: Actor, school_id: int, given: ToolGiven) -> Tool:
    """Register a tool. Raises NotAllowed, PartyRefused or AddressRefused."""
    actor.require(Right.SIGN_ON_KEEP, school_id)
    columns = _checked(services, given)
    client_id, deployment_id = secrets.token_urlsafe(18), secrets.token_urlsafe(9)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        tool_id = await raw(connection).fetchval(
            _ADD, school_id, columns[0], client_id, deployment_id, *columns[1:], now, PARTIES_MAX
        )
        if tool_id is None:
            raise PartyRefused(message("The school has {count} tools already: end one first.", count=PARTIES_MAX))
        await audit(connection, actor, "tool.added", f"tool:{tool_id}", school_id=school_id, at=now)
    tool = await tool_of(services, client_id)
    assert tool is not None  # noqa: S101 (it was just made)
    return tool


async def end_tool(services: Services, actor: Actor, school_id: int, tool_id: int) -> None:
    """Launch a tool no more; what it sent stays. Raises NotFound."""
    await end(services, actor, school_id, tool_id, "tool.ended", (_END, _DROP))


async def tools_of(services: Services, actor: Actor, school_id: int) -> list[Tool]:
    """Return a school's tools by name, to IT and to who chooses one for a resource. Raises NotAllowed."""
    require_choosing(actor, school_id)
    rows = await services.database.pool.fetch(
        f"{_COLUMNS} WHERE school_id = $1 AND ended_at IS NULL ORDER BY lower(name), id LIMIT $2",
        school_id, PARTIES_MAX,
    )  # fmt: skip
    return [_tool(row) for row in rows]


async def tool_of(services: Services, client_id: str) -> Tool | None:
    """Return the tool of a client id, or None."""
    row = await services.database.pool.fetchrow(f"{_COLUMNS} WHERE client_id = $1 AND ended_at IS NULL", client_id)
    return None if row is None else _tool(row)


async def tool_of_id(services: Services, tool_id: int | None) -> Tool | None:
    """Return a tool, or None when it was ended."""
    row = await services.database.pool.fetchrow(f"{_COLUMNS} WHERE id = $1 AND ended_at IS NULL", tool_id)
    return None if row is None else _tool(row)


def _checked(services: Services, given: ToolGiven) -> tuple[object, ...]:
    """Return what is kept of a tool, in the order of its columns after the ids."""
    name = checked_name(given.name)
    redirects = checked_addresses(services, given.redirect_uris, ADDRESSES_MAX)
    if not redirects:
        raise PartyRefused(message("Give the address that the tool is launched at, exactly as it will ask for it."))
    asks = [each for each in SERVICES if each in set(given.services)]
    if asks and not given.keys_uri.strip():
        raise PartyRefused(
            message("A tool that asks for the class or sends results proves itself by its keys: give their address.")
        )
    keys_uri = checked_address(services, given.keys_uri) if given.keys_uri.strip() else ""
    scopes = [each for each in SCOPES if each in set(given.scopes)]
    return name, checked_address(services, given.login_uri), redirects, keys_uri, scopes, asks


def _tool(row: asyncpg.Record) -> Tool:
    return Tool(**{**row, **{name: tuple(row[name]) for name in ("redirect_uris", "scopes", "services")}})
