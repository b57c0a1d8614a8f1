"""Days are counted anew when something they are counted of changed: late, void, moved, forgotten, or in any order."""

from datetime import date, timedelta

import pytest

from cloud.absences.kinds import REASON
from cloud.attendance.queries import school_or_classes_today
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.people.moving import leave
from cloud.register.actions import mark
from cloud.register.kinds import BY_CODE, Reason
from cloud.register.queries import class_on
from cloud.schools.actions import add_class
from cloud.schools.calendar import set_day
from cloud.schools.rules import Day
from cloud.statistics.kinds import Figures, Key, Kind
from cloud.statistics.rolling import open_days, roll
from cloud.statistics.rules import SCHOOL, STAFF
from simulators.clock import SimulatedClock
from tests.cloud.meals.factory import ALL
from tests.cloud.reports.attending import STAFF as COOK
from tests.cloud.reports.attending import at, came, in_class, tapped
from tests.cloud.reports.factory import FIRST, School, noon
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.statistics.factory import counted, kept, rolled

SECOND, SUNDAY, LAST = FIRST + timedelta(days=1), FIRST + timedelta(days=5), date(2026, 9, 29)
TODAY = date(2026, 10, 1)
_ABSENCE = """
INSERT INTO absence (school_id, person_id, account_id, first_on, last_on, reason_encrypted, told_at, state)
SELECT school_id, person.id, account.id, $2, $3, '', $4, 'told' FROM person, account WHERE ref = $1 LIMIT 1
RETURNING id
"""
_ACCOUNT = """
INSERT INTO account (password_hash, name, language, is_active, must_change, created_at)
VALUES ('x', 'x', '', true, false, $1)
"""
_TRIP = """
WITH trip AS (
  INSERT INTO trip (school_id, school_class_id, title, place, first_on, last_on, made_at, made_by)
  VALUES ($1, $2, 'x', 'x', $3, $3, $4, 'x') RETURNING id
)
INSERT INTO trip_member (trip_id, person_id) SELECT trip.id, person.id FROM trip, person WHERE ref = $5
"""


async def day(services: Services, school: School, on: date, key: Key = SCHOOL) -> Figures:
    return (await kept(services, school.school_id, on)).get(key, Figures())


async def said(services: Services, school: School, class_id: int, ref: str, on: date, code: str) -> None:
    today = await school_or_classes_today(services, SYSTEM, "almaty5", Right.REGISTER_READ)
    lines = await class_on(services, SYSTEM, today, class_id, on)
    number = next(each.number for each in lines.children if each.ref == ref)
    await mark(services, school.office, today, class_id, on, ref, BY_CODE[code], number)


@pytest.fixture(name="class_id")
async def _class_id(services: Services, school: School) -> int:
    return await in_class(services, school)


async def test_a_day_is_counted_of_what_gates_tills_and_the_register_tell(
    services: Services, school: School, class_id: int
) -> None:
    aliya, bolat, dana = school.refs
    await came(school, aliya, FIRST)
    await came(school, bolat, FIRST, "08:12:30", "")
    await came(school, COOK, FIRST, "07:20:00", "16:05:00")
    await school.ate(0, FIRST, came=False)
    await school.ate(1, FIRST, payment="cash", came=False)
    await said(services, school, class_id, dana, FIRST, "absent_ill")

    await counted(services, school)

    lines = await kept(services, school.school_id, FIRST)
    assert lines[SCHOOL] == Figures(
        people=3, taught=3, expected=3, came=2, late=1, late_min=12, not_seen=1, ill=1, never_left=1, timed=1,
        inside_min=350, ate=2, free=1, cash=1,
    )  # fmt: skip
    assert lines[Key(Kind.CLASS, class_id)] == lines[SCHOOL]
    assert lines[STAFF] == Figures(people=1, came=1, timed=1, inside_min=525)


async def test_records_that_come_days_late_change_their_own_day(
    services: Services, school: School, class_id: int
) -> None:
    await came(school, school.refs[0], LAST)
    await counted(services, school)
    assert (await day(services, school, LAST)).came == 1

    await school.told(at(LAST, "07:45:00"), tapped(school.refs[1]), received=services.clock.now())
    await counted(services, school)

    assert (await day(services, school, LAST)).came == 2
    assert (await day(services, school, SECOND)).came == 0


async def test_a_sale_that_is_made_void_counts_no_more(services: Services, school: School, class_id: int) -> None:
    sale = await school.ate(0, FIRST)
    await counted(services, school)
    before = await day(services, school, FIRST)

    await school.told(noon(FIRST) + timedelta(minutes=1), school.voided(sale, 0))
    await counted(services, school)

    after = await day(services, school, FIRST)
    assert ((before.free, before.ate), (after.free, after.ate)) == ((1, 1), (0, 0))


async def test_who_goes_to_another_class_counts_there_from_that_day_on_and_before_where_it_was(
    services: Services, school: School, class_id: int
) -> None:
    await came(school, school.refs[0], LAST)
    await counted(services, school)
    other = await add_class(services, SYSTEM, school.school_id, 5, "Б")

    await services.database.pool.execute("UPDATE person SET school_class_id = $1 WHERE ref = $2", other, school.refs[0])
    await came(school, school.refs[0], TODAY, "07:50:00", "")
    await school.told(at(LAST, "07:40:00"), tapped(school.refs[0]), received=services.clock.now())  # late, of before
    await counted(services, school)

    old, new = Key(Kind.CLASS, class_id), Key(Kind.CLASS, other)
    assert [(await day(services, school, LAST, key)).came for key in (old, new)] == [1, 0]
    assert [(await day(services, school, TODAY, key)).came for key in (old, new)] == [0, 1]
    assert [(await day(services, school, TODAY, key)).people for key in (old, new)] == [2, 1]


