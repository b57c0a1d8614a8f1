"""Questions of whoever is signed in: asked of the school's support, or of the operator; the own ones with answers.

Rule: nobody reads another's question but who answers it. What was written is sealed: it may be a phone number, or
something about a child.
"""

import re

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.support.kinds import Asked, Question, QuestionRefused
from cloud.support.reading import WORDS, checked_words, columns_in, opened

OPEN_MAX = 5  # of one account, that wait
DAY_MAX = 10  # of one account, in 24 hours
SHOWN_MAX = 20
PAGE = re.compile(r"/[A-Za-z0-9/._-]{0,119}")  # a path; nothing of what was looked for on it
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('support_question'), $1::int)"
_LATELY = """
SELECT count(*) FILTER (WHERE answered_at IS NULL) AS waiting,
  count(*) FILTER (WHERE asked_at > $2::timestamptz - interval '1 day') AS today
FROM support_question WHERE account_id = $1
"""
_NEXT = "SELECT nextval(pg_get_serial_sequence('support_question', 'id'))"
_ADD = """
INSERT INTO support_question (id, school_id, account_id, asked_at, topic, page, words_encrypted)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_SEEN = "UPDATE support_question SET seen_at = $2 WHERE account_id = $1 AND answered_at IS NOT NULL AND seen_at IS NULL"
_UNSEEN = "SELECT count(*) FROM support_question WHERE account_id = $1 AND answered_at IS NOT NULL AND seen_at IS NULL"


def schools_of_asker(actor: Actor) -> list[int]:
    """Return the schools whose support the actor may ask: those that the account belongs to."""
    return sorted({reach.school_id for reach in actor.reaches if reach.school_id is not None})


async def ask(services: Services, actor: Actor, school_id: int | None, asked: Asked) -> int:
    """Ask the support of a school, or the operator where it is None, and return the question's id.

    Raises NotFound for another's school, or QuestionRefused.
    """
    account_id = _account(actor)
    if school_id is not None and school_id not in schools_of_asker(actor):
        raise NotFound
    words, now = checked_words(asked.words), services.clock.now()
    page = asked.page.partition("?")[0]
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        await _check_room(connection, account_id, services)
        number = int(await connection.fetchval(_NEXT))
        sealed = services.vault.encrypt(words, WORDS, str(number))
        await connection.execute(
            _ADD, number, school_id, account_id, now, asked.topic.value, page if PAGE.fullmatch(page) else "", sealed
        )
        await audit(transaction, actor, "support.asked", f"question:{number}", {"topic": asked.topic.value},
                    school_id=school_id, at=now)  # fmt: skip
    return number


async def own_questions(services: Services, actor: Actor, language: str) -> list[Question]:
    """Return what the actor asked, the newest first."""
    if actor.account_id is None or actor.must_change:
        return []
    query = f"{columns_in(language)} WHERE question.account_id = $1 ORDER BY question.id DESC LIMIT $2"
    rows = await services.database.pool.fetch(query, actor.account_id, SHOWN_MAX)
    return [opened(services, row) for row in rows]


async def unseen_of(services: Services, actor: Actor) -> int:
    """Return how many answers the actor has not seen yet."""
    return int(await services.database.pool.fetchval(_UNSEEN, actor.account_id)) if actor.account_id else 0


async def note_seen(services: Services, actor: Actor) -> None:
    """Note that the actor was shown the answers that there are."""
    await services.database.pool.execute(_SEEN, actor.account_id, services.clock.now())


async def _check_room(connection: asyncpg.Connection, account_id: int, services: Services) -> None:
    await connection.execute(_LOCK, account_id % 2**31)
    row = await connection.fetchrow(_LATELY, account_id, services.clock.now())
    if row["waiting"] >= OPEN_MAX:
        raise QuestionRefused(
            message("{count} of your questions wait for an answer. Wait for it, or call.", count=OPEN_MAX)
        )
    if row["today"] >= DAY_MAX:
        raise QuestionRefused(message("You asked {count} questions today. Ask again tomorrow, or call.", count=DAY_MAX))


def _account(actor: Actor) -> int:
    if actor.account_id is None or actor.must_change:
        raise NotFound
    return actor.account_id
