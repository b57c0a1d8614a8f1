"""What people do with posts: write, edit within some minutes, delete what is their own.

Rule: nothing said is lost: what a post said before it was edited stays for who moderates, what was deleted leaves a
trace that everybody sees. Who writes is asked at each post: a switch, quiet hours, a mute and the class of today count.
"""

from collections.abc import Sequence
from datetime import datetime

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.handed_files import Attached
from cloud.core.messages import message
from cloud.core.page_wakeups import Key, wake_pages
from cloud.core.sealed_files import put_files
from cloud.core.services import Services
from cloud.talks.files import FILES
from cloud.talks.kinds import BEFORE, WORDS, Seat, TalkRefused, TooManyPosts
from cloud.talks.muting import mute_of
from cloud.talks.reach import seat_of, students_in
from cloud.talks.rules import EDITED_WITHIN, Given, checked_words, why_not

MINUTE_MAX, DAY_MAX = 10, 300  # posts of one account
MB = 1_000_000
DAY_MB_MAX, TALK_MB_MAX = 40, 2_000  # files of one account in a day, and of a talk
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('talk_post'), $1::int)"
_LATELY = """
SELECT count(*) AS today, count(*) FILTER (WHERE at > $2::timestamptz - interval '1 minute') AS now
FROM talk_post WHERE account_id = $1 AND at > $2::timestamptz - interval '1 day'
"""
_KEPT = """
SELECT coalesce(sum(size) FILTER (WHERE account_id = $2 AND at > $3::timestamptz - interval '1 day'), 0) AS today,
  coalesce(sum(size) FILTER (WHERE talk_id = $1), 0) AS here
FROM talk_file JOIN talk_post ON talk_post.id = post_id
WHERE talk_id = $1 OR (account_id = $2 AND at > $3::timestamptz - interval '1 day')
"""
_NEXT = "SELECT nextval(pg_get_serial_sequence('talk_post', 'id'))"
_ADD = """
INSERT INTO talk_post (id, school_id, talk_id, account_id, person_id, as_a, author, at, words_encrypted, reply_to)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_REPLIED = "SELECT true FROM talk_post WHERE id = $1 AND talk_id = $2 AND deleted_at IS NULL AND hidden_at IS NULL"
_LAST = "UPDATE talk SET last_at = $2 WHERE id = $1"
_OWN = """
SELECT at, words_encrypted FROM talk_post
WHERE id = $1 AND talk_id = $2 AND account_id = $3 AND deleted_at IS NULL AND hidden_at IS NULL FOR UPDATE
"""
_REVISED = "SELECT nextval(pg_get_serial_sequence('talk_revision', 'id'))"
_KEEP = "INSERT INTO talk_revision (id, post_id, words_encrypted, until_at) VALUES ($1, $2, $3, $4)"
_EDIT = "UPDATE talk_post SET words_encrypted = $2, edited_at = $3 WHERE id = $1"
_DELETE = "UPDATE talk_post SET deleted_at = $2 WHERE id = $1"


async def write(services: Services, actor: Actor, talk_id: int, given: Given, files: Sequence[Attached] = ()) -> int:
    """Keep a post, and return its id. Raises NotFound, TalkRefused or TooManyPosts."""
    seat, words, now = await seat_of(services, actor, talk_id), checked_words(given.words), services.clock.now()
    if not words and not files:
        raise TalkRefused(message("Write something, or choose a file."))
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        await check_may_write(services, connection, actor, seat, now)
        number = await put_post(services, transaction, actor, seat, words, given.reply_to)
        await put_post_files(services, connection, actor.account_id, seat, number, files)
    return number


async def put_post_files(
    services: Services, connection: asyncpg.Connection, account_id: int | None, seat: Seat, post_id: int,
    files: Sequence[Attached],
) -> None:  # fmt: skip
    """Keep the files of a post in the transaction that keeps the post. Raises TooManyPosts."""
    if not files:
        return
    kept = await connection.fetchrow(_KEPT, seat.talk_id, account_id, services.clock.now())
    added = sum(len(each.content) for each in files)
    if kept["today"] + added > DAY_MB_MAX * MB:
        raise TooManyPosts(message("Files of {count} MB a day are the most. Go on tomorrow.", count=DAY_MB_MAX))
    if kept["here"] + added > TALK_MB_MAX * MB:
        raise TooManyPosts(message("This talk holds as many files as one can. Write without a file."))
    await put_files(services, connection, FILES, seat.school_id, post_id, files)


async def check_before_files(services: Services, actor: Actor, seat: Seat) -> None:
    """Ask what `write` asks again, before pictures are drawn anew for nothing. Raises TalkRefused or TooManyPosts."""
    pool, now = services.database.pool, services.clock.now()
    await check_may_write(services, pool, actor, seat, now)
    await check_lately(pool, actor, now)


async def check_may_write(
    services: Services, connection: asyncpg.Connection | asyncpg.Pool, actor: Actor, seat: Seat, now: datetime
) -> None:
    """Raise TalkRefused where the actor cannot write in a talk now."""
    mute = await mute_of(services, connection, actor, seat.school_id, seat.talk_id)
    reason = why_not(seat, await students_in(services, connection, seat), mute, now)
    if reason is not None:
        raise TalkRefused(reason)


async def check_rate(connection: asyncpg.Connection, actor: Actor, now: datetime) -> int:
    """Let one transaction at a time write for an account, and return it. Raises TooManyPosts or NotFound."""
    if actor.account_id is None:
        raise NotFound
    await connection.execute(_LOCK, actor.account_id % 2**31)
    await check_lately(connection, actor, now)
    return actor.account_id


async def check_lately(connection: asyncpg.Connection | asyncpg.Pool, actor: Actor, now: datetime) -> None:
    """Raise TooManyPosts where the actor wrote as much as one person does already."""
    lately = await connection.fetchrow(_LATELY, actor.account_id, now)
    if lately["now"] >= MINUTE_MAX:
        raise TooManyPosts(message("{count} posts a minute are the most. Wait a moment.", count=MINUTE_MAX))
    if lately["today"] >= DAY_MAX:
        raise TooManyPosts(message("{count} posts a day are the most. Go on tomorrow.", count=DAY_MAX))


async def put_post(
    services: Services, transaction: BaseDBAsyncClient, actor: Actor, seat: Seat, words: str, reply_to: int | None
) -> int:
    """Keep a post in a transaction of the caller's, who has checked that the actor may write."""
    connection, now = raw(transaction), services.clock.now()
    account_id = await check_rate(connection, actor, now)
    if reply_to is not None and await connection.fetchval(_REPLIED, reply_to, seat.talk_id) is None:
        raise TalkRefused(message("What you reply to is not here any more."))
    number = int(await connection.fetchval(_NEXT))
    await connection.execute(
        _ADD, number, seat.school_id, seat.talk_id, account_id, seat.person_id, seat.as_a.value, actor.name, now,
        services.vault.encrypt(words, WORDS, str(number)), reply_to,
    )  # fmt: skip
    await connection.execute(_LAST, seat.talk_id, now)
    await note(services, transaction, actor, seat, "post.written", number)
    return number


