"""A year of a school in two shifts: classes are formed, lessons given, marks closed each quarter, and all go up."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from fractions import Fraction

import pytest

from cloud.core.actor import Role
from cloud.core.errors import Refused
from cloud.core.services import Services
from cloud.integrity.checking import Found, look
from cloud.journal.debts import Open, debts_of
from cloud.journal.errors import JournalClosed
from cloud.journal.grading import rounded
from cloud.journal.kinds import Here, Kind, Lesson
from cloud.journal.marking import Change, mark, place_of
from cloud.journal.missed import attendance_of
from cloud.journal.queries import cells_of, lessons_of
from cloud.journal.sheets import Sheet, SheetRow, sheet_of
from cloud.people.actions import add_guardian, open_guardian_account
from cloud.people.bulk import GuardianGiven
from cloud.people.kinds import PersonRole, Relation
from cloud.people.moving import leave, move
from cloud.people.school_year import Way, Year, begin_year, plan_of
from cloud.people.stays import Said
from cloud.schools.actions import set_terms
from cloud.schools.queries import school_days
from cloud.timetable.laying import lay_out_due
from cloud.timetable.substituting import add_away, call_off, free_for, substitute
from simulators.clock import SimulatedClock
from tests.cloud.people.family_factory import actor_of_guardian
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.studies.factory import a_person
from tests.journeys.browsing import an_account, served, signed_in, text_of
from tests.journeys.school_year import A_DAY, A_WEEK, HOURS, SOCH_MAX, SOR_MAX, TERMS, YEAR, SchoolYear

AWAY = date(2027, 2, 1), date(2027, 2, 7)
NEXT_TERMS = [(first_on + timedelta(days=364), last_on + timedelta(days=364)) for first_on, last_on in TERMS]
NEXT_YEAR = date(2027, 9, 1)


@pytest.fixture(name="school")
async def _school(services: Services, clock: SimulatedClock) -> AsyncIterator[SchoolYear]:
    school = await SchoolYear.opened(services, clock)
    yield school
    await school.store.close()


async def test_a_school_in_two_shifts_lives_through_a_year(school: SchoolYear) -> None:
    assert await school.planned() == 4 * len(HOURS)
    outcome = await school.timetabled(TERMS[0][0])
    assert (outcome.missing, outcome.clashes) == ({}, ())

    first = await quarter(school, 1)
    assert await a_closed_quarter_is_put_right_by_the_deputy_alone(school)
    moved, left, arrived = await movements(school)
    await quarter(school, 2)
    await school.at(TERMS[2][0])
    await a_teacher_is_away_for_a_week(school)
    await quarter(school, 3)
    last = await quarter(school, 4)

    await the_years_books_agree(school)
    assert all(year.is_final for row in last.rows for year in row.years.values())
    assert {moved, arrived} <= {row.learner.id for row in await all_rows(school, 4)}
    assert left not in {row.learner.id for row in await all_rows(school, 4)}
    assert left in {row.learner.id for row in await all_rows(school, 1)}
    await everybody_goes_up_and_the_old_sheets_stay(school, first)
    await families_and_heads_find_it_on_their_pages(school, moved)


async def quarter(school: SchoolYear, number: int) -> Sheet:
    """Let a quarter be taught to its end, with what is open made up for; return the sheet of 5А."""
    first_on, last_on = TERMS[number - 1]
    await school.at(first_on)
    await lay_out_due(school.services)
    await school.summative(number)
    assert await school.lived(first_on, last_on) > 7 * 4 * 4  # four lessons a week in four classes
    await made_up(school)
    sheet = await sheet_of(school.services, school.school, school.class_ids["5А"], YEAR, number)
    assert all(result.is_final for row in sheet.rows for result in row.results.values())
    assert await by_hand(school, sheet) == by_program(sheet)
    return sheet


async def made_up(school: SchoolYear) -> None:
    """Let students write what they missed, and teachers give the marks that lack, until nothing is open."""
    services, courses = school.services, await school.courses()
    opened = (await debts_of(services, school.school, courses, YEAR, 0)).debts
    assert opened, "nobody missed anything all quarter"
    for debt in opened:
        assert debt.learner is not None
        if debt.what is Open.WORK:
            assert debt.lesson is not None
            most = SOR_MAX if debt.lesson.kind is Kind.SOR else SOCH_MAX
            await write(school, debt.lesson, debt.learner.id, most - 2)
        else:
            for lesson in await unmarked(school, debt.course.id, debt.learner.id, debt.needs - debt.has):
                await write(school, lesson, debt.learner.id, 7)
    assert (await debts_of(services, school.school, courses, YEAR, 0)).debts == []


async def write(school: SchoolYear, lesson: Lesson, person_id: int, points: int) -> None:
    """Let whoever gave a lesson write somebody's points."""
    await school.write(lesson.course_id, lesson.id, lesson.teacher_id, {person_id: points})


