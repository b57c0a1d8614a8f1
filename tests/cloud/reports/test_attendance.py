"""A report of attendance says what the gates told, and the records alone tell the same, byte by byte."""

import asyncio
from dataclasses import replace
from datetime import date, datetime, timedelta

import msgspec
import pytest

from cloud.attendance.elsewhere import Passage as PassedElsewhere
from cloud.attendance.elsewhere import lock_days, take
from cloud.attendance.projection import Who
from cloud.attendance.queries import school_or_classes_today
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.i18n import Language
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.register.actions import mark
from cloud.register.kinds import BY_CODE
from cloud.register.queries import class_on
from cloud.reports.actions import CorrectionGiven, correct, renew, sight_of, sign, supplement
from cloud.reports.attendance import ATTENDANCE
from cloud.reports.attendance_content import Content, Heads
from cloud.reports.checking import check
from cloud.reports.errors import CorrectionRefused
from cloud.reports.files import Form, file_of
from cloud.reports.making import make_due
from cloud.reports.meals import MEALS
from cloud.reports.months import Month
from cloud.reports.queries import changed_since, corrections_of, named_lines, report_of, reports_of
from cloud.schools.actions import add_class
from cloud.schools.queries import school_of_id
from tests.cloud.reports.attending import LANE, STAFF, at, by_hand, came, in_class, passed, tapped
from tests.cloud.reports.factory import FIRST, MONTH, School
from tests.cloud.reports.test_actions import seen_by, signed_by_director, verbs
from tests.cloud.schools.factory import SYSTEM

SEPTEMBER = Month.parse(MONTH)
SECOND, THIRD, SUNDAY = (FIRST + timedelta(days=number) for number in (1, 2, 5))
LATER = datetime.fromisoformat("2026-09-30T23:00:00+00:00")
# One arrival more, with a checksum that fits.
FORGED = """
UPDATE report SET content = changed, digest = sha256(changed) FROM (
  SELECT convert_to(replace(convert_from(content, 'UTF8'), $1, $2), 'UTF8') AS changed FROM report
) AS other
"""


async def made(services: Services, school: School) -> int:
    """Let the readers come to the end of the log and the report be made; return its id."""
    await school.projected()
    await make_due(services, ATTENDANCE)
    row, *_ = await reports_of(services, school.office, school.school_id, ATTENDANCE)
    return row.id


async def content_of(services: Services, school: School, report_id: int) -> Content:
    report = await report_of(services, school.office, school.school_id, report_id)
    assert isinstance(report.content, Content)
    return report.content


async def wrongs(services: Services) -> list[str]:
    return [each.wrong for each in await check(services, SYSTEM, "almaty5", SEPTEMBER, ATTENDANCE)]


@pytest.mark.requirement("KZ456-33-1.12")
async def test_a_month_with_every_exception_is_told_and_made_anew(services: Services, school: School) -> None:
    class_id = await in_class(services, school)
    aliya, bolat, dana = school.refs
    await came(school, aliya, FIRST)
    await came(school, aliya, FIRST, "09:15:00", "11:00:00")  # once more, in between
    await came(school, bolat, FIRST, "08:12:30")
    await came(school, STAFF, FIRST, "07:20:00", "16:05:00")
    await school.told(at(SECOND, "07:55:00"), by_hand(bolat))
    await came(school, dana, SECOND, "", "12:00:00")
    await came(school, aliya, SUNDAY)
    await school.told(at(THIRD, "07:59:00"), tapped(dana, outcome="denied", reason="card_blocked"))
    await school.told(at(THIRD, "08:01:00"), tapped("zzzzzzzzzzzz"))  # nobody of this school
    await absent(services, school, class_id, aliya, FIRST)

    content = await content_of(services, school, await made(services, school))

    assert content.remarks.counts == {
        "absent_but_seen": 1, "by_hand": 1, "gates_out": 20 * 3, "never_came": 1, "never_left": 1, "no_lessons": 1,
    }  # fmt: skip
    assert content.totals.students.heads == Heads(6, 4, 1, 2, 1, 1, 1)
    assert content.totals.staff.heads == Heads(came=1)
    (first, *_) = next(each for each in content.people if each.person == aliya).days
    assert (first.arrived_at, first.left_at) == ("2026-09-01T07:50:00+05:00", "2026-09-01T13:40:00+05:00")
    assert next(each for each in content.people if each.person == bolat).days[0].late_min == 12
    assert await wrongs(services) == [""]


async def absent(services: Services, school: School, class_id: int, ref: str, on: date) -> None:
    today = await school_or_classes_today(services, SYSTEM, "almaty5", Right.REGISTER_READ)
    lines = await class_on(services, SYSTEM, today, class_id, on)
    seen = next(each.number for each in lines.children if each.ref == ref)
    await mark(services, school.office, today, class_id, on, ref, BY_CODE["absent_ill"], seen)


