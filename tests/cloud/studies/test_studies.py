"""Subjects, courses, groups and accounts of teachers at a school: through the slice's own functions."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from cloud.accounts.actions import add_account
from cloud.accounts.keeping import delete_account
from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.erasure.actions import erase_due
from cloud.integrity.granted import compare_ties
from cloud.people.moving import leave, move
from cloud.people.stays import Said
from cloud.studies.actions import (
    add_state_subjects,
    drop_course,
    end_course,
    put_course,
    put_subject,
    set_members,
    tie_account,
)
from cloud.studies.errors import StudyConflict, StudyRefused
from cloud.studies.kinds import SUBJECTS
from cloud.studies.queries import Course, course_of, courses_of, members_of, own_person, staff_of_school, subjects_of
from cloud.studies.rules import SubjectGiven
from simulators.clock import SimulatedClock
from tests.cloud.schools.factory import SYSTEM, a_school
from tests.cloud.studies.factory import Studies, studies

DAY = timedelta(days=1)
ROBOTICS = SubjectGiven(
    "robotics", "choice", {"kk": "Робот техникасы", "ru": "Робототехника", "en": "Robotics"}, 3
)  # fmt: skip
ERASURE = "INSERT INTO erasure (school_id, person_id, begun_at) VALUES ($1, $2, $3)"
LESSON = 'INSERT INTO lesson (school_id, course_id, "on", number) VALUES ($1, $2, $3, 1)'


async def learns(school: Studies, course_id: int, on: date) -> list[int]:
    """Return who learns in a course on a day."""
    return [each.id for each in (await members_of(school.services.database.pool, [course_id], on))[course_id]]


async def group(school: Studies, *numbers: int, of: int = 0, on: date | None = None) -> None:
    """Let students of 5А be in a group of English."""
    ids = [school.student_ids[number] for number in numbers]
    await set_members(school.services, school.office, school.school_id, school.english[of], ids, on or school.today)


@pytest.mark.requirement("KZ456-27.7")
@pytest.mark.requirement("KZ456-27.17")
async def test_a_school_takes_the_states_list_and_adds_renames_and_retires_subjects(services: Services) -> None:
    school_id = await a_school(services)
    deputy = Actor("Ерлан", reaches=frozenset({Reach(Role.DEPUTY, school_id)}))

    assert await add_state_subjects(services, deputy, school_id) == len(SUBJECTS)
    added = await put_subject(services, deputy, school_id, ROBOTICS)
    named = replace(ROBOTICS, names=dict(ROBOTICS.names) | {"ru": "Робототехника и 3D"}, is_active=False)
    assert await put_subject(services, deputy, school_id, named, added) == added

    assert await add_state_subjects(services, deputy, school_id) == 0
    found = await subjects_of(services, school_id)
    assert len(found) == len(SUBJECTS) + 1
    last = found[-1]
    assert (last.code, last.name("ru"), last.name("kk"), last.difficulty, last.is_active) == (
        "robotics", "Робототехника и 3D", "Робот техникасы", 3, False,
    )  # fmt: skip
    verbs = [each.verb for each in await noted_of(services, SYSTEM, school_id, Wanted(subjects=[f"subject:{added}"]))]
    assert verbs == ["subject.changed", "subject.added"]


async def test_a_code_is_one_subjects_and_stays_so(services: Services) -> None:
    school = await studies(services)
    away = await a_school(services, "almaty6")

    with pytest.raises(StudyConflict):
        await put_subject(services, school.office, school.school_id, replace(ROBOTICS, code="algebra"))
    with pytest.raises(NotFound):
        await put_subject(services, school.office, school.school_id, ROBOTICS, school.subjects["algebra"])
    with pytest.raises(NotFound):
        await put_subject(services, SYSTEM, away, replace(ROBOTICS, code="algebra"), school.subjects["algebra"])


async def test_courses_are_told_by_class_and_by_teacher(services: Services) -> None:
    school = await studies(services)
    elsewhere = await school.course("mathematics", teacher=1, class_id=school.other_class_id)

    of_class = await courses_of(services, school.school_id, school.year, class_ids=[school.class_id])
    of_teacher = await courses_of(services, school.school_id, school.year, teacher_id=school.teacher_ids[1])

    assert [each.id for each in of_class] == [*school.english, school.mathematics]
    assert [each.id for each in of_teacher] == [*school.english, elsewhere]
    assert await courses_of(services, school.school_id, school.year - 1) == []
    course = await course_of(services, school.school_id, school.english[0])
    assert (course.class_name, course.grade, course.shift, course.teacher, course.half_hours) == (
        "5А", 5, 1, "Ким Вера", 6,
    )  # fmt: skip
    assert course.title("ru") == "Английский язык, 5А, 1"


async def test_a_course_is_changed_but_keeps_class_subject_and_kind(services: Services) -> None:
    school = await studies(services)
    given = replace(school.given("mathematics", teacher=1, half_hours=9), room=" 204 ")

    await put_course(services, school.deputy, school.school_id, given, school.mathematics)

    course = await course_of(services, school.school_id, school.mathematics)
    assert (course.teacher_id, course.half_hours, course.room) == (school.teacher_ids[1], 9, "204")
    for refused in (
        school.given("algebra"), replace(given, group="1"), replace(given, class_id=school.other_class_id),
    ):  # fmt: skip
        with pytest.raises(StudyRefused):
            await put_course(services, school.deputy, school.school_id, refused, school.mathematics)


async def test_two_teachers_in_one_course_are_refused(services: Services) -> None:
    school = await studies(services)

    with pytest.raises(StudyConflict, match="make groups"):
        await put_course(services, school.office, school.school_id, school.given("mathematics", teacher=1))


async def test_a_course_of_what_is_not_the_schools_is_refused(services: Services) -> None:
    school, other = await studies(services), await studies(services, "almaty6")
    await leave(services, SYSTEM, school.teacher_ids[1])
    student = replace(school.given("algebra"), teacher_id=school.student_ids[0])

    for given in (
        replace(school.given("algebra"), class_id=other.class_id),
        replace(school.given("algebra"), subject_id=other.subjects["algebra"]),
        replace(school.given("algebra"), teacher_id=other.teacher_ids[0]),
        school.given("algebra", teacher=1), student,
    ):  # fmt: skip
        with pytest.raises(StudyRefused):
            await put_course(services, school.office, school.school_id, given)
    with pytest.raises(NotFound):
        await course_of(services, other.school_id, school.mathematics)


async def test_a_subject_out_of_use_gets_no_new_course(services: Services) -> None:
    school = await studies(services)
    algebra = next(each for each in await subjects_of(services, school.school_id) if each.code == "algebra")
    given = SubjectGiven("algebra", algebra.area, algebra.names, algebra.difficulty, is_active=False)
    await put_subject(services, school.office, school.school_id, given, algebra.id)

    with pytest.raises(StudyRefused):
        await put_course(services, school.office, school.school_id, school.given("algebra"))


async def test_a_course_ends_on_a_day_of_its_year_and_goes_on_after_all(services: Services) -> None:
    school = await studies(services)
    last_on = school.today + 30 * DAY

    async def ended(on: date | None) -> Course:
        await end_course(services, school.office, school.school_id, school.mathematics, on)
        return await course_of(services, school.school_id, school.mathematics)

    course = await ended(last_on)
    assert course.is_on(last_on)
    assert not course.is_on(last_on + DAY)
    assert (await ended(None)).is_on(last_on + DAY)
    with pytest.raises(StudyRefused):
        await ended(date(school.year + 1, 8, 1))


async def test_a_course_with_lessons_is_not_deleted(services: Services) -> None:
    school = await studies(services)
    await services.database.pool.execute(LESSON, school.school_id, school.mathematics, school.today)

    await drop_course(services, school.office, school.school_id, school.english[0])

    with pytest.raises(StudyConflict):
        await drop_course(services, school.office, school.school_id, school.mathematics)
    left = await courses_of(services, school.school_id, school.year)
    assert [each.id for each in left] == [school.english[1], school.mathematics]


async def test_who_is_in_the_class_learns_in_the_whole_classs_course(services: Services, clock: SimulatedClock) -> None:
    school = await studies(services)
    clock.advance(10 * DAY.total_seconds())
    left_on = school.today
    await leave(services, SYSTEM, school.student_ids[3], Said(left_on))
    await move(services, SYSTEM, school.school_id, [school.stranger_id], school.class_id, Said(left_on))

    assert await learns(school, school.mathematics, left_on - DAY) == school.student_ids
    assert await learns(school, school.mathematics, left_on + DAY) == [*school.student_ids[:3], school.stranger_id]


async def test_a_groups_members_change_as_of_a_day(services: Services, clock: SimulatedClock) -> None:
    school = await studies(services)
    clock.advance(10 * DAY.total_seconds())
    a, b, c, d = school.student_ids

    await group(school, 0, of=0)
    await group(school, 1, 2, 3, of=1)

    first, second = school.english
    before, now = school.today - DAY, school.today
    assert (await learns(school, first, before), await learns(school, second, before)) == ([a, b], [c, d])
    assert (await learns(school, first, now), await learns(school, second, now)) == ([a], [b, c, d])
    await group(school, 2, 3, of=1)
    await group(school, 0, 1, of=0)
    assert (await learns(school, first, now), await learns(school, second, now)) == ([a, b], [c, d])
    rows = await services.database.pool.fetchval("SELECT count(*) FROM course_member WHERE person_id = $1", b)
    assert rows == 2  # once to the day before, and from today


async def test_nobody_is_in_two_groups_of_a_subject_at_once(services: Services) -> None:
    school = await studies(services)

    with pytest.raises(StudyRefused, match=r"Жұмабай Дана \(2\)"):
        await group(school, 0, 1, 2)

    assert await learns(school, school.english[0], school.today) == school.student_ids[:2]


async def test_a_student_of_another_class_is_in_no_group(services: Services) -> None:
    school = await studies(services)

    for stranger in (school.stranger_id, school.teacher_ids[0], 999_999):
        with pytest.raises(StudyRefused):
            await set_members(
                services, school.office, school.school_id, school.english[0], [stranger], school.today
            )  # fmt: skip
    with pytest.raises(StudyRefused):  # of the whole class
        await set_members(services, school.office, school.school_id, school.mathematics, [], school.today)


async def test_who_leaves_the_class_is_in_its_group_no_more(services: Services, clock: SimulatedClock) -> None:
    school = await studies(services)
    clock.advance(10 * DAY.total_seconds())
    on = school.today

    await move(services, SYSTEM, school.school_id, [school.student_ids[0]], school.other_class_id, Said(on))

    assert await learns(school, school.english[0], on - DAY) == school.student_ids[:2]
    assert await learns(school, school.english[0], on) == school.student_ids[1:2]


@pytest.mark.requirement("KZ456-27.4")
async def test_a_teacher_is_known_by_the_account_that_is_tied(services: Services) -> None:
    school = await studies(services)
    first, second = school.teachers

    assert await own_person(services, first, school.school_id) == school.teacher_ids[0]
    assert await own_person(services, school.office, school.school_id) is None
    told = {each.id: each.account for each in await staff_of_school(services, school.school_id)}
    assert told == {school.teacher_ids[0]: "Сейіт Айгүл", school.teacher_ids[1]: "Ким Вера"}

    await tie_account(services, school.office, school.school_id, school.teacher_ids[0], None)

    assert await own_person(services, first, school.school_id) is None
    assert await own_person(services, second, school.school_id) == school.teacher_ids[1]


async def test_an_account_without_work_here_or_of_somebody_else_is_not_tied(services: Services) -> None:
    school, other = await studies(services), await studies(services, "almaty6")
    parent = await add_account(services, SYSTEM, "mother", "Ана", Reach(Role.GUARDIAN, school.school_id))
    person_id = school.teacher_ids[0]

    for account_id in (parent.account_id, other.teachers[0].account_id, school.teachers[1].account_id, 999_999):
        with pytest.raises(StudyRefused):
            await tie_account(services, school.office, school.school_id, person_id, account_id)
    with pytest.raises(NotFound):
        await tie_account(services, school.office, school.school_id, school.student_ids[0], None)
    assert await own_person(services, school.teachers[0], school.school_id) == person_id


async def test_whose_account_a_teachers_is_stands_in_the_journal_and_is_compared(services: Services) -> None:
    school = await studies(services)
    odd: list[str] = []

    await compare_ties(services, lambda place, _what: odd.append(place))
    assert odd == []
    account = school.teachers[0].account_id
    assert account is not None
    await delete_account(services, SYSTEM, account)
    await compare_ties(services, lambda place, _what: odd.append(place))
    assert odd == []
    assert await own_person(services, school.teachers[0], school.school_id) is None
    await services.database.pool.execute("DELETE FROM staff_account")
    await compare_ties(services, lambda place, _what: odd.append(place))
    assert odd == [f"staff:{school.teacher_ids[1]}"]


async def test_a_teacher_who_became_nameless_is_tied_to_nothing_and_lessons_say_no_why(services: Services) -> None:
    school, pool, odd = await studies(services), services.database.pool, list[str]()
    teacher_id = school.teacher_ids[0]
    await pool.execute(LESSON, school.school_id, school.mathematics, school.today)
    await pool.execute("UPDATE lesson SET note = 'Айгүл Сейіт ауырып қалды', teacher_id = $1", school.teacher_ids[1])
    await leave(services, SYSTEM, teacher_id)
    await pool.execute(ERASURE, school.school_id, teacher_id, services.clock.now())

    assert await erase_due(services) == 1

    assert await pool.fetchval("SELECT note FROM lesson") == ""
    assert [row["person_id"] for row in await pool.fetch("SELECT person_id FROM staff_account")] == [
        school.teacher_ids[1]
    ]
    await compare_ties(services, lambda place, _what: odd.append(place))
    assert odd == []


async def test_who_may_not_keep_studies_changes_nothing(services: Services) -> None:
    school = await studies(services)
    teacher, at = school.teachers[0], school.school_id

    for asked in (
        add_state_subjects(services, teacher, at), put_subject(services, teacher, at, ROBOTICS),
        put_course(services, teacher, at, school.given("algebra")),
        end_course(services, teacher, at, school.mathematics, None), drop_course(services, teacher, at, 1),
        set_members(services, teacher, at, school.english[0], [], school.today),
        tie_account(services, teacher, at, school.teacher_ids[0], None),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            await asked
