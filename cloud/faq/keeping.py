"""Entries are written, changed, put in order and taken away by the office and the heads of a school."""

from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.texts import has_unseen, one_line, paragraphs
from cloud.faq.errors import FaqRefused
from cloud.faq.kinds import LANGUAGES, Audience, Entry, Given
from cloud.faq.reading import COLUMNS, entry

ENTRIES_MAX = 200  # of one school
TOPIC_MAX, QUESTION_MAX, ANSWER_MAX = 60, 200, 2_000
_OF_SCHOOL = f"{COLUMNS} WHERE school_id = $1 ORDER BY place, entry.id LIMIT $3"
_ADD = """
INSERT INTO faq_entry (school_id, topic, audiences, question_kk, question_ru, question_en, answer_kk, answer_ru,
  answer_en, is_shown, changed_at, changed_by, place)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, coalesce(max(place), 0) + 1 FROM faq_entry
WHERE school_id = $1 HAVING count(*) < $13 RETURNING id
"""
_CHANGE = """
UPDATE faq_entry SET topic = $2, audiences = $3, question_kk = $4, question_ru = $5, question_en = $6, answer_kk = $7,
  answer_ru = $8, answer_en = $9, is_shown = $10, changed_at = $11, changed_by = $12
WHERE id = $13 AND school_id = $1 RETURNING id
"""
_LIFT = """
WITH own AS (SELECT id, place FROM faq_entry WHERE id = $2 AND school_id = $1),
  above AS (
    SELECT id, place FROM faq_entry WHERE school_id = $1 AND place < (SELECT place FROM own)
    ORDER BY place DESC LIMIT 1)
UPDATE faq_entry AS moved SET place = CASE moved.id WHEN own.id THEN above.place ELSE own.place END
FROM own, above WHERE moved.id IN (own.id, above.id)
"""


async def entries_at(services: Services, actor: Actor, school_id: int) -> list[Entry]:
    """Return all entries of a school in their order, with what readers said of each. Raises NotAllowed."""
    actor.require(Right.FAQ_KEEP, school_id)
    rows = await services.database.pool.fetch(_OF_SCHOOL, school_id, actor.account_id, ENTRIES_MAX)
    return [entry(row) for row in rows]


async def put_entry(services: Services, actor: Actor, school_id: int, given: Given, entry_id: int = 0) -> int:
    """Write an entry, or change one, and return its number. Raises NotAllowed, NotFound or FaqRefused."""
    actor.require(Right.FAQ_KEEP, school_id)
    plain, now = checked(given), services.clock.now()
    columns = (
        plain.topic, list(plain.audiences), *(plain.questions[each] for each in LANGUAGES),
        *(plain.answers[each] for each in LANGUAGES), plain.is_shown, now, actor.name,
    )  # fmt: skip
    async with services.database.transaction() as connection:
        at = raw(connection)
        if entry_id:
            kept = await at.fetchval(_CHANGE, school_id, *columns, entry_id)
            if kept is None:
                raise NotFound
        else:
            kept = await at.fetchval(_ADD, school_id, *columns, ENTRIES_MAX)
            if kept is None:
                raise FaqRefused(message("{most} questions at most. Take away what nobody asks.", most=ENTRIES_MAX))
        await _note(services, connection, actor, school_id, kept, "faq.changed")
    return int(kept)


async def drop_entry(services: Services, actor: Actor, school_id: int, entry_id: int) -> None:
    """Take an entry away. Raises NotAllowed or NotFound."""
    actor.require(Right.FAQ_KEEP, school_id)
    async with services.database.transaction() as connection:
        gone = "DELETE FROM faq_entry WHERE id = $1 AND school_id = $2 RETURNING id"
        if await raw(connection).fetchval(gone, entry_id, school_id) is None:
            raise NotFound
        await _note(services, connection, actor, school_id, entry_id, "faq.dropped")


async def lift_entry(services: Services, actor: Actor, school_id: int, entry_id: int) -> None:
    """Move an entry one place up. Raises NotAllowed."""
    actor.require(Right.FAQ_KEEP, school_id)
    async with services.database.transaction() as connection:
        await raw(connection).execute(_LIFT, school_id, entry_id)
        await _note(services, connection, actor, school_id, entry_id, "faq.changed")


def checked(given: Given) -> Given:
    """Return an entry in order. Raises FaqRefused."""
    topic = one_line(given.topic)
    questions = {each: one_line(given.questions.get(each, "")) for each in LANGUAGES}
    answers = {each: paragraphs(given.answers.get(each, "")) for each in LANGUAGES}
    if len(topic) > TOPIC_MAX or any(len(each) > QUESTION_MAX for each in questions.values()):
        raise FaqRefused(message("Ask in {most} letters at most.", most=QUESTION_MAX))
    if any(len(each) > ANSWER_MAX or has_unseen(each) for each in answers.values()):
        raise FaqRefused(message("Answer in {most} letters at most.", most=ANSWER_MAX))
    if not any(questions.values()) or any(bool(questions[each]) != bool(answers[each]) for each in LANGUAGES):
        raise FaqRefused(message("Write question and answer in one language at least, and in each both or neither."))
    if not set(given.audiences) <= set(Audience):
        raise FaqRefused(message("Choose one of what is offered."))
    return Given(topic, questions, answers, sorted(set(given.audiences)), given.is_shown)


async def _note(
    services: Services, connection: BaseDBAsyncClient, actor: Actor, school_id: int, entry_id: int, verb: str
) -> None:  # fmt: skip
    now = services.clock.now()
    await audit(connection, actor, verb, f"faq:{entry_id}", school_id=school_id, at=now)
