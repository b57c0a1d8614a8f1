"""Questionnaires are made, published, ended and dropped; who has not answered is reminded.

Rule: what people answer stays as they read it: nothing of a questionnaire changes once it is published, but its end.
"""

from datetime import timedelta

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.attendance.queries import SchoolToday
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.notifications.kinds import Detail, Named
from cloud.notifications.kinds import Kind as NoticeKind
from cloud.notifications.outbox import tell_each
from cloud.notifications.rules import Fact
from cloud.questionnaires.audience import silent_of
from cloud.questionnaires.errors import QuestionnaireClosed, QuestionnaireRefused
from cloud.questionnaires.kinds import LANGUAGES, Audience, Given, QuestionGiven, Questionnaire, State
from cloud.questionnaires.queries import COLUMNS, QUESTIONS_MAX, questionnaire
from cloud.questionnaires.ready import Ready
from cloud.questionnaires.rules import checked, checked_question

AT_SCHOOL_MAX = 200  # that are kept at once
PAUSE = timedelta(days=2)  # between two reminders
_ADD = """
INSERT INTO questionnaire (audience, roles, is_anonymous, fewest, title_kk, title_ru, title_en, intro_kk, intro_ru,
  intro_en, first_on, last_on, school_id, made_at, made_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) RETURNING id
"""
_CHANGE = """
UPDATE questionnaire SET audience = $1, roles = $2, is_anonymous = $3, fewest = $4, title_kk = $5, title_ru = $6,
  title_en = $7, intro_kk = $8, intro_ru = $9, intro_en = $10, first_on = $11, last_on = $12 WHERE id = $13
"""
_CLASSES = """
INSERT INTO questionnaire_class (questionnaire_id, school_class_id)
SELECT $1, id FROM school_class WHERE id = ANY($2::bigint[]) AND school_id = $3 RETURNING 1
"""
_QUESTION = """
INSERT INTO questionnaire_question (questionnaire_id, kind, is_required, most, words_kk, words_ru, words_en, options_kk,
  options_ru, options_en, place)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, coalesce(max(place), 0) + 1 FROM questionnaire_question
WHERE questionnaire_id = $1 RETURNING id
"""
_CHANGE_QUESTION = """
UPDATE questionnaire_question SET kind = $2, is_required = $3, most = $4, words_kk = $5, words_ru = $6, words_en = $7,
  options_kk = $8, options_ru = $9, options_en = $10 WHERE id = $11 AND questionnaire_id = $1 RETURNING id
"""
_DROP_QUESTION = "DELETE FROM questionnaire_question WHERE id = $2 AND questionnaire_id = $1 RETURNING id"
_COUNT = "SELECT count(*) FROM questionnaire_question WHERE questionnaire_id = $1"
_LIFT = """
WITH own AS (SELECT id, place FROM questionnaire_question WHERE id = $2 AND questionnaire_id = $1),
  above AS (
    SELECT id, place FROM questionnaire_question
    WHERE questionnaire_id = $1 AND place < (SELECT place FROM own) ORDER BY place DESC LIMIT 1)
UPDATE questionnaire_question AS moved
SET place = CASE moved.id WHEN own.id THEN above.place ELSE own.place END
FROM own, above WHERE moved.id IN (own.id, above.id)
"""


async def make(services: Services, actor: Actor, school: SchoolToday, given: Given) -> int:
    """Make a draft, which nobody is asked before it is published, and return its number.

    Raises NotAllowed or QuestionnaireRefused.
    """
    actor.require(Right.QUESTIONNAIRES_KEEP, school.id)
    plain = checked(given, school.on)
    async with services.database.transaction() as connection:
        return await _make(services, connection, actor, school, plain)


async def make_ready(services: Services, actor: Actor, school: SchoolToday, ready: Ready) -> int:
    """Make a draft of one that stands ready, for the next two weeks, and return its number. Raises NotAllowed."""
    actor.require(Right.QUESTIONNAIRES_KEEP, school.id)
    plain = checked(ready.given(school.on), school.on)
    async with services.database.transaction() as connection:
        number = await _make(services, connection, actor, school, plain)
        for question in ready.questions:
            await raw(connection).fetchval(_QUESTION, number, *_columns_of(checked_question(question)))
    return number


