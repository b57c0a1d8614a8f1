"""Calendar feeds of a class, a teacher or a room: behind a secret address that is shown once and can be taken back.

Rule: of the address only a digest is kept. A feed names subjects, classes, teachers and rooms, and no student.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.i18n import Language, translate
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.schools.queries import school_of_id
from cloud.timetable.errors import TimetableRefused
from cloud.timetable.ical import Event, calendar
from cloud.timetable.kinds import SUMMATIVE
from cloud.timetable.laying import AHEAD
from cloud.timetable.lessons import Lesson, lessons_between

TOKEN_BYTES, TOKEN_MAX = 24, 40
FEEDS_MAX = 500
BEFORE = timedelta(days=14)
_ADD = """
INSERT INTO timetable_feed (school_id, class_id, person_id, room_id, language, token_digest, made_at, made_by)
SELECT $1, (SELECT id FROM school_class WHERE id = $2 AND school_id = $1 AND is_active),
  (SELECT id FROM person WHERE id = $3 AND school_id = $1 AND role = 'staff' AND is_active),
  (SELECT id FROM room WHERE id = $4 AND school_id = $1 AND is_active), $5, $6, $7, $8
WHERE (SELECT count(*) FROM timetable_feed WHERE school_id = $1) < $9 RETURNING id
"""
_FEED = """
SELECT feed.id, feed.school_id, class_id, person_id, room_id, language, made_at, made_by, room.name AS room,
  coalesce(grade || letter, room.name, concat_ws(' ', surname, given_name)) AS name
FROM timetable_feed AS feed LEFT JOIN school_class ON school_class.id = class_id
LEFT JOIN person ON person.id = person_id LEFT JOIN room ON room.id = room_id
"""
_FEEDS = f"{_FEED} WHERE feed.school_id = $1 ORDER BY name, feed.id LIMIT $2"
_BY_TOKEN = f"{_FEED} WHERE token_digest = $1 AND person.is_active IS NOT FALSE"
_DROP = "DELETE FROM timetable_feed WHERE school_id = $1 AND id = $2 RETURNING id"


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A feed of a school."""

    id: int
    school_id: int
    class_id: int | None
    person_id: int | None
    room_id: int | None
    language: Language
    made_at: datetime
    made_by: str
    room: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Of:
    """Whose lessons a feed tells: one of these."""

    class_id: int | None = None
    person_id: int | None = None
    room_id: int | None = None


async def add_feed(services: Services, actor: Actor, school_id: int, of: Of, language: Language) -> str:
    """Open a feed, and return the secret part of its address, which nobody can ask for again.

    Raises NotAllowed, NotFound or TimetableRefused.
    """
    actor.require(Right.TIMETABLE_KEEP, school_id)
    token, now = secrets.token_urlsafe(TOKEN_BYTES), services.clock.now()
    try:
        async with services.database.transaction() as transaction:
            feed_id = await raw(transaction).fetchval(
                _ADD, school_id, of.class_id, of.person_id, of.room_id, language.value, _digest(token), now,
                actor.name, FEEDS_MAX,
            )  # fmt: skip
            if feed_id is None:
                raise TimetableRefused(message("There are too many calendars already. Revoke links that nobody uses."))
            await audit(transaction, actor, "timetable.feed_opened", f"feed:{feed_id}", school_id=school_id, at=now)
    except asyncpg.CheckViolationError:
        raise NotFound from None  # of nobody, or of somebody elsewhere
    return token


async def drop_feed(services: Services, actor: Actor, school_id: int, feed_id: int) -> None:
    """Close a feed: its address answers no more. Raises NotAllowed or NotFound."""
    actor.require(Right.TIMETABLE_KEEP, school_id)
    async with services.database.transaction() as transaction:
        if await raw(transaction).fetchval(_DROP, school_id, feed_id) is None:
            raise NotFound
        await audit(transaction, actor, "timetable.feed_closed", f"feed:{feed_id}", school_id=school_id,
                    at=services.clock.now())  # fmt: skip


async def feeds_of(services: Services, actor: Actor, school_id: int) -> list[FeedRow]:
    """Return a school's feeds by name. Raises NotAllowed."""
    actor.require(Right.TIMETABLE_KEEP, school_id)
    return [_feed(row) for row in await services.database.pool.fetch(_FEEDS, school_id, FEEDS_MAX)]


async def calendar_of(services: Services, token: str) -> bytes:
    """Return the calendar behind an address: of two weeks that have gone, and of the days ahead. Raises NotFound."""
    row = await services.database.pool.fetchrow(_BY_TOKEN, _digest(token)) if len(token) <= TOKEN_MAX else None
    if row is None:
        raise NotFound
    feed = _feed(row)
    school = await school_of_id(services, feed.school_id)
    now = services.clock.now()
    today = now.astimezone(school.zone).date()
    wanted: dict[str, Any] = {"teacher_id": feed.person_id, "room": feed.room}
    if feed.class_id is not None:
        wanted["class_ids"] = [feed.class_id]
    lessons = await lessons_between(services, school.id, today - BEFORE, today + AHEAD, **wanted)
    host = urlsplit(services.settings.public_url).hostname or "esik"
    events = [event for each in lessons if (event := _event(each, feed, host)) is not None]
    return calendar(f"{feed.name} · {school.name(feed.language.value)}", events, now)


def _event(lesson: Lesson, feed: FeedRow, host: str) -> Event | None:
    """Return the event of a lesson; none where the class has no such lesson that day."""
    if lesson.starts_at is None or lesson.ends_at is None:
        return None
    is_others = feed.person_id is not None and lesson.teacher_id != feed.person_id
    subject = lesson.course.subject.name(feed.language.value)
    kind = f" ({translate(feed.language, SUMMATIVE[lesson.kind])})" if lesson.kind in SUMMATIVE else ""
    named = [lesson.course.class_name, lesson.course.group] if feed.class_id is None else [lesson.course.group]
    words = [lesson.teacher if feed.person_id is None or is_others else "", lesson.theme, lesson.note]
    return Event(
        f"lesson-{lesson.course.id}-{lesson.on:%Y%m%d}-{lesson.number}@{host}", lesson.starts_at, lesson.ends_at,
        ", ".join([f"{subject}{kind}", *(each for each in named if each)]), lesson.room,
        "\n".join(each for each in words if each), lesson.is_off or is_others,
    )  # fmt: skip


def _feed(row: asyncpg.Record) -> FeedRow:
    return FeedRow(**{**row, "language": Language(row["language"])})


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
