"""What a writer and an approver see: the messages of a desk, one of them with receipts, and families' answers.

Rule: a class teacher sees the own messages only; of the school's, who writes there and the heads see each; a message to
one family is its writer's alone. Answers are read by who wrote; of a message of the school, by who writes there.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.handed_files import Attached, FileRow
from cloud.core.rights import Right
from cloud.core.sealed_files import file_of, files_of_one
from cloud.core.services import Services
from cloud.messages.answers import Answer, answer_family, thread_of, threads
from cloud.messages.files import FILES
from cloud.messages.kinds import Audience, State, Wording
from cloud.messages.sending import wordings_of
from cloud.messages.writing import classes_of_writer, may_end

SHOWN_MAX = 100
_COLUMNS = """
SELECT announcement.id, school_id, account_id, author, of_school, audience, only_language, may_answer, texts_encrypted,
  state, made_at, send_at, sent_at, decided_at, decided_by, reason, corrects_id,
  ARRAY(SELECT grade FROM announcement_audience WHERE announcement_id = announcement.id AND grade IS NOT NULL
    ORDER BY 1) AS grades,
  ARRAY(SELECT school_class.grade || letter FROM announcement_audience AS meant
    JOIN school_class ON school_class_id = school_class.id WHERE announcement_id = announcement.id
    ORDER BY school_class.grade, letter) AS classes,
  ARRAY(SELECT concat_ws(' ', surname, given_name) FROM announcement_audience AS meant JOIN person
    ON person_id = person.id WHERE announcement_id = announcement.id) AS children,
  coalesce((SELECT ref FROM announcement_audience AS meant JOIN person ON person_id = person.id
    WHERE announcement_id = announcement.id), '') AS child,
  ARRAY(SELECT coalesce(meant.school_class_id, person.school_class_id, 0) FROM announcement_audience AS meant
    LEFT JOIN person ON person_id = person.id WHERE announcement_id = announcement.id) AS class_ids,
  (SELECT count(DISTINCT told.account_id) FROM announcement_reader AS told WHERE announcement_id = announcement.id)
    AS told,
  (SELECT count(DISTINCT told.account_id) FROM announcement_reader AS told WHERE announcement_id = announcement.id
    AND read_at IS NOT NULL) AS read,
  (SELECT count(*) FROM announcement_answer AS said WHERE announcement_id = announcement.id AND NOT by_school
    AND read_at IS NULL) AS unread
FROM announcement
"""
_SEEN = "school_id = $1 AND (account_id = $2 OR ($3 AND audience <> 'family'))"
_LIST = f"{_COLUMNS} WHERE {_SEEN} ORDER BY state <> 'waiting', announcement.id DESC LIMIT $4"
_ONE = f"{_COLUMNS} WHERE {_SEEN} AND announcement.id = $4"
_HEARD = "UPDATE announcement_answer SET read_at = $2 WHERE announcement_id = $1 AND NOT by_school AND read_at IS NULL"
_UNREAD = """
SELECT count(*) FROM (
  SELECT FROM announcement_answer AS said JOIN announcement ON announcement.id = announcement_id
  WHERE NOT by_school AND said.read_at IS NULL AND (announcement.account_id = $1 AND NOT of_school
    OR of_school AND announcement.school_id = ANY($2::bigint[])) LIMIT 100
) AS unread
"""
_WAITING = """
SELECT count(*) FROM (
  SELECT FROM announcement WHERE school_id = ANY($1::bigint[]) AND state = 'waiting' LIMIT 100) AS waiting
"""


@dataclass(frozen=True, slots=True)
class Written:
    """A message as its desk sees it."""

    id: int
    account_id: int
    author: str
    of_school: bool
    audience: Audience
    grades: Sequence[int]
    classes: Sequence[str]
    children: Sequence[str]
    child: str  # the reference of the one child
    only_language: str
    may_answer: bool
    wordings: Mapping[str, Wording]
    state: State
    made_at: datetime
    send_at: datetime
    sent_at: datetime | None
    decided_at: datetime | None
    decided_by: str
    reason: str
    corrects: int | None
    told: int  # accounts that it went to
    read: int  # of these, that have opened it
    unread: int  # answers
    may_end: bool
    may_hear: bool  # read the answers, and answer

    @property
    def title(self) -> str:
        return next(iter(self.wordings.values())).title


async def written_at(services: Services, actor: Actor, school_id: int) -> list[Written]:
    """Return the messages of the actor's desk: those that wait first, then the newest. Raises NotAllowed."""
    own = classes_of_writer(actor, school_id)
    rows = await services.database.pool.fetch(_LIST, school_id, actor.account_id, own is None, SHOWN_MAX)
    return [_written(services, actor, row) for row in rows if _is_within(own, row)]