async def unmarked(school: SchoolYear, course_id: int, person_id: int, count: int) -> list[Lesson]:
    """Return lessons of the quarter at which a student was and has no mark yet."""
    first_on = max(first for first, _ in TERMS if first <= school.school.on)
    lessons = await lessons_of(school.services, [course_id], first_on, school.school.on)
    plain = [each for each in lessons if each.kind is Kind.LESSON and not each.is_off]
    cells = await cells_of(school.services.database.pool, [each.id for each in plain], [person_id])
    free = [
        each for each in plain
        if (each.id, person_id) in cells and cells[each.id, person_id].cell.points is None
        and cells[each.id, person_id].cell.here is Here.PRESENT
    ]  # fmt: skip
    assert len(free) >= count
    return free[:count]


async def by_hand(school: SchoolYear, sheet: Sheet) -> dict[tuple[int, int], int]:
    """Reckon each percent of a sheet from the points that teachers wrote: a quarter, a quarter and a half."""
    courses = {each.id: each for each in await school.courses()}
    lessons = {
        each.id: each
        for each in await lessons_of(school.services, courses, sheet.quarter.first_on, sheet.quarter.until)
    }
    percents = {}
    for row in sheet.rows:
        for subject_id in row.results:
            parts: dict[Kind, list[Fraction]] = {}
            for (lesson_id, person_id), points in school.marks.items():
                lesson = lessons.get(lesson_id)
                if person_id == row.learner.id and lesson and courses[lesson.course_id].subject.id == subject_id:
                    most = {Kind.LESSON: 10, Kind.SOR: SOR_MAX, Kind.SOCH: SOCH_MAX}[lesson.kind]
                    parts.setdefault(lesson.kind, []).append(Fraction(100 * points, most))
            weights = {Kind.LESSON: 1, Kind.SOR: 1, Kind.SOCH: 2}
            whole = sum(weights[kind] for kind in parts)
            means = {kind: sum(own, Fraction(0)) / len(own) for kind, own in parts.items()}
            percents[row.learner.id, subject_id] = rounded(
                sum((weights[kind] * mean for kind, mean in means.items()), Fraction(0)) / whole
            )
    return percents


def by_program(sheet: Sheet) -> dict[tuple[int, int], int | None]:
    return {
        (row.learner.id, subject_id): result.percent
        for row in sheet.rows for subject_id, result in row.results.items()
    }  # fmt: skip


async def all_rows(school: SchoolYear, number: int) -> list[SheetRow]:
    """Return the rows of all classes' sheets of a quarter."""
    sheets = [
        await sheet_of(school.services, school.school, class_id, YEAR, number) for class_id in school.class_ids.values()
    ]
    return [row for sheet in sheets for row in sheet.rows]


async def a_closed_quarter_is_put_right_by_the_deputy_alone(school: SchoolYear) -> bool:
    """Let the first day of the second quarter be, and a teacher and a deputy write into the first one."""
    await school.at(TERMS[1][0])
    (lesson_id, person_id), points = next(iter(school.marks.items()))
    services, here = school.services, school.school
    (lesson,) = [
        each for each in await lessons_of(services, [each.id for each in await school.courses()], *TERMS[0])
        if each.id == lesson_id
    ]  # fmt: skip
    with pytest.raises(JournalClosed, match="closed"):
        await write(school, lesson, person_id, 10 if points < 10 else 9)
    place = await place_of(services, school.deputy, here, lesson.course_id, lesson_id)
    stands = (await cells_of(services.database.pool, [lesson_id], [person_id]))[lesson_id, person_id]
    other = 10 if points < 10 else 9
    changes = [Change(school.refs[person_id], str(other), stands.number)]
    with pytest.raises(Refused):
        await mark(services, school.deputy, here, place, changes)
    written = await mark(services, school.deputy, here, place, changes, reason="жұмыс қайта тексерілді")
    school.marks[lesson_id, person_id] = other
    return written[school.refs[person_id]].standing.cell.points == other


async def movements(school: SchoolYear) -> tuple[int, int, int]:
    """Let a student of 5А change to 5Ә, one of 6А leave, and one come into 11А; return them in this order."""
    services, here = school.services, school.school.id
    ids = {name: await _students(school, class_id) for name, class_id in school.class_ids.items()}
    moved, left = ids["5А"][0], ids["6А"][0]
    await move(services, SYSTEM, here, [moved], school.class_ids["5Ә"], Said(school.school.on, paper="№ 7 бұйрық"))
    await leave(services, SYSTEM, left, Said(school.school.on - A_DAY, place="Астана қ., № 3 мектеп"))
    arrived = await a_person(
        services, here, PersonRole.STUDENT, ("Ким", "Тимур"), "11А-9", school.class_ids["11А"]
    )  # fmt: skip
    school.refs[arrived] = str(await services.database.pool.fetchval("SELECT ref FROM person WHERE id = $1", arrived))
    return moved, left, arrived


async def _students(school: SchoolYear, class_id: int) -> list[int]:
    rows = await school.services.database.pool.fetch(
        "SELECT id FROM person WHERE school_class_id = $1 AND is_active ORDER BY id", class_id
    )
    return [row["id"] for row in rows]


