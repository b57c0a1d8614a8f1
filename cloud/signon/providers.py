"""Identity providers that a school or the whole installation believes: who they are, and by what an account is found.

Rule: a school's provider signs in accounts of that school alone, whatever it says: whoever runs it must not come in
elsewhere.
"""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.i18n import N_
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.resources.addresses import checked_address
from cloud.signon.errors import PartyRefused
from cloud.signon.jose import ALGORITHMS

SECRET = "identity_provider.secret"  # noqa: S105 (what the vault binds it to)
PROVIDERS_MAX = 10  # of one school, and of the installation
TEXT_MAX = 200
NAME_MAX = 80
KINDS = {
    "": N_("nobody is found by it: people join it to their account themselves"),
    "email": N_("e-mail address that it has verified, which is the account's login"),
    "phone": N_("phone number that it has verified, which is the account's login"),
    "iin": N_("IIN of a student"),
}
CLAIMS = {"email": "email", "phone": "phone_number", "iin": "iin"}  # as providers usually call them
_COLUMNS = """
SELECT id, school_id, name, issuer, client_id, secret_encrypted, algorithm, scopes, claim, claim_kind, made_at
FROM identity_provider
"""
_ADD = """
INSERT INTO identity_provider (school_id, name, issuer, client_id, secret_encrypted, algorithm, scopes, claim,
  claim_kind, made_at) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 WHERE (SELECT count(*) FROM identity_provider
  WHERE school_id IS NOT DISTINCT FROM $1 AND ended_at IS NULL) < $11 RETURNING id
"""
_END = """
UPDATE identity_provider SET ended_at = $3 WHERE id = $1 AND school_id IS NOT DISTINCT FROM $2 AND ended_at IS NULL
RETURNING id
"""
# On the sign-in page: those of the installation, and of the school where there is but one.
_WAYS = f"""
{_COLUMNS} WHERE ended_at IS NULL AND (school_id IS NULL OR (SELECT count(*) FROM school) = 1)
ORDER BY school_id NULLS FIRST, id LIMIT 20
"""  # noqa: S608 (a text of ours)


@dataclass(frozen=True, slots=True)
class ProviderGiven:
    """An identity provider as it is entered."""

    name: str
    issuer: str
    client_id: str
    secret: str = ""
    algorithm: str = "RS256"
    claim_kind: str = ""
    claim: str = ""  # its name; the usual one when empty
    scopes: str = "openid profile email"


@dataclass(frozen=True, slots=True)
class Provider:
    """An identity provider; of the whole installation without a school."""

    id: int
    school_id: int | None
    name: str
    issuer: str
    client_id: str
    secret_encrypted: bytes | None
    algorithm: str
    scopes: tuple[str, ...]
    claim: str
    claim_kind: str
    made_at: datetime


async def add_provider(services: Services, actor: Actor, school_id: int | None, given: ProviderGiven) -> int:
    """Believe an identity provider from now on, and return its id. Raises NotAllowed, PartyRefused, AddressRefused."""
    _require(actor, school_id)
    columns, now = _checked(services, given), services.clock.now()
    async with services.database.transaction() as connection:
        key = await raw(connection).fetchval(_ADD, school_id, *columns, now, PROVIDERS_MAX)
        if key is None:
            raise PartyRefused(message("There are {count} providers already: end one first.", count=PROVIDERS_MAX))
        await audit(connection, actor, "provider.added", f"provider:{key}", school_id=school_id, at=now)
    return int(key)


async def end_provider(services: Services, actor: Actor, school_id: int | None, provider_id: int) -> None:
    """Believe an identity provider no more. Raises NotAllowed or NotFound."""
    _require(actor, school_id)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        if await raw(connection).fetchval(_END, provider_id, school_id, now) is None:
            raise NotFound
        await raw(connection).execute("DELETE FROM identity_link WHERE provider_id = $1", provider_id)
        await audit(connection, actor, "provider.ended", f"provider:{provider_id}", school_id=school_id, at=now)


async def providers_of(services: Services, actor: Actor, school_id: int | None) -> list[Provider]:
    """Return a school's providers, or the installation's. Raises NotAllowed."""
    _require(actor, school_id)
    rows = await services.database.pool.fetch(
        f"{_COLUMNS} WHERE school_id IS NOT DISTINCT FROM $1 AND ended_at IS NULL ORDER BY id LIMIT 20", school_id
    )
    return [_provider(row) for row in rows]


async def provider_of(services: Services, provider_id: int) -> Provider:
    """Return a provider that is believed. Raises NotFound."""
    row = await services.database.pool.fetchrow(f"{_COLUMNS} WHERE id = $1 AND ended_at IS NULL", provider_id)
    if row is None:
        raise NotFound
    return _provider(row)


async def ways_in(services: Services) -> list[tuple[int, str]]:
    """Return what the sign-in page shows: id and name of the providers that anybody may sign in by."""
    return [(row["id"], row["name"]) for row in await services.database.pool.fetch(_WAYS)]


def _require(actor: Actor, school_id: int | None) -> None:
    if school_id is None:
        actor.require_everywhere(Right.SIGN_ON_KEEP)
    else:
        actor.require(Right.SIGN_ON_KEEP, school_id)


def _checked(services: Services, given: ProviderGiven) -> tuple[object, ...]:
    name, client_id = " ".join(given.name.split()), given.client_id.strip()
    if not 1 <= len(name) <= NAME_MAX or not 1 <= len(client_id) <= TEXT_MAX or len(given.secret) > TEXT_MAX:
        raise PartyRefused(message("Give a name, and the client_id that the provider gave you."))
    if given.claim_kind not in KINDS or given.algorithm not in ALGORITHMS or len(given.claim) > 60:
        raise PartyRefused(message("Choose by what an account is found, and how the provider signs."))
    scopes = sorted({"openid", *given.scopes.split()[:10]})
    secret = services.vault.encrypt(given.secret.strip(), SECRET) if given.secret.strip() else None
    claim = given.claim.strip() or CLAIMS.get(given.claim_kind, "")
    issuer = checked_address(services, given.issuer)
    return name, issuer, client_id, secret, given.algorithm, scopes, claim, given.claim_kind


def _provider(row: asyncpg.Record) -> Provider:
    return Provider(**{**row, "scopes": tuple(row["scopes"])})
