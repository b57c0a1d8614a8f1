"""What readers see of a talk: its posts, a page at a time, and that they were read; one post with what was done to it.

Rule: what was deleted or hidden shows that it was there, by whom it was hidden, and no word of it but to who moderates.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.rights import Right
from cloud.core.sealed_files import files_of
from cloud.core.services import Services
from cloud.talks.files import FILES
from cloud.talks.kinds import BEFORE, HIDDEN, WORDS, As, Kind, Post, Seat

PAGE = 50
QUOTED_MAX = 80  # letters of what is replied to
NAMES_MAX, REVISIONS_MAX = 40, 50
_COLUMNS = """
SELECT id, talk_id, account_id, as_a, author, at, words_encrypted, reply_to, edited_at, deleted_at, hidden_at,
  hidden_by, why_encrypted FROM talk_post
"""
_PAGE = f"{_COLUMNS} WHERE talk_id = $1 AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3"
_ONE = f"{_COLUMNS} WHERE talk_id = $1 AND id = $2"
_THESE = f"{_COLUMNS} WHERE talk_id = $1 AND id = ANY($2::bigint[])"
_BEFORE = "SELECT id, words_encrypted, until_at FROM talk_revision WHERE post_id = $1 ORDER BY id LIMIT $2"
_READ = """
INSERT INTO talk_reading AS kept (talk_id, account_id, upto, at) SELECT $1, $2, $3, $4
ON CONFLICT (talk_id, account_id) DO UPDATE SET upto = excluded.upto, at = excluded.at WHERE kept.upto < excluded.upto
"""
_HEADS = """
SELECT DISTINCT role, account.name FROM grant_of_role JOIN account ON account.id = account_id
WHERE school_id = $1 AND role = ANY($2::text[]) AND account.is_active ORDER BY role, account.name LIMIT $3
"""
_TEACHERS = """
SELECT DISTINCT account.name FROM class_of_account AS named JOIN account ON account.id = named.account_id
JOIN grant_of_role AS held ON held.account_id = account.id AND held.school_id = $3 AND held.role = 'class_teacher'
WHERE school_class_id = $1 AND named.role = 'class_teacher' AND account.is_active ORDER BY 1 LIMIT $2
"""
_LOOKED = """
SELECT EXISTS (SELECT FROM audit_entry WHERE subject = $1 AND verb = 'talk.looked_into' AND account_id = $2 AND at > $3)
"""
LOOK = timedelta(hours=1)  # within which one entry stands for all that a moderator opens of a talk
MODERATORS = ("pedagogue", "deputy", "director")


@dataclass(frozen=True, slots=True)
class Page:
    """Posts of a talk, the oldest first, and before which one to go on; None where there are no earlier ones."""

    posts: Sequence[Post]
    older: int | None


async def page_of(services: Services, actor: Actor, seat: Seat, before: int | None = None) -> Page:
    """Return posts of a talk, the newest where nobody asks for earlier ones; who asks was judged."""
    rows = await services.database.pool.fetch(_PAGE, seat.talk_id, before, PAGE + 1)
    shown = rows[:PAGE][::-1]
    return Page(await _posts(services, actor, seat, shown), shown[0]["id"] if len(rows) > PAGE else None)


async def post_of(services: Services, actor: Actor, seat: Seat, post_id: int) -> Post:
    """Return a post of a talk; who asks was judged. Raises NotFound."""
    row = await services.database.pool.fetchrow(_ONE, seat.talk_id, post_id)
    if row is None:
        raise NotFound
    (post,) = await _posts(services, actor, seat, [row])
    if not seat.moderates:
        return post
    rows = await services.database.pool.fetch(_BEFORE, post_id, REVISIONS_MAX)
    before = [
        (each["until_at"], services.vault.decrypt(each["words_encrypted"], BEFORE, str(each["id"]))) for each in rows
    ]
    return replace(post, before=before)


async def mark_read(services: Services, actor: Actor, seat: Seat, page: Page) -> None:
    """Note up to which post the actor has read a talk."""
    if page.posts:
        newest = page.posts[-1].id
        await services.database.pool.execute(_READ, seat.talk_id, actor.account_id, newest, services.clock.now())


async def note_look(services: Services, actor: Actor, seat: Seat) -> None:
    """Write down, once an hour, that a moderator looked into a chat that it takes no part in."""
    if not seat.moderates or seat.leads or seat.is_member or seat.kind is Kind.TOPIC:
        return
    about, now = f"talk:{seat.talk_id}", services.clock.now()
    if await services.database.pool.fetchval(_LOOKED, about, actor.account_id, now - LOOK):
        return
    async with services.database.transaction() as transaction:
        await audit(transaction, actor, "talk.looked_into", about, school_id=seat.school_id, at=now)


async def moderators_of(services: Services, seat: Seat) -> Mapping[str, Collection[str]]:
    """Return the names of who moderates a talk, by role."""
    pool, names = services.database.pool, dict[str, list[str]]()
    if seat.class_id is not None:
        rows = await pool.fetch(_TEACHERS, seat.class_id, NAMES_MAX, seat.school_id)
        if rows:
            names["class_teacher"] = [row["name"] for row in rows]
    for row in await pool.fetch(_HEADS, seat.school_id, list(MODERATORS), NAMES_MAX):
        names.setdefault(row["role"], []).append(row["name"])
    return names


def words_of(services: Services, row: asyncpg.Record) -> str:
    """Return what a post says, of its row."""
    return services.vault.decrypt(row["words_encrypted"], WORDS, str(row["id"]))


def may_export(actor: Actor, school_id: int) -> bool:
    """Tell whether the actor takes talks of a school out."""
    return actor.can(Right.TALKS_EXPORT, school_id)


async def _posts(services: Services, actor: Actor, seat: Seat, rows: Sequence[asyncpg.Record]) -> list[Post]:
    pool = services.database.pool
    files = await files_of(services, FILES, [row["id"] for row in rows])
    replied = [row["reply_to"] for row in rows if row["reply_to"] is not None]
    quoted = {
        row["id"]: "" if _is_gone(row) else f"{row['author']}: {_short(words_of(services, row))}"
        for row in (await pool.fetch(_THESE, seat.talk_id, replied) if replied else ())
    }
    posts = []
    for row in rows:
        post = _post(services, actor, seat, row)
        shown = files.get(post.id, []) if seat.moderates or not post.is_gone else []
        posts.append(replace(post, files=shown, quoted=quoted.get(row["reply_to"], "")))
    return posts


def _post(services: Services, actor: Actor, seat: Seat, row: asyncpg.Record) -> Post:
    is_own = row["account_id"] == actor.account_id
    why = row["why_encrypted"]
    tells = why is not None and (seat.moderates or is_own)
    return Post(
        id=row["id"], author=row["author"], as_a=As(row["as_a"]), at=row["at"],
        words=words_of(services, row) if seat.moderates or not _is_gone(row) else "", is_own=is_own,
        account_id=row["account_id"], edited_at=row["edited_at"], deleted_at=row["deleted_at"],
        hidden_at=row["hidden_at"], hidden_by=row["hidden_by"],
        why=services.vault.decrypt(why, HIDDEN, str(row["id"])) if tells else "", reply_to=row["reply_to"],
    )  # fmt: skip


def _is_gone(row: asyncpg.Record) -> bool:
    return row["deleted_at"] is not None or row["hidden_at"] is not None


def _short(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= QUOTED_MAX else f"{line[:QUOTED_MAX].rstrip()}…"
