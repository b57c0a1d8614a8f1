"""An excuse that ends: the days that it was for, up to today, are judged as those of anybody else."""

from collections.abc import Iterable
from datetime import date, timedelta

import asyncpg

from cloud.attendance.changes import note_changed, note_expected


async def note_ended(
    connection: asyncpg.Connection, school_id: int, person_ids: Iterable[int], days: tuple[date, date], today: date
) -> None:
    """Note in the open transaction that people are excused no more on the days between two, both included."""
    people, (first_on, last_on) = list(person_ids), days
    gone = [first_on + timedelta(days=number) for number in range((min(last_on, today) - first_on).days + 1)]
    await note_changed(connection, [(school_id, each, on) for on in gone if on != today for each in people])
    await note_expected(connection, [(school_id, each, on) for on in gone if on == today for each in people])
