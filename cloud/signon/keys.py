"""The keys that tokens are signed with: made here, sealed in the vault, changed every quarter and by command.

Rule: a private key leaves the database sealed only; a key signs until it is retired and is told a week longer, so that
what it signed can be checked.
"""

import asyncio
import json
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

import asyncpg
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import RSAKey

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.signon.jose import ALGORITHM, signed

BITS = 2048
SIGNS_FOR = timedelta(days=90)
TOLD_AFTER = timedelta(days=7)
CONTEXT = "signing_key.private"
LOCK = 0x6B657973  # one key at a time is made
SYSTEM = Actor.system("signing keys")
_NEWEST = """
SELECT kid, private_encrypted FROM signing_key WHERE retired_at IS NULL AND made_at > $1 ORDER BY id DESC LIMIT 1
"""
_PUBLIC = "SELECT public FROM signing_key WHERE retired_at IS NULL OR retired_at > $1 ORDER BY id DESC LIMIT 20"
_ADD = "INSERT INTO signing_key (kid, private_encrypted, public, made_at) VALUES ($1, $2, $3, $4)"
_RETIRE = "UPDATE signing_key SET retired_at = $1 WHERE retired_at IS NULL"
_FORGET = "DELETE FROM signing_key WHERE retired_at < $1"


@dataclass(frozen=True, slots=True)
class _Made:
    kid: str
    private: bytes  # DER, PKCS 8
    public: dict[str, Any]


async def sign(services: Services, claims: dict[str, Any]) -> str:
    """Return claims signed with the key of now; the first one, and one that is too old, is replaced by a new one."""
    oldest = services.clock.now() - SIGNS_FOR
    row = await services.database.pool.fetchrow(_NEWEST, oldest)
    if row is None:
        await _renew(services, SYSTEM, only_if_old=True)
        row = await services.database.pool.fetchrow(_NEWEST, oldest)
    private = services.vault.decrypt_bytes(row["private_encrypted"], CONTEXT, row["kid"])
    return signed(_loaded(private), row["kid"], claims)


async def rotate(services: Services, actor: Actor) -> None:
    """Sign with a new key from now on, as after a theft; the old ones are told a week longer. Raises NotAllowed."""
    actor.require_everywhere(Right.SIGN_ON_KEEP)
    await _renew(services, actor, only_if_old=False)


async def told_keys(services: Services) -> list[dict[str, Any]]:
    """Return the public keys (JWKs) that tokens of ours are checked with, the newest first."""
    rows = await services.database.pool.fetch(_PUBLIC, services.clock.now() - TOLD_AFTER)
    return [json.loads(row["public"]) for row in rows]


async def _renew(services: Services, actor: Actor, *, only_if_old: bool) -> None:
    made, now = await asyncio.to_thread(_make), services.clock.now()
    async with services.database.transaction() as connection:
        at: asyncpg.Connection = raw(connection)
        await at.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        if only_if_old and await at.fetchrow(_NEWEST, now - SIGNS_FOR) is not None:
            return  # somebody else was quicker
        await at.execute(_RETIRE, now)
        await at.execute(_FORGET, now - TOLD_AFTER)
        await at.execute(
            _ADD, made.kid, services.vault.encrypt_bytes(made.private, CONTEXT, made.kid), json.dumps(made.public), now
        )
        await audit(connection, actor, "signing_key.rotated", f"signing_key:{made.kid[:16]}", at=now)


def _make() -> _Made:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=BITS)
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    jwk = RSAKey.import_key(key.public_key())
    kid = jwk.thumbprint()
    return _Made(kid, private, {**jwk.as_dict(private=False), "kid": kid, "use": "sig", "alg": ALGORITHM})


@lru_cache(maxsize=4)  # reading one checks its primes, which takes longer than signing
def _loaded(private: bytes) -> RSAKey:
    key = serialization.load_der_private_key(private, None)
    assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101 (no other is made)
    return RSAKey.import_key(key)
