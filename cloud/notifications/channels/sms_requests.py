"""What parents ask by SMS, from numbers that proved themselves: noted once, within limits, and answered by one worker.

Rule: neither the number nor the words are kept. A request that a worker claimed is never answered a second time: its
answer may have gone, and each costs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import asyncpg

from cloud.core.database import raw
from cloud.core.i18n import DEFAULT, Language, as_language
from cloud.core.services import Services
from cloud.core.wakeups import notify
from cloud.notifications.channels.addresses import VALUE, digest_of
from cloud.notifications.channels.sender import SMS

REQUESTS = "esik_sms_requests"  # channel of wake-ups: somebody waits for an answer
KEY = "sms_request.key"  # context at the vault
DAY, BURST = timedelta(days=1), timedelta(minutes=10)
DAY_MAX, BURST_MAX, HELP_MAX = 8, 3, 1  # answers to a number in these times; help is told once a day
AT_ONCE = 20
KEPT = timedelta(days=30)
# Who proved a number last has it: operators give numbers to new people. It must be what a school knows its owner by.
_OWNER = """
SELECT account.id AS account_id, account.name, account.language, address.id AS address_id
FROM channel_address AS address JOIN account ON account.id = address.account_id
WHERE address.channel = 'sms' AND address.digest = $1 AND gone_at IS NULL AND account.is_active
  AND NOT account.must_change
  AND EXISTS (SELECT FROM guardian WHERE guardian.account_id = account.id AND phone_digest = address.digest)
ORDER BY address.id DESC LIMIT 1
"""
_TURN = "SELECT FROM account WHERE id = $1 FOR NO KEY UPDATE"  # one text of an account at a time
_LATELY = """
SELECT count(*) FILTER (WHERE kind = 'today') AS answers, count(*) FILTER (WHERE kind = 'help') AS helps,
  count(*) FILTER (WHERE kind = 'today' AND asked_at > $3) AS burst FROM sms_request
WHERE account_id = $1 AND asked_at > $2
"""
_IS_KNOWN = "SELECT EXISTS (SELECT FROM sms_request WHERE key = $1)"
_NOTE = """
INSERT INTO sms_request (key, account_id, address_id, kind, person_ids, language, asked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (key) DO NOTHING RETURNING id
"""
_CLAIM = """
WITH mine AS (
  SELECT id FROM sms_request WHERE claimed_at IS NULL ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE sms_request AS request SET claimed_at = $1 FROM mine JOIN sms_request AS held USING (id)
JOIN account ON account.id = held.account_id
LEFT JOIN channel_address AS address ON address.id = held.address_id AND address.account_id = held.account_id
  AND gone_at IS NULL AND account.is_active AND EXISTS (
    SELECT FROM guardian WHERE guardian.account_id = held.account_id AND phone_digest = address.digest)
WHERE request.id = mine.id
RETURNING request.id, request.account_id, account.name, request.kind, request.person_ids, request.language,
  account.language AS chosen, request.asked_at, address.id AS address_id, address.value_encrypted AS value
"""
_MARK = "UPDATE sms_request SET outcome = $2, parts = $3 WHERE id = $1"
_FORGET = "DELETE FROM sms_request WHERE asked_at < $1"


class Asking(StrEnum):
    """What is answered."""

    TODAY = "today"
    HELP = "help"  # what may be asked


class Noted(StrEnum):
    """What became of a text that came in."""

    ASKED = "asked"
    AGAIN = "again"  # the gateway told it before
    LIMITED = "limited"
    UNKNOWN = "unknown"  # no number that anybody proved
    NOBODY = "nobody"  # no child that may be told of


class Outcome(StrEnum):
    """What became of a request."""

    ANSWERED = "answered"
    UNANSWERED = "unanswered"  # the gateway said nothing: it may have come
    NOT_SENT = "not_sent"
    CAP = "sms_cap"  # the school's month has no parts left
    NO_RIGHT = "no_right"  # nothing may be told any more
    TOO_LATE = "too_late"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose number it is."""

    account_id: int
    name: str
    language: Language | None  # as chosen
    address_id: int


@dataclass(frozen=True, slots=True)
class Request:
    """A request that is to be answered; without a number where it is its owner's no more."""

    id: int
    account_id: int
    name: str
    kind: Asking
    person_ids: Sequence[int]
    language: Language
    asked_at: datetime
    number: str = field(repr=False)


async def owner_of(services: Services, number: str) -> Owner | None:
    """Return who proved a number, if it is still what a school knows them by."""
    row = await services.database.pool.fetchrow(_OWNER, digest_of(services.vault, SMS, number))
    return None if row is None else Owner(**{**row, "language": as_language(row["language"])})


async def note_request(
    services: Services, owner: Owner, key: str, kind: Asking, person_ids: Sequence[int], language: Language
) -> Noted:
    """Note what was asked, and wake who answers; a text that was told before, or goes beyond a limit, is not."""
    now, digest = services.clock.now(), services.vault.digest(key, KEY)
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        await connection.execute(_TURN, owner.account_id)
        if await connection.fetchval(_IS_KNOWN, digest):
            return Noted.AGAIN
        if not await _has_room(connection, owner.account_id, kind, now):
            return Noted.LIMITED
        noted = await connection.fetchval(
            _NOTE, digest, owner.account_id, owner.address_id, kind.value, list(person_ids), language.value, now
        )
        if noted is None:
            return Noted.AGAIN
        await notify(connection, REQUESTS, "")
    return Noted.ASKED


async def claim_requests(services: Services) -> list[Request]:
    """Claim what waits for an answer, oldest first."""
    rows = await services.database.pool.fetch(_CLAIM, services.clock.now(), AT_ONCE)
    return sorted((_request(services, row) for row in rows), key=lambda each: each.id)


async def mark_request(services: Services, request: Request, outcome: Outcome, parts: int) -> None:
    """Note what became of a request, and how many parts it cost."""
    await services.database.pool.execute(_MARK, request.id, outcome.value, parts)


async def forget_requests(pool: asyncpg.Pool, now: datetime) -> None:
    """Forget requests of a month ago."""
    await pool.execute(_FORGET, now - KEPT)


async def _has_room(connection: asyncpg.Connection, account_id: int, kind: Asking, now: datetime) -> bool:
    row = await connection.fetchrow(_LATELY, account_id, now - DAY, now - BURST)
    if kind is Asking.HELP:
        return bool(row["helps"] < HELP_MAX)
    return bool(row["answers"] < DAY_MAX and row["burst"] < BURST_MAX)


def _request(services: Services, row: asyncpg.Record) -> Request:
    sealed = row["value"]
    return Request(
        row["id"], row["account_id"], row["name"], Asking(row["kind"]), row["person_ids"],
        as_language(row["chosen"]) or as_language(row["language"]) or DEFAULT, row["asked_at"],
        services.vault.decrypt(sealed, VALUE, str(row["address_id"])) if sealed else "",
    )  # fmt: skip
