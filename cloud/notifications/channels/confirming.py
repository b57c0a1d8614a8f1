"""Confirmations: a message came to where its reader sees it.

Rule: the reference that a message carries proves itself, so that a phone whose session has ended still confirms; it
opens nothing and names nobody. What a gateway tells of a text counts for the number alone that the text went to.
"""

import re
from datetime import timedelta
from enum import StrEnum
from hmac import compare_digest

from cloud.core.database import raw
from cloud.core.services import Services
from cloud.core.sms_callbacks import Report, Verdict
from cloud.core.vault import Vault
from cloud.core.wakeups import notify
from cloud.notifications.channels.addresses import digest_of
from cloud.notifications.channels.planning import DELIVERIES
from cloud.notifications.channels.rules import State, Why
from cloud.notifications.channels.sender import SMS

CONTEXT = "delivery.reference"  # at the vault
PROOF = 22  # letters of the proof: 88 bits
_REFERENCE = re.compile(r"([1-9][0-9]{0,18})-([0-9a-f]{22})", re.ASCII)
_CONFIRM = """
UPDATE delivery SET state = 'confirmed', why = '', confirmed_at = $2, sent_at = coalesce(sent_at, $2), next_at = NULL,
  claimed_at = NULL
WHERE id = $1 AND state <> 'confirmed' AND tries > 0 RETURNING true
"""

REPORTED_WITHIN = timedelta(days=3)  # a gateway tries for a day
NOTING = timedelta(minutes=2)  # a text may be reported before it was noted that it went
_CARRIED = """
SELECT delivery.id, notice_id, step, state, delivery.why FROM delivery
JOIN channel_address AS address ON address.id = address_id AND address.digest = $2
WHERE delivery.channel = 'sms' AND carrier_id = $1 AND carrier_id <> '' AND delivery.sent_at > $3
ORDER BY delivery.id DESC LIMIT 1 FOR NO KEY UPDATE OF delivery
"""
_IS_NOTED = """
SELECT EXISTS (SELECT FROM delivery WHERE channel = 'sms' AND next_at > $1 AND claimed_at > $1 - $2::interval)
"""
_DELIVERED = "UPDATE delivery SET state = 'confirmed', why = '', confirmed_at = $2 WHERE id = $1"
_UNDELIVERED = "UPDATE delivery SET state = 'dead', why = $2 WHERE id = $1"
_NEXT = """
UPDATE delivery SET next_at = $3 WHERE notice_id = $1 AND next_at > $3 AND claimed_at IS NULL
  AND state IN ('queued', 'held') AND (held_until IS NULL OR held_until <= $3)
  AND step = (SELECT min(step) FROM delivery WHERE notice_id = $1 AND step > $2 AND next_at IS NOT NULL)
"""


class Heard(StrEnum):
    """What a gateway's report came to."""

    CONFIRMED = "confirmed"
    UNDELIVERED = "undelivered"
    AGAIN = "again"  # it was known
    UNDER_WAY = "under_way"  # it says nothing final
    EARLY = "early"  # the text may be on its way still: to be told again
    UNKNOWN = "unknown"  # of no notice: a code, an answer, or not of ours


def reference_of(vault: Vault, delivery_id: int) -> str:
    """Return what a message carries to be confirmed by."""
    return f"{delivery_id}-{vault.digest(str(delivery_id), CONTEXT)[:PROOF]}"


async def confirm(services: Services, reference: str) -> bool:
    """Note that a message arrived; tell whether that is new. What is not a reference of ours confirms nothing."""
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        return False
    delivery_id = int(found[1])
    if delivery_id >= 2**63 or not compare_digest(reference, reference_of(services.vault, delivery_id)):
        return False
    return bool(await services.database.pool.fetchval(_CONFIRM, delivery_id, services.clock.now()))


async def hear_report(services: Services, report: Report) -> Heard:
    """Note how a text went; where it did not arrive, the next way is tried at once."""
    if report.verdict is Verdict.UNDER_WAY:
        return Heard.UNDER_WAY
    now = services.clock.now()
    digest = digest_of(services.vault, SMS, report.number)
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        row = await connection.fetchrow(_CARRIED, report.carrier_id, digest, now - REPORTED_WITHIN)
        if row is None:
            return Heard.EARLY if await connection.fetchval(_IS_NOTED, now, NOTING) else Heard.UNKNOWN
        is_lost = row["state"] == State.DEAD and row["why"] == Why.UNDELIVERED
        if report.verdict is Verdict.DELIVERED and (row["state"] == State.SENT or is_lost):
            await connection.execute(_DELIVERED, row["id"], now)
            return Heard.CONFIRMED
        if report.verdict is Verdict.DELIVERED or row["state"] != State.SENT:
            return Heard.AGAIN
        await connection.execute(_UNDELIVERED, row["id"], Why.UNDELIVERED.value)
        await connection.execute(_NEXT, row["notice_id"], row["step"], now)
        await notify(connection, DELIVERIES, "")
    return Heard.UNDELIVERED
