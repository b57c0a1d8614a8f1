"""The first channel: open pages of guardians, told that there is something new for their account."""

from collections.abc import Sequence

import asyncpg

from cloud.core.page_wakeups import Key, wake_pages
from cloud.core.vault import Vault
from cloud.notifications.outbox import Outgoing

WAIT_S = 60.0
NO_SCHOOL = 0  # in the place of a school's id: what is told concerns an account, at whatever school


class LivePages:
    """Wakes the open pages of who is told; each asks again what it may see. Told twice, it shows the same."""

    name = "live"

    def __init__(self, pool: asyncpg.Pool, vault: Vault) -> None:
        self._pool, self._vault = pool, vault

    async def deliver(self, outgoing: Sequence[Outgoing]) -> None:
        """Wake each account's pages once."""
        async with self._pool.acquire(timeout=WAIT_S) as connection:
            await wake_pages(self._vault, connection, [key_of(each.account_id) for each in outgoing])


def key_of(account_id: int) -> Key:
    """Return what the pages of an account wait for."""
    return NO_SCHOOL, f"account-{account_id}"
