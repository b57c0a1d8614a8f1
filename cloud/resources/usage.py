"""How often resources are opened: counted by day, and by what somebody is at the school; not by who it is.

Rule: an opening is a number of a day, a role and a grade. Which student opened what stands nowhere.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce

import asyncpg

from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.resources.members import Member, MemberRole

LIST_MAX, DAYS_MAX = 1_000, 400
_NOTE = """
INSERT INTO resource_opening AS kept (resource_id, "on", role, grade, count)
SELECT resource.id, ($2::timestamptz AT TIME ZONE zone)::date, $3, $4::smallint, 1
FROM resource JOIN school ON school.id = resource.school_id WHERE resource.id = $1
ON CONFLICT (resource_id, "on", role, grade) DO UPDATE SET count = kept.count + 1
"""
_OPENED = """
FROM resource_opening AS opening JOIN resource ON resource.id = resource_id
WHERE resource.school_id = $1 AND "on" BETWEEN $2 AND $3
"""
_STUDENTS = "coalesce(sum(count) FILTER (WHERE role = 'student'), 0)::bigint AS by_students"
_TEACHERS = "coalesce(sum(count) FILTER (WHERE role = 'teacher'), 0)::bigint AS by_teachers"
_BY_DAY = f'SELECT "on", {_STUDENTS}, {_TEACHERS} {_OPENED} GROUP BY 1 ORDER BY 1 LIMIT $4'
_BY_GRADE = f"""
SELECT grade, sum(count)::bigint AS by_students {_OPENED} AND role = 'student' GROUP BY 1 ORDER BY 1 NULLS LAST LIMIT 20
"""
_BY_RESOURCE = f"""
SELECT resource.id, kind, title, subject, language, verified_at IS NOT NULL AS is_verified, {_STUDENTS}, {_TEACHERS}
{_OPENED} GROUP BY resource.id ORDER BY sum(count) DESC, lower(title), resource.id LIMIT $4
"""
_UNOPENED = """
SELECT count(*) FROM resource WHERE school_id = $1 AND published_at IS NOT NULL AND retired_at IS NULL AND NOT EXISTS (
  SELECT FROM resource_opening WHERE resource_id = resource.id AND "on" BETWEEN $2 AND $3)
"""


@dataclass(frozen=True, slots=True)
class Openings:
    """How often something was opened, by what those are who opened it."""

    by_students: int = 0
    by_teachers: int = 0

    @property
    def count(self) -> int:
        return self.by_students + self.by_teachers

    def plus(self, other: "Openings") -> "Openings":
        """Return both together."""
        return Openings(self.by_students + other.by_students, self.by_teachers + other.by_teachers)


@dataclass(frozen=True, slots=True)
class Opened:
    """A resource that was opened; it may have left the catalogue since."""

    id: int
    kind: str
    title: str
    subject: str
    language: str
    is_verified: bool
    openings: Openings


@dataclass(frozen=True, slots=True)
class Usage:
    """How the catalogue was used in a stretch of days."""

    openings: Openings
    by_day: Mapping[date, Openings]
    by_grade: Sequence[tuple[int | None, int]]  # of students; None: in no class
    by_resource: Sequence[Opened]  # the most opened first
    unopened: int  # that are published, and nobody opened


def together(openings: Iterable[Openings]) -> Openings:
    """Return openings added up."""
    return reduce(Openings.plus, openings, Openings())


async def note_opening(services: Services, member: Member, resource_id: int) -> None:
    """Count that somebody opens a resource from the shelf. That it stands there is the caller's to check."""
    grade = member.grade if member.role is MemberRole.STUDENT else None
    await services.database.pool.execute(_NOTE, resource_id, services.clock.now(), member.role.value, grade)


async def usage_of(
    services: Services, actor: Actor, school_id: int, first_on: date, last_on: date, drawn_from: date
) -> Usage:  # fmt: skip
    """Return how a school's catalogue was used on days, both included; `by_day` goes back to when a chart begins.

    Raises NotAllowed.
    """
    actor.require(Right.RESOURCES_USAGE, school_id)
    pool, asked = services.database.pool, (school_id, first_on, last_on)
    by_day = {
        row["on"]: Openings(*row[1:]) for row in await pool.fetch(_BY_DAY, school_id, drawn_from, last_on, DAYS_MAX)
    }
    openings = together(each for on, each in by_day.items() if on >= first_on)
    return Usage(
        openings, by_day, [(row["grade"], row["by_students"]) for row in await pool.fetch(_BY_GRADE, *asked)],
        [_opened(row) for row in await pool.fetch(_BY_RESOURCE, *asked, LIST_MAX)],
        await pool.fetchval(_UNOPENED, *asked),
    )  # fmt: skip


def _opened(row: asyncpg.Record) -> Opened:
    return Opened(
        row["id"], row["kind"], row["title"], row["subject"], row["language"], row["is_verified"],
        Openings(row["by_students"], row["by_teachers"]),
    )  # fmt: skip
