"""Sending what is due: who reads a message is decided when it goes, and each is told once, in one transaction.

Rule: a reader is a guardian of an active child, who may see the child's days and get notices now: a court's limit of
either, or an end, keeps a message away, also one that was sent before (`cloud.messages.inbox` asks again each time).
"""

from datetime import datetime

import asyncpg
import msgspec
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.page_wakeups import wake_pages
from cloud.core.services import Services
from cloud.messages.kinds import TEXTS, Audience, Wording
from cloud.messages.rules import chosen
from cloud.notifications.kinds import Detail, Kind, Named
from cloud.notifications.live_pages import key_of
from cloud.notifications.outbox import tell_each
from cloud.notifications.rules import Fact

AT_ONCE = 20
SYSTEM = Actor.system("messages")
MAY_READ = "may_see AND may_get_notices"
_DUE = """
SELECT id FROM announcement WHERE state = 'approved' AND send_at <= $1 ORDER BY send_at, id LIMIT $2
"""
_TAKE = """
SELECT id, school_id, account_id, author, audience, only_language, texts_encrypted, corrects_id FROM announcement
WHERE id = $1 AND state = 'approved' AND send_at <= $2 FOR UPDATE SKIP LOCKED
"""
_SENT = "UPDATE announcement SET state = 'sent', sent_at = $2 WHERE id = $1"
_READERS = f"""
INSERT INTO announcement_reader (announcement_id, account_id, person_id, told_at)
SELECT DISTINCT $2::bigint, family.account_id, person.id, $3::timestamptz
FROM person LEFT JOIN school_class ON school_class.id = school_class_id
JOIN guardianship_at($3) AS family ON family.person_id = person.id AND {MAY_READ}
JOIN account ON account.id = family.account_id AND account.is_active
WHERE person.school_id = $1 AND person.role = 'student' AND person.is_active
  AND ($4 = '' OR coalesce(nullif(account.language, ''), 'kk') = $4)
  AND ($5 = 'school' OR EXISTS (
    SELECT FROM announcement_audience AS meant WHERE meant.announcement_id = $2
      AND (meant.grade = school_class.grade OR meant.school_class_id = school_class.id OR meant.person_id = person.id)
  ))
RETURNING account_id, person_id
"""  # noqa: S608 (texts of ours)
_TOLD = """
SELECT school_id, author, audience, texts_encrypted, decided_at, reason FROM announcement
WHERE id = $1 AND state = 'recalled'
"""
_TOLD_WHOM = (
    "SELECT account_id, min(person_id) AS person_id FROM announcement_reader WHERE announcement_id = $1 GROUP BY 1"
)


async def send_due(services: Services) -> None:
    """Send what is due now, AT_ONCE messages at most; the rest comes next time."""
    for row in await services.database.pool.fetch(_DUE, services.clock.now(), AT_ONCE):
        await send_one(services, row["id"])


async def send_one(services: Services, number: int) -> None:
    """Send a message if it is due and nobody else sends it; who reads it is told."""
    now = services.clock.now()
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        row = await connection.fetchrow(_TAKE, number, now)
        if row is None:
            return
        readers = await connection.fetch(_READERS, row["school_id"], number, now, row["only_language"], row["audience"])
        await connection.execute(_SENT, number, now)
        children: dict[int, int] = {}  # by account: who has two children here is told once
        for each in readers:
            children[each["account_id"]] = min(each["person_id"], children.get(each["account_id"], each["person_id"]))
        detail = _detail(services, number, row)
        corrects = f"announcement:{row['corrects_id']}" if row["corrects_id"] else ""
        await _tell(services, transaction, row, f"announcement:{number}", children, detail, corrects, now)
        await audit(transaction, SYSTEM, "message.sent", f"message:{number}", {"accounts": str(len(children))},
                    school_id=row["school_id"], at=now)  # fmt: skip


async def tell_recalled(services: Services, transaction: BaseDBAsyncClient, number: int) -> None:
    """Tell who was told of a message that it was taken back, in the transaction that takes it back."""
    connection = raw(transaction)
    row = await connection.fetchrow(_TOLD, number)
    children = {each["account_id"]: each["person_id"] for each in await connection.fetch(_TOLD_WHOM, number)}
    detail = msgspec.structs.replace(_detail(services, number, row), reason="recalled")
    now = services.clock.now()
    await _tell(
        services, transaction, row, f"recalled:{number}", children, detail, f"announcement:{number}", now
    )  # fmt: skip


async def _tell(
    services: Services, transaction: BaseDBAsyncClient, row: asyncpg.Record, key: str, children: dict[int, int],
    detail: Detail, corrects: str, now: datetime,
) -> None:  # fmt: skip
    kind = Kind.MESSAGE if row["audience"] == Audience.FAMILY else Kind.ANNOUNCEMENT
    facts = [
        (Fact(key, kind, row["school_id"], person_id, now, detail, corrects), account_id)
        for account_id, person_id in sorted(children.items())
    ]
    await tell_each(raw(transaction), facts, now)
    await wake_pages(services.vault, transaction, [key_of(account_id) for account_id in children])


def _detail(services: Services, number: int, row: asyncpg.Record) -> Detail:
    """Return what a notice keeps of a message: its writer, and of what goes to many the title too."""
    if row["audience"] == Audience.FAMILY:
        return Detail(author=row["author"], message_id=number)
    wordings = wordings_of(services, number, row["texts_encrypted"])
    kk, ru, en = (chosen(wordings, language)[1].title for language in ("kk", "ru", "en"))
    return Detail(author=row["author"], title=Named(kk, ru, en), message_id=number)


def wordings_of(services: Services, number: int, sealed: bytes) -> dict[str, Wording]:
    """Return a message's texts by language."""
    return msgspec.json.decode(services.vault.decrypt(sealed, TEXTS, str(number)), type=dict[str, Wording])
