"""What a teacher does with a video lesson: makes it, leads it, ends it, keeps links to its recordings.

Rule: who gives the lesson, or teaches its course, holds it; who may look at the journal of it may look at this too.
"""

import hashlib
import secrets
from dataclasses import dataclass

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.attendance.queries import SchoolToday
from cloud.calls.asking import asked
from cloud.calls.bbb import creation, recordings_in
from cloud.calls.errors import CallClosed, CallRefused
from cloud.calls.joining import check_open, way_in
from cloud.calls.kinds import ADDRESS, TEACHER, Call, Comer, Kind, Names, Server
from cloud.calls.queries import RECORDINGS_MAX, call_of
from cloud.calls.servers import server_of
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.i18n import Language, translate
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.journal.kinds import Lesson
from cloud.journal.queries import lesson_of
from cloud.journal.reach import course_within
from cloud.journal.rules import Hand
from cloud.resources.addresses import is_address
from cloud.studies.queries import Course

LINK_MAX = 500
_MAKE = """
INSERT INTO call (school_id, lesson_id, room, made_at, made_by) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (lesson_id) DO NOTHING RETURNING id
"""
_DROP = """
DELETE FROM call WHERE lesson_id = $1 AND school_id = $2
  AND NOT EXISTS (SELECT FROM call_recording WHERE call_id = call.id) RETURNING id
"""
_LED = "UPDATE call SET led_at = $2 WHERE id = $1 AND led_at IS NULL RETURNING id"
_NEXT = "SELECT nextval(pg_get_serial_sequence('call_recording', 'id'))"
_KEEP = """
INSERT INTO call_recording (id, call_id, address_encrypted, digest, added_at, added_by) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (call_id, digest) DO NOTHING RETURNING id
"""
_FORGET = "DELETE FROM call_recording WHERE id = $1 AND call_id = $2 RETURNING id"


@dataclass(frozen=True, slots=True)
class Held:
    """A lesson that somebody looks at, and whether it is theirs to hold."""

    course: Course
    lesson: Lesson
    holds: bool


async def lesson_within(
    services: Services, actor: Actor, school: SchoolToday, course_id: int, lesson_id: int
) -> Held:  # fmt: skip
    """Return a lesson whose journal the actor may look at. Raises NotAllowed or NotFound."""
    reach, course = await course_within(services, actor, school, course_id)
    lesson = await lesson_of(services, school.id, course_id, lesson_id)
    holds = reach.hand_at(course, lesson) is Hand.TEACHER and actor.teaches(Right.CALLS_HOLD, school.id)
    return Held(course, lesson, holds)


async def make_call(services: Services, actor: Actor, school: SchoolToday, held: Held) -> None:
    """Hold a lesson by video; once more changes nothing. Raises NotAllowed, CallClosed or CallRefused."""
    _require(held)
    if held.lesson.is_off or held.lesson.on < school.on:
        raise CallClosed(message("This lesson is over or called off: it is not held by video."))
    if await server_of(services, school.id) is None:
        raise CallRefused(message("The school has no server of video lessons yet. Its IT sets one."))
    now, room = services.clock.now(), secrets.token_hex(16)
    async with services.database.transaction() as connection:
        row = (school.id, held.lesson.id, room, now, actor.name)
        if await raw(connection).fetchval(_MAKE, *row) is not None:
            about = f"lesson:{held.lesson.id}"
            await audit(connection, actor, "call.made", about, school_id=school.id, at=now)


async def drop_call(services: Services, actor: Actor, school: SchoolToday, held: Held) -> None:
    """Hold a lesson in the classroom again. Raises NotAllowed, NotFound or CallClosed once there is a recording."""
    call = await _called(services, school, held)
    async with services.database.transaction() as connection:
        if await raw(connection).fetchval(_DROP, call.lesson_id, school.id) is None:
            raise CallClosed(message("Links to recordings are kept with it: take them away first."))
        await _note(services, connection, actor, school, call, "call.dropped")


async def lead(
    services: Services, actor: Actor, school: SchoolToday, held: Held, language: Language, back_to: str
) -> str:
    """Return the address at which a teacher leads a lesson; a meeting is made there if there is none.

    Raises NotAllowed, NotFound, CallClosed, CallRefused or ServerFailed.
    """
    call, now = await _called(services, school, held), services.clock.now()
    check_open(call, now)
    server = await _server(services, school)
    if server.kind is Kind.BBB:
        fields = creation(call.room, held.course.title(language.value), back_to)
        await asked(services, server, "create", fields)
    async with services.database.transaction() as connection:
        if await raw(connection).fetchval(_LED, call.id, now) is not None:
            await _note(services, connection, actor, school, call, "call.begun")
    name = translate(language, TEACHER) if server.names is Names.NONE else actor.name
    return way_in(server, call, Comer(name, leads=True), now)