async def edit(services: Services, actor: Actor, talk_id: int, post_id: int, text: str) -> None:
    """Let a post of the actor's own say something else; what it said stays for moderators. Raises as `write` does."""
    seat, words, now = await seat_of(services, actor, talk_id), checked_words(text), services.clock.now()
    if not words:
        raise TalkRefused(message("Write something, or delete the post."))
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        await check_may_write(services, connection, actor, seat, now)
        row = await _own(connection, actor, talk_id, post_id)
        if now - row["at"] > EDITED_WITHIN:
            minutes = int(EDITED_WITHIN.total_seconds()) // 60
            raise TalkRefused(message("A post can be edited for {minutes} minutes. Write another one.",
                                      minutes=minutes))  # fmt: skip
        before = services.vault.decrypt(row["words_encrypted"], WORDS, str(post_id))
        number = int(await connection.fetchval(_REVISED))
        await connection.execute(_KEEP, number, post_id, services.vault.encrypt(before, BEFORE, str(number)), now)
        await connection.execute(_EDIT, post_id, services.vault.encrypt(words, WORDS, str(post_id)), now)
        await note(services, transaction, actor, seat, "post.edited", post_id)


async def delete(services: Services, actor: Actor, talk_id: int, post_id: int) -> None:
    """Hide a post of the actor's own from everybody but moderators; that it was there is seen. Raises NotFound."""
    seat = await seat_of(services, actor, talk_id)
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        await _own(connection, actor, talk_id, post_id)
        await connection.execute(_DELETE, post_id, services.clock.now())
        await note(services, transaction, actor, seat, "post.deleted", post_id)


def key_of(seat: Seat) -> Key:
    """Return what the open pages of a talk wait for."""
    return seat.school_id, f"talk-{seat.talk_id}"


async def note(
    services: Services, transaction: BaseDBAsyncClient, actor: Actor, seat: Seat, verb: str, post_id: int
) -> None:
    """Write a deed about a post down, and wake the talk's open pages."""
    await audit(
        transaction, actor, verb, f"post:{post_id}", {"talk": str(seat.talk_id)}, school_id=seat.school_id,
        at=services.clock.now(),
    )  # fmt: skip
    await wake_pages(services.vault, transaction, [key_of(seat)])


async def _own(connection: asyncpg.Connection, actor: Actor, talk_id: int, post_id: int) -> asyncpg.Record:
    row = await connection.fetchrow(_OWN, post_id, talk_id, actor.account_id)
    if row is None:
        raise NotFound
    return row
