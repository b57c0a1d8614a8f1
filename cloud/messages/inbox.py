"""What a guardian reads: messages that were sent to the own account, of children whom the account may see now.

Rule: whose right ended, was limited by a court, or whose child left, finds nothing here any more. Opening a message
reads it: that is its receipt. Of other families' reading and answers nothing is told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.handed_files import Attached, FileRow
from cloud.core.sealed_files import file_of, files_of_one
from cloud.core.services import Services
from cloud.messages.answers import Answer, thread_of
from cloud.messages.files import FILES
from cloud.messages.kinds import State
from cloud.messages.rules import chosen
from cloud.messages.sending import MAY_READ, wordings_of

SECTION = "messages"  # of the menu
PAGE = 30
UNREAD_MAX = 100
CHILDREN_MAX = 5  # named beside a message
_MINE = f"""
SELECT told.announcement_id, min(told.told_at) AS told_at, max(told.read_at) AS read_at,
  (array_agg(given_name ORDER BY person.id))[1:{CHILDREN_MAX}] AS children
FROM announcement_reader AS told
JOIN guardianship_at($2) AS family ON family.account_id = told.account_id AND family.person_id = told.person_id
  AND {MAY_READ}
JOIN person ON person.id = told.person_id
WHERE told.account_id = $1 AND ($3::bigint IS NULL OR told.announcement_id = $3) GROUP BY told.announcement_id
"""  # noqa: S608 (texts of ours, as below)
_COLUMNS = f"""
SELECT announcement.id, author, audience, may_answer, texts_encrypted, state, sent_at, decided_at, reason,
  (SELECT max(announcement_id) FROM announcement_reader AS also WHERE also.announcement_id = corrects_id
    AND also.account_id = $1) AS corrects_id,
  school.code, zone, name_kk, name_ru, name_en, mine.told_at, mine.read_at, mine.children,
  (SELECT max(other.id) FROM announcement AS other JOIN announcement_reader AS also ON also.announcement_id = other.id
    WHERE other.corrects_id = announcement.id AND other.state = 'sent' AND also.account_id = $1) AS corrected_by,
  EXISTS (SELECT FROM announcement_file WHERE announcement_id = announcement.id) AS has_files,
  EXISTS (SELECT FROM announcement_answer AS said WHERE said.announcement_id = announcement.id
    AND said.account_id = $1 AND by_school AND said.read_at IS NULL) AS has_answer
FROM ({_MINE}) AS mine JOIN announcement ON announcement.id = mine.announcement_id JOIN school ON school.id = school_id
"""  # noqa: S608 (texts of ours)
_LIST = f"""{_COLUMNS} WHERE $4::bigint IS NULL OR (mine.told_at, announcement.id) < (
  SELECT min(told_at), $4 FROM announcement_reader WHERE announcement_id = $4 AND account_id = $1
) ORDER BY mine.told_at DESC, announcement.id DESC LIMIT $5"""  # noqa: S608 (texts of ours)
_READ = "UPDATE announcement_reader SET read_at = $3 WHERE announcement_id = $1 AND account_id = $2 AND read_at IS NULL"
_HEARD = """
UPDATE announcement_answer SET read_at = $3
WHERE announcement_id = $1 AND account_id = $2 AND by_school AND read_at IS NULL
"""
_UNREAD = f"""
SELECT count(*) FROM (
  SELECT DISTINCT told.announcement_id FROM announcement_reader AS told
  JOIN guardianship_at($2) AS family ON family.account_id = told.account_id AND family.person_id = told.person_id
    AND {MAY_READ}
  JOIN announcement ON announcement.id = told.announcement_id
  WHERE told.account_id = $1 AND (told.read_at IS NULL AND state = 'sent' OR EXISTS (
    SELECT FROM announcement_answer AS said WHERE said.announcement_id = told.announcement_id
      AND said.account_id = $1 AND by_school AND said.read_at IS NULL)) LIMIT {UNREAD_MAX}
) AS unread
"""  # noqa: S608 (texts of ours)


@dataclass(frozen=True, slots=True)
class Received:
    """A message as its reader sees it; `language` is the one that it is shown in. Recalled, it has no text."""

    id: int
    author: str
    school_name: str
    zone: ZoneInfo
    children: Sequence[str]
    title: str
    body: str
    language: str
    is_recalled: bool
    reason: str  # of the recall
    decided_at: datetime | None
    sent_at: datetime
    read_at: datetime | None
    may_answer: bool
    has_files: bool
    has_answer: bool  # that was not read yet
    corrects: int | None
    corrected_by: int | None

    @property
    def is_new(self) -> bool:
        return (self.read_at is None and not self.is_recalled) or self.has_answer


@dataclass(frozen=True, slots=True)
class Opened:
    """A message that was opened, with its files and what its reader and the school said since."""

    message: Received
    files: Sequence[FileRow]
    answers: Sequence[Answer]


async def received_of(
    services: Services, actor: Actor, language: str, before: int | None = None
) -> tuple[list[Received], int | None]:
    """Return the actor's messages, the newest first, and before which one to go on; None where there are no more."""
    if actor.account_id is None or actor.must_change:
        return [], None
    rows = await services.database.pool.fetch(
        _LIST, actor.account_id, services.clock.now(), None, before, PAGE + 1
    )  # fmt: skip
    found = [_received(services, row, language) for row in rows[:PAGE]]
    return found, found[-1].id if len(rows) > PAGE else None


