"""Coming to a video lesson: the way in is made at that moment, for who learns in the course, while the lesson is open.

Rule: what a server is told of somebody is a name, as the school lets it be told, and who leads; nothing else.
"""

from datetime import datetime

from cloud.accounts.actions import audit
from cloud.calls.asking import asked
from cloud.calls.bbb import call_at, joining
from cloud.calls.errors import CallClosed
from cloud.calls.jitsi import address_of
from cloud.calls.kinds import STUDENT, Call, Comer, Kind, Names, Server, State
from cloud.calls.queries import call_of
from cloud.calls.servers import server_of
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.guarding import POLICY
from cloud.core.i18n import Language, translate
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.journal.diary import is_at
from cloud.resources.addresses import origin_of

_NAME = "SELECT surname, given_name FROM person WHERE id = $1 AND school_id = $2 AND is_active"
# Nothing is noted of somebody whose data are not to be kept.
_COME = """
INSERT INTO call_visit (call_id, person_id, came_at, by_family)
SELECT $1, person.id, $3, $4 FROM person WHERE person.id = $2 AND NOT is_refused(person.id, 'data', $3)
  AND NOT EXISTS (SELECT FROM erasure WHERE person_id = person.id AND done_at IS NULL)
ON CONFLICT (call_id, person_id) DO UPDATE SET by_family = true WHERE excluded.by_family AND NOT call_visit.by_family
RETURNING true
"""


async def call_for(services: Services, school_id: int, person_id: int, lesson_id: int) -> Call:
    """Return the video lesson of a student who is, or was, to be there. Raises NotFound."""
    if not await is_at(services, person_id, lesson_id):
        raise NotFound
    call = await call_of(services, school_id, lesson_id)
    if call is None:
        raise NotFound
    return call


async def come(
    services: Services, actor: Actor, school_id: int, person_id: int, lesson_id: int, language: Language, *,
    by_family: bool,
) -> str:  # fmt: skip
    """Return the address at which a student comes to a lesson, and note when it first did.

    Nobody comes before the teacher. From a parent's account the name says so, and it is audited whose it was: somebody
    grown may sit there. Whose child it is the caller checks. Raises NotFound, CallClosed or ServerFailed.
    """
    call, now = await call_for(services, school_id, person_id, lesson_id), services.clock.now()
    server, person = await server_of(services, school_id), await services.database.pool.fetchrow(
        _NAME, person_id, school_id
    )  # fmt: skip
    if server is None or person is None:
        raise NotFound
    check_open(call, now)
    if call.led_at is None or not await _is_running(services, server, call):
        raise CallClosed(message("The teacher has not begun yet. Try again in a minute."))
    name = name_for(server.names, person["surname"], person["given_name"], translate(language, STUDENT))
    if by_family:
        name = translate(language, message("{name} (a parent’s account)", name=name))
    async with services.database.transaction() as connection:
        is_new = await raw(connection).fetchval(_COME, call.id, person_id, now, by_family)
        if is_new and by_family:
            about, detail = f"person:{person_id}", {"lesson": str(lesson_id)}
            await audit(connection, actor, "call.joined_by_family", about, detail, school_id=school_id, at=now)
    return way_in(server, call, Comer(name, leads=False), now)


async def _is_running(services: Services, server: Server, call: Call) -> bool:
    if server.kind is not Kind.BBB:
        return True  # a Jitsi server cannot be asked
    answer = await asked(services, server, "isMeetingRunning", {"meetingID": call.room})
    return (answer.findtext("running") or "").strip() == "true"


def name_for(names: Names, surname: str, given_name: str, nobody: str) -> str:
    """Return what a server is told of a student."""
    match names:
        case Names.FULL:
            return f"{surname} {given_name}".strip()
        case Names.GIVEN:
            return given_name or nobody
        case Names.NONE:
            return nobody


def check_open(call: Call, now: datetime) -> None:
    """Raise CallClosed unless somebody can come now."""
    match call.state(now):
        case State.EARLY:
            raise CallClosed(message("The video lesson opens ten minutes before the lesson."))
        case State.OVER:
            raise CallClosed(message("This video lesson is over."))
        case State.OPEN:
            return


def way_in(server: Server, call: Call, comer: Comer, now: datetime) -> str:
    """Return the address that lets somebody in; it is made anew each time, and shown nowhere."""
    if server.kind is Kind.JITSI:
        return address_of(server, call.room, comer, now)
    return call_at(server, "join", joining(call.room, comer))


def policy_towards(server: Server | None) -> str:
    """Return the policy of a page whose form goes on to the server, which may send a browser on within its sites."""
    if server is None:
        return POLICY
    return POLICY.replace("form-action 'self';", f"form-action 'self' https: {origin_of(server.address)};")
