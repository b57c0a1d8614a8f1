"""Who of a school can open verified content free of charge, and what those lack who cannot: for who counts schools.

Rule: rights are the caller's to check. What counts is what stands on the shelf: published, verified, free of charge,
meant for the one who asks, and opened by an account that can sign in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import asyncpg

from cloud.core.roles import Role
from cloud.resources.members import TEACHING
from cloud.studies.rules import year_of

PEOPLE_MAX = 20_000
# Who works as a pedagogue, whether there are lessons to give this year or not.
PEDAGOGUES = (Role.TEACHER, Role.CLASS_TEACHER, Role.TUTOR, Role.METHODOLOGIST, Role.PEDAGOGUE)
_CONTENT = """
WITH content AS MATERIALIZED (
  SELECT resource.id, for_teachers FROM resource
  LEFT JOIN relying_party ON relying_party.id = party_id LEFT JOIN lti_tool ON lti_tool.id = tool_id
  WHERE resource.school_id = $1 AND published_at IS NOT NULL AND retired_at IS NULL AND verified_at IS NOT NULL
    AND is_free AND relying_party.ended_at IS NULL AND lti_tool.ended_at IS NULL
)
"""
_STUDENTS = f"""{_CONTENT}
SELECT person.id, EXISTS (
    SELECT FROM student_account AS own JOIN account ON account.id = own.account_id
    JOIN grant_of_role AS held ON held.account_id = account.id
    WHERE own.person_id = person.id AND account.is_active AND held.role = 'student' AND held.school_id = $1
  ) AS has_account, EXISTS (
    SELECT FROM content JOIN resource_audience AS audience ON resource_id = content.id
    WHERE audience.grade = school_class.grade OR audience.school_class_id = school_class.id
  ) AS is_served
FROM person LEFT JOIN school_class ON school_class.id = person.school_class_id
WHERE person.school_id = $1 AND person.role = 'student' AND person.is_active LIMIT $2
"""  # noqa: S608 (texts of ours, as below)
_TEACHERS = f"""{_CONTENT}
SELECT person.id, ref, concat_ws(' ', surname, given_name, nullif(patronymic, '')) AS name, person.position, EXISTS (
    SELECT FROM staff_account AS own JOIN account ON account.id = own.account_id
    JOIN grant_of_role AS held ON held.account_id = account.id
    WHERE own.person_id = person.id AND account.is_active AND held.role = ANY($5) AND held.school_id = $1
  ) AS has_account, EXISTS (SELECT FROM content WHERE for_teachers) AS is_served
FROM person WHERE school_id = $1 AND person.role = 'staff' AND is_active AND (
  EXISTS (
    SELECT FROM course WHERE teacher_id = person.id AND course.year = $2 AND (ended_on IS NULL OR ended_on >= $3)
  ) OR EXISTS (
    SELECT FROM staff_account AS own JOIN grant_of_role AS held ON held.account_id = own.account_id
    WHERE own.person_id = person.id AND held.role = ANY($4) AND held.school_id = $1
  )
) ORDER BY sort_key, person.id LIMIT $6
"""  # noqa: S608
_UNTIED = """
SELECT count(DISTINCT account.id) FROM grant_of_role AS held JOIN account ON account.id = held.account_id
WHERE held.school_id = $1 AND held.role = ANY($2) AND account.is_active AND NOT EXISTS (
  SELECT FROM staff_account AS own JOIN person ON person.id = own.person_id
  WHERE own.account_id = account.id AND person.school_id = $1)
"""


class Reach(StrEnum):
    """Whether somebody can open verified content free of charge, or what is in the way."""

    YES = "yes"
    NO_ACCOUNT = "no_account"  # with which somebody could sign in
    NOTHING = "nothing"  # is published for the grade, or for teachers


@dataclass(frozen=True, slots=True)
class CountedTeacher:
    """Somebody who teaches at a school, or works as a pedagogue there."""

    id: int
    ref: str
    name: str
    position: str
    reach: Reach


async def reach_of_students(pool: asyncpg.Pool, school_id: int) -> Mapping[int, Reach]:
    """Return by a person's id what each student of a school can open."""
    return {row["id"]: _reach(row) for row in await pool.fetch(_STUDENTS, school_id, PEOPLE_MAX)}


async def counted_teachers(pool: asyncpg.Pool, school_id: int, on: date) -> list[CountedTeacher]:
    """Return who teaches at a school on a day, by name, and what each can open."""
    working, signing = [role.value for role in PEDAGOGUES], sorted(role.value for role in TEACHING)
    rows = await pool.fetch(_TEACHERS, school_id, year_of(on), on, working, signing, PEOPLE_MAX)
    return [CountedTeacher(row["id"], row["ref"], row["name"], row["position"] or "", _reach(row)) for row in rows]


async def untied_accounts(pool: asyncpg.Pool, school_id: int) -> int:
    """Return how many accounts of pedagogues are tied to nobody of the staff: their owners count as having none."""
    count: int = await pool.fetchval(_UNTIED, school_id, [role.value for role in PEDAGOGUES])
    return count


def _reach(row: asyncpg.Record) -> Reach:
    if not row["has_account"]:
        return Reach.NO_ACCOUNT
    return Reach.YES if row["is_served"] else Reach.NOTHING
