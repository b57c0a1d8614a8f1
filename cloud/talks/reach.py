"""Which talks an actor takes part in, leads or moderates, asked anew each time: of the class of today, and this year's.

Rule: there is no list of members. Who is in a course or class by its stays is in the chat, who left it is out at once;
a guardian whom a court keeps from the child's days is out too. Another school year's chat is read by moderators alone.
There is no talk between a student and one adult: students count who can come in, by an account of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg

from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.rights import Right
from cloud.core.roles import Role
from cloud.core.services import Services
from cloud.messages.sending import MAY_READ
from cloud.studies.queries import members_of, students_of
from cloud.talks.kinds import TITLE, As, Kind, Seat

SEATS_MAX, UNREAD_MAX = 200, 100
_YEAR = "extract(year FROM day - interval '7 months')"  # a school year begins in August
_DAY = "CROSS JOIN LATERAL (SELECT ($2::timestamptz AT TIME ZONE school.zone)::date AS day) AS today"
SEATS = f"""
WITH mine AS (
  SELECT person.id AS person_id, person.school_id, 'student' AS as_a
  FROM student_account JOIN person ON person.id = student_account.person_id
  WHERE account_id = $1 AND person.is_active AND $3
  UNION ALL
  SELECT family.person_id, family.school_id, 'guardian' FROM guardianship_at($2) AS family
  WHERE family.account_id = $1 AND {MAY_READ} AND $4
), here AS (
  SELECT mine.person_id, mine.school_id, as_a, day FROM mine JOIN school ON school.id = mine.school_id {_DAY}
), seats (talk_id, rank, leads, moderates, is_member, as_a, person_id) AS (
  SELECT talk.id, 1, false, false, true, here.as_a, here.person_id
  FROM here JOIN stay ON stay.person_id = here.person_id AND stay.first_on <= day
    AND (stay.last_on IS NULL OR stay.last_on >= day)
  JOIN talk ON talk.school_class_id = stay.school_class_id AND talk.year = {_YEAR}
    AND (talk.kind = 'parents') = (here.as_a = 'guardian')
  LEFT JOIN course ON course.id = talk.course_id
  WHERE talk.kind <> 'course' OR (course.ended_on IS NULL OR course.ended_on >= day) AND (group_name = '' OR EXISTS (
    SELECT FROM course_member AS own WHERE own.course_id = course.id AND own.person_id = here.person_id
      AND own.first_on <= day AND (own.last_on IS NULL OR own.last_on >= day)))
  UNION ALL
  SELECT talk.id, 2, false, false, true, here.as_a, here.person_id
  FROM here JOIN talk_section AS section ON section.school_id = here.school_id AND here.as_a = ANY(audience)
    AND section.is_active
  JOIN talk ON talk.section_id = section.id
  UNION ALL
  SELECT talk.id, 1, false, false, true, 'staff', NULL
  FROM talk_section AS section JOIN talk ON talk.section_id = section.id
  WHERE section.school_id = ANY($5::bigint[]) AND 'staff' = ANY(audience) AND section.is_active
  UNION ALL
  SELECT talk.id, 0, true, false, false, 'staff', NULL
  FROM talk JOIN school ON school.id = talk.school_id {_DAY}
  WHERE talk.school_class_id = ANY($7::bigint[]) AND talk.kind IN ('class', 'parents') AND talk.year = {_YEAR}
  UNION ALL
  SELECT talk.id, 0, true, false, false, 'staff', person.id
  FROM staff_account JOIN person ON person.id = staff_account.person_id AND person.is_active
  JOIN course ON course.teacher_id = person.id AND course.school_id = ANY($6::bigint[])
  JOIN talk ON talk.course_id = course.id JOIN school ON school.id = talk.school_id {_DAY}
  WHERE account_id = $1 AND talk.year = {_YEAR}
  UNION ALL
  SELECT talk.id, 3, false, true, false, 'staff', NULL
  FROM talk JOIN school ON school.id = talk.school_id {_DAY}
  WHERE $8::bigint[] IS NULL OR talk.school_id = ANY($8)
    OR talk.school_class_id = ANY($9::bigint[]) AND talk.year = {_YEAR}
), seat AS (
  SELECT talk_id, bool_or(leads) AS leads, bool_or(moderates) AS moderates, bool_or(is_member) AS is_member,
    (array_agg(as_a ORDER BY rank, person_id))[1] AS as_a,
    (array_agg(person_id ORDER BY rank, person_id))[1] AS person_id
  FROM seats WHERE $10::bigint IS NULL OR talk_id = $10 GROUP BY talk_id
)
"""  # noqa: S608 (texts of ours, as below)
NEW = f"""
CROSS JOIN LATERAL (
  SELECT CASE WHEN talk.kind = 'topic' AND reading.upto IS NULL THEN 0 ELSE (
    SELECT count(*) FROM (
      SELECT FROM talk_post WHERE talk_post.talk_id = talk.id AND talk_post.id > coalesce(reading.upto, 0)
        AND account_id <> $1 AND deleted_at IS NULL AND hidden_at IS NULL LIMIT {UNREAD_MAX}) AS new) END AS unread
) AS since
"""  # noqa: S608 (texts of ours)
READING = "LEFT JOIN talk_reading AS reading ON reading.talk_id = talk.id AND reading.account_id = $1"
_ROWS = f"""{SEATS}
SELECT talk.id AS talk_id, talk.school_id, school.code AS school_code, zone, talk.kind, talk.year,
  talk.school_class_id AS class_id, talk.course_id, talk.section_id,
  coalesce(taught.name_kk, section.name_kk, '') AS name_kk, coalesce(taught.name_ru, section.name_ru, '') AS name_ru,
  coalesce(taught.name_en, section.name_en, '') AS name_en,
  concat_ws(', ', grade || letter, nullif(group_name, '')) AS class_name, title_encrypted, is_read_only, quiet_from,
  quiet_to, opened_at, closed_at, last_at, leads, moderates, is_member, as_a, seat.person_id, unread,
  talk.kind = 'topic' AND coalesce((SELECT deleted_at IS NOT NULL OR hidden_at IS NOT NULL FROM talk_post
    WHERE talk_post.talk_id = talk.id ORDER BY talk_post.id LIMIT 1), false) AS is_begun_by_gone
