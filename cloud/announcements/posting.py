"""What who posts does: post an announcement, let it stand longer or shorter, pin it, take it off the board.

Rule: what was posted is never reworded: its readers confirmed what it said. It is taken off, and another one is posted.
"""

from collections.abc import Collection, Sequence
from datetime import date

import asyncpg
import msgspec

from cloud.accounts.actions import audit
from cloud.announcements.files import FILES
from cloud.announcements.kinds import TEXTS, Given, PostingRefused
from cloud.announcements.rules import PINNED_MAX, check_days, checked
from cloud.attendance.queries import SchoolToday
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.handed_files import Attached
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.sealed_files import put_files
from cloud.core.services import Services

DAY_MAX = 30  # of one account, in 24 hours
_LOCK = "SELECT id FROM school WHERE id = $1 FOR NO KEY UPDATE"
_LATELY = "SELECT count(*) FROM posting WHERE account_id = $1 AND made_at > $2::timestamptz - interval '1 day'"
_NEXT = "SELECT nextval(pg_get_serial_sequence('posting', 'id'))"
_ADD = """
INSERT INTO posting (id, school_id, account_id, author, of_school, texts_encrypted, audience, first_on, last_on,
  is_pinned, asks, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
_GRADES = "INSERT INTO posting_class (posting_id, grade) SELECT $1, unnest($2::smallint[])"
_CLASSES = """
INSERT INTO posting_class (posting_id, school_class_id)
SELECT $1, id FROM school_class WHERE id = ANY($2::bigint[]) AND school_id = $3 AND is_active RETURNING 1
"""
_PINNED = """
SELECT count(*) FROM posting
WHERE school_id = $1 AND is_pinned AND withdrawn_at IS NULL AND last_on >= $2 AND id <> $3
"""
_SET = """
UPDATE posting SET last_on = $3, is_pinned = $4 WHERE id = $1 AND school_id = $2 AND withdrawn_at IS NULL
RETURNING id
"""
_WITHDRAW = """
UPDATE posting SET withdrawn_at = $3, withdrawn_by = $4 WHERE id = $1 AND school_id = $2 AND withdrawn_at IS NULL
RETURNING id
"""
_FOUND = """
SELECT first_on, account_id = $3 AND NOT of_school AND NOT EXISTS (
  SELECT FROM posting_class WHERE posting_id = posting.id AND (school_class_id = ANY($4::bigint[])) IS NOT TRUE
) AS is_own FROM posting WHERE id = $1 AND school_id = $2
"""


async def post(
    services: Services, actor: Actor, school: SchoolToday, given: Given, files: Sequence[Attached] = ()
) -> int:
    """Put an announcement on the board, and return its id. Raises NotAllowed, PostingRefused or MessageRefused."""
    own, now = classes_of_poster(actor, school.id), services.clock.now()
    kept = checked(given, school.on, of_classes=own is not None)
    if own is not None and set(kept.classes) - set(own):
        raise NotAllowed
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        await connection.fetchval(_LOCK, school.id)
        if await connection.fetchval(_LATELY, actor.account_id, now) >= DAY_MAX:
            raise PostingRefused(message("You posted {count} announcements today. Go on tomorrow.", count=DAY_MAX))
        number = int(await connection.fetchval(_NEXT))
        if kept.is_pinned:
            await _check_pinned(connection, school, number)
        texts = services.vault.encrypt(msgspec.json.encode(dict(kept.wordings)).decode(), TEXTS, str(number))
        await connection.execute(
            _ADD, number, school.id, actor.account_id, actor.name, own is None, texts,
            sorted(each.value for each in kept.readers), kept.first_on, kept.last_on, kept.is_pinned, kept.asks, now,
        )  # fmt: skip
        await connection.execute(_GRADES, number, kept.grades)
        if len(await connection.fetch(_CLASSES, number, kept.classes, school.id)) != len(kept.classes):
            raise PostingRefused(message("Choose grades and classes of the lists."))
        await put_files(services, connection, FILES, school.id, number, files)
        await audit(transaction, actor, "posting.posted", f"posting:{number}", school_id=school.id, at=now)
    return number


async def set_days(
    services: Services, actor: Actor, school: SchoolToday, number: int, *, last_on: date, is_pinned: bool
) -> None:
    """Let an announcement stand until another day, pinned or not. Raises NotAllowed, NotFound or PostingRefused."""
    own = classes_of_poster(actor, school.id)
    if own is not None and is_pinned:
        raise PostingRefused(message("A class teacher posts for students and parents of the own classes."))
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        await connection.fetchval(_LOCK, school.id)
        first_on = await _check_own(connection, actor, school.id, number, own)
        check_days(first_on, last_on, school.on)
        if is_pinned:
            await _check_pinned(connection, school, number)
        if await connection.fetchval(_SET, number, school.id, last_on, is_pinned) is None:
            raise PostingRefused(message("It was taken off the board already."))
        detail = {"last_on": str(last_on), "pinned": str(is_pinned).lower()}
        await audit(transaction, actor, "posting.set", f"posting:{number}", detail, school_id=school.id,
                    at=services.clock.now())  # fmt: skip


async def withdraw(services: Services, actor: Actor, school: SchoolToday, number: int) -> None:
    """Take an announcement off the board. Raises NotAllowed, NotFound or PostingRefused."""
    own, now = classes_of_poster(actor, school.id), services.clock.now()
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        await _check_own(connection, actor, school.id, number, own)
        if await connection.fetchval(_WITHDRAW, number, school.id, now, actor.name) is None:
            raise PostingRefused(message("It was taken off the board already."))
        await audit(transaction, actor, "posting.withdrawn", f"posting:{number}", school_id=school.id, at=now)


def classes_of_poster(actor: Actor, school_id: int) -> Collection[int] | None:
    """Return the classes that the actor may post for; None is the whole school. Raises NotAllowed."""
    if actor.can(Right.BOARD_POST, school_id):
        return None
    own = actor.classes(Right.BOARD_POST, school_id)
    if not own or actor.account_id is None:
        raise NotAllowed
    return own


async def _check_pinned(connection: asyncpg.Connection, school: SchoolToday, number: int) -> None:
    if await connection.fetchval(_PINNED, school.id, school.on, number) >= PINNED_MAX:
        raise PostingRefused(message("{count} announcements are pinned already. Let one of them go first.",
                                     count=PINNED_MAX))  # fmt: skip


async def _check_own(
    connection: asyncpg.Connection, actor: Actor, school_id: int, number: int, own: Collection[int] | None
) -> date:
    """Let go on who posted it for classes that are the own ones still, and who posts for the school.

    Returns its first day. Raises NotFound.
    """
    row = await connection.fetchrow(_FOUND, number, school_id, actor.account_id, sorted(own or ()))
    if row is None or (own is not None and not row["is_own"]):
        raise NotFound
    first_on: date = row["first_on"]
    return first_on