async def change(services: Services, actor: Actor, school: SchoolToday, number: int, given: Given) -> None:
    """Change a draft. Raises NotAllowed, NotFound, QuestionnaireClosed or QuestionnaireRefused."""
    plain = checked(given, school.on)
    async with services.database.transaction() as connection:
        await _draft(connection, actor, school, number)
        at = raw(connection)
        await at.execute(_CHANGE, *_columns(plain), number)
        await at.execute("DELETE FROM questionnaire_class WHERE questionnaire_id = $1", number)
        await _put_classes(at, school.id, number, plain)
        await _note(services, connection, actor, school.id, number, "questionnaire.changed")


async def put_question(
    services: Services, actor: Actor, school: SchoolToday, number: int, given: QuestionGiven, question_id: int = 0
) -> int:
    """Add a question to a draft, or change one, and return its number.

    Raises NotAllowed, NotFound, QuestionnaireClosed or QuestionnaireRefused.
    """
    columns = _columns_of(checked_question(given))
    async with services.database.transaction() as connection:
        await _draft(connection, actor, school, number)
        at = raw(connection)
        if question_id:
            kept = await at.fetchval(_CHANGE_QUESTION, number, *columns, question_id)
        elif await at.fetchval(_COUNT, number) >= QUESTIONS_MAX:
            raise QuestionnaireRefused(
                message("{most} questions at most: people answer short ones.", most=QUESTIONS_MAX)
            )
        else:
            kept = await at.fetchval(_QUESTION, number, *columns)
        if kept is None:
            raise NotFound
        await _note(services, connection, actor, school.id, number, "questionnaire.changed")
    return int(kept)


async def drop_question(services: Services, actor: Actor, school: SchoolToday, number: int, question_id: int) -> None:
    """Take a question from a draft. Raises NotAllowed, NotFound or QuestionnaireClosed."""
    async with services.database.transaction() as connection:
        await _draft(connection, actor, school, number)
        if await raw(connection).fetchval(_DROP_QUESTION, number, question_id) is None:
            raise NotFound
        await _note(services, connection, actor, school.id, number, "questionnaire.changed")


async def lift_question(services: Services, actor: Actor, school: SchoolToday, number: int, question_id: int) -> None:
    """Move a question of a draft one place up. Raises NotAllowed, NotFound or QuestionnaireClosed."""
    async with services.database.transaction() as connection:
        await _draft(connection, actor, school, number)
        await raw(connection).execute(_LIFT, number, question_id)
        await _note(services, connection, actor, school.id, number, "questionnaire.changed")


async def publish(services: Services, actor: Actor, school: SchoolToday, number: int) -> None:
    """Let those see a draft whom it asks, from its first day on.

    Raises NotAllowed, NotFound, QuestionnaireClosed or QuestionnaireRefused.
    """
    async with services.database.transaction() as connection:
        found = await _draft(connection, actor, school, number)
        at = raw(connection)
        if found.given.last_on < school.on:
            raise QuestionnaireRefused(message("Its last day is over. Change the days first."))
        if not await at.fetchval(_COUNT, number):
            raise QuestionnaireRefused(message("It asks nothing yet. Add a question first."))
        now = services.clock.now()
        await at.execute("UPDATE questionnaire SET published_at = $2 WHERE id = $1", number, now)
        await _note(services, connection, actor, school.id, number, "questionnaire.published")


async def end(services: Services, actor: Actor, school: SchoolToday, number: int) -> None:
    """End one before its last day; it stays so. Raises NotAllowed, NotFound or QuestionnaireClosed."""
    async with services.database.transaction() as connection:
        found = await _held(connection, actor, school, number)
        if found.state(school.on) not in (State.AHEAD, State.OPEN):
            raise QuestionnaireClosed(message("Nobody is asked by it now."))
        now = services.clock.now()
        await raw(connection).execute("UPDATE questionnaire SET ended_at = $2 WHERE id = $1", number, now)
        await _note(services, connection, actor, school.id, number, "questionnaire.ended")


async def drop(services: Services, actor: Actor, school: SchoolToday, number: int) -> None:
    """Drop a draft. Raises NotAllowed, NotFound or QuestionnaireClosed."""
    async with services.database.transaction() as connection:
        await _draft(connection, actor, school, number)
        await raw(connection).execute("DELETE FROM questionnaire WHERE id = $1", number)
        await _note(services, connection, actor, school.id, number, "questionnaire.dropped")