async def written_one(services: Services, actor: Actor, school_id: int, number: int) -> Written:
    """Return a message of the actor's desk. Raises NotAllowed or NotFound."""
    own = classes_of_writer(actor, school_id)
    row = await services.database.pool.fetchrow(_ONE, school_id, actor.account_id, own is None, number)
    if row is None or not _is_within(own, row):
        raise NotFound
    return _written(services, actor, row)


async def files_at(services: Services, actor: Actor, school_id: int, number: int) -> list[FileRow]:
    """Return the files of a message of the actor's desk. Raises NotAllowed or NotFound."""
    await written_one(services, actor, school_id, number)
    return await files_of_one(services, FILES, number)


async def file_at(services: Services, actor: Actor, school_id: int, number: int, file_id: int) -> Attached:
    """Return a file of a message of the actor's desk. Raises NotAllowed or NotFound."""
    await written_one(services, actor, school_id, number)
    return await file_of(services, FILES, number, file_id)


async def hear(services: Services, actor: Actor, school_id: int, number: int) -> dict[int, list[Answer]]:
    """Return the families' answers by account, and note that they were read. Raises NotAllowed or NotFound."""
    written = await written_one(services, actor, school_id, number)
    if not written.may_hear:
        return {}
    answers = await thread_of(services, number, None)
    if written.unread:
        async with services.database.transaction() as transaction:
            now = services.clock.now()
            await raw(transaction).execute(_HEARD, number, now)
            await audit(transaction, actor, "message.answers_read", f"message:{number}", school_id=school_id, at=now)
    return threads(answers)


async def say_back(services: Services, actor: Actor, school_id: int, number: int, account_id: int, text: str) -> None:
    """Answer one family. Raises NotAllowed, NotFound or MessageRefused."""
    written = await written_one(services, actor, school_id, number)
    if not written.may_hear:
        raise NotFound
    await answer_family(services, actor, number, school_id, account_id, text)


async def waiting_at(services: Services, actor: Actor) -> int:
    """Return what waits for the actor: answers not read, and messages to approve; 100 of each at most."""
    writes, approves = actor.schools_with(Right.MESSAGES_WRITE), actor.schools_with(Right.MESSAGES_APPROVE)
    pool = services.database.pool
    unread = await pool.fetchval(_UNREAD, actor.account_id, sorted(writes or ()))
    waiting = await pool.fetchval(_WAITING, sorted(approves)) if approves else 0
    return int(unread) + int(waiting)


def _is_within(own: Collection[int] | None, row: Mapping[str, Any]) -> bool:
    """Tell whether a message went to own classes only; who had a class once has its families' words no more."""
    return own is None or set(row["class_ids"]) <= set(own)


def _written(services: Services, actor: Actor, row: Mapping[str, Any]) -> Written:
    school_id, is_own = row["school_id"], row["account_id"] == actor.account_id
    of_office = row["of_school"] and row["audience"] != Audience.FAMILY
    return Written(
        id=row["id"], account_id=row["account_id"], author=row["author"], of_school=row["of_school"],
        audience=Audience(row["audience"]), grades=row["grades"], classes=row["classes"],
        children=row["children"], child=row["child"],
        only_language=row["only_language"], may_answer=row["may_answer"],
        wordings=wordings_of(services, row["id"], row["texts_encrypted"]), state=State(row["state"]),
        made_at=row["made_at"], send_at=row["send_at"], sent_at=row["sent_at"], decided_at=row["decided_at"],
        decided_by=row["decided_by"], reason=row["reason"], corrects=row["corrects_id"], told=row["told"],
        read=row["read"], unread=row["unread"], may_end=may_end(actor, school_id, row),
        may_hear=actor.can(Right.MESSAGES_WRITE, school_id) if of_office else is_own,
    )  # fmt: skip