async def end_call(services: Services, actor: Actor, school: SchoolToday, held: Held) -> None:
    """Send everybody out of a BigBlueButton meeting. Raises NotAllowed, NotFound, CallRefused or ServerFailed."""
    call, server = await _called(services, school, held), await _server(services, school)
    if server.kind is not Kind.BBB:
        raise CallRefused(message("On this server who leads ends the lesson there."))
    await asked(services, server, "end", {"meetingID": call.room})
    async with services.database.transaction() as connection:
        await _note(services, connection, actor, school, call, "call.ended")


async def fetch_recordings(services: Services, actor: Actor, school: SchoolToday, held: Held) -> int:
    """Keep the links to what a BigBlueButton server recorded, and return how many are new.

    Raises NotAllowed, NotFound, CallRefused or ServerFailed.
    """
    call, server = await _called(services, school, held), await _server(services, school)
    if server.kind is not Kind.BBB:
        raise CallRefused(message("This server tells of no recordings. Paste the link instead."))
    answer = await asked(services, server, "getRecordings", {"meetingID": call.room})
    is_plain = server.address.startswith("http://")
    links = [each for each in recordings_in(answer, RECORDINGS_MAX) if _is_link(each, may_be_plain=is_plain)]
    return await _keep(services, actor, school, call, links)


async def paste_recording(services: Services, actor: Actor, school: SchoolToday, held: Held, link: str) -> None:
    """Keep a link to a recording. Raises NotAllowed, NotFound or CallRefused."""
    call, address = await _called(services, school, held), link.strip()
    if not _is_link(address, may_be_plain=False):
        raise CallRefused(
            message("A link begins with https:// and has no spaces. Copy it from the page of the recording.")
        )
    await _keep(services, actor, school, call, [address])


async def drop_recording(
    services: Services, actor: Actor, school: SchoolToday, held: Held, recording_id: int
) -> None:  # fmt: skip
    """Take a link away; what lies behind it stays where it is. Raises NotAllowed or NotFound."""
    call = await _called(services, school, held)
    async with services.database.transaction() as connection:
        if await raw(connection).fetchval(_FORGET, recording_id, call.id) is None:
            raise NotFound
        await _note(services, connection, actor, school, call, "call.recording_dropped")


async def _keep(services: Services, actor: Actor, school: SchoolToday, call: Call, links: list[str]) -> int:
    count = 0
    async with services.database.transaction() as connection:
        at = raw(connection)
        await at.execute("SELECT id FROM call WHERE id = $1 FOR UPDATE", call.id)
        room = RECORDINGS_MAX - await at.fetchval("SELECT count(*) FROM call_recording WHERE call_id = $1", call.id)
        for link in dict.fromkeys(links):
            if count >= room:
                raise CallRefused(message("{most} links at most are kept with a lesson.", most=RECORDINGS_MAX))
            count += await _keep_one(services, at, actor, call, link)
        if count:
            await _note(services, connection, actor, school, call, "call.recording_kept")
    return count


async def _keep_one(services: Services, at: asyncpg.Connection, actor: Actor, call: Call, link: str) -> int:
    number: int = await at.fetchval(_NEXT)
    sealed = services.vault.encrypt(link, ADDRESS, str(number))
    digest = hashlib.sha256(link.encode()).hexdigest()
    kept = await at.fetchval(_KEEP, number, call.id, sealed, digest, services.clock.now(), actor.name)
    return int(kept is not None)


async def _note(
    services: Services, connection: BaseDBAsyncClient, actor: Actor, school: SchoolToday, call: Call, verb: str
) -> None:  # fmt: skip
    about = f"lesson:{call.lesson_id}"
    await audit(connection, actor, verb, about, school_id=school.id, at=services.clock.now())


async def _called(services: Services, school: SchoolToday, held: Held) -> Call:
    _require(held)
    call = await call_of(services, school.id, held.lesson.id)
    if call is None:
        raise NotFound
    return call


async def _server(services: Services, school: SchoolToday) -> Server:
    server = await server_of(services, school.id)
    if server is None:
        raise CallRefused(message("The school has no server of video lessons yet. Its IT sets one."))
    return server


def _require(held: Held) -> None:
    if not held.holds:
        raise NotAllowed(message("Who gives the lesson holds it by video."))


def _is_link(text: str, *, may_be_plain: bool) -> bool:
    return len(text) <= LINK_MAX and is_address(text, may_be_plain=may_be_plain)
