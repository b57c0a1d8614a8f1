"""Classes by the dozen, inside a transaction of the caller's."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

_PUT = """
INSERT INTO school_class (school_id, grade, letter, shift, is_active)
SELECT $1, new.grade, new.letter, coalesce(new.shift, own.shift, 1), true
FROM unnest($2::smallint[], $3::text[], $4::smallint[]) AS new (grade, letter, shift)
LEFT JOIN school_class AS own ON own.school_id = $1 AND own.grade = new.grade AND own.letter = new.letter
ON CONFLICT (school_id, grade, letter) DO UPDATE SET shift = excluded.shift, is_active = true
"""


@dataclass(frozen=True, slots=True)
class ClassGiven:
    """A class as somebody wrote it down; without a shift it keeps its own, or is of the first."""

    grade: int
    letter: str
    shift: int | None


async def put_classes(
    connection: asyncpg.Connection, school_id: int, classes: Sequence[ClassGiven]
) -> dict[tuple[int, str], int]:
    """Add classes, or set their shift, and return the ids of all classes of the school by grade and letter."""
    latest = {(each.grade, each.letter): each for each in classes}.values()
    await connection.execute(
        _PUT, school_id, [each.grade for each in latest], [each.letter for each in latest],
        [each.shift for each in latest],
    )  # fmt: skip
    rows = await connection.fetch(
        "SELECT id, grade, letter FROM school_class WHERE school_id = $1 AND is_active", school_id
    )
    return {(row["grade"], row["letter"]): row["id"] for row in rows}
