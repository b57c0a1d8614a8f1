"""A school's key for rosters: Ed25519, made the first time it is asked for; devices hold its public half."""

import asyncpg
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.core.services import Services

KEY = "roster.key"  # context of the vault
_NEWEST = "SELECT key_encrypted FROM roster_key WHERE school_id = $1 ORDER BY since DESC, id DESC LIMIT 1"


async def roster_key(services: Services, connection: asyncpg.Connection, school_id: int) -> Ed25519PrivateKey:
    """Return a school's key, made in the open transaction if there is none."""
    sealed = await connection.fetchval(_NEWEST, school_id)
    if sealed is None:
        await connection.execute("SELECT 1 FROM school WHERE id = $1 FOR NO KEY UPDATE", school_id)
        sealed = await connection.fetchval(_NEWEST, school_id)
    if sealed is not None:
        return Ed25519PrivateKey.from_private_bytes(services.vault.decrypt_bytes(sealed, KEY))
    key = Ed25519PrivateKey.generate()
    await connection.execute(
        "INSERT INTO roster_key (school_id, key_encrypted, public_key, since) VALUES ($1, $2, $3, $4)",
        school_id, services.vault.encrypt_bytes(key.private_bytes_raw(), KEY), public_half(key), services.clock.now(),
    )  # fmt: skip
    return key


def public_half(key: Ed25519PrivateKey) -> bytes:
    """Return the 32 bytes that a device checks signatures with."""
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
