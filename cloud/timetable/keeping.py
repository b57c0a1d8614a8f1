"""What a school keeps for its timetable: rooms, what subjects ask, when teachers can, its own limits."""

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.texts import one_line
from cloud.timetable.errors import TimetableRefused
from cloud.timetable.framing import ROOMS_MAX, TIMES_MAX, Asks, SchoolRule
from cloud.timetable.kinds import WEEKDAYS, RoomKind

ROOM_MAX = 20  # letters, as of a course's room
POINTS_LIMIT, SUMMATIVE_LIMIT = 120, 12
_ADD_ROOM = """
INSERT INTO room (school_id, name, kind) SELECT $1, $2, $3 WHERE (SELECT count(*) FROM room WHERE school_id = $1) < $4
ON CONFLICT (school_id, name) DO UPDATE SET kind = $3, is_active = true RETURNING id
"""
_END_ROOM = "UPDATE room SET is_active = false WHERE id = $1 AND school_id = $2 AND is_active RETURNING name"
_NO_FEEDS = "DELETE FROM timetable_feed WHERE room_id = $1"
_ASK = """
INSERT INTO timetable_subject (subject_id, school_id, room_kind, is_double)
SELECT id, school_id, nullif($3, ''), $4 FROM school_subject WHERE id = $1 AND school_id = $2
ON CONFLICT (subject_id) DO UPDATE SET room_kind = nullif($3, ''), is_double = $4 RETURNING subject_id
"""
_RULE = """
INSERT INTO timetable_rule (school_id, points_max, summative_max) VALUES ($1, $2, $3)
ON CONFLICT (school_id) DO UPDATE SET points_max = $2, summative_max = $3
"""
_ADD_TIME = """
INSERT INTO teacher_time (school_id, person_id, weekday, from_min, until_min, is_wish)
SELECT $1, id, $3, $4, $5, $6 FROM person WHERE id = $2 AND school_id = $1 AND role = 'staff' AND is_active
  AND (SELECT count(*) FROM teacher_time WHERE school_id = $1) < $7
RETURNING id
"""
_DROP_TIME = "DELETE FROM teacher_time WHERE id = $1 AND school_id = $2 RETURNING person_id"


async def put_room(services: Services, actor: Actor, school_id: int, name: str, kind: RoomKind) -> int:
    """Add a room, or change its kind, and return its id. Raises NotAllowed or TimetableRefused."""
    actor.require(Right.TIMETABLE_KEEP, school_id)
    named = one_line(name)
    if not 0 < len(named) <= ROOM_MAX:
        raise TimetableRefused(message("Name the room, in {most} letters at most.", most=ROOM_MAX))
    async with services.database.transaction() as transaction:
        room_id: int | None = await raw(transaction).fetchval(_ADD_ROOM, school_id, named, kind.value, ROOMS_MAX)
        if room_id is None:
            raise TimetableRefused(message("There are too many rooms already."))
        detail = {"room": named, "kind": kind.value}
        await audit(transaction, actor, "timetable.room_put", f"room:{room_id}", detail, school_id=school_id,
                    at=services.clock.now())  # fmt: skip
    return room_id


async def end_room(services: Services, actor: Actor, school_id: int, room_id: int) -> None:
    """Take a room out of use; timetables keep its name. Raises NotAllowed or NotFound."""
    actor.require(Right.TIMETABLE_KEEP, school_id)
    async with services.database.transaction() as transaction:
        name = await raw(transaction).fetchval(_END_ROOM, room_id, school_id)
        if name is None:
            raise NotFound
        await raw(transaction).execute(_NO_FEEDS, room_id)
        await audit(transaction, actor, "timetable.room_ended", f"room:{room_id}", {"room": name},
                    school_id=school_id, at=services.clock.now())  # fmt: skip


async def put_asks(services: Services, actor: Actor, school_id: int, subject_id: int, asks: Asks) -> None:
    """Say what a subject asks of a timetable. Raises NotAllowed, NotFound or TimetableRefused."""
    actor.require(Right.TIMETABLE_KEEP, school_id)
    if asks.room_kind and asks.room_kind not in set(RoomKind):
        raise TimetableRefused(message("Choose a kind of room of the list."))
    async with services.database.transaction() as transaction:
        row = await raw(transaction).fetchval(_ASK, subject_id, school_id, asks.room_kind, asks.is_double)
        if row is None:
            raise NotFound
        detail = {"room_kind": asks.room_kind, "double": "yes" if asks.is_double else "no"}
        await audit(transaction, actor, "timetable.subject_set", f"subject:{subject_id}", detail,
                    school_id=school_id, at=services.clock.now())  # fmt: skip


async def put_rule(services: Services, actor: Actor, school_id: int, rule: SchoolRule) -> None:
    """Set the school's limits. Raises NotAllowed or TimetableRefused."""
    actor.require(Right.TIMETABLE_KEEP, school_id)
    if not (0 <= rule.points_max <= POINTS_LIMIT and 1 <= rule.summative_max <= SUMMATIVE_LIMIT):
        raise TimetableRefused(
            message(
                "Points of a day are from 0 to {points}, summative works of a day from 1 to {works}.",
                points=POINTS_LIMIT, works=SUMMATIVE_LIMIT,
            )
        )  # fmt: skip
    async with services.database.transaction() as transaction:
        await raw(transaction).execute(_RULE, school_id, rule.points_max, rule.summative_max)
        detail = {"points_max": str(rule.points_max), "summative_max": str(rule.summative_max)}
        await audit(transaction, actor, "timetable.rule_set", f"school:{school_id}", detail, school_id=school_id,
                    at=services.clock.now())  # fmt: skip


async def add_time(
    services: Services, actor: Actor, school_id: int, person_id: int, weekday: int, minutes: tuple[int, int], *,
    is_wish: bool,
) -> None:  # fmt: skip
    """Note when somebody cannot teach, or would rather not. Raises NotAllowed, NotFound or TimetableRefused."""
    actor.require(Right.TIMETABLE_KEEP, school_id)
    from_min, until_min = minutes
    if weekday not in WEEKDAYS or not 0 <= from_min < until_min <= 24 * 60:
        raise TimetableRefused(message("Choose a weekday, and a time that begins before it ends."))
    async with services.database.transaction() as transaction:
        time_id = await raw(transaction).fetchval(
            _ADD_TIME, school_id, person_id, weekday, from_min, until_min, is_wish, TIMES_MAX
        )
        if time_id is None:
            raise NotFound
        detail = {
            "weekday": str(weekday), "from_min": str(from_min), "until_min": str(until_min),
            "wish": "yes" if is_wish else "no",
        }  # fmt: skip
        await audit(transaction, actor, "timetable.time_added", f"person:{person_id}", detail,
                    school_id=school_id, at=services.clock.now())  # fmt: skip


async def drop_time(services: Services, actor: Actor, school_id: int, time_id: int) -> None:
    """Take back when somebody cannot teach. Raises NotAllowed or NotFound."""
    actor.require(Right.TIMETABLE_KEEP, school_id)
    async with services.database.transaction() as transaction:
        person_id = await raw(transaction).fetchval(_DROP_TIME, time_id, school_id)
        if person_id is None:
            raise NotFound
        await audit(transaction, actor, "timetable.time_dropped", f"person:{person_id}", school_id=school_id,
                    at=services.clock.now())  # fmt: skip
