"""The queue of deliveries: what is due is claimed by one worker at a time, read with all that sending it asks, marked.

Rule: whether somebody may still be told is read here, with the claim, when the message is about to go.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg

from cloud.core.i18n import DEFAULT, Language, as_language
from cloud.core.services import Services
from cloud.notifications.channels.addresses import VALUE
from cloud.notifications.channels.rules import State, Why
from cloud.notifications.channels.sender import (
    EMAIL,
    SMS,
    Address,
    Confirmed,
    Refused,
    Sent,
    Traits,
    Unanswered,
)
from cloud.notifications.kinds import Kind, right_to, unpacked
from cloud.notifications.queries import NoticeRow
from cloud.people.bulk import EMAIL as GUARDIAN_EMAIL
from cloud.people.queries import guardian_accounts

LEASE = timedelta(minutes=2)  # how long a delivery is one worker's at most
_CLAIM = """
WITH mine AS (
  SELECT id, claimed_at FROM delivery WHERE channel = $1 AND next_at <= $2 ORDER BY next_at, id LIMIT $4
  FOR UPDATE SKIP LOCKED
)
UPDATE delivery SET claimed_at = $2, next_at = $3, tries = tries + 1 FROM mine WHERE delivery.id = mine.id
RETURNING delivery.id, mine.claimed_at IS NOT NULL AS was_claimed
"""
_READ = f"""
SELECT delivery.id, notice_id, delivery.school_id, address_id, delivery.step, delivery.wait_s, delivery.is_urgent,
  delivery.tries, delivery.parts, delivery.doubled, delivery.held_until, delivery.expires_at,
  notice.person_id, notice.account_id, notice.kind, notice.fact, notice.corrects, notice.at, notice.told_at,
  notice.is_late, notice.read_at, notice.detail::text AS detail, person.ref AS person,
  concat_ws(' ', surname, given_name) AS name, school.zone, account.language,
  address.value_encrypted AS value, address.label, address.digest,
  delivery.channel <> '{SMS}' OR EXISTS (
    SELECT FROM guardian WHERE account_id = notice.account_id AND phone_digest = address.digest) AS is_number,
  CASE WHEN delivery.channel = '{EMAIL}' THEN ARRAY(
    SELECT email_encrypted FROM guardian WHERE account_id = notice.account_id AND email_encrypted IS NOT NULL LIMIT 50)
  END AS mailboxes, earlier.*
FROM delivery JOIN notice ON notice.id = notice_id JOIN person ON person.id = notice.person_id
JOIN school ON school.id = notice.school_id JOIN account ON account.id = notice.account_id
LEFT JOIN channel_address AS address ON address.id = address_id AND address.account_id = notice.account_id
  AND (sign_in_id IS NULL OR EXISTS (SELECT FROM sign_in WHERE sign_in.id = sign_in_id AND sign_in.expires_at > $2))
LEFT JOIN LATERAL (
  SELECT coalesce(bool_or(before.state = 'confirmed'), false) AS is_reached,
    max(before.sent_at) FILTER (WHERE before.state <> 'dead') AS last_sent_at,
    coalesce(bool_or(before.tries = 0 AND before.next_at IS NOT NULL), false) AS is_untried
  FROM delivery AS before
  WHERE delivery.step > 0 AND before.notice_id = delivery.notice_id AND before.step < delivery.step
) AS earlier ON true
WHERE delivery.id = ANY($1)
"""  # noqa: S608 (words of ours)
_MARK = """
UPDATE delivery SET state = new.state, why = new.why, next_at = new.next_at, tries = delivery.tries - new.untried,
  sent_at = coalesce(new.sent_at, delivery.sent_at), confirmed_at = new.confirmed_at, carrier_id = new.carrier_id,
  claimed_at = NULL
FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::text[], $5::timestamptz[], $6::smallint[],
  $7::timestamptz[], $8::timestamptz[], $9::text[])
  AS new (id, claimed_at, state, why, next_at, untried, sent_at, confirmed_at, carrier_id)
WHERE delivery.id = new.id AND delivery.claimed_at = new.claimed_at
"""
_DOUBLE = "UPDATE delivery SET doubled = doubled + 1 WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery that a worker has claimed, with what it needs to send it."""

    id: int
    claimed_at: datetime
    was_claimed: bool  # by a worker that never told how it went
    school_id: int
    account_id: int
    notice: NoticeRow
    fact: str  # the one that is corrected, where it is a correction
    language: Language
    address: Address | None  # none: it was removed, or is the owner's no more
    has_changed: bool  # the school knows its owner under another one now
    address_id: int
    may_be_told: bool
    step: int
    wait_s: int
    is_reached: bool  # what was before it is confirmed, or the notice was read
    last_sent_at: datetime | None
    is_untried: bool  # what was before it has not gone yet
    is_urgent: bool
    tries: int
    parts: int
    doubled: int
    held_until: datetime | None
    expires_at: datetime

    @property
    def zone(self) -> ZoneInfo:
        return self.notice.zone


@dataclass(frozen=True, slots=True)
class Mark:
    """What is noted of a delivery that was claimed."""

    due: Due
    state: State
    why: str = ""
    next_at: datetime | None = None
    untried: int = 0  # 1: that was no try
    sent_at: datetime | None = None
    confirmed_at: datetime | None = None
    carrier_id: str = ""


