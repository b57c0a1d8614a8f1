"""Answers: a guardian's to whoever wrote, and the writer's back; each family has a thread of its own.

Rule: nobody but the family's account and who wrote the message (of a message of the school: who writes there) reads a
thread. There is no answering to all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.page_wakeups import wake_pages
from cloud.core.services import Services
from cloud.messages.kinds import ANSWER, MessageRefused
from cloud.messages.rules import checked_answer
from cloud.messages.sending import MAY_READ
from cloud.notifications.kinds import Detail, Kind
from cloud.notifications.live_pages import key_of
from cloud.notifications.outbox import tell_each
from cloud.notifications.rules import Fact

THREAD_MAX = 100  # answers of both sides
DAY_MAX = 20  # of a family, to one message, in 24 hours
THREADS_MAX = 400
_THREAD = """
SELECT id, account_id, by_school, author, at, words_encrypted, read_at FROM announcement_answer
WHERE announcement_id = $1 AND ($2::bigint IS NULL OR account_id = $2) ORDER BY account_id, id LIMIT $3
"""
_NEXT = "SELECT nextval(pg_get_serial_sequence('announcement_answer', 'id'))"
_ADD = """
INSERT INTO announcement_answer (id, announcement_id, school_id, account_id, by_school, author, at, words_encrypted)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_ROOM = """
SELECT count(*) AS all, count(*) FILTER (WHERE NOT by_school AND at > $3::timestamptz - interval '1 day') AS today
FROM announcement_answer WHERE announcement_id = $1 AND account_id = $2
"""
_OPEN = f"""
SELECT announcement.school_id FROM announcement
JOIN announcement_reader AS told ON told.announcement_id = announcement.id
JOIN guardianship_at($3) AS family ON family.account_id = told.account_id AND family.person_id = told.person_id
  AND {MAY_READ}
WHERE announcement.id = $1 AND told.account_id = $2 AND state = 'sent' AND may_answer LIMIT 1
"""  # noqa: S608 (texts of ours)
_CHILD = f"""
SELECT told.person_id FROM announcement_reader AS told
JOIN guardianship_at($3) AS family ON family.account_id = told.account_id AND family.person_id = told.person_id
  AND {MAY_READ}
WHERE told.announcement_id = $1 AND told.account_id = $2 ORDER BY 1 LIMIT 1
"""  # noqa: S608 (texts of ours)
_HAS_WRITTEN = "SELECT EXISTS (SELECT FROM announcement_answer WHERE announcement_id = $1 AND account_id = $2)"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer in a family's thread."""

    id: int
    account_id: int
    by_school: bool
    author: str
    at: datetime
    words: str
    read_at: datetime | None


async def thread_of(services: Services, number: int, account_id: int | None) -> list[Answer]:
    """Return what a family and the school said to each other, or all families by account; who asks was judged."""
    most = THREAD_MAX if account_id is not None else THREADS_MAX
    rows = await services.database.pool.fetch(_THREAD, number, account_id, most)
    return [_answer(services, row) for row in rows]


async def answer_school(services: Services, actor: Actor, number: int, text: str) -> None:
    """Answer a message that was sent to the actor. Raises NotFound or MessageRefused."""
    words, now = checked_answer(text), services.clock.now()
    if actor.account_id is None or actor.must_change:
        raise NotFound
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        school_id = await connection.fetchval(_OPEN, number, actor.account_id, now)
        if school_id is None:
            raise NotFound
        room = await connection.fetchrow(_ROOM, number, actor.account_id, now)
        if room["today"] >= DAY_MAX or room["all"] >= THREAD_MAX:
            raise MessageRefused(message("This is enough for today. Call the school if it is urgent."))
        await _put(services, connection, number, school_id, actor.account_id, words, actor.name, by_school=False)
        await audit(transaction, actor, "message.answered", f"message:{number}", school_id=school_id, at=now)


async def answer_family(
    services: Services, actor: Actor, number: int, school_id: int, account_id: int, text: str
) -> None:
    """Answer a family that wrote; it is told. Whether the actor may was judged. Raises NotFound or MessageRefused."""
    words, now = checked_answer(text), services.clock.now()
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        if not await connection.fetchval(_HAS_WRITTEN, number, account_id):
            raise NotFound
        room = await connection.fetchrow(_ROOM, number, account_id, now)
        if room["all"] >= THREAD_MAX:
            raise MessageRefused(message("This is enough here. Write a new message to the family."))
        key = await _put(services, connection, number, school_id, account_id, words, actor.name, by_school=True)
        await audit(transaction, actor, "message.answered", f"message:{number}", school_id=school_id, at=now)
        child = await connection.fetchval(_CHILD, number, account_id, now)
        if child is not None:
            detail = Detail(author=actor.name, message_id=number, reason="answered")
            fact = Fact(f"answered:{key}", Kind.MESSAGE, school_id, child, now, detail)
            await tell_each(connection, [(fact, account_id)], now)
            await wake_pages(services.vault, transaction, [key_of(account_id)])


async def _put(
    services: Services, connection: asyncpg.Connection, number: int, school_id: int, account_id: int, words: str,
    author: str, *, by_school: bool,
) -> int:  # fmt: skip
    key = int(await connection.fetchval(_NEXT))
    sealed = services.vault.encrypt(words, ANSWER, str(key))
    await connection.execute(
        _ADD, key, number, school_id, account_id, by_school, author, services.clock.now(), sealed
    )  # fmt: skip
    return key


def _answer(services: Services, row: asyncpg.Record) -> Answer:
    words = services.vault.decrypt(row["words_encrypted"], ANSWER, str(row["id"]))
    return Answer(row["id"], row["account_id"], row["by_school"], row["author"], row["at"], words, row["read_at"])


def threads(answers: Sequence[Answer]) -> dict[int, list[Answer]]:
    """Return answers by the family's account."""
    found: dict[int, list[Answer]] = {}
    for each in answers:
        found.setdefault(each.account_id, []).append(each)
    return found
