"""Writing to the audit journal: one function, called in the transaction of what is noted.

Rule: an entry is never changed and never deleted, so nothing stands in it that must be forgotten one day: no IIN, no
contact, no health, no name of a child. What it is about is said by reference, as `person:17`.
"""

import json
from datetime import datetime

from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.core.actor import Actor

SHOWN_MAX = 120
# The entry's link in its school's chain is made by the database when the transaction commits (cloud/audit/chain.py).
ADD = """
INSERT INTO audit_entry (at, account_id, actor, school_id, verb, subject, detail)
VALUES (coalesce($1, now()), $2, $3, $4, $5, $6, $7)
"""
ADD_AND_WAKE = f"{ADD} RETURNING pg_notify($8, $9)"


async def audit(
    connection: BaseDBAsyncClient,
    actor: Actor,
    verb: str,
    subject: str,
    detail: dict[str, str] | None = None,
    *,
    school_id: int | None = None,
    at: datetime | None = None,
    wakes: tuple[str, str] | None = None,
) -> None:
    """Note in the audit journal, in the transaction of what is noted, who did what: `card.blocked`, `card:17`.

    `wakes` is a channel and a payload: its listeners are woken by the same statement, as by `notify`.
    """
    told = json.dumps(detail or {}, ensure_ascii=False)
    entry = [at, actor.account_id, actor.name[:SHOWN_MAX], school_id, verb, subject[:SHOWN_MAX], told]
    if wakes is None:
        await connection.execute_query(ADD, entry)
    else:
        await connection.execute_query(ADD_AND_WAKE, [*entry, *wakes])