async def remind(services: Services, actor: Actor, school: SchoolToday, number: int) -> int:
    """Remind parents who have not answered, by a notice, and return how many; nobody learns who they are.

    Raises NotAllowed, NotFound or QuestionnaireClosed.
    """
    now = services.clock.now()
    async with services.database.transaction() as connection:
        found, at = await _held(connection, actor, school, number), raw(connection)
        if found.given.audience is not Audience.PARENTS or found.state(school.on) is not State.OPEN:
            raise QuestionnaireClosed(message("Parents are reminded while a questionnaire asks them."))
        if found.reminded_at is not None and now - found.reminded_at < PAUSE:
            raise QuestionnaireClosed(message("They were reminded already: once in two days is enough."))
        title = Named(found.title("kk"), found.title("ru"), found.title("en"))
        detail = Detail(title=title, last_on=found.given.last_on, message_id=number)
        key = f"questionnaire:{number}:{school.on.isoformat()}"
        silent = await silent_of(at, number, found.given.audience, now)
        told = [
            (Fact(key, NoticeKind.QUESTIONNAIRE, school.id, person_id, now, detail), account_id)
            for account_id, person_id in silent
        ]  # fmt: skip
        count = await tell_each(at, told, now)
        await at.execute("UPDATE questionnaire SET reminded_at = $2 WHERE id = $1", number, now)
        await _note(services, connection, actor, school.id, number, "questionnaire.reminded")
    return count


async def _make(
    services: Services, connection: BaseDBAsyncClient, actor: Actor, school: SchoolToday, plain: Given
) -> int:  # fmt: skip
    at = raw(connection)
    if await at.fetchval("SELECT count(*) FROM questionnaire WHERE school_id = $1", school.id) >= AT_SCHOOL_MAX:
        raise QuestionnaireRefused(message("The school has {most} questionnaires already.", most=AT_SCHOOL_MAX))
    now = services.clock.now()
    number: int = await at.fetchval(_ADD, *_columns(plain), school.id, now, actor.name)
    await _put_classes(at, school.id, number, plain)
    await _note(services, connection, actor, school.id, number, "questionnaire.made")
    return number


async def _held(connection: BaseDBAsyncClient, actor: Actor, school: SchoolToday, number: int) -> Questionnaire:
    """Return a questionnaire of a school, locked for the open transaction. Raises NotAllowed or NotFound."""
    actor.require(Right.QUESTIONNAIRES_KEEP, school.id)
    at = raw(connection)
    await at.execute("SELECT id FROM questionnaire WHERE id = $1 AND school_id = $2 FOR UPDATE", number, school.id)
    row = await at.fetchrow(f"{COLUMNS} WHERE id = $1 AND school_id = $2", number, school.id)
    if row is None:
        raise NotFound
    return questionnaire(row)


async def _draft(connection: BaseDBAsyncClient, actor: Actor, school: SchoolToday, number: int) -> Questionnaire:
    found = await _held(connection, actor, school, number)
    if found.published_at is not None:
        raise QuestionnaireClosed(message("It is published: people answer what they read. Make a new one instead."))
    return found


async def _put_classes(at: asyncpg.Connection, school_id: int, number: int, given: Given) -> None:
    placed = await at.fetch(_CLASSES, number, list(given.classes), school_id)
    if len(placed) != len(given.classes):
        raise QuestionnaireRefused(message("Choose one of what is offered."))


async def _note(
    services: Services, connection: BaseDBAsyncClient, actor: Actor, school_id: int, number: int, verb: str
) -> None:  # fmt: skip
    about = f"questionnaire:{number}"
    await audit(connection, actor, verb, about, school_id=school_id, at=services.clock.now())


def _columns(given: Given) -> tuple[object, ...]:
    return (
        given.audience.value, list(given.roles), given.is_anonymous, given.fewest,
        *(given.titles[each] for each in LANGUAGES), *(given.intros[each] for each in LANGUAGES), given.first_on,
        given.last_on,
    )  # fmt: skip


def _columns_of(given: QuestionGiven) -> tuple[object, ...]:
    return (
        given.kind.value, given.is_required, given.most, *(given.words[each] for each in LANGUAGES),
        *(list(given.options[each]) for each in LANGUAGES),
    )  # fmt: skip