FROM seat JOIN talk ON talk.id = seat.talk_id JOIN school ON school.id = talk.school_id
LEFT JOIN school_class ON school_class.id = talk.school_class_id
LEFT JOIN course ON course.id = talk.course_id
LEFT JOIN school_subject AS taught ON taught.id = course.subject_id
LEFT JOIN talk_section AS section ON section.id = talk.section_id
{READING} {NEW}
WHERE ($11::text IS NULL OR talk.kind <> $11) AND ($12::bigint IS NULL OR talk.section_id = $12)
ORDER BY last_at DESC, talk.id DESC LIMIT $13
"""  # noqa: S608 (texts of ours)
_COMING = """
SELECT count(DISTINCT person.id) FROM student_account AS own JOIN person ON person.id = own.person_id
JOIN account ON account.id = own.account_id JOIN grant_of_role AS held ON held.account_id = account.id
WHERE person.id = ANY($1::bigint[]) AND person.is_active AND account.is_active AND held.role = $2
  AND held.school_id = person.school_id
"""
_CODES = "SELECT id, code FROM school WHERE id = ANY($1::bigint[]) ORDER BY code LIMIT $2"


@dataclass(frozen=True, slots=True)
class Desk:
    """What an actor does with talks at a school, beside taking part."""

    code: str
    leads: bool
    moderates: bool
    keeps: bool


def asked_by(actor: Actor, now: datetime, *, moderated: bool) -> list[Any]:
    """Return the first nine values of `SEATS`; whom the actor moderates is left out where nobody asks."""
    kin = actor.kinships(Right.TALKS_JOIN)
    schools = sorted({reach.school_id for reach in actor.reaches if reach.school_id is not None})
    staffs = actor.schools_with(Right.TALKS_JOIN) or frozenset()
    teaches = [school_id for school_id in schools if actor.teaches(Right.TALKS_TEACH, school_id)]
    led = [each for school_id in schools for each in actor.classes(Right.TALKS_LEAD, school_id)]
    everywhere = actor.schools_with(Right.TALKS_MODERATE) if moderated else frozenset()
    of_classes = [each for school_id in schools for each in actor.classes(Right.TALKS_MODERATE, school_id)]
    return [
        actor.account_id or 0, now, Role.STUDENT in kin, Role.GUARDIAN in kin, sorted(staffs), teaches, led,
        None if everywhere is None else sorted(everywhere), of_classes if moderated else [],
    ]  # fmt: skip


async def seats_of(services: Services, actor: Actor) -> list[Seat]:
    """Return the chats that the actor takes part in or leads, the liveliest first; topics have lists of their own."""
    return await _seats(services, actor, Kind.TOPIC)


async def topics_of(services: Services, actor: Actor, section_id: int) -> list[Seat]:
    """Return the topics of a section that the actor reads, the liveliest first."""
    return await _seats(services, actor, None, section_id)


async def seats_everywhere(services: Services, actor: Actor) -> list[Seat]:
    """Return all talks that the actor takes part in or leads, topics too."""
    return await _seats(services, actor, None)


async def seat_of(services: Services, actor: Actor, talk_id: int) -> Seat:
    """Return the actor's place in a talk. Raises NotFound where it has none."""
    return await seat_in(services, services.database.pool, actor, talk_id)