async def open_message(services: Services, actor: Actor, number: int, language: str) -> Opened:
    """Return a message, and note that the actor has read it and the answers to it. Raises NotFound."""
    received = await received_one(services, actor, number, language)
    now = services.clock.now()
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        if not received.is_recalled:
            await connection.execute(_READ, number, actor.account_id, now)
        await connection.execute(_HEARD, number, actor.account_id, now)
    files = [] if received.is_recalled else await files_of_one(services, FILES, number)
    return Opened(received, files, await thread_of(services, number, actor.account_id or 0))


async def received_one(services: Services, actor: Actor, number: int, language: str) -> Received:
    """Return a message of the actor's, unread as it may be. Raises NotFound."""
    if actor.account_id is None or actor.must_change:
        raise NotFound
    row = await services.database.pool.fetchrow(
        f"{_COLUMNS} LIMIT 1", actor.account_id, services.clock.now(), number
    )  # fmt: skip
    if row is None:
        raise NotFound
    return _received(services, row, language)


async def received_file(services: Services, actor: Actor, number: int, file_id: int) -> Attached:
    """Return a file of a message of the actor's. Raises NotFound."""
    received = await received_one(services, actor, number, "")
    if received.is_recalled:
        raise NotFound
    return await file_of(services, FILES, number, file_id)


async def unread_of(services: Services, actor: Actor) -> int:
    """Return how many messages are new to the actor: not opened, or answered since; at most `UNREAD_MAX`."""
    if actor.account_id is None or actor.must_change:
        return 0
    return int(await services.database.pool.fetchval(_UNREAD, actor.account_id, services.clock.now()))


def _received(services: Services, row: Mapping[str, Any], language: str) -> Received:
    is_recalled = row["state"] == State.RECALLED
    code, wording = chosen(wordings_of(services, row["id"], row["texts_encrypted"]), language)
    return Received(
        id=row["id"], author=row["author"],
        school_name=row[{"ru": "name_ru", "en": "name_en"}.get(language, "name_kk")],
        zone=ZoneInfo(row["zone"]), children=tuple(row["children"]), title="" if is_recalled else wording.title,
        body="" if is_recalled else wording.body, language=code, is_recalled=is_recalled, reason=row["reason"],
        decided_at=row["decided_at"], sent_at=row["sent_at"], read_at=row["read_at"],
        may_answer=row["may_answer"] and not is_recalled, has_files=row["has_files"], has_answer=row["has_answer"],
        corrects=row["corrects_id"], corrected_by=row["corrected_by"],
    )  # fmt: skip
