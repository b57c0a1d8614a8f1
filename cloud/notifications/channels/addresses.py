"""Where accounts are told: added, removed, and gone. An address is sealed; its owner sees a label.

Rule: whose address it is, is the caller's to have proved: by a code that was sent there, or by the browser itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from cloud.core.errors import Refused
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.core.texts import one_line
from cloud.core.vault import Vault
from cloud.notifications.channels.sender import SMS
from cloud.people.bulk import PHONE

VALUE = "channel_address.value"  # context at the vault
SAME = "channel_address.same"
OF_A_CHANNEL_MAX = 10  # of one account
LABEL_MAX = 60
SHOWN_MAX = 100
_NEXT = "SELECT nextval(pg_get_serial_sequence('channel_address', 'id'))"
_ROOM = "SELECT count(*) FROM channel_address WHERE account_id = $1 AND channel = $2 AND gone_at IS NULL"
_ADD = """
INSERT INTO channel_address (id, account_id, sign_in_id, channel, value_encrypted, digest, label, added_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_SAME = """
UPDATE channel_address SET sign_in_id = $4, label = $5 WHERE account_id = $1 AND channel = $2 AND digest = $3
  AND gone_at IS NULL RETURNING id
"""
_RENEW = "UPDATE channel_address SET value_encrypted = $2 WHERE id = $1"
_FORGET_GONE = "DELETE FROM channel_address WHERE account_id = $1 AND channel = $2 AND gone_at IS NOT NULL"
_ELSEWHERE = """
DELETE FROM channel_address WHERE channel = $1 AND digest = $2 AND account_id IS DISTINCT FROM $3 RETURNING account_id
"""
_REMOVE = "DELETE FROM channel_address WHERE account_id = $1 AND id = $2"
_GONE = """
UPDATE channel_address SET value_encrypted = NULL, gone_at = $2, gone_why = $3 WHERE id = ANY($1) AND gone_at IS NULL
"""
_OF = """
SELECT id, channel, label, added_at, gone_at, gone_why FROM channel_address
WHERE account_id = $1 AND (sign_in_id IS NULL OR EXISTS (
  SELECT FROM sign_in WHERE sign_in.id = sign_in_id AND sign_in.expires_at > $2))
ORDER BY channel, id LIMIT $3
"""


class TooManyAddresses(Refused):
    """An account has as many addresses of a channel as it may."""

    code = "too_many_addresses"

    def __init__(self) -> None:
        super().__init__(message("There are {n} of them already. Remove one that is not used.", n=OF_A_CHANNEL_MAX))


@dataclass(frozen=True, slots=True)
class AddressRow:
    """An address as its owner sees it."""

    id: int
    channel: str
    label: str
    added_at: datetime
    gone_at: datetime | None
    gone_why: str


async def add_address(
    services: Services, connection: asyncpg.Connection, account_id: int, channel: str, value: str, *,
    same_as: str, label: str, sign_in_id: int | None = None,
) -> int:  # fmt: skip
    """Keep an address, in the open transaction, and return its id; of one that is there, that one's.

    `same_as` is what makes two the same: the number, the browser's endpoint. Raises TooManyAddresses.
    """
    digest, label = digest_of(services.vault, channel, same_as), one_line(label)[:LABEL_MAX]
    await connection.execute("SELECT FROM account WHERE id = $1 FOR NO KEY UPDATE", account_id)  # one at a time
    await connection.execute(_FORGET_GONE, account_id, channel)
    known: int | None = await connection.fetchval(_SAME, account_id, channel, digest, sign_in_id, label)
    if known is not None:
        await connection.execute(_RENEW, known, services.vault.encrypt(value, VALUE, str(known)))
        return known
    if await connection.fetchval(_ROOM, account_id, channel) >= OF_A_CHANNEL_MAX:
        raise TooManyAddresses
    address_id = int(await connection.fetchval(_NEXT))
    sealed = services.vault.encrypt(value, VALUE, str(address_id))
    now = services.clock.now()
    await connection.execute(_ADD, address_id, account_id, sign_in_id, channel, sealed, digest, label, now)
    return address_id


async def release_elsewhere(
    services: Services, connection: asyncpg.Connection, account_id: int | None, channel: str, same_as: str
) -> list[int]:
    """Take an address from every other account, or from all, and return whose it was.

    A browser belongs to who is signed in there; who stops a bot stops it for every account.
    """
    digest = digest_of(services.vault, channel, same_as)
    return [row["account_id"] for row in await connection.fetch(_ELSEWHERE, channel, digest, account_id)]


async def remove_address(connection: asyncpg.Connection | asyncpg.Pool, account_id: int, address_id: int) -> None:
    """Remove one of an account's addresses; what waits for it is skipped."""
    await connection.execute(_REMOVE, account_id, address_id)


async def note_gone(services: Services, address_ids: Sequence[int], why: str) -> None:
    """Note that nobody is there any more; the address itself is forgotten at once."""
    await services.database.pool.execute(_GONE, list(address_ids), services.clock.now(), why)


async def addresses_of(services: Services, account_id: int) -> list[AddressRow]:
    """Return an account's addresses, with those that are gone until their owner has removed them."""
    rows = await services.database.pool.fetch(_OF, account_id, services.clock.now(), SHOWN_MAX)
    return [AddressRow(**row) for row in rows]


def digest_of(vault: Vault, channel: str, same_as: str) -> str:
    """Return what is kept of what makes two addresses the same; of a number, what guardians' numbers are found by."""
    return vault.digest(same_as, PHONE) if channel == SMS else vault.digest(f"{channel}\n{same_as}", SAME)
