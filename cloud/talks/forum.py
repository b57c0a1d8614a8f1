"""The forum: sections that staff keeps, and topics in them, each a talk that begins with a post."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.handed_files import Attached
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.roles import Role
from cloud.core.services import Services
from cloud.messages.sending import MAY_READ
from cloud.studies.rules import year_of
from cloud.talks.kinds import TITLE, As, TalkRefused
from cloud.talks.muting import mute_of
from cloud.talks.posting import check_lately, check_may_write, put_post, put_post_files
from cloud.talks.reach import seat_in
from cloud.talks.rules import SectionGiven, checked_section, checked_title, checked_words, why_muted

SECTIONS_MAX = 40  # of a school
_AS = f"""
SELECT person.school_id, 'student' AS as_a, person.id AS person_id
FROM student_account JOIN person ON person.id = student_account.person_id
WHERE account_id = $1 AND person.is_active AND $3
UNION ALL
SELECT school_id, 'guardian', person_id FROM guardianship_at($2) AS family
WHERE family.account_id = $1 AND {MAY_READ} AND $4
"""  # noqa: S608 (texts of ours)
_COLUMNS = """
SELECT section.id, section.school_id, school.code AS school_code, zone, section.name_kk, section.name_ru,
  section.name_en, audience, staff_begins, section.is_active,
  (SELECT count(*) FROM talk WHERE section_id = section.id) AS topics
FROM talk_section AS section JOIN school ON school.id = section.school_id
"""
_MINE = f"""
{_COLUMNS} WHERE section.is_active AND (section.school_id = ANY($5::bigint[]) AND 'staff' = ANY(audience)
  OR EXISTS (SELECT FROM ({_AS}) AS mine WHERE mine.school_id = section.school_id AND mine.as_a = ANY(audience))
  OR section.school_id = ANY($6::bigint[]))
ORDER BY section.school_id, section.id LIMIT {SECTIONS_MAX * 4}
"""
_OF_SCHOOL = f"{_COLUMNS} WHERE section.school_id = $1 ORDER BY is_active DESC, section.id LIMIT {SECTIONS_MAX}"
_ADD = """
INSERT INTO talk_section (school_id, name_kk, name_ru, name_en, audience, staff_begins, is_active)
SELECT $1, $2, $3, $4, $5, $6, $7 WHERE (SELECT count(*) FROM talk_section WHERE school_id = $1) < $8 RETURNING id
"""
_CHANGE = """
UPDATE talk_section SET name_kk = $3, name_ru = $4, name_en = $5, audience = $6, staff_begins = $7, is_active = $8
WHERE school_id = $1 AND id = $2 RETURNING id
"""
_LOCK = "SELECT id FROM school WHERE id = $1 FOR NO KEY UPDATE"
_NEXT = "SELECT nextval(pg_get_serial_sequence('talk', 'id'))"
_BEGIN = """
INSERT INTO talk (id, school_id, kind, year, section_id, title_encrypted, opened_at, opened_by, last_at)
VALUES ($1, $2, 'topic', $3, $4, $5, $6, $7, $6)
"""
_STAFF_BEGINS = message("Only staff begins topics in this section.")
_WHOSE = "UPDATE talk SET person_id = $2 WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a school's forum."""

    id: int
    school_id: int
    school_code: str
    zone: ZoneInfo
    names: Mapping[str, str]
    audience: frozenset[As]
    staff_begins: bool
    is_active: bool
    topics: int

    def name(self, language: str) -> str:
        """Return its name in a language."""
        return self.names[language]


async def sections_of(services: Services, actor: Actor) -> list[Section]:
    """Return the sections that the actor reads, at all of its schools."""
    if actor.must_change:
        return []
    staffs, moderates = (actor.schools_with(right) or () for right in (Right.TALKS_JOIN, Right.TALKS_MODERATE))
    rows = await services.database.pool.fetch(_MINE, *_asked(services, actor), sorted(staffs), sorted(moderates))
    return [_section(row) for row in rows]


async def section_of(services: Services, actor: Actor, section_id: int) -> Section:
    """Return a section that the actor reads. Raises NotFound."""
    for section in await sections_of(services, actor):
        if section.id == section_id:
            return section
    raise NotFound


