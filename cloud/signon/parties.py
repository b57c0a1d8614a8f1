"""Clients of OpenID Connect: a school's IT sets up which resources may ask who comes, and what they may know."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.resources.addresses import checked_addresses
from cloud.signon.errors import PartyRefused
from cloud.signon.scopes import SCOPES

PARTIES_MAX = 200  # of one school
ADDRESSES_MAX = 10
NAME_MAX = 120
_COLUMNS = """
SELECT id, school_id, name, client_id, secret_digest, redirect_uris, logout_uris, scopes, made_at FROM relying_party
"""
_ADD = """
INSERT INTO relying_party (school_id, name, client_id, secret_digest, redirect_uris, logout_uris, scopes, made_at)
SELECT $1, $2, $3, $4, $5, $6, $7, $8
WHERE (SELECT count(*) FROM relying_party WHERE school_id = $1 AND ended_at IS NULL) < $9 RETURNING id
"""
_END = "UPDATE relying_party SET ended_at = $3 WHERE id = $1 AND school_id = $2 AND ended_at IS NULL RETURNING id"
_RENEW = """
UPDATE relying_party SET secret_digest = $3 WHERE id = $1 AND school_id = $2 AND ended_at IS NULL
  AND secret_digest IS NOT NULL RETURNING client_id
"""
_DROP = "DELETE FROM oidc_grant WHERE party_id = $1"


@dataclass(frozen=True, slots=True)
class PartyGiven:
    """A client as IT enters it; addresses stand one a line."""

    name: str
    redirect_uris: str
    logout_uris: str = ""
    scopes: Sequence[str] = ()
    keeps_secret: bool = True  # a server does; a program on people's own machines cannot


@dataclass(frozen=True, slots=True)
class Party:
    """A client of one school."""

    id: int
    school_id: int
    name: str
    client_id: str
    secret_digest: str | None
    redirect_uris: tuple[str, ...]
    logout_uris: tuple[str, ...]
    scopes: tuple[str, ...]
    made_at: datetime

    @property
    def key(self) -> str:
        """The party's name among all that know people by pseudonyms."""
        return f"oidc:{self.id}"

    def fits(self, secret: str) -> bool:
        """Tell whether a secret is the client's."""
        return self.secret_digest is not None and hmac.compare_digest(digest_of(secret), self.secret_digest)


@dataclass(frozen=True, slots=True)
class NewParty:
    """A client that was set up, or given another secret: it is shown once and kept nowhere."""

    id: int
    client_id: str
    secret: str  # empty for a client that keeps none


async def add_party(services: Services, actor: Actor, school_id: int, given: PartyGiven) -> NewParty:
    """Set up a client. Raises NotAllowed, PartyRefused or AddressRefused."""
    actor.require(Right.SIGN_ON_KEEP, school_id)
    name, redirects, logouts = _checked(services, given)
    client_id, secret = secrets.token_urlsafe(18), secrets.token_urlsafe(32) if given.keeps_secret else ""
    now = services.clock.now()
    async with services.database.transaction() as connection:
        party_id = await raw(connection).fetchval(
            _ADD, school_id, name, client_id, digest_of(secret) if secret else None, redirects, logouts,
            [scope for scope in SCOPES if scope in set(given.scopes)], now, PARTIES_MAX,
        )  # fmt: skip
        if party_id is None:
            raise PartyRefused(message("The school has {count} clients already: end one first.", count=PARTIES_MAX))
        await audit(connection, actor, "party.added", f"party:{party_id}", school_id=school_id, at=now)
    return NewParty(party_id, client_id, secret)


async def renew_secret(services: Services, actor: Actor, school_id: int, party_id: int) -> NewParty:
    """Give a client another secret; the old one fits no more. Raises NotFound, also for one that keeps none."""
    actor.require(Right.SIGN_ON_KEEP, school_id)
    secret = secrets.token_urlsafe(32)
    async with services.database.transaction() as connection:
        client_id = await raw(connection).fetchval(_RENEW, party_id, school_id, digest_of(secret))
        if client_id is None:
            raise NotFound
        await raw(connection).execute(_DROP, party_id)
        await audit(
            connection, actor, "party.secret_changed", f"party:{party_id}", school_id=school_id,
            at=services.clock.now(),
        )  # fmt: skip
    return NewParty(party_id, client_id, secret)


async def end_party(services: Services, actor: Actor, school_id: int, party_id: int) -> None:
    """Let nobody sign in to a client any more; its tokens are worth nothing. Raises NotFound."""
    await end(services, actor, school_id, party_id, "party.ended", (_END, _DROP))


async def end(
    services: Services, actor: Actor, school_id: int, of_id: int, verb: str, statements: tuple[str, str]
) -> None:
    """End a client or a tool by its two statements: the row, and what was given out for it. Raises NotFound."""
    actor.require(Right.SIGN_ON_KEEP, school_id)
    now, (ends, drops) = services.clock.now(), statements
    async with services.database.transaction() as connection:
        if await raw(connection).fetchval(ends, of_id, school_id, now) is None:
            raise NotFound
        await raw(connection).execute(drops, of_id)
        subject = f"{verb.partition('.')[0]}:{of_id}"
        await audit(connection, actor, verb, subject, school_id=school_id, at=now)


async def parties_of(services: Services, actor: Actor, school_id: int) -> list[Party]:
    """Return a school's clients by name, to IT and to who chooses one for a resource. Raises NotAllowed."""
    require_choosing(actor, school_id)
    rows = await services.database.pool.fetch(
        f"{_COLUMNS} WHERE school_id = $1 AND ended_at IS NULL ORDER BY lower(name), id LIMIT $2",
        school_id, PARTIES_MAX,
    )  # fmt: skip
    return [_party(row) for row in rows]


async def party_of(services: Services, client_id: str) -> Party | None:
    """Return the client of an id, or None."""
    row = await services.database.pool.fetchrow(f"{_COLUMNS} WHERE client_id = $1 AND ended_at IS NULL", client_id)
    return None if row is None else _party(row)


def digest_of(secret: str) -> str:
    """Return what is kept of a secret that was drawn by chance."""
    return hashlib.sha256(secret.encode()).hexdigest()


def require_choosing(actor: Actor, school_id: int) -> None:
    """Let in who sets up single sign-on at a school, and who chooses a way to open a resource. Raises NotAllowed."""
    if not actor.can(Right.RESOURCES_KEEP, school_id):
        actor.require(Right.SIGN_ON_KEEP, school_id)


def checked_name(name: str) -> str:
    """Return a name as it is kept, with single blanks. Raises PartyRefused."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= NAME_MAX:
        raise PartyRefused(message("Give a name of 1 to {count} characters.", count=NAME_MAX))
    return name


def _checked(services: Services, given: PartyGiven) -> tuple[str, list[str], list[str]]:
    name = checked_name(given.name)
    redirects = checked_addresses(services, given.redirect_uris, ADDRESSES_MAX)
    if not redirects:
        raise PartyRefused(message("Give the address that the client is answered at, exactly as it will ask for it."))
    return name, redirects, checked_addresses(services, given.logout_uris, ADDRESSES_MAX)


def _party(row: asyncpg.Record) -> Party:
    return Party(
        **{**row, **{name: tuple(row[name]) for name in ("redirect_uris", "logout_uris", "scopes")}}
    )  # fmt: skip