async def a_teacher_is_away_for_a_week(school: SchoolYear) -> None:
    """Let others give the lessons of a week if somebody is free, and none be given otherwise."""
    services, here, today = school.services, school.school.id, school.school.on
    person_id, _ = school.teachers["mathematics"]
    lessons = await add_away(services, school.deputy, here, person_id, AWAY, today)
    assert len(lessons) == 4 * HOURS["mathematics"]
    covered = 0
    for lesson in lessons:
        free = await free_for(services, here, lesson)
        if free:
            await substitute(services, school.deputy, here, lesson.id, free[0].id, "", "", today)
        else:
            await call_off(services, school.deputy, here, lesson.id, "", today)
        covered += bool(free)
    assert covered > 0


async def the_years_books_agree(school: SchoolYear) -> None:
    """Let gates, journal, chains and the calendar say the same of the year."""
    services = school.services
    came = await services.database.pool.fetch(
        'SELECT "on", count(*) AS came FROM presence WHERE first_in_at IS NOT NULL GROUP BY 1'
    )
    assert {row["on"]: row["came"] for row in came} == school.seen
    days = {on for first, last in TERMS for on in await school_days(services, school.school.id, first, last)}
    assert set(school.seen) == days
    missed = 0
    for number in range(1, 5):
        for class_id in school.class_ids.values():
            sheet = await attendance_of(services, school.school, class_id, YEAR, number)
            missed += sum(row.absent for row in sheet.rows)
    assert 0 < missed <= await school.absences()  # who has left stands in no sheet any more
    found = Found()
    counted = await look(services, found)
    assert (found.wrong, found.named) == (0, [])
    assert counted["records"] == 2 * sum(school.seen.values())


async def everybody_goes_up_and_the_old_sheets_stay(school: SchoolYear, first: Sheet) -> None:
    """Let the year end in June, the next one be planned in August, and its first week be taught."""
    services, here = school.services, school.school.id
    await school.at(date(2027, 6, 1))
    plan = await plan_of(services, SYSTEM, here)
    ways = {each.id: each.usual for each in plan}
    assert sorted((each.name, each.usual) for each in plan) == [
        ("11А", Way.FINISH), ("5А", Way.UP), ("5Ә", Way.UP), ("6А", Way.UP)
    ]  # fmt: skip
    told = Year(school.school.on, ways, frozenset(), "№ 45 бұйрық")
    begun = await begin_year(services, SYSTEM, here, told, school.school.on)
    assert (begun.promoted, begun.finished, begun.kept) == (14, 6, 0)
    await set_terms(services, SYSTEM, here, [*TERMS, *NEXT_TERMS])
    await school.at(date(2027, 8, 20))
    assert await school.planned(YEAR + 1) == 3 * len(HOURS)
    assert (await school.timetabled(NEXT_YEAR)).missing == {}
    assert await school.lived(NEXT_YEAR, NEXT_YEAR + A_WEEK) >= 3 * 4
    again = await sheet_of(services, school.school, school.class_ids["5А"], YEAR, 1)
    assert {**by_program(first), **by_program(again)} == by_program(again)


async def families_and_heads_find_it_on_their_pages(school: SchoolYear, moved: int) -> None:
    """Let a mother open the diary of the child who changed class, and the deputy last year's sheet."""
    services, here = school.services, school.school.id
    given = GuardianGiven("Сәуле Әліби", "+77015550101", None)
    guardian_id = await add_guardian(services, SYSTEM, moved, given, Relation.MOTHER)
    await open_guardian_account(services, SYSTEM, guardian_id)
    mother = await actor_of_guardian(services, guardian_id, here)
    assert mother.account_id is not None
    monday = NEXT_YEAR - timedelta(days=NEXT_YEAR.weekday())
    async with (
        served(services) as url,
        await signed_in(services, url, mother.account_id, here, Role.GUARDIAN) as phone,
        await signed_in(services, url, await an_account(services, "Ерлан Нұр"), here, Role.DEPUTY) as desk,
    ):
        diary = f"/children/{school.refs[moved]}/diary?week="
        weeks = [text_of((await phone.get(f"{diary}{each}")).text) for each in (monday, monday + A_WEEK)]
        journal = text_of((await desk.get("/schools/almaty5/journal")).text)
        class_id = school.class_ids["5Ә"]
        sheet = await desk.get(f"/schools/almaty5/journal/classes/{class_id}/sheet?year={YEAR}&quarter=4")
        stranger = next(ref for person_id, ref in school.refs.items() if person_id != moved)
        other = await phone.get(f"/children/{stranger}/diary")

    assert "Mathematics" in " ".join(weeks)  # they hold each weekday once at least, whatever the solver chose
    assert "6Ә" in journal
    assert f"{YEAR}/{YEAR + 1}" in journal
    assert (sheet.status_code, "Әліби Айгерім" in text_of(sheet.text)) == (200, True)
    assert other.status_code == 404
