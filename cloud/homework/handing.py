"""Handing in: a draft to which words and files are added one after another, and which then stands for the teacher.

Rule: a family writes of a child of its own that is for whom the homework is, and of nobody who has left, or whose data
are not to be kept. Who hands in is told by name; nothing that was handed in is changed by the family afterwards.
"""

from collections.abc import Sequence

import asyncpg

from cloud.accounts.actions import audit
from cloud.consents.scans import Scan
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.homework.errors import HomeworkClosed, HomeworkRefused
from cloud.homework.files import put_answer_files
from cloud.homework.kinds import WORDS, Answer, Homework, State
from cloud.homework.queries import answers_of, is_still_in, last_of, received
from cloud.homework.reach import pupil_of
from cloud.homework.rules import ANSWERS_MAX, WORDS_MAX, check_open
from cloud.journal.rules import checked_text
from cloud.portfolio.holding import hold
from cloud.portfolio.kinds import Subject
from cloud.portfolio.reach import today_at

_NEXT = "SELECT nextval(pg_get_serial_sequence('homework_answer', 'id'))"
_BEGIN = """
INSERT INTO homework_answer (id, school_id, homework_id, person_id, number, state, at, by_name)
VALUES ($1, $2, $3, $4, 0, 'draft', $5, $6)
"""
_SAY = "UPDATE homework_answer SET words_encrypted = $2 WHERE id = $1"
_HELD = "SELECT id FROM homework WHERE id = $1 FOR KEY SHARE"
_HAS_FILE = "SELECT EXISTS (SELECT FROM homework_answer_file WHERE answer_id = $1)"
_HAND_IN = """
UPDATE homework_answer SET state = 'handed', number = $2, at = $3, by_name = $4, is_late = $5 WHERE id = $1
"""
_DROP = """
DELETE FROM homework_answer_file AS file USING homework_answer AS answer
WHERE file.id = $1 AND answer.id = answer_id AND homework_id = $2 AND person_id = $3 AND number = 0 RETURNING file.id
"""


async def keep_draft(
    services: Services, actor: Actor, ref: str, homework_id: int, words: str, files: Sequence[Scan] = ()
) -> None:
    """Keep words, and add files, to what is not handed in yet.

    Raises NotFound, HomeworkRefused, HomeworkClosed, JournalRefused or ErasureAsked.
    """
    whose, said = await pupil_of(services, actor, ref), checked_text(words, WORDS_MAX)
    async with services.database.transaction() as transaction:
        await _draft(services, raw(transaction), actor, whose, homework_id, said, files)


async def hand_in(
    services: Services, actor: Actor, ref: str, homework_id: int, words: str, files: Sequence[Scan] = ()
) -> None:
    """Hand in what a draft holds, with these words and further files. Raises as `keep_draft` does."""
    whose, said = await pupil_of(services, actor, ref), checked_text(words, WORDS_MAX)
    async with services.database.transaction() as transaction:
        connection, now = raw(transaction), services.clock.now()
        homework, last, draft_id = await _draft(services, connection, actor, whose, homework_id, said, files)
        if not said and not await connection.fetchval(_HAS_FILE, draft_id):
            raise HomeworkRefused(message("Write something, or choose a file."))
        number = last.number + 1 if last else 1
        if number > ANSWERS_MAX:
            raise HomeworkClosed(message("This was handed in so often already. Ask the teacher."))
        is_late = now > homework.due_at
        await connection.execute(_HAND_IN, draft_id, number, now, actor.name, is_late)
        detail = {"homework": str(homework_id), "number": str(number), "late": "yes" if is_late else "no"}
        await audit(
            transaction, actor, "homework.handed_in", f"person:{whose.id}", detail, school_id=whose.school_id, at=now
        )


async def drop_draft_file(services: Services, actor: Actor, ref: str, homework_id: int, file_id: int) -> None:
    """Take a file out of a draft. Raises NotFound or ErasureAsked."""
    whose = await pupil_of(services, actor, ref)
    async with services.database.transaction() as transaction:
        await hold(raw(transaction), whose, services.clock.now())
        if await raw(transaction).fetchval(_DROP, file_id, homework_id, whose.id) is None:
            raise NotFound


async def _draft(
    services: Services, connection: asyncpg.Connection, actor: Actor, whose: Subject, homework_id: int, said: str,
    files: Sequence[Scan],
) -> tuple[Homework, Answer | None, int]:  # fmt: skip
    """Keep a draft; return the homework, what was handed in last, and the draft's id. The student's row is held."""
    now = services.clock.now()
    await hold(connection, whose, now)
    await connection.execute(_HELD, homework_id)  # nobody takes it back meanwhile
    homework = await received(connection, whose.id, homework_id)
    today = await today_at(connection, whose.school_id, now)
    if today > homework.due_on and not await is_still_in(connection, homework.course_id, whose.id, today):
        raise HomeworkClosed(message("The student is not in this class any more: nothing is handed in here."))
    answers = (await answers_of(services, connection, [homework_id], [whose.id])).get((homework_id, whose.id), [])
    last = last_of(answers)
    check_open(homework, last, now)
    drafts = [each.id for each in answers if each.state is State.DRAFT]
    draft_id = drafts[0] if drafts else int(await connection.fetchval(_NEXT))
    if not drafts:
        await connection.execute(_BEGIN, draft_id, homework.school_id, homework_id, whose.id, now, actor.name)
    sealed = services.vault.encrypt(said, WORDS, str(draft_id)) if said else None
    await connection.execute(_SAY, draft_id, sealed)
    await put_answer_files(services, connection, homework.school_id, draft_id, files)
    return homework, last, draft_id
