"""Who may not write for a while: in one talk, or in all talks of a school; and that a moderator ends it earlier.

Rule: students and guardians are muted, staff is not: what staff writes is the head's to talk about.
"""

from dataclasses import replace

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.talks.kinds import MUTED, As, Kind, Mute, Seat, TalkRefused
from cloud.talks.reach import seat_of
from cloud.talks.rules import checked_days, checked_reason

MUTES_MAX = 200
_COLUMNS = "SELECT id, account_id, name, why_encrypted, by_name, at, until_at, talk_id FROM talk_mute"
_STANDING = "school_id = $1 AND lifted_at IS NULL AND until_at > $2"
_OF_ONE = f"""{_COLUMNS} WHERE {_STANDING} AND account_id = $3 AND (talk_id IS NULL OR talk_id = $4)
ORDER BY until_at DESC LIMIT 1"""
_LIST = f"""
SELECT mute.*, talk.kind, concat_ws(', ', grade || letter, nullif(group_name, '')) AS class_name FROM (
  {_COLUMNS} WHERE {_STANDING} AND ($3 OR talk_id = ANY($4::bigint[])) ORDER BY until_at DESC LIMIT $5) AS mute
LEFT JOIN talk ON talk.id = mute.talk_id LEFT JOIN school_class ON school_class.id = talk.school_class_id
LEFT JOIN course ON course.id = talk.course_id ORDER BY until_at DESC
"""  # noqa: S608 (texts of ours)
_WHO = "SELECT account_id, person_id, as_a, author FROM talk_post WHERE id = $1 AND talk_id = $2"
_NEXT = "SELECT nextval(pg_get_serial_sequence('talk_mute', 'id'))"
_ADD = """
INSERT INTO talk_mute (id, school_id, talk_id, account_id, person_id, name, why_encrypted, at, by_name, until_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_LIFT = """
UPDATE talk_mute SET lifted_at = $3, lifted_by = $4
WHERE id = $1 AND school_id = $2 AND lifted_at IS NULL AND ($5 OR talk_id IN (
  SELECT id FROM talk WHERE school_class_id = ANY($6::bigint[]))) RETURNING account_id
"""
_TALKS = "SELECT id FROM talk WHERE school_id = $1 AND school_class_id = ANY($2::bigint[]) LIMIT 500"


async def mute_of(
    services: Services, connection: asyncpg.Connection | asyncpg.Pool, actor: Actor, school_id: int, talk_id: int
) -> Mute | None:
    """Return until when the actor may not write in a talk, if that is so."""
    row = await connection.fetchrow(_OF_ONE, school_id, services.clock.now(), actor.account_id, talk_id)
    return None if row is None else _mute(services, row)


async def mute(services: Services, actor: Actor, talk_id: int, post_id: int, days: int, reason: str) -> None:
    """Let the author of a post not write for some days: in all talks of the school; by a class teacher in this one.

    Raises NotFound, NotAllowed or TalkRefused.
    """
    seat = await seat_of(services, actor, talk_id)
    if not seat.moderates:
        raise NotAllowed
    why, lasts, now = checked_reason(reason), checked_days(days), services.clock.now()
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        who = await connection.fetchrow(_WHO, post_id, talk_id)
        if who is None:
            raise NotFound
        if who["as_a"] == As.STAFF or who["account_id"] == actor.account_id:
            raise TalkRefused(message("Only students and parents can be muted."))
        number = int(await connection.fetchval(_NEXT))
        await connection.execute(
            _ADD, number, seat.school_id, _where(actor, seat), who["account_id"], who["person_id"], who["author"],
            services.vault.encrypt(why, MUTED, str(number)), now, actor.name, now + lasts,
        )  # fmt: skip
        await audit(transaction, actor, "talk.muted", f"account:{who['account_id']}",
                    {"talk": str(talk_id), "days": str(days)}, school_id=seat.school_id, at=now)  # fmt: skip


async def lift(services: Services, actor: Actor, school_id: int, mute_id: int) -> None:
    """Let somebody write again before the days are over. Raises NotAllowed or NotFound."""
    everywhere, classes = reach_of_moderator(actor, school_id)
    now = services.clock.now()
    async with services.database.transaction() as transaction:
        account_id = await raw(transaction).fetchval(_LIFT, mute_id, school_id, now, actor.name, everywhere, classes)
        if account_id is None:
            raise NotFound
        await audit(transaction, actor, "talk.unmuted", f"account:{account_id}", school_id=school_id, at=now)


async def mutes_at(services: Services, actor: Actor, school_id: int) -> list[Mute]:
    """Return who is muted now where the actor moderates, the longest first. Raises NotAllowed."""
    everywhere, classes = reach_of_moderator(actor, school_id)
    pool = services.database.pool
    talks = [] if everywhere else [row["id"] for row in await pool.fetch(_TALKS, school_id, classes)]
    rows = await pool.fetch(_LIST, school_id, services.clock.now(), everywhere, talks, MUTES_MAX)
    return [
        replace(_mute(services, row), kind=Kind(row["kind"]) if row["kind"] else None, class_name=row["class_name"])
        for row in rows
    ]


def reach_of_moderator(actor: Actor, school_id: int) -> tuple[bool, list[int]]:
    """Return whether the actor moderates all talks of a school, else those of which classes. Raises NotAllowed."""
    everywhere = actor.can(Right.TALKS_MODERATE, school_id)
    classes = sorted(actor.classes(Right.TALKS_MODERATE, school_id))
    if not everywhere and not classes:
        raise NotAllowed
    return everywhere, classes


def _where(actor: Actor, seat: Seat) -> int | None:
    return None if actor.can(Right.TALKS_MODERATE, seat.school_id) else seat.talk_id


def _mute(services: Services, row: asyncpg.Record) -> Mute:
    why = services.vault.decrypt(row["why_encrypted"], MUTED, str(row["id"]))
    return Mute(
        row["id"], row["account_id"], row["name"], why, row["by_name"], row["at"], row["until_at"], row["talk_id"]
    )
