"""What the office does with deliveries: let what was given up be tried again, and say how much SMS may cost."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import Refused
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.wakeups import notify
from cloud.notifications.channels.planning import DELIVERIES
from cloud.notifications.channels.spending import set_limit

AGAIN_MAX = 100  # at once: what a page shows
_AGAIN = """
UPDATE delivery SET state = 'queued', why = '', tries = 0, next_at = $3, claimed_at = NULL, parts = 0, step = 0,
  expires_at = $3::timestamptz + lasts
FROM unnest($4::text[], $5::interval[]) AS living (channel, lasts)
WHERE delivery.school_id = $1 AND delivery.id = ANY($2) AND state = 'dead' AND living.channel = delivery.channel
RETURNING delivery.id
"""


class LimitRefused(Refused):
    """What was typed is no number of parts."""

    code = "sms_limit_refused"


async def try_again(
    services: Services, actor: Actor, school_id: int, delivery_ids: Sequence[int], lasts: Mapping[str, timedelta]
) -> int:
    """Let deliveries that were given up be tried again, by channels that there are, and return how many.

    Whether they may still be told is asked when they go; a text by SMS is paid again. Raises NotAllowed.
    """
    actor.require(Right.NOTICES_KEEP, school_id)
    now, wanted = services.clock.now(), list(delivery_ids)[:AGAIN_MAX]
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        rows = await connection.fetch(_AGAIN, school_id, wanted, now, list(lasts), list(lasts.values()))
        if rows:
            detail = {"count": str(len(rows)), "first": str(min(row["id"] for row in rows))}
            subject = f"school:{school_id}"
            await audit(transaction, actor, "delivery.retried", subject, detail, school_id=school_id, at=now)
            await notify(connection, DELIVERIES, "")
    return len(rows)


async def limit_sms(services: Services, actor: Actor, school_id: int, typed: str) -> None:
    """Say how many parts of SMS a month may cost the school. Raises NotAllowed or LimitRefused."""
    actor.require(Right.NOTICES_KEEP, school_id)
    most, text = services.settings.sms_parts_per_month, typed.strip()
    if not text.isascii() or not text.isdigit() or int(text) > most:
        raise LimitRefused(message("A whole number from 0 to {most}.", most=most))
    async with services.database.transaction() as transaction:
        await set_limit(raw(transaction), school_id, int(text))
        await audit(
            transaction, actor, "school.sms_limit_set", f"school:{school_id}", {"parts": text}, school_id=school_id,
            at=services.clock.now(),
        )  # fmt: skip