async def test_who_left_is_expected_no_more_and_stays_in_the_days_of_before(
    services: Services, school: School, class_id: int
) -> None:
    for on in (LAST, TODAY):
        await came(school, school.refs[0], on)
    await counted(services, school)
    person_id = await services.database.pool.fetchval("SELECT id FROM person WHERE ref = $1", school.refs[1])

    await leave(services, school.office, person_id)
    await rolled(services)

    assert (await day(services, school, LAST)).expected == 3
    assert (await day(services, school, TODAY)).expected == 2


async def test_a_day_without_lessons_counts_who_came_and_misses_nobody(
    services: Services, school: School, class_id: int
) -> None:
    await came(school, school.refs[0], SUNDAY)
    await counted(services, school)

    assert await day(services, school, SUNDAY) == Figures(people=3, came=1, timed=1, inside_min=350)
    assert await kept(services, school.school_id, SUNDAY + timedelta(days=7)) == {}


async def test_what_a_family_and_a_trip_tell_counts_where_the_register_says_nothing(
    services: Services, school: School, class_id: int
) -> None:
    aliya, bolat, dana = school.refs
    pool, now = services.database.pool, services.clock.now()
    await came(school, aliya, FIRST)
    await pool.execute(_ACCOUNT, now)
    absence_id = await pool.fetchval(_ABSENCE, bolat, FIRST, SECOND, now)
    sealed = services.vault.encrypt(Reason.FAMILY.value, REASON, str(absence_id))
    await pool.execute("UPDATE absence SET reason_encrypted = $2 WHERE id = $1", absence_id, sealed)
    await pool.execute(_TRIP, school.school_id, class_id, FIRST, now, dana)
    await counted(services, school)
    first = await day(services, school, FIRST)
    assert (first.family, first.away, first.unexplained, first.absent) == (1, 1, 0, 1)

    await said(services, school, class_id, bolat, FIRST, "absent_ill")
    await pool.execute("UPDATE trip SET ended_at = $1, ended_by = 'x'", now)
    await rolled(services)

    first = await day(services, school, FIRST)
    assert (first.ill, first.family, first.away, first.unexplained) == (1, 0, 0, 1)


async def test_a_reason_that_is_forgotten_is_one_that_nobody_knows(
    services: Services, school: School, class_id: int
) -> None:
    await said(services, school, class_id, school.refs[0], FIRST, "absent_ill")
    await rolled(services)
    assert (await day(services, school, FIRST)).ill == 1

    await services.database.pool.execute("DELETE FROM register_reason")
    await rolled(services)

    first = await day(services, school, FIRST)
    assert (first.ill, first.other) == (0, 1)


async def test_a_holiday_that_is_set_today_is_one_at_once(services: Services, school: School, class_id: int) -> None:
    await came(school, school.refs[0], TODAY)
    await counted(services, school)
    assert (await day(services, school, TODAY)).taught == 3

    await set_day(services, SYSTEM, school.school_id, TODAY, Day.off("қар"))
    await rolled(services)

    assert (await day(services, school, TODAY)).taught == 0


async def test_what_commits_while_a_day_is_counted_is_counted_the_next_time(
    services: Services, school: School, class_id: int
) -> None:
    pool = services.database.pool
    await came(school, school.refs[0], FIRST)
    await counted(services, school)

    async with pool.acquire() as writing:
        transaction = writing.transaction()
        await transaction.start()
        await writing.execute("UPDATE presence SET late_min = 7")
        await rolled(services)  # does not see it, and does not wait
        seen = await day(services, school, FIRST)
        await transaction.commit()
    await rolled(services)

    assert (seen.late_min, (await day(services, school, FIRST)).late_min) == (0, 7)


async def test_a_day_that_cannot_be_counted_holds_up_no_other_and_stays_touched(
    services: Services, school: School, class_id: int
) -> None:
    pool = services.database.pool
    await said(services, school, class_id, school.refs[0], FIRST, "absent_ill")
    await pool.execute("UPDATE register_reason SET reason_encrypted = 'broken'")
    await came(school, school.refs[0], SECOND)
    await school.projected()

    await roll(services, ALL)

    assert (await day(services, school, SECOND)).came == 1
    assert [row["on"] for row in await pool.fetch('SELECT DISTINCT "on" FROM statistics_touched')] == [FIRST]


async def test_a_day_on_which_no_gate_tells_anything_is_opened(
    services: Services, school: School, class_id: int
) -> None:
    await rolled(services)
    await services.database.pool.execute("DELETE FROM statistics_day")

    await open_days(services, ALL)
    await rolled(services)

    today = await day(services, school, TODAY)
    assert (today.taught, today.expected, today.unexplained) == (3, 0, 0)


async def test_a_day_whose_facts_may_be_deleted_stays_as_it_was_counted(
    services: Services, school: School, class_id: int, clock: SimulatedClock
) -> None:
    await came(school, school.refs[0], FIRST)
    await counted(services, school)
    was = await kept(services, school.school_id, FIRST)

    clock.jump(timedelta(days=740).total_seconds())
    await services.database.pool.execute("DELETE FROM presence")
    await rolled(services)

    assert await kept(services, school.school_id, FIRST) == was
    assert await services.database.pool.fetchval("SELECT count(*) FROM statistics_touched") == 0


async def test_a_worker_counts_the_schools_of_its_shards_only(
    services: Services, school: School, class_id: int
) -> None:
    await came(school, school.refs[0], FIRST)
    await school.projected()
    shard = await services.database.pool.fetchval("SELECT shard FROM school")

    await rolled(services, [each for each in ALL if each != shard])
    assert await kept(services, school.school_id, FIRST) == {}
    await rolled(services, [shard])

    assert (await day(services, school, FIRST)).came == 1
