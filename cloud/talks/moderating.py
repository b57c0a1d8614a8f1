"""Moderation: a member tells of a post, a moderator sees the queue, hides it with a reason or lets it stand.

Rule: nobody decides about the own post, nor learns who told of it: another moderator does. What was told of or hidden
stays longer than other posts (`cloud.retention.rules`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.talks.kinds import HIDDEN, REPORTED, WORDS, As, Kind, Post, Seat, TalkRefused
from cloud.talks.muting import reach_of_moderator
from cloud.talks.posting import note
from cloud.talks.reach import seat_of
from cloud.talks.rules import checked_reason

QUEUE_MAX, DAY_MAX = 100, 20  # reports on a page; of one account
_POST = "SELECT account_id, hidden_at, deleted_at FROM talk_post WHERE id = $1 AND talk_id = $2 FOR UPDATE"
_NEXT = "SELECT nextval(pg_get_serial_sequence('talk_report', 'id'))"
_LATELY = "SELECT count(*) FROM talk_report WHERE account_id = $1 AND at > $2::timestamptz - interval '1 day'"
_REPORT = """
INSERT INTO talk_report (id, school_id, post_id, account_id, person_id, by_name, words_encrypted, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (post_id, account_id) DO NOTHING RETURNING id
"""
_HIDE = "UPDATE talk_post SET hidden_at = $2, hidden_by = $3, why_encrypted = $4 WHERE id = $1"
_DECIDE = """
UPDATE talk_report SET decided_at = $2, decided_by = $3, outcome = $4
WHERE post_id = $1 AND decided_at IS NULL RETURNING 1
"""
_YEAR = "extract(year FROM ({}::timestamptz AT TIME ZONE school.zone) - interval '7 months')"  # begins in August
_QUEUE = f"""
SELECT report.id, report.post_id, post.talk_id, report.by_name, report.words_encrypted, report.at, report.decided_at,
  report.decided_by, report.outcome, post.author, post.as_a, post.account_id, post.words_encrypted AS post_words,
  post.at AS posted_at, talk.kind, concat_ws(', ', grade || letter, nullif(group_name, '')) AS class_name,
  coalesce(section.name_kk, '') AS name_kk, coalesce(section.name_ru, '') AS name_ru,
  coalesce(section.name_en, '') AS name_en
FROM talk_report AS report JOIN talk_post AS post ON post.id = report.post_id JOIN talk ON talk.id = post.talk_id
LEFT JOIN school_class ON school_class.id = talk.school_class_id LEFT JOIN course ON course.id = talk.course_id
LEFT JOIN talk_section AS section ON section.id = talk.section_id JOIN school ON school.id = report.school_id
WHERE report.school_id = $1 AND ($2 OR talk.school_class_id = ANY($3::bigint[]) AND talk.year = {_YEAR.format("$4")})
  AND post.account_id <> $5
ORDER BY report.decided_at IS NOT NULL, report.decided_at DESC, report.id DESC LIMIT $6
"""  # noqa: S608 (texts of ours, as below)
_WAITING = f"""
SELECT count(*) FROM (
  SELECT DISTINCT report.post_id FROM talk_report AS report JOIN talk_post AS post ON post.id = report.post_id
  JOIN talk ON talk.id = post.talk_id JOIN school ON school.id = report.school_id
  WHERE report.decided_at IS NULL AND post.account_id <> $3 AND (report.school_id = ANY($1::bigint[])
    OR talk.school_class_id = ANY($2::bigint[]) AND talk.year = {_YEAR.format("$4")}) LIMIT 100) AS waiting
"""  # noqa: S608
_OF_POST = """
SELECT id, by_name, words_encrypted, at FROM talk_report WHERE post_id = $1 AND decided_at IS NULL ORDER BY id LIMIT 50
"""


@dataclass(frozen=True, slots=True)
class Report:
    """What a member told of a post, with the post."""

    id: int
    talk_id: int
    post_id: int
    by_name: str
    words: str
    at: datetime
    author: str
    as_a: As
    posted_at: datetime
    said: str
    kind: Kind
    place: Mapping[str, str]  # class or section, by language
    decided_at: datetime | None
    decided_by: str
    outcome: str


async def report(services: Services, actor: Actor, talk_id: int, post_id: int, text: str) -> None:
    """Tell moderators of a post, and why. Raises NotFound or TalkRefused."""
    seat, words, now = await seat_of(services, actor, talk_id), checked_reason(text), services.clock.now()
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        post = await _post(connection, talk_id, post_id)
        if post["account_id"] == actor.account_id or post["deleted_at"] is not None or post["hidden_at"] is not None:
            raise NotFound
        if await connection.fetchval(_LATELY, actor.account_id, now) >= DAY_MAX:
            raise TalkRefused(message("You told of {count} posts today. Speak to the class teacher.", count=DAY_MAX))
        number = int(await connection.fetchval(_NEXT))
        sealed = services.vault.encrypt(words, REPORTED, str(number))
        found = await connection.fetchval(
            _REPORT, number, seat.school_id, post_id, actor.account_id, seat.person_id, actor.name, sealed, now
        )
        if found is None:
            raise TalkRefused(message("You told of this post already. A moderator looks at it."))
        await audit(transaction, actor, "post.reported", f"post:{post_id}", {"talk": str(talk_id)},
                    school_id=seat.school_id, at=now)  # fmt: skip


async def hide(services: Services, actor: Actor, talk_id: int, post_id: int, reason: str) -> None:
    """Hide a post with a reason, which its author is told; reports of it are decided. Raises NotFound, NotAllowed."""
    seat, why, now = await _as_moderator(services, actor, talk_id), checked_reason(reason), services.clock.now()
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        await _check_decidable(connection, actor, talk_id, post_id)
        sealed = services.vault.encrypt(why, HIDDEN, str(post_id))
        await connection.execute(_HIDE, post_id, now, actor.name, sealed)
        await connection.execute(_DECIDE, post_id, now, actor.name, "hidden")
        await note(services, transaction, actor, seat, "post.hidden", post_id)


async def let_stand(services: Services, actor: Actor, talk_id: int, post_id: int) -> None:
    """Decide that a post that was told of stays. Raises NotFound, NotAllowed or TalkRefused."""
    seat = await _as_moderator(services, actor, talk_id)
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        await _check_decidable(connection, actor, talk_id, post_id)
        if not await connection.fetch(_DECIDE, post_id, services.clock.now(), actor.name, "stands"):
            raise TalkRefused(message("This was decided already. Look at the post again."))
        await note(services, transaction, actor, seat, "post.let_stand", post_id)


async def queue_of(services: Services, actor: Actor, school_id: int) -> list[Report]:
    """Return what was told of posts: what waits first, then what was decided lately. Raises NotAllowed."""
    everywhere, classes = reach_of_moderator(actor, school_id)
    rows = await services.database.pool.fetch(
        _QUEUE, school_id, everywhere, classes, services.clock.now(), actor.account_id or 0, QUEUE_MAX
    )
    return [_report(services, row) for row in rows]


async def told_of(services: Services, seat: Seat, post: Post) -> Sequence[tuple[str, datetime, str]]:
    """Return who told of a post, when, and why, where nobody has decided yet; to who moderates, of another's post."""
    if not seat.moderates or post.is_own:
        return ()
    return [
        (row["by_name"], row["at"], services.vault.decrypt(row["words_encrypted"], REPORTED, str(row["id"])))
        for row in await services.database.pool.fetch(_OF_POST, post.id)
    ]


async def waiting_for(services: Services, actor: Actor) -> int:
    """Return how many posts that were told of wait for the actor to decide; 100 at most."""
    schools = actor.schools_with(Right.TALKS_MODERATE) or frozenset()
    reached = {reach.school_id for reach in actor.reaches if reach.school_id is not None}
    classes = [each for school_id in reached for each in actor.classes(Right.TALKS_MODERATE, school_id)]
    if not schools and not classes:
        return 0
    waiting = await services.database.pool.fetchval(
        _WAITING, sorted(schools), sorted(classes), actor.account_id or 0, services.clock.now()
    )
    return int(waiting)


async def _as_moderator(services: Services, actor: Actor, talk_id: int) -> Seat:
    seat = await seat_of(services, actor, talk_id)
    if not seat.moderates:
        raise NotAllowed
    return seat


async def _check_decidable(connection: asyncpg.Connection, actor: Actor, talk_id: int, post_id: int) -> None:
    post = await _post(connection, talk_id, post_id)
    if post["account_id"] == actor.account_id:
        raise TalkRefused(message("Another moderator decides about your own post."))
    if post["hidden_at"] is not None:
        raise TalkRefused(message("This was decided already. Look at the post again."))


async def _post(connection: asyncpg.Connection, talk_id: int, post_id: int) -> asyncpg.Record:
    post = await connection.fetchrow(_POST, post_id, talk_id)
    if post is None:
        raise NotFound
    return post


def _report(services: Services, row: asyncpg.Record) -> Report:
    vault = services.vault
    place = {each: row[f"name_{each}"] or row["class_name"] for each in ("kk", "ru", "en")}
    return Report(
        row["id"], row["talk_id"], row["post_id"], row["by_name"],
        vault.decrypt(row["words_encrypted"], REPORTED, str(row["id"])), row["at"], row["author"], As(row["as_a"]),
        row["posted_at"], vault.decrypt(row["post_words"], WORDS, str(row["post_id"])),
        Kind(row["kind"]), place, row["decided_at"], row["decided_by"],
        row["outcome"],
    )  # fmt: skip