def unsent(due: Due, traits: Traits, now: datetime) -> Mark | None:
    """Return what becomes of a delivery that is not to be sent now; None where it is.

    What is paid is counted just before it goes: where nothing is counted, a worker that died had sent nothing.
    """
    may_have_gone = due.was_claimed and (due.parts > 0 if traits.is_paid else not traits.repeats or due.doubled > 0)
    became: tuple[tuple[bool, State, Why], ...] = (
        (not due.may_be_told, State.SKIPPED, Why.NO_RIGHT),
        (due.is_reached, State.SKIPPED, Why.REACHED),
        (due.address is None and not due.has_changed, State.SKIPPED, Why.NO_ADDRESS),
        (may_have_gone, State.DEAD, Why.UNKNOWN),
        (now >= due.expires_at, State.DEAD, Why.TOO_LATE),
    )
    for holds, state, why in became:
        if holds:
            return Mark(due, state, why)
    waits_until = None if due.last_sent_at is None else due.last_sent_at + timedelta(seconds=due.wait_s)
    if due.is_untried or (waits_until is not None and now < waits_until):
        next_at = waits_until or now + timedelta(seconds=due.wait_s)
        return Mark(due, State.QUEUED, next_at=max(next_at, now + timedelta(seconds=1)), untried=1)
    return None


def ended(due: Due, outcome: Sent | Confirmed | Refused | Unanswered, now: datetime) -> Mark:
    """Return what a delivery is after its last try."""
    match outcome:
        case Sent(carrier_id):
            return Mark(due, State.SENT, sent_at=now, carrier_id=carrier_id)
        case Confirmed(carrier_id):
            return Mark(due, State.CONFIRMED, sent_at=now, confirmed_at=now, carrier_id=carrier_id)
        case Unanswered(why):
            return Mark(due, State.SENT, why or Why.UNANSWERED, sent_at=now)
        case Refused(why):
            return Mark(due, State.DEAD, why)


async def claim(services: Services, channel: str, most: int) -> list[Due]:
    """Claim what is due of a channel, oldest first, and return it with whether each may still be told."""
    now, pool = services.clock.now(), services.database.pool
    claimed = {
        row["id"]: row["was_claimed"] for row in await pool.fetch(_CLAIM, channel, now, now + LEASE, most)
    }  # fmt: skip
    if not claimed:
        return []
    async with pool.acquire() as connection:
        rows = await connection.fetch(_READ, list(claimed), now)
        people = sorted({row["person_id"] for row in rows})
        accounts = await guardian_accounts(connection, people, now)
    due = []
    for row in rows:
        told = accounts.get((row["person_id"], right_to(Kind(row["kind"]))), ())
        due.append(_due(services, channel, row, now, claimed[row["id"]], row["account_id"] in told))
    return sorted(due, key=lambda each: each.id)


async def mark(pool: asyncpg.Pool, marks: Sequence[Mark]) -> None:
    """Note how deliveries went; of one that was confirmed, or claimed anew, meanwhile nothing."""
    rows = [
        (
            each.due.id, each.due.claimed_at, each.state.value, each.why, each.next_at, each.untried, each.sent_at,
            each.confirmed_at, each.carrier_id,
        )
        for each in marks
    ]  # fmt: skip
    await pool.execute(_MARK, *(list(column) for column in zip(*rows, strict=True)))


async def note_doubled(pool: asyncpg.Pool, due: Due) -> None:
    """Count, before it goes again, that a message may come twice."""
    await pool.execute(_DOUBLE, due.id)


def _due(
    services: Services, channel: str, row: asyncpg.Record, now: datetime, was_claimed: bool, may_be_told: bool
) -> Due:  # fmt: skip
    zone, sealed = ZoneInfo(row["zone"]), row["value"]
    notice = NoticeRow(
        row["notice_id"], Kind(row["kind"]), row["person"], row["name"], row["at"], row["told_at"], row["is_late"],
        row["read_at"], row["corrects"], unpacked(row["detail"]), zone,
    )  # fmt: skip
    value = services.vault.decrypt(sealed, VALUE, str(row["address_id"])) if sealed else ""
    has_changed = bool(value) and not _stands(services, row, value)
    address = Address(row["address_id"], row["account_id"], channel, value, row["label"] or "")
    return Due(
        row["id"], now, was_claimed, row["school_id"], row["account_id"], notice, row["corrects"] or row["fact"],
        as_language(row["language"]) or DEFAULT, address if value and not has_changed else None, has_changed,
        row["address_id"], may_be_told, row["step"], row["wait_s"],
        row["is_reached"] or (row["step"] > 0 and row["read_at"] is not None), row["last_sent_at"], row["is_untried"],
        row["is_urgent"], row["tries"], row["parts"], row["doubled"], row["held_until"], row["expires_at"],
    )  # fmt: skip


def _stands(services: Services, row: asyncpg.Record, value: str) -> bool:
    """Tell whether a contact is still what a school knows its owner by; other addresses always are."""
    if row["mailboxes"] is None:
        return bool(row["is_number"])
    return any(services.vault.decrypt(each, GUARDIAN_EMAIL) == value for each in row["mailboxes"])