async def test_at_a_gate_whose_sensor_is_heard_during_the_month_both_ways_agree(
    services: Services, school: School
) -> None:
    await in_class(services, school)
    aliya, bolat, dana = school.refs
    await school.told(at(FIRST, "07:50:00"), tapped(aliya, gate=LANE))  # no sensor was heard yet: it counts
    await school.projected()
    await school.told(at(SECOND, "07:50:00"), tapped(bolat, gate=LANE))
    await school.told(at(SECOND, "07:50:02"), passed(bolat, seq_of(school)))
    await school.told(at(SECOND, "07:51:00"), tapped(dana, gate=LANE))  # opened for, and did not go through
    await school.told(at(THIRD, "07:51:00"), tapped(dana, gate=LANE))
    await school.told(at(THIRD, "07:51:02"), passed(dana, seq_of(school), "no_passage"))

    content = await content_of(services, school, await made(services, school))

    assert {each.person: [day.on for day in each.days] for each in content.people if each.days} == {
        aliya: [FIRST], bolat: [SECOND],
    }  # fmt: skip
    assert await wrongs(services) == [""]


def seq_of(school: School) -> int:
    """Return the number of the record that the till wrote last."""
    return max(len(lines) for lines in school.tills["till-1"].lines.values())


async def test_who_passed_at_gates_of_another_system_is_in_it_and_found_again(
    services: Services, school: School
) -> None:
    await in_class(services, school)
    row = await services.database.pool.fetchrow(
        "SELECT id, ref, school_id, school_class_id FROM person WHERE ref = $1", school.refs[0]
    )
    who = Who(row["id"], row["ref"], row["school_id"], row["school_class_id"], is_student=True)
    place = await school_of_id(services, school.school_id)
    async with services.database.pool.acquire() as connection, connection.transaction():
        await lock_days(connection, place)
        went = PassedElsewhere("parsec", 1, who, at(FIRST, "07:40:00"), "in", "p1")
        await take(services, connection, place, [went])

    content = await content_of(services, school, await made(services, school))

    (day,) = next(each for each in content.people if each.person == school.refs[0]).days
    assert (day.arrived_at, day.never_left) == ("2026-09-01T07:40:00+05:00", True)
    assert await wrongs(services) == [""]


@pytest.mark.parametrize(
    ("kept", "forged"),
    [
        ('"arrived_at":"2026-09-01T07:50:00', '"arrived_at":"2026-09-01T07:40:00'),
        ('"came":1', '"came":2'),
        ('"left_at":"2026-09-01T13:40:00+05:00"', '"never_left":true'),
    ],
)
async def test_a_report_that_somebody_changed_in_the_database_differs(
    services: Services, school: School, kept: str, forged: str
) -> None:
    await in_class(services, school)
    await came(school, school.refs[0], FIRST)
    await made(services, school)
    assert await wrongs(services) == [""]

    await services.database.pool.execute(FORGED, kept, forged)

    (wrong,) = await wrongs(services)
    assert "by the records" in wrong


async def test_records_that_come_after_the_signing_make_a_supplement_and_change_nothing(
    services: Services, school: School
) -> None:
    await in_class(services, school)
    aliya, bolat, _ = school.refs
    await came(school, aliya, FIRST)
    report_id = await made(services, school)
    digest = await signed_by_director(services, school, report_id)
    report = await report_of(services, school.office, school.school_id, report_id)
    assert await changed_since(services, report) is None

    await school.told(at(FIRST, "07:45:00"), tapped(bolat), received=LATER)  # a gate that was cut off
    await school.projected()

    changed = await changed_since(services, report)
    assert changed is not None
    assert (changed.records, changed.totals.students.heads.came) == (1, 2)
    second = await supplement(services, school.office, school.school_id, report_id)
    after = await report_of(services, school.office, school.school_id, second)
    assert (after.number, after.content.before.digest) == (2, digest)
    assert after.content.before.totals.students.heads.came == 1
    assert after.content.totals.students.heads.came == 2
    assert await wrongs(services) == ["", ""]


async def test_a_child_that_goes_up_a_grade_stays_in_its_old_class_in_what_was_signed_and_its_supplement(
    services: Services, school: School
) -> None:
    class_id = await in_class(services, school)
    await came(school, school.refs[0], FIRST)
    report_id = await made(services, school)
    await signed_by_director(services, school, report_id)
    report = await report_of(services, school.office, school.school_id, report_id)

    await services.database.pool.execute("UPDATE school_class SET grade = 6 WHERE id = $1", class_id)
    await services.database.pool.execute("UPDATE person SET is_active = false WHERE ref = $1", school.refs[1])

    assert await changed_since(services, report) is None
    second = await supplement(services, school.office, school.school_id, report_id)
    content = await content_of(services, school, second)
    assert [(each.name, each.group.people) for each in content.classes] == [("5А", 3)]
    assert await wrongs(services) == ["", ""]


