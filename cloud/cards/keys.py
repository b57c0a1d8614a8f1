"""A school's key for card tokens: made the first time it is asked for, renewed when a reader was stolen."""

import secrets

import asyncpg

from cloud.cards.rules import KEY_BYTES
from cloud.core.services import Services

KEY = "card.key"  # context of the vault
_NEWEST = "SELECT key_encrypted FROM card_key WHERE school_id = $1 ORDER BY since DESC, id DESC LIMIT 1"


async def card_key(services: Services, school_id: int) -> bytes:
    """Return a school's card key, 32 bytes: for tokens here and for the bundles of its devices."""
    sealed = await services.database.pool.fetchval(_NEWEST, school_id)
    if sealed is not None:
        return services.vault.decrypt_bytes(sealed, KEY)
    async with services.database.pool.acquire() as connection, connection.transaction():
        return await card_key_within(services, connection, school_id)


async def card_key_within(services: Services, connection: asyncpg.Connection, school_id: int) -> bytes:
    """Return a school's card key inside a transaction of the caller's."""
    await connection.execute("SELECT 1 FROM school WHERE id = $1 FOR NO KEY UPDATE", school_id)
    sealed = await connection.fetchval(_NEWEST, school_id)
    if sealed is None:
        return await new_card_key(services, connection, school_id)
    return services.vault.decrypt_bytes(sealed, KEY)


async def new_card_key(services: Services, connection: asyncpg.Connection, school_id: int) -> bytes:
    """Draw a new card key of a school, and return it."""
    key = secrets.token_bytes(KEY_BYTES)
    await connection.execute(
        "INSERT INTO card_key (school_id, key_encrypted, since) VALUES ($1, $2, $3)",
        school_id, services.vault.encrypt_bytes(key, KEY), services.clock.now(),
    )  # fmt: skip
    return key
