"""The first channel: open pages of guardians, told that there is something new for their account."""

from collections.abc import Sequence

import asyncpg

from cloud.core.live import CHANNEL, Key
from cloud.notifications.outbox import Outgoing

NO_SCHOOL = 0  # in the place of a school's id: what is told concerns an account, at whatever school
_WAKE = "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload"


class LivePages:
    """Wakes the open pages of who is told; each asks again what it may see. Told twice, it shows the same."""

    name = "live"

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def deliver(self, outgoing: Sequence[Outgoing]) -> None:
        """Wake each account's pages once."""
        accounts = sorted({each.account_id for each in outgoing})
        await self._pool.execute(_WAKE, CHANNEL, [payload_of(account_id) for account_id in accounts])


def key_of(account_id: int) -> Key:
    """Return what the pages of an account wait for."""
    return NO_SCHOOL, f"account-{account_id}"


def payload_of(account_id: int) -> str:
    """Return the wake-up of an account's pages."""
    return ":".join(map(str, key_of(account_id)))
