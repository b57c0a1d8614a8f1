"""Wake-ups of live pages: whose are to be drawn anew, sealed by the vault.

Rule: whoever listens at the database, as each of its roles may, learns from them of no person, school or account; not
even whether two of them are about the same. A wake-up about devices alone, `<school id>:-`, is plain.
"""

import base64
from collections.abc import Iterable, Sequence

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.core.vault import Vault, VaultLocked
from cloud.core.wakeups import EVERYTHING, notify

CHANNEL = "esik_presence"
CONTEXT = "page.wakeup"  # at the vault
MARK = "~"  # before what is sealed
AT_ONCE = 100  # of one wake-up, which stays far below what PostgreSQL takes
ROOM_BYTES = 64  # a wake-up's length tells roughly how many it is about, and nothing else
Key = tuple[int, str]  # school id; person reference, or EVERYTHING for who shows the whole school


def sealed(vault: Vault, keys: Iterable[Key]) -> list[str]:
    """Return the wake-ups of whoever shows these."""
    told = sorted({f"{school_id}:{who}" for school_id, who in keys})
    texts = ("\n".join(told[first : first + AT_ONCE]) for first in range(0, len(told), AT_ONCE))
    return [MARK + base64.b64encode(vault.encrypt(_padded(text), CONTEXT)).decode() for text in texts]


def opened(vault: Vault, payload: str) -> Sequence[str]:
    """Return the plain wake-ups in one; all that there is to wake for one that cannot be read."""
    if not payload.startswith(MARK):
        return (payload,)
    try:
        return vault.decrypt(base64.b64decode(payload.removeprefix(MARK), validate=True), CONTEXT).split()
    except (VaultLocked, ValueError):
        return (EVERYTHING,)


async def wake_pages(vault: Vault, connection: BaseDBAsyncClient | asyncpg.Connection, keys: Iterable[Key]) -> None:
    """Wake the open pages that show these when, and only if, the connection's transaction commits."""
    for payload in sealed(vault, keys):
        await notify(connection, CHANNEL, payload)


def _padded(text: str) -> str:
    return text.ljust(-(-len(text) // ROOM_BYTES) * ROOM_BYTES)