async def seat_in(
    services: Services, connection: asyncpg.Connection | asyncpg.Pool, actor: Actor, talk_id: int
) -> Seat:
    """Return the actor's place in a talk, as a transaction of the caller's sees it. Raises NotFound."""
    asked = asked_by(actor, services.clock.now(), moderated=True)
    row = await connection.fetchrow(_ROWS, *asked, talk_id, None, None, 1)
    if row is None or actor.must_change:
        raise NotFound
    return _seat(services, actor, row)


async def students_in(services: Services, connection: asyncpg.Connection | asyncpg.Pool, seat: Seat) -> int:
    """Return how many students can come into the chat of a class or course today; none into another talk."""
    on = services.clock.now().astimezone(seat.zone).date()
    if seat.kind is Kind.COURSE and seat.course_id is not None:
        return await students_at(connection, seat.kind, seat.course_id, on)
    if seat.kind is Kind.CLASS and seat.class_id is not None:
        return await students_at(connection, seat.kind, seat.class_id, on)
    return 0


async def students_at(connection: asyncpg.Connection | asyncpg.Pool, kind: Kind, of: int, on: date) -> int:
    """Return how many students of a course, or else of a class, have an account that opens chats, on a day."""
    if kind is Kind.COURSE:
        members = (await members_of(connection, [of], on))[of]
    else:
        members = await students_of(connection, of, on)
    return int(await connection.fetchval(_COMING, [each.id for each in members], Role.STUDENT.value))


async def desks_of(services: Services, actor: Actor) -> list[Desk]:
    """Return the schools at which the actor leads chats, moderates talks or keeps the forum, and which of these."""
    schools = sorted({reach.school_id for reach in actor.reaches if reach.school_id is not None})
    rows = await services.database.pool.fetch(_CODES, schools, len(schools))
    desks = [
        Desk(
            row["code"],
            leads=actor.teaches(Right.TALKS_TEACH, row["id"]) or bool(actor.classes(Right.TALKS_LEAD, row["id"])),
            moderates=actor.can(Right.TALKS_MODERATE, row["id"])
            or bool(actor.classes(Right.TALKS_MODERATE, row["id"])),
            keeps=actor.can(Right.FORUM_KEEP, row["id"]),
        )
        for row in rows
    ]
    return [desk for desk in desks if desk.leads or desk.moderates or desk.keeps]


async def _seats(services: Services, actor: Actor, but: Kind | None, section_id: int | None = None) -> list[Seat]:
    if actor.must_change:
        return []
    asked = asked_by(actor, services.clock.now(), moderated=False)
    rows: Sequence[asyncpg.Record] = await services.database.pool.fetch(
        _ROWS, *asked, None, None if but is None else but.value, section_id, SEATS_MAX
    )
    return [_seat(services, actor, row) for row in rows]


def _seat(services: Services, actor: Actor, row: asyncpg.Record) -> Seat:
    """Return a place; a title goes with the post that the topic began with, but to who moderates."""
    quiet = None if row["quiet_from"] is None else (row["quiet_from"], row["quiet_to"])
    moderates = row["moderates"] or actor.can(Right.TALKS_MODERATE, row["school_id"])
    title = None if row["is_begun_by_gone"] and not moderates else row["title_encrypted"]
    return Seat(
        talk_id=row["talk_id"], school_id=row["school_id"], school_code=row["school_code"], zone=ZoneInfo(row["zone"]),
        kind=Kind(row["kind"]), year=row["year"], class_id=row["class_id"], course_id=row["course_id"],
        section_id=row["section_id"], names={each: row[f"name_{each}"] for each in ("kk", "ru", "en")},
        class_name=row["class_name"],
        title="" if title is None else services.vault.decrypt(title, TITLE, str(row["talk_id"])),
        is_read_only=row["is_read_only"], quiet=quiet, opened_at=row["opened_at"], closed_at=row["closed_at"],
        last_at=row["last_at"], leads=row["leads"], moderates=row["moderates"], is_member=row["is_member"],
        as_a=As(row["as_a"]), person_id=row["person_id"], unread=int(row["unread"]),
    )  # fmt: skip
