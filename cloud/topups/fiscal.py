"""Fiscal receipts of cash: the seam to who registers them, and the queue that tells each once, in order.

Rule: a cashbox hears one request at a time, whoever runs; what is not known to be registered is told again under the
same number, before anything else of that cashbox.
"""

import json
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Protocol

import asyncpg
import structlog

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw, session_lock
from cloud.core.rights import Right
from cloud.core.services import Services

KEYS = "cashbox.keys"  # the context of the encrypted keys
LOCKS = 0x66697363  # "fisc": one of the two numbers of a cashbox's lock; the other is the school's id
AGAIN_MIN, AGAIN_MAX = timedelta(seconds=30), timedelta(hours=1)
SCHOOLS_MAX = 10_000
AT_ONCE = 50
_PUT = """
INSERT INTO cashbox (school_id, number, url, keys_encrypted, added_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (school_id) DO UPDATE SET number = $2, url = $3, keys_encrypted = $4
"""
_DUE = """
SELECT school_id FROM (
  SELECT DISTINCT ON (school_id) school_id, next_at FROM fiscal_receipt
  WHERE registered_at IS NULL AND refused = '' ORDER BY school_id, id
) AS first WHERE next_at <= $1 ORDER BY school_id LIMIT $2
"""
_FIRST = """
SELECT id, external, amount_tiyn, tries, next_at FROM fiscal_receipt
WHERE school_id = $1 AND registered_at IS NULL AND refused = '' ORDER BY id LIMIT 1
"""
_CASHBOX = "SELECT number, url, keys_encrypted FROM cashbox WHERE school_id = $1"
_DONE = "UPDATE fiscal_receipt SET number = $2, link = $3, registered_at = $4, tries = tries + 1 WHERE id = $1"
_REFUSED = "UPDATE fiscal_receipt SET refused = $2, tries = tries + 1 WHERE id = $1"
_AGAIN = "UPDATE fiscal_receipt SET refused = '', next_at = $2 WHERE school_id = $1 AND refused <> ''"
_LATER = "UPDATE fiscal_receipt SET next_at = $2, tries = tries + 1 WHERE id = $1"
_STATE = """
SELECT count(*) FILTER (WHERE registered_at IS NULL AND refused = '') AS waiting,
  count(*) FILTER (WHERE refused <> '') AS refused,
  min(asked_at) FILTER (WHERE registered_at IS NULL AND refused = '') AS since,
  coalesce(min(refused) FILTER (WHERE refused <> ''), '') AS why
FROM fiscal_receipt WHERE school_id = $1 AND registered_at IS NULL
"""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Keys:
    """What a provider's service is opened with; never in a log."""

    login: str
    password: str
    key: str


@dataclass(frozen=True, slots=True)
class Cashbox:
    """A school's cashbox at a provider."""

    number: str
    url: str
    keys: Keys


@dataclass(frozen=True, slots=True)
class Cash:
    """Cash that is to be registered; `external` is our own number of it, the same at every telling."""

    external: str
    amount_tiyn: int


@dataclass(frozen=True, slots=True)
class Registered:
    """A receipt that the tax service has."""

    number: str
    link: str


class Unanswered(Exception):
    """It is not known whether the receipt was registered: tell it again later."""


class ReceiptRefused(Exception):
    """The provider will not register it as it is; the message is its reason, without anybody's data."""


class FiscalDesk(Protocol):
    """Whoever registers receipts for one cashbox."""

    async def register(self, cash: Cash) -> Registered:
        """Register, or say again what was registered under this number. Raises Unanswered or ReceiptRefused."""
        ...


class Desks(Protocol):
    """Opens a desk for a cashbox, for as long as its receipts are told."""

    def __call__(self, cashbox: Cashbox) -> AbstractAsyncContextManager[FiscalDesk]: ...


@dataclass(frozen=True, slots=True)
class FiscalState:
    """How far a school's receipts are: how many wait and since when, how many were refused, and why one was."""

    waiting: int
    refused: int
    since: datetime | None
    why: str


async def put_cashbox(services: Services, actor: Actor, school_id: int, cashbox: Cashbox) -> None:
    """Give a school a cashbox, or its new keys; cash taken from now on is registered. Raises NotAllowed."""
    actor.require_everywhere(Right.CASHBOX_PUT)
    now = services.clock.now()
    sealed = services.vault.encrypt(json.dumps(asdict(cashbox.keys)), KEYS)
    async with services.database.transaction() as connection:
        await raw(connection).execute(_PUT, school_id, cashbox.number, cashbox.url, sealed, now)
        await audit(
            connection, actor, "cashbox.put", f"school:{school_id}", {"number": cashbox.number},
            school_id=school_id, at=now,
        )  # fmt: skip


async def fiscal_state_of(services: Services, actor: Actor, school_id: int) -> FiscalState:
    """Return how far a school's receipts are. Raises NotAllowed."""
    actor.require(Right.MONEY_READ, school_id)
    return FiscalState(**await services.database.pool.fetchrow(_STATE, school_id))


async def tell_again(services: Services, actor: Actor, school_id: int) -> None:
    """Tell the provider anew what it refused, after the reason is gone. Raises NotAllowed."""
    actor.require(Right.MONEY_KEEP, school_id)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        await raw(connection).execute(_AGAIN, school_id, now)
        await audit(connection, actor, "cashbox.told_again", f"school:{school_id}", school_id=school_id, at=now)


async def register_due(services: Services, desks: Desks) -> int:
    """Tell what is due, cashbox by cashbox, and return how many receipts were registered."""
    schools: Sequence[asyncpg.Record] = await services.database.pool.fetch(_DUE, services.clock.now(), SCHOOLS_MAX)
    return sum([await _register_at(services, desks, row["school_id"]) for row in schools])


async def _register_at(services: Services, desks: Desks, school_id: int) -> int:
    """Tell the receipts of one cashbox in order, up to the first that stays open; nothing while another does so."""
    async with session_lock(services.database.pool, LOCKS, school_id) as connection:
        if connection is None:
            return 0
        row = await connection.fetchrow(_CASHBOX, school_id)
        assert row is not None, "a receipt is written only where there is a cashbox"  # noqa: S101
        keys = Keys(**json.loads(services.vault.decrypt(row["keys_encrypted"], KEYS)))
        async with desks(Cashbox(row["number"], row["url"], keys)) as desk:
            return await _register_in_order(services, connection, desk, school_id)


async def _register_in_order(
    services: Services, connection: asyncpg.Connection, desk: FiscalDesk, school_id: int
) -> int:
    registered_count = 0
    for _ in range(AT_ONCE):
        row = await connection.fetchrow(_FIRST, school_id)
        if row is None or row["next_at"] > services.clock.now():
            break
        try:
            registered = await desk.register(Cash(row["external"], row["amount_tiyn"]))
        except Unanswered as error:
            await connection.execute(_LATER, row["id"], services.clock.now() + _pause(row["tries"]))
            log.warning("fiscal.unanswered", receipt=row["id"], tries=row["tries"] + 1, why=str(error)[:100])
            break
        except ReceiptRefused as error:
            await connection.execute(_REFUSED, row["id"], str(error)[:200])
            log.warning("fiscal.refused", receipt=row["id"], why=str(error)[:100])
            continue
        await connection.execute(_DONE, row["id"], registered.number, registered.link, services.clock.now())
        registered_count += 1
    return registered_count


def _pause(tries: int) -> timedelta:
    return min(AGAIN_MAX, AGAIN_MIN * (1 << min(tries, 10)))