async def test_who_changed_class_after_the_month_is_told_in_the_class_of_then(
    services: Services, school: School
) -> None:
    class_id = await in_class(services, school)
    await came(school, school.refs[0], FIRST)
    after, pool = await add_class(services, SYSTEM, school.school_id, 5, "Ә"), services.database.pool
    await pool.execute("UPDATE person SET school_class_id = $2 WHERE ref = $1", school.refs[0], after)
    await pool.execute("DELETE FROM stay")
    await pool.execute(
        "INSERT INTO stay (school_id, person_id, school_class_id, first_on, last_on)"
        " SELECT school_id, id, $2, '2026-08-20', '2026-09-30' FROM person WHERE ref = $1", school.refs[0], class_id,
    )  # fmt: skip

    content = await content_of(services, school, await made(services, school))

    assert [(each.name, each.group.people) for each in content.classes] == [("5А", 3)]
    assert await wrongs(services) == [""]


async def test_a_correction_of_attendance_has_its_own_figures_and_is_signed_with_the_rest(
    services: Services, school: School
) -> None:
    await in_class(services, school)
    await came(school, school.refs[0], FIRST)
    report_id = await made(services, school)
    trip = CorrectionGiven("students", FIRST, 0, 0, 0, 0, "5А мұражайда болды", "5А", came=2, not_seen=-2)

    await correct(services, school.office, school.school_id, report_id, trip, "0" * 32)
    meal = CorrectionGiven("free", FIRST, 0, 1, 0, 0, "бұл тамақ туралы")
    for wrong in (meal, replace(trip, class_name="9Я"), replace(trip, kind="free"), replace(trip, meals=1)):
        with pytest.raises(CorrectionRefused):
            await correct(services, school.office, school.school_id, report_id, wrong, "1" * 32)
    await renew(services, school.office, school.school_id, report_id)
    await signed_by_director(services, school, report_id)

    document = (await report_of(services, school.office, school.school_id, report_id)).document
    assert document.content.totals.students.heads.came == 1
    assert document.corrected.students.heads == Heads(expected=3, came=3)
    assert [(each.class_name, each.reason) for each in document.corrections] == [("5А", trip.reason)]
    assert await verbs(services) == ["report.made", "report.corrected", "report.renewed", "report.signed"]
    assert await wrongs(services) == [""]


async def test_both_subjects_of_a_month_are_made_once_each_and_listed_apart(services: Services, school: School) -> None:
    await in_class(services, school)
    await school.ate(0, FIRST)
    await school.projected()

    made_of = [
        sum(await asyncio.gather(*(make_due(services, subject) for _ in range(3)))) for subject in (MEALS, ATTENDANCE)
    ]

    assert made_of == [1, 1]
    (meals,) = await reports_of(services, school.office, school.school_id, MEALS)
    (attendance,) = await reports_of(services, school.office, school.school_id, ATTENDANCE)
    assert meals.totals.together.meals == 1
    assert attendance.totals.students.heads.came == 1
    canteen = Actor("Ас", reaches=frozenset({Reach(Role.CANTEEN, school.school_id)}))
    assert (await report_of(services, canteen, school.school_id, meals.id)).subject is MEALS
    with pytest.raises(NotAllowed):
        await report_of(services, canteen, school.school_id, attendance.id)


async def test_no_file_names_a_child_and_an_authority_is_told_no_name(services: Services, school: School) -> None:
    await in_class(services, school)
    await school.told(at(FIRST, "07:55:00"), by_hand(school.refs[0]))
    report_id = await made(services, school)
    authority = Actor("Әкімдік", reaches=frozenset({Reach(Role.AUTHORITY, school.school_id)}))
    surname = await services.database.pool.fetchval("SELECT surname FROM person WHERE ref = $1", school.refs[0])

    report = await report_of(services, authority, school.school_id, report_id)
    hidden = await named_lines(services, authority, report, report.content.remarks.lines)
    shown = await named_lines(services, school.director, report, report.content.remarks.lines)
    files = [
        (await file_of(services, authority, school.school_id, report_id, form, Language.KK)).body
        for form in (Form.CSV, Form.JSON)
    ]

    assert {name for _, name in hidden} == {""}
    assert any(surname in name for _, name in shown)
    assert all(school.refs[0].encode() in file and surname.encode() not in file for file in files)


async def test_a_report_that_changed_since_it_was_seen_is_not_signed(services: Services, school: School) -> None:
    await in_class(services, school)
    await came(school, school.refs[0], FIRST)
    report_id = await made(services, school)
    seen = await seen_by(services, school, report_id)
    digest = await sign(services, school.director, school.school_id, report_id, seen)

    report = await report_of(services, school.office, school.school_id, report_id)
    assert report.document_digest == digest
    assert sight_of(report.digest, await corrections_of(services.database.pool, report_id)) == seen
    assert msgspec.json.decode(
        (await file_of(services, school.office, school.school_id, report_id, Form.JSON, Language.KK)).body
    )["signed_by"] == "Бақыт Оразов"  # fmt: skip
