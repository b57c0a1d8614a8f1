"""Chats as who leads them has them: which could be opened, opening one, its switch, its quiet hours, closing it.

Rule: there is no chat before its teacher opens it, and nothing goes on in one that its teacher closed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cloud.accounts.actions import audit
from cloud.attendance.queries import SchoolToday
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.messages import message
from cloud.core.page_wakeups import wake_pages
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.studies.queries import Course, course_of, courses_of, own_person
from cloud.studies.rules import year_of
from cloud.talks.kinds import Kind, TalkRefused
from cloud.talks.posting import key_of
from cloud.talks.reach import seat_of, students_at
from cloud.talks.rules import ALONE, QUIET, STUDENTS_MIN

_CLASSES = """
SELECT id, grade || letter AS name FROM school_class WHERE id = ANY($1::bigint[]) AND school_id = $2 AND is_active
ORDER BY grade, letter LIMIT 100
"""
_OPEN = """
SELECT id, kind, school_class_id, course_id, closed_at FROM talk
WHERE school_id = $1 AND year = $2 AND (course_id = ANY($3::bigint[])
  OR school_class_id = ANY($4::bigint[]) AND kind IN ('class', 'parents')) LIMIT 1000
"""
_ADD = """
INSERT INTO talk (school_id, kind, year, school_class_id, course_id, quiet_from, quiet_to, opened_at, opened_by,
  last_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $8) ON CONFLICT DO NOTHING RETURNING id
"""
_SET = "UPDATE talk SET is_read_only = $2, quiet_from = $3, quiet_to = $4 WHERE id = $1"
_CLOSE = (
    "UPDATE talk SET closed_at = $2 WHERE id = $1 AND (closed_at IS NULL) = ($2::timestamptz IS NOT NULL) RETURNING 1"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where there is a chat, or could be one: a course that the actor teaches, or a class that it leads."""

    kind: Kind
    of: int  # the course's id, else the class's
    names: Mapping[str, str]
    talk_id: int | None
    is_closed: bool

    def name(self, language: str) -> str:
        """Return what it is called in a language."""
        return self.names[language]


async def places_of(services: Services, actor: Actor, school: SchoolToday) -> list[Place]:
    """Return the chats that the actor leads or could open this school year, courses first."""
    pool, year = services.database.pool, year_of(school.on)
    courses = [each for each in await _taught(services, actor, school) if each.is_on(school.on)]
    classes = await pool.fetch(_CLASSES, sorted(actor.classes(Right.TALKS_LEAD, school.id)), school.id)
    rows = await pool.fetch(
        _OPEN, school.id, year, [each.id for each in courses], [each["id"] for each in classes]
    )  # fmt: skip
    found = {(row["kind"], row["course_id"] or row["school_class_id"]): row for row in rows}

    def place(kind: Kind, of: int, names: dict[str, str]) -> Place:
        row = found.get((kind.value, of))
        return Place(kind, of, names, row and row["id"], bool(row and row["closed_at"]))

    taught = [
        place(Kind.COURSE, each.id, {language: each.title(language) for language in ("kk", "ru", "en")})
        for each in courses
    ]
    led = [
        place(kind, each["id"], dict.fromkeys(("kk", "ru", "en"), each["name"]))
        for each in classes for kind in (Kind.CLASS, Kind.PARENTS)
    ]  # fmt: skip
    return [*taught, *led]


async def open_chat(services: Services, actor: Actor, school: SchoolToday, kind: Kind, of: int) -> int:
    """Open the chat of a course or class of the actor's, and return its id.

    Raises NotFound, NotAllowed or TalkRefused.
    """
    class_id, course_id = await _whose(services, actor, school, kind, of)
    pool = services.database.pool
    if kind is not Kind.PARENTS and await students_at(pool, kind, of, school.on) < STUDENTS_MIN:
        raise TalkRefused(ALONE)
    now = services.clock.now()
    async with services.database.transaction() as transaction:
        talk_id = await raw(transaction).fetchval(
            _ADD, school.id, kind.value, year_of(school.on), class_id, course_id, *QUIET, now, actor.name
        )
        if talk_id is None:
            raise TalkRefused(message("This chat is open already."))
        detail = {"kind": kind.value, "of": str(of)}
        await audit(transaction, actor, "talk.opened", f"talk:{talk_id}", detail, school_id=school.id, at=now)
    return int(talk_id)


async def set_chat(
    services: Services, actor: Actor, talk_id: int, *, is_read_only: bool, quiet: tuple[int, int] | None
) -> None:
    """Turn the switch of a talk, and set its quiet hours. Raises NotFound or NotAllowed."""
    seat = await seat_of(services, actor, talk_id)
    if not (seat.leads or seat.moderates):
        raise NotAllowed
    begins, ends = quiet if quiet is not None else (None, None)
    async with services.database.transaction() as transaction:
        await raw(transaction).execute(_SET, talk_id, is_read_only, begins, ends)
        detail = {"read_only": str(is_read_only).lower()}
        await audit(transaction, actor, "talk.set", f"talk:{talk_id}", detail, school_id=seat.school_id,
                    at=services.clock.now())  # fmt: skip
        await wake_pages(services.vault, transaction, [key_of(seat)])


async def close_chat(services: Services, actor: Actor, talk_id: int) -> None:
    """Let nobody write in a talk any more. Raises NotFound, NotAllowed or TalkRefused."""
    await _turn(services, actor, talk_id, closes=True)


async def open_again(services: Services, actor: Actor, talk_id: int) -> None:
    """Let people write in a talk again that was closed. Raises NotFound, NotAllowed or TalkRefused."""
    await _turn(services, actor, talk_id, closes=False)


async def _turn(services: Services, actor: Actor, talk_id: int, *, closes: bool) -> None:
    seat, now = await seat_of(services, actor, talk_id), services.clock.now()
    if not (seat.leads or seat.moderates):
        raise NotAllowed
    async with services.database.transaction() as transaction:
        if await raw(transaction).fetchval(_CLOSE, talk_id, now if closes else None) is None:
            raise TalkRefused(message("This was done already. Look at the talk again."))
        verb = "talk.closed" if closes else "talk.opened_again"
        await audit(transaction, actor, verb, f"talk:{talk_id}", school_id=seat.school_id, at=now)
        await wake_pages(services.vault, transaction, [key_of(seat)])


async def _taught(services: Services, actor: Actor, school: SchoolToday) -> Sequence[Course]:
    if not actor.teaches(Right.TALKS_TEACH, school.id):
        return []
    person_id = await own_person(services, actor, school.id)
    if person_id is None:
        return []
    return await courses_of(services, school.id, year_of(school.on), teacher_id=person_id)


async def _whose(services: Services, actor: Actor, school: SchoolToday, kind: Kind, of: int) -> tuple[int, int | None]:
    """Return class and course of a chat that the actor may open. Raises NotFound or NotAllowed."""
    match kind:
        case Kind.COURSE:
            course = await course_of(services, school.id, of)
            person_id = await own_person(services, actor, school.id)
            if not actor.teaches(Right.TALKS_TEACH, school.id) or person_id is None or course.teacher_id != person_id:
                raise NotAllowed
            if course.year != year_of(school.on) or not course.is_on(school.on):
                raise TalkRefused(message("This course is not taught now."))
            return course.class_id, course.id
        case Kind.CLASS | Kind.PARENTS:
            if of not in actor.classes(Right.TALKS_LEAD, school.id):
                raise NotAllowed
            return of, None
        case Kind.TOPIC:
            raise NotFound
