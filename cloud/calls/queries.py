"""Reads of video lessons: which lessons are held so and when they are open, who came, and where recordings lie.

Rule: rights are the caller's to check: who teaches the course, or learns in it.
"""

from collections.abc import Collection
from datetime import datetime, time, timedelta

import asyncpg

from cloud.calls.kinds import ADDRESS, AFTER, BEFORE, Call, Came, Recording
from cloud.core.services import Services
from cloud.schools.queries import calendar_between
from cloud.timetable.lessons import Lesson, lesson_of

RECORDINGS_MAX = 20  # of one lesson
CALLS_MAX = 500
_FIND = "SELECT id, lesson_id, room, made_by, led_at FROM call WHERE lesson_id = $1 AND school_id = $2"
_WHICH = "SELECT lesson_id FROM call WHERE lesson_id = ANY($1) LIMIT $2"
_CAME = """
SELECT person_id, came_at, by_family FROM call_visit JOIN call ON call.id = call_id WHERE lesson_id = $1 LIMIT 500
"""
_RECORDINGS = """
SELECT call_recording.id, address_encrypted, added_at, added_by FROM call_recording JOIN call ON call.id = call_id
WHERE lesson_id = $1 ORDER BY call_recording.id LIMIT $2
"""


async def call_of(services: Services, school_id: int, lesson_id: int) -> Call | None:
    """Return the video lesson that a lesson of a school is held as; None where it is not, or is called off."""
    row = await services.database.pool.fetchrow(_FIND, lesson_id, school_id)
    if row is None:
        return None
    lesson = await lesson_of(services, school_id, lesson_id)
    if lesson.is_off:
        return None
    opens_at, closes_at = await open_at(services, school_id, lesson)
    return Call(row["id"], row["lesson_id"], row["room"], opens_at, closes_at, row["made_by"], row["led_at"])


async def held_by_video(services: Services, lesson_ids: Collection[int]) -> frozenset[int]:
    """Return which of these lessons are held by video."""
    rows = await services.database.pool.fetch(_WHICH, list(lesson_ids), CALLS_MAX)
    return frozenset(row["lesson_id"] for row in rows)


async def came_to(services: Services, lesson_id: int) -> dict[int, Came]:
    """Return how students came to a lesson by video, by person."""
    rows = await services.database.pool.fetch(_CAME, lesson_id)
    return {row["person_id"]: Came(row["came_at"], row["by_family"]) for row in rows}


async def recordings_of(services: Services, lesson_id: int) -> list[Recording]:
    """Return the links to the recordings of a lesson, in the order in which they were added."""
    rows = await services.database.pool.fetch(_RECORDINGS, lesson_id, RECORDINGS_MAX)
    return [_recording(services, row) for row in rows]


async def open_at(services: Services, school_id: int, lesson: Lesson) -> tuple[datetime, datetime]:
    """Return from when until when a lesson is open by video: the whole day where the class has no bells."""
    if lesson.starts_at is not None and lesson.ends_at is not None:
        return lesson.starts_at - BEFORE, lesson.ends_at + AFTER
    zone = (await calendar_between(services, school_id, lesson.on, lesson.on)).zone
    begins = datetime.combine(lesson.on, time(), zone)
    return begins, begins + timedelta(days=1)


def _recording(services: Services, row: asyncpg.Record) -> Recording:
    address = services.vault.decrypt(row["address_encrypted"], ADDRESS, str(row["id"]))
    return Recording(row["id"], address, row["added_at"], row["added_by"])
