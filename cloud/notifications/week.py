"""The week's digest: once a week, at the school's time, what a child was marked and missed, and what is ahead.

Rule: the notices of a school's week and that it was told are one transaction, so a worker that dies tells nothing
twice; a week that nobody told within a day of its time is left to the next one. A notice tells the marks that were
written since the one before, whatever day it has come to be told on; one that was put right is told again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import asyncpg
import structlog

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import Refused, kinds_of
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.homework.queries import dues_of
from cloud.journal.diary import monday_of
from cloud.journal.weeks import StudentWeek, weeks_at
from cloud.notifications.kinds import Ahead, Detail, Kind, Marked, Named, Week
from cloud.notifications.outbox import tell
from cloud.notifications.rules import Fact
from cloud.studies.queries import Subject, subjects_of

logger = structlog.get_logger()
WEEK, A_DAY = timedelta(days=7), timedelta(days=1)
SINCE_MAX = 3 * WEEK  # what a notice goes back at most: to one before it that was told so long ago, or a week
DAY_MIN, SCHOOLS_MAX, STUDENTS_MAX = 24 * 60, 10_000, 20_000
_SCHOOLS = """
SELECT school.id, zone, rule.weekday, rule.minute, head.week_on, head.told_until FROM school
LEFT JOIN digest_rule AS rule ON rule.school_id = school.id LEFT JOIN digest_head AS head ON head.school_id = school.id
WHERE coalesce(rule.is_on, true) AND EXISTS (
  SELECT FROM journal_mark WHERE journal_mark.school_id = school.id
) ORDER BY school.id LIMIT $1
"""
_TAKE = """
INSERT INTO digest_head AS head (school_id, week_on, told_until) VALUES ($1, $2, $3)
ON CONFLICT (school_id) DO UPDATE SET week_on = excluded.week_on, told_until = excluded.told_until
WHERE head.week_on < excluded.week_on RETURNING week_on
"""
_STUDENTS = "SELECT id FROM person WHERE school_id = $1 AND role = 'student' AND is_active ORDER BY id LIMIT $2"
_RULE = "SELECT weekday, minute, is_on FROM digest_rule WHERE school_id = $1"
_PUT = """
INSERT INTO digest_rule (school_id, weekday, minute, is_on) VALUES ($1, $2, $3, $4)
ON CONFLICT (school_id) DO UPDATE SET weekday = excluded.weekday, minute = excluded.minute, is_on = excluded.is_on
"""


class DigestRefused(Refused):
    """The time of the digest cannot be so."""

    code = "digest_refused"


@dataclass(frozen=True, slots=True)
class DigestRule:
    """When a school's week is told: the weekday (1 is Monday), minutes after local midnight, and whether at all."""

    weekday: int = 5
    minute: int = 18 * 60
    is_on: bool = True

    def due_at(self, monday: date, zone: ZoneInfo) -> datetime:
        """Return when the week that begins on a Monday is told."""
        on = monday + (self.weekday - 1) * A_DAY
        return datetime.combine(on, time(self.minute // 60, self.minute % 60), zone)


class Dues(Protocol):
    """How much homework children have to do in some days, by person: `dues_of` of `cloud.homework`."""

    async def __call__(
        self, connection: asyncpg.Connection, person_ids: Collection[int], first_on: date, last_on: date
    ) -> Mapping[int, int]: ...


async def tell_weeks(services: Services, dues: Dues = dues_of) -> None:
    """Tell the weeks of the schools whose time has come; told twice, it is one notice.

    A school where that fails is told of in the program's log and looked at again the next time: others go on.
    """
    now = services.clock.now()
    for row in await services.database.pool.fetch(_SCHOOLS, SCHOOLS_MAX):
        try:
            await _tell_in_time(services, row, now, dues)
        except Exception as error:  # noqa: BLE001 - one school's trouble is not another's; the next look tries again
            logger.warning("notices.failed", log="week", school=row["id"], error=kinds_of(error))


async def digest_rule_of(services: Services, school_id: int) -> DigestRule:
    """Return when a school's week is told; rights are the caller's to check."""
    row = await services.database.pool.fetchrow(_RULE, school_id)
    return DigestRule() if row is None else DigestRule(**row)


async def put_digest_rule(services: Services, actor: Actor, school_id: int, rule: DigestRule) -> None:
    """Set when a school's week is told. Raises NotAllowed or DigestRefused."""
    actor.require(Right.GRADING_KEEP, school_id)
    if not 1 <= rule.weekday <= 7 or not 0 <= rule.minute < DAY_MIN:
        raise DigestRefused(message("Choose a day of the week, and a time as 18:00."))
    async with services.database.transaction() as connection:
        await raw(connection).execute(_PUT, school_id, rule.weekday, rule.minute, rule.is_on)
        detail = {"weekday": str(rule.weekday), "minute": str(rule.minute), "is_on": str(rule.is_on)}
        await audit(
            connection, actor, "digest.set", f"school:{school_id}", detail, school_id=school_id,
            at=services.clock.now(),
        )  # fmt: skip


async def _tell_in_time(services: Services, row: Mapping[str, Any], now: datetime, dues: Dues) -> None:
    zone = ZoneInfo(row["zone"])
    rule = DigestRule() if row["weekday"] is None else DigestRule(row["weekday"], row["minute"])
    monday = monday_of((now.astimezone(zone) - A_DAY).date())  # of a Sunday's digest that is told on Monday, too
    for each in (monday, monday + WEEK):
        due_at = rule.due_at(each, zone)
        if due_at <= now < due_at + A_DAY and (row["week_on"] is None or row["week_on"] < each):
            await _tell_at(services, row["id"], each, (since_of(due_at, row["told_until"]), due_at), dues)


def since_of(due_at: datetime, told_until: datetime | None) -> datetime:
    """Return since when what was written is told at a time, after a notice that told all until another."""
    if told_until is None or not due_at - SINCE_MAX <= told_until < due_at:
        return due_at - WEEK
    return told_until.astimezone(due_at.tzinfo)


async def _tell_at(
    services: Services, school_id: int, monday: date, written: tuple[datetime, datetime], dues: Dues
) -> None:  # fmt: skip
    since, due_at = written
    subjects = {each.id: each for each in await subjects_of(services, school_id)}
    async with services.database.pool.acquire() as connection, connection.transaction():
        if await connection.fetchval(_TAKE, school_id, monday, due_at) is None:
            return  # another worker was quicker
        today = due_at.date()
        ahead = (today + A_DAY, today + WEEK)
        weeks = await weeks_at(connection, school_id, written, ahead)
        students = [row["id"] for row in await connection.fetch(_STUDENTS, school_id, STUDENTS_MAX)]
        homework = await dues(connection, students, *ahead)
        facts = [
            Fact(
                f"week:{person_id}:{monday}", Kind.WEEK, school_id, person_id, due_at,
                Detail(
                    on=since.date() + A_DAY, last_on=today,
                    week=_week(weeks.get(person_id, StudentWeek()), subjects, homework.get(person_id, 0)),
                ),
            )
            for person_id in sorted({*weeks, *homework})
        ]  # fmt: skip
        await tell(connection, facts, services.clock.now())


def _week(week: StudentWeek, subjects: Mapping[int, Subject], homework: int) -> Week:
    def named(subject_id: int) -> Named:
        names = subjects[subject_id].names
        return Named(names["kk"], names["ru"], names["en"])

    marks = tuple(Marked(named(subject_id), tuple(some)) for subject_id, some in week.marks.items())
    ahead = tuple(Ahead(named(subject_id), kind.value, on) for subject_id, kind, on in week.ahead)
    return Week(marks, week.missed, week.late, ahead, homework)


def minute_of(text: str) -> int:
    """Return minutes after midnight of 18:00; -1, which nothing takes, for anything else."""
    hours, _, minutes = text.strip().partition(":")
    parts: Sequence[str] = (hours, minutes)
    if not all(part.isascii() and part.isdigit() and len(part) <= 2 for part in parts) or int(minutes) > 59:
        return -1
    return int(hours) * 60 + int(minutes)
