"""The key pair by which push services know this installation (VAPID, RFC 8292), made by a command, sealed in the vault.

Rule: a browser subscribes for one key, so that a new one ends every subscription there is; it is not changed by itself.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parseaddr
from functools import lru_cache
from urllib.parse import urlsplit

import asyncpg
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.base64url import base64url
from cloud.core.database import raw
from cloud.core.services import Services
from cloud.core.settings import Settings
from cloud.core.targets import Target
from cloud.notifications.channels.push_encryption import CURVE, point_of

CONTEXT = "push_key.private"
LASTS = timedelta(hours=12)  # 24 at most (RFC 8292, section 2)
LOCK = 0x70757368  # one key at a time is made
ALGORITHM = "ES256"
_NOW = "SELECT public, private_encrypted FROM push_key ORDER BY id DESC LIMIT 1"
_ADD = "INSERT INTO push_key (public, private_encrypted, made_at) VALUES ($1, $2, $3)"
_FORGET = "DELETE FROM push_key"
_UNSUBSCRIBE = "DELETE FROM channel_address WHERE channel = 'webpush' RETURNING id"


@dataclass(frozen=True, slots=True)
class PushKey:
    """The key of now; `public` is what a browser subscribes for, as base64url."""

    public: str
    private: bytes = field(repr=False)  # DER, PKCS 8


async def push_key(services: Services) -> PushKey | None:
    """Return the key of now; none where the command was never given, and nothing is pushed."""
    row = await services.database.pool.fetchrow(_NOW)
    if row is None:
        return None
    return PushKey(row["public"], services.vault.decrypt_bytes(row["private_encrypted"], CONTEXT, row["public"]))


async def public_push_key(services: Services) -> str:
    """Return what browsers subscribe for; empty where nothing is pushed."""
    row = await services.database.pool.fetchrow(_NOW)
    return "" if row is None else str(row["public"])


async def make_push_key(services: Services, actor: Actor) -> bool:
    """Make the first key; tell whether there was none."""
    async with services.database.transaction() as connection:
        at: asyncpg.Connection = raw(connection)
        await at.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        if await at.fetchrow(_NOW) is not None:
            return False
        subject = await _add(services, at)
        await audit(connection, actor, "push_key.made", subject, at=services.clock.now())
        return True


async def change_push_key(services: Services, actor: Actor) -> int:
    """Put a new key in the old one's place, as after a theft; return how many browsers have to subscribe again."""
    async with services.database.transaction() as connection:
        at: asyncpg.Connection = raw(connection)
        await at.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        ended = await at.fetch(_UNSUBSCRIBE)
        await at.execute(_FORGET)
        subject = await _add(services, at)
        await audit(connection, actor, "push_key.changed", subject, at=services.clock.now())
        return len(ended)


def authorization(key: PushKey, target: Target, contact: str, now: datetime) -> str:
    """Return the header by which a push service knows who sends, and whom to ask about it."""
    claims = {"aud": f"{target.scheme}://{target.name}", "exp": int((now + LASTS).timestamp()), "sub": contact}
    token = jwt.encode({"alg": ALGORITHM, "typ": "JWT"}, claims, _loaded(key.private), algorithms=[ALGORITHM])
    return f"vapid t={token}, k={key.public}"


def contact_of(settings: Settings) -> str:
    """Return whom a push service may ask: who is told of weaknesses, else whom letters are from, else the pages."""
    if settings.security_contact:
        return settings.security_contact
    if address := parseaddr(settings.smtp_from)[1]:
        return f"mailto:{address}"
    pages = urlsplit(settings.public_url)
    return f"https://{pages.netloc}" if settings.cookies_secure else f"mailto:webmaster@{pages.hostname}"


async def _add(services: Services, at: asyncpg.Connection) -> str:
    key = ec.generate_private_key(CURVE)
    public = base64url(point_of(key))
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    await at.execute(_ADD, public, services.vault.encrypt_bytes(private, CONTEXT, public), services.clock.now())
    return f"push_key:{public[:16]}"


@lru_cache(maxsize=2)
def _loaded(private: bytes) -> ECKey:
    key = serialization.load_der_private_key(private, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 (no other is made)
    return ECKey.import_key(key)
