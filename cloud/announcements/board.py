"""The board as its readers see it: what stands on it for them today, pinned first; opening and confirming it.

Rule: for whom it is, is asked anew each time: a child of today's class, a guardian who may see the child's days, staff
with a role at the school. An announcement for classes that staff reads too is read by all staff.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from cloud.accounts.actions import audit
from cloud.announcements.files import FILES
from cloud.announcements.kinds import TEXTS, Posting, PostingRefused
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.handed_files import Attached, FileRow
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.roles import Role
from cloud.core.sealed_files import file_of, files_of_one
from cloud.core.services import Services
from cloud.messages.kinds import Wording
from cloud.messages.rules import chosen
from cloud.messages.sending import MAY_READ

BOARD_MAX, START_MAX = 100, 4
_FOR_ME = f"""
WITH mine AS (
  SELECT person.school_id, person.school_class_id, 'student' AS reader
  FROM student_account JOIN person ON person.id = student_account.person_id
  WHERE account_id = $1 AND person.is_active AND $3
  UNION ALL
  SELECT person.school_id, person.school_class_id, 'guardian' FROM guardianship_at($2) AS family
  JOIN person ON person.id = family.person_id WHERE family.account_id = $1 AND {MAY_READ} AND $4
), board AS (
  SELECT posting.id, school.zone, school.name_kk, school.name_ru, school.name_en
  FROM posting JOIN school ON school.id = posting.school_id
  WHERE posting.school_id IN (SELECT school_id FROM mine UNION ALL SELECT unnest($5::bigint[]))
    AND withdrawn_at IS NULL AND ($2::timestamptz AT TIME ZONE zone)::date BETWEEN first_on AND last_on
    AND ('staff' = ANY(audience) AND posting.school_id = ANY($5) OR EXISTS (
      SELECT FROM mine LEFT JOIN school_class ON school_class.id = mine.school_class_id
      WHERE mine.school_id = posting.school_id AND mine.reader = ANY(audience) AND (
        NOT EXISTS (SELECT FROM posting_class WHERE posting_id = posting.id)
        OR EXISTS (SELECT FROM posting_class AS meant WHERE meant.posting_id = posting.id
          AND (meant.grade = school_class.grade OR meant.school_class_id = school_class.id)))))
)
"""  # noqa: S608 (texts of ours, as below)
_READING = "LEFT JOIN posting_reading AS reading ON reading.posting_id = posting.id AND reading.account_id = $1"
_LIST = f"""{_FOR_ME}
SELECT posting.id, posting.school_id, board.zone, board.name_kk, board.name_ru, board.name_en, author, texts_encrypted,
  made_at, first_on, last_on, is_pinned, asks, seen_at, confirmed_at,
  EXISTS (SELECT FROM posting_file WHERE posting_id = posting.id) AS has_files
FROM board JOIN posting ON posting.id = board.id {_READING}
WHERE $6::bigint IS NULL OR posting.id = $6
ORDER BY is_pinned DESC, first_on DESC, posting.id DESC LIMIT $7
"""  # noqa: S608
_COUNT = f"""{_FOR_ME}
SELECT count(*) FROM board JOIN posting ON posting.id = board.id {_READING}
WHERE CASE WHEN asks THEN confirmed_at IS NULL ELSE seen_at IS NULL END
"""  # noqa: S608
_SEEN = """
INSERT INTO posting_reading (posting_id, account_id, seen_at) VALUES ($1, $2, $3)
ON CONFLICT (posting_id, account_id) DO NOTHING
"""
_CONFIRM = """
INSERT INTO posting_reading AS kept (posting_id, account_id, seen_at, confirmed_at) VALUES ($1, $2, $3, $3)
ON CONFLICT (posting_id, account_id) DO UPDATE SET confirmed_at = excluded.confirmed_at WHERE kept.confirmed_at IS NULL
RETURNING 1
"""


async def board_of(services: Services, actor: Actor, language: str, most: int = BOARD_MAX) -> list[Posting]:
    """Return what stands on the board for the actor today, pinned first, then the newest."""
    if actor.account_id is None or actor.must_change:
        return []
    rows = await services.database.pool.fetch(_LIST, *_asked(services, actor), None, most)
    return [_posting(services, row, language) for row in rows]


async def posting_of(services: Services, actor: Actor, number: int, language: str) -> Posting:
    """Return an announcement that stands on the board for the actor. Raises NotFound."""
    if actor.account_id is None or actor.must_change:
        raise NotFound
    row = await services.database.pool.fetchrow(_LIST, *_asked(services, actor), number, 1)
    if row is None:
        raise NotFound
    return _posting(services, row, language)


async def open_posting(
    services: Services, actor: Actor, number: int, language: str
) -> tuple[Posting, Sequence[FileRow]]:
    """Return an announcement with its files, and note that the actor has seen it. Raises NotFound."""
    posting = await posting_of(services, actor, number, language)
    await services.database.pool.execute(_SEEN, number, actor.account_id, services.clock.now())
    return posting, await files_of_one(services, FILES, number)


async def confirm(services: Services, actor: Actor, number: int) -> None:
    """Note that the actor confirms to have read an announcement that asks for it. Raises NotFound or PostingRefused."""
    posting, now = await posting_of(services, actor, number, ""), services.clock.now()
    if not posting.asks:
        raise PostingRefused(message("This announcement does not ask to be confirmed."))
    async with services.database.transaction() as transaction:
        if await raw(transaction).fetchval(_CONFIRM, number, actor.account_id, now) is not None:
            await audit(
                transaction, actor, "posting.confirmed", f"posting:{number}", school_id=posting.school_id, at=now
            )


async def received_file(services: Services, actor: Actor, number: int, file_id: int) -> Attached:
    """Return a file of an announcement that stands on the board for the actor. Raises NotFound."""
    await posting_of(services, actor, number, "")
    return await file_of(services, FILES, number, file_id)


async def waiting_of(services: Services, actor: Actor) -> int:
    """Return how many announcements the actor has not seen, or is still to confirm."""
    if actor.account_id is None or actor.must_change:
        return 0
    return int(await services.database.pool.fetchval(_COUNT, *_asked(services, actor)))


def may_read(actor: Actor) -> bool:
    """Tell whether there is a board for the actor."""
    return bool(actor.kinships(Right.BOARD_READ) or actor.schools_with(Right.BOARD_READ))


def _asked(services: Services, actor: Actor) -> list[Any]:
    kin = actor.kinships(Right.BOARD_READ)
    staffs = sorted(actor.schools_with(Right.BOARD_READ) or ())
    return [actor.account_id, services.clock.now(), Role.STUDENT in kin, Role.GUARDIAN in kin, staffs]


def _posting(services: Services, row: Mapping[str, Any], language: str) -> Posting:
    code, wording = chosen(wordings_of(services, row["id"], row["texts_encrypted"]), language)
    return Posting(
        id=row["id"], school_id=row["school_id"],
        school_names={each: row[f"name_{each}"] for each in ("kk", "ru", "en")}, zone=ZoneInfo(row["zone"]),
        author=row["author"], title=wording.title, body=wording.body, language=code, made_at=row["made_at"],
        first_on=row["first_on"], last_on=row["last_on"], is_pinned=row["is_pinned"], asks=row["asks"],
        has_files=row["has_files"], seen_at=row["seen_at"], confirmed_at=row["confirmed_at"],
    )  # fmt: skip


def wordings_of(services: Services, number: int, sealed: bytes) -> dict[str, Wording]:
    """Return an announcement's texts by language."""
    return msgspec.json.decode(services.vault.decrypt(sealed, TEXTS, str(number)), type=dict[str, Wording])