async def sections_at(services: Services, actor: Actor, school_id: int) -> list[Section]:
    """Return all sections of a school, those out of use last. Raises NotAllowed."""
    actor.require(Right.FORUM_KEEP, school_id)
    return [_section(row) for row in await services.database.pool.fetch(_OF_SCHOOL, school_id)]


async def put_section(
    services: Services, actor: Actor, school_id: int, given: SectionGiven, section_id: int | None = None
) -> int:
    """Add a section, or change one, and return its id. Raises NotAllowed, NotFound or TalkRefused."""
    actor.require(Right.FORUM_KEEP, school_id)
    section, now = checked_section(given), services.clock.now()
    names = [section.names[language] for language in ("kk", "ru", "en")]
    more = [sorted(each.value for each in section.audience), section.staff_begins, section.is_active]
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        await connection.fetchval(_LOCK, school_id)
        if section_id is None:
            found = await connection.fetchval(_ADD, school_id, *names, *more, SECTIONS_MAX)
            if found is None:
                raise TalkRefused(message("The forum has {count} sections already.", count=SECTIONS_MAX))
        else:
            found = await connection.fetchval(_CHANGE, school_id, section_id, *names, *more)
            if found is None:
                raise NotFound
        verb = "forum.section_added" if section_id is None else "forum.section_changed"
        await audit(transaction, actor, verb, f"section:{found}", school_id=school_id, at=now)
    return int(found)


def may_begin(section: Section, actor: Actor) -> bool:
    """Tell whether the actor, who reads a section, begins topics in it."""
    return not section.staff_begins or _is_staff(actor, section.school_id)


async def check_may_begin(services: Services, actor: Actor, section: Section) -> None:
    """Ask what `begin_topic` asks again, before pictures are drawn anew. Raises TalkRefused or TooManyPosts."""
    pool, now = services.database.pool, services.clock.now()
    if not may_begin(section, actor):
        raise TalkRefused(_STAFF_BEGINS)
    mute = await mute_of(services, pool, actor, section.school_id, 0)
    if mute is not None:
        raise TalkRefused(why_muted(mute, section.zone))
    await check_lately(pool, actor, now)


async def begin_topic(
    services: Services, actor: Actor, section_id: int, title: str, text: str, files: Sequence[Attached] = ()
) -> int:
    """Begin a topic with its first post, and return the talk's id. Raises NotFound, TalkRefused or TooManyPosts."""
    section, named, words = await section_of(services, actor, section_id), checked_title(title), checked_words(text)
    if not may_begin(section, actor):
        raise TalkRefused(_STAFF_BEGINS)
    if not words and not files:
        raise TalkRefused(message("Write something, or choose a file."))
    now = services.clock.now()
    year = year_of(now.astimezone(section.zone).date())
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        talk_id = int(await connection.fetchval(_NEXT))
        sealed = services.vault.encrypt(named, TITLE, str(talk_id))
        await connection.execute(_BEGIN, talk_id, section.school_id, year, section.id, sealed, now, actor.name)
        seat = await seat_in(services, connection, actor, talk_id)
        await connection.execute(_WHOSE, talk_id, seat.person_id)
        await check_may_write(services, connection, actor, seat, now)
        post_id = await put_post(services, transaction, actor, seat, words, None)
        await put_post_files(services, connection, actor.account_id, seat, post_id, files)
        await audit(transaction, actor, "forum.topic_begun", f"talk:{talk_id}", school_id=section.school_id, at=now)
    return talk_id


def _is_staff(actor: Actor, school_id: int) -> bool:
    return actor.can(Right.TALKS_JOIN, school_id)


def _asked(services: Services, actor: Actor) -> list[object]:
    kin = actor.kinships(Right.TALKS_JOIN)
    return [actor.account_id or 0, services.clock.now(), Role.STUDENT in kin, Role.GUARDIAN in kin]


def _section(row: asyncpg.Record) -> Section:
    return Section(
        row["id"], row["school_id"], row["school_code"], ZoneInfo(row["zone"]),
        {each: row[f"name_{each}"] for each in ("kk", "ru", "en")}, frozenset(As(each) for each in row["audience"]),
        row["staff_begins"], row["is_active"], row["topics"],
    )  # fmt: skip
