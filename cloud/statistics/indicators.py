"""The four indicators of digital maturity of a school: what they are, who counts, and what those lack who do not.

They are those of order No. 22/1001 of 10 November 2021 of Kabardino-Balkaria's Ministry of Education: 4.1 students with
a digital profile, 4.2 students with recommendations or a trajectory, 4.3 teachers and 4.4 students with free access to
verified content.
"""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import date
from enum import StrEnum

from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.portfolio.counting import CountedStudent, counted_students
from cloud.resources.reaching import CountedTeacher, Reach, counted_teachers, reach_of_students, untied_accounts
from cloud.statistics.spans import By, Stretch, stretch_of

DAYS_MAX = 400
COLUMNS = ("students", "profiled", "advised", "students_reaching", "teachers", "teachers_reaching")
_KEPT = f"""
SELECT "on", {", ".join(COLUMNS)} FROM indicator_day WHERE school_id = $1 AND "on" BETWEEN $2 AND $3 ORDER BY 1 LIMIT $4
"""  # noqa: S608 (names of ours)
_TODAY = "SELECT ($2::timestamptz AT TIME ZONE zone)::date FROM school WHERE id = $1"


class Indicator(StrEnum):
    """One of the four, by its number in the order."""

    PROFILED = "4.1"
    ADVISED = "4.2"
    TEACHERS = "4.3"
    STUDENTS = "4.4"


class Lack(StrEnum):
    """What is in the way of somebody's being counted."""

    PROFILE = "profile"
    ADVICE = "advice"
    ACCOUNT = "account"
    CONTENT = "content"


_LACKS = {Reach.NO_ACCOUNT: Lack.ACCOUNT, Reach.NOTHING: Lack.CONTENT}


@dataclass(frozen=True, slots=True)
class Shares:
    """Of how many each indicator is the share; of several schools they are added."""

    students: int = 0
    profiled: int = 0
    advised: int = 0
    students_reaching: int = 0
    teachers: int = 0
    teachers_reaching: int = 0

    def plus(self, other: "Shares") -> "Shares":
        """Return both together."""
        return Shares(*(one + another for one, another in zip(astuple(self), astuple(other), strict=True)))

    def of(self, indicator: Indicator) -> tuple[int, int]:
        """Return the numerator and the denominator of an indicator."""
        match indicator:
            case Indicator.PROFILED:
                return self.profiled, self.students
            case Indicator.ADVISED:
                return self.advised, self.students
            case Indicator.TEACHERS:
                return self.teachers_reaching, self.teachers
            case Indicator.STUDENTS:
                return self.students_reaching, self.students


@dataclass(frozen=True, slots=True)
class Missing:
    """Somebody who does not count for all of the indicators yet."""

    ref: str
    name: str
    place: str  # the class, or the position
    lacks: tuple[Lack, ...]
    is_teacher: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """A school's indicators with everybody who does not count yet."""

    shares: Shares
    missing: Sequence[Missing]


@dataclass(frozen=True, slots=True)
class OfSchool:
    """What a school's page shows: as it is now, and month by month since the year began."""

    on: date
    shares: Shares
    missing: Sequence[Missing] | None  # None: the reader may not see their names
    untied: int  # accounts of pedagogues that are tied to nobody of the staff
    months: Mapping[Stretch, Shares]  # the last day of each that was counted


async def school_indicators(services: Services, actor: Actor, school_id: int) -> OfSchool:
    """Return a school's indicators as they are now. Raises NotAllowed."""
    actor.require(Right.INDICATORS_READ, school_id)
    pool = services.database.pool
    on: date = await pool.fetchval(_TODAY, school_id, services.clock.now())
    counted = await count_school(services, school_id, on)
    may_see = actor.can(Right.PROFILES_READ, school_id) and actor.can(Right.STAFF_PROFILES_READ, school_id)
    return OfSchool(
        on, counted.shares, counted.missing if may_see else None, await untied_accounts(pool, school_id),
        await _months(services, school_id, on),
    )  # fmt: skip


async def count_school(services: Services, school_id: int, on: date) -> Counted:
    """Count a school on its day; that the reader may know is checked before."""
    pool = services.database.pool
    students, reaches = await counted_students(pool, school_id), await reach_of_students(pool, school_id)
    return counted_of(students, reaches, await counted_teachers(pool, school_id, on))


def counted_of(
    students: Sequence[CountedStudent], reaches: Mapping[int, Reach], teachers: Sequence[CountedTeacher]
) -> Counted:
    """Return what students and teachers of a school come to. Who came between two reads counts the next time."""
    known = [each for each in students if each.id in reaches]
    shares = Shares(
        len(known), sum(each.is_profiled for each in known), sum(each.is_advised for each in known),
        sum(reaches[each.id] is Reach.YES for each in known), len(teachers),
        sum(each.reach is Reach.YES for each in teachers),
    )  # fmt: skip
    people = [
        Missing(each.ref, each.name, each.class_name, lacks=_lacks(each, reaches[each.id])) for each in known
    ]  # fmt: skip
    people += [
        Missing(each.ref, each.name, each.position, lacks=(_LACKS[each.reach],), is_teacher=True)
        for each in teachers if each.reach is not Reach.YES
    ]  # fmt: skip
    return Counted(shares, [each for each in people if each.lacks])


def _lacks(student: CountedStudent, reach: Reach) -> tuple[Lack, ...]:
    lacks = [] if student.is_profiled else [Lack.PROFILE]
    lacks += [] if student.is_advised else [Lack.ADVICE]
    lacks += [] if reach is Reach.YES else [_LACKS[reach]]
    return tuple(lacks)


async def _months(services: Services, school_id: int, on: date) -> dict[Stretch, Shares]:
    year = stretch_of(By.YEAR, on)
    rows = await services.database.pool.fetch(_KEPT, school_id, year.first_on, on, DAYS_MAX)
    return {stretch_of(By.MONTH, row["on"]): Shares(*row[1:]) for row in rows}
