"""Versions: lessons are put by hand unless they can never be, what clashes is told, what can be is published."""

from datetime import date, timedelta

import pytest

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.studies.actions import put_course
from cloud.studies.rules import CourseGiven
from cloud.timetable.errors import TimetableRefused
from cloud.timetable.framing import Asks, SchoolRule, asks_of, book_of, rooms_of, rule_of, times_of
from cloud.timetable.keeping import add_time, drop_time, end_room, put_asks, put_room, put_rule
from cloud.timetable.kinds import ConflictKind, RoomKind
from cloud.timetable.rules import Slot
from cloud.timetable.versions import (
    add_draft,
    drop_draft,
    in_force,
    publish,
    put_all,
    put_slot,
    slots_of_version,
    take_slot,
    versions_of,
)
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.timetable.factory import TODAY, Planned

VERBS = "SELECT verb FROM audit_entry WHERE starts_with(verb, 'timetable.') ORDER BY id"


async def test_two_teachers_in_one_cell_are_refused(school: Planned) -> None:
    draft = await school.draft(Slot(1, 1, school.mathematics))

    with pytest.raises(TimetableRefused) as refused:
        await put_slot(school.services, SYSTEM, school.school_id, draft, Slot(1, 1, school.history), TODAY)

    assert [each.kind for each in refused.value.conflicts] == [ConflictKind.CLASS]
    held = await slots_of_version(school.services.database.pool, draft)
    assert [slot.course_id for slot in held.slots] == [school.mathematics]


@pytest.mark.parametrize(
    ("weekday", "number", "expected"),
    [(1, 1, ConflictKind.TEACHER), (6, 1, ConflictKind.BELL), (1, 7, ConflictKind.BELL)],
)
async def test_what_can_never_be_is_refused(
    school: Planned, weekday: int, number: int, expected: ConflictKind
) -> None:  # fmt: skip
    draft = await school.draft(Slot(1, 1, school.mathematics))
    slot = Slot(weekday, number, school.elsewhere)

    with pytest.raises(TimetableRefused) as refused:
        await put_slot(school.services, SYSTEM, school.school_id, draft, slot, TODAY)

    assert [each.kind for each in refused.value.conflicts] == [expected]


async def test_what_is_only_unwelcome_is_put_and_told(school: Planned) -> None:
    services, here = school.services, school.school_id
    await add_time(services, SYSTEM, here, school.studies.teacher_ids[0], 1, (480, 520), is_wish=False)
    draft = await school.draft(Slot(1, 2, school.history))

    told = await put_slot(services, SYSTEM, here, draft, Slot(1, 1, school.mathematics), TODAY)

    assert [each.kind for each in told] == [ConflictKind.OFF]
    held = await slots_of_version(services.database.pool, draft)
    assert len(held.slots) == 2
    assert held.fixed == frozenset(held.slots)


async def test_a_draft_is_copied_changed_and_published_from_another_day_on(school: Planned) -> None:
    services, here = school.services, school.school_id
    first = await school.usual()
    copy = await add_draft(services, SYSTEM, here, "Қысқы", TODAY, first)
    await take_slot(services, SYSTEM, here, copy, Slot(2, 2, school.history))
    later = TODAY + timedelta(days=60)

    await publish(services, SYSTEM, here, copy, (later, None), TODAY)

    versions = await versions_of(services, here, 2026)
    assert [in_force(versions, on).id for on in (TODAY, later - timedelta(days=1), later)] == [first, first, copy]  # type: ignore[union-attr]
    assert in_force(versions, date(2027, 9, 1)) is None
    assert [each.slot_count for each in versions] == [3, 4]
    with pytest.raises(NotFound):  # a published one is not changed
        await take_slot(services, SYSTEM, here, copy, Slot(2, 1, school.mathematics))


async def test_an_empty_one_and_days_gone_by_are_not_published(school: Planned) -> None:
    services, here = school.services, school.school_id
    draft = await school.draft()

    for days in ((TODAY, None), (TODAY - timedelta(days=1), None), (TODAY, TODAY - timedelta(days=1))):
        with pytest.raises(TimetableRefused):
            await publish(services, SYSTEM, here, draft, days, TODAY)


async def test_what_became_impossible_meanwhile_is_not_published(school: Planned) -> None:
    services, own = school.services, school.studies
    draft = await school.draft(Slot(1, 1, school.history), Slot(1, 1, school.elsewhere))
    given = CourseGiven(own.year, own.class_id, own.subjects["history"], 4, "", own.teacher_ids[0])
    await put_course(services, SYSTEM, school.school_id, given, school.history)

    with pytest.raises(TimetableRefused) as refused:
        await publish(services, SYSTEM, school.school_id, draft, (TODAY, None), TODAY)

    assert [each.kind for each in refused.value.conflicts] == [ConflictKind.TEACHER]


async def test_what_the_solver_found_takes_the_place_of_slots_and_those_by_hand_stay_so(school: Planned) -> None:
    services, here = school.services, school.school_id
    draft = await school.draft(Slot(1, 1, school.mathematics), Slot(1, 2, school.history))

    await put_all(services, SYSTEM, here, draft, [Slot(1, 1, school.mathematics, room="7"), Slot(2, 1, school.history)])

    held = await slots_of_version(services.database.pool, draft)
    assert [(slot.weekday, slot.course_id, slot in held.fixed) for slot in held.slots] == [
        (1, school.mathematics, True), (2, school.history, False),
    ]  # fmt: skip


async def test_only_the_office_and_the_deputy_make_timetables(school: Planned) -> None:
    services, here, draft = school.services, school.school_id, await school.draft(Slot(1, 1, school.mathematics))
    elsewhere = Actor("x", None, frozenset({Reach(Role.DEPUTY, here + 1)}))

    for actor in (school.studies.teachers[0], elsewhere):
        with pytest.raises(NotAllowed):
            await add_draft(services, actor, here, "x", TODAY)
        with pytest.raises(NotAllowed):
            await put_slot(services, actor, here, draft, Slot(2, 1, school.mathematics), TODAY)
        with pytest.raises(NotAllowed):
            await publish(services, actor, here, draft, (TODAY, None), TODAY)
        with pytest.raises(NotAllowed):
            await put_room(services, actor, here, "1", RoomKind.GYM)
    await drop_draft(services, school.studies.deputy, here, draft)
    assert await versions_of(services, here, 2026) == []


async def test_rooms_subjects_times_and_limits_are_kept_and_told_in_the_journal(school: Planned) -> None:
    services, here, own = school.services, school.school_id, school.studies
    room = await put_room(services, SYSTEM, here, " 214 ", RoomKind.LAB)
    await put_asks(services, SYSTEM, here, own.subjects["physics"], Asks("lab", is_double=True))
    await put_rule(services, SYSTEM, here, SchoolRule(40, 2))
    await add_time(services, SYSTEM, here, own.teacher_ids[0], 1, (480, 520), is_wish=True)

    book = await book_of(services, here, 2026, TODAY)
    assert [(each.name, each.kind) for each in await rooms_of(services, here)] == [("214", "lab")]
    assert (await asks_of(services, here))[own.subjects["physics"]] == Asks("lab", is_double=True)
    assert (await rule_of(services, here), book.frame.points_max) == (SchoolRule(40, 2), 40)
    (time,) = await times_of(services, here)
    assert (time.from_min, time.is_wish) == (480, True)

    await end_room(services, SYSTEM, here, room)
    await drop_time(services, SYSTEM, here, time.id)
    assert await rooms_of(services, here) == []
    assert await times_of(services, here) == []
    verbs = [row["verb"] for row in await services.database.pool.fetch(VERBS)]
    assert verbs == [
        "timetable.room_put", "timetable.subject_set", "timetable.rule_set", "timetable.time_added",
        "timetable.room_ended", "timetable.time_dropped",
    ]  # fmt: skip


async def test_what_is_typed_wrong_is_refused(school: Planned) -> None:
    services, here = school.services, school.school_id

    with pytest.raises(TimetableRefused):
        await put_room(services, SYSTEM, here, "x" * 21, RoomKind.LAB)
    with pytest.raises(TimetableRefused):
        await put_rule(services, SYSTEM, here, SchoolRule(0, 13))
    with pytest.raises(TimetableRefused):
        await add_time(services, SYSTEM, here, school.studies.teacher_ids[0], 1, (520, 480), is_wish=True)
    with pytest.raises(NotFound):
        await add_time(services, SYSTEM, here, school.studies.student_ids[0], 1, (480, 520), is_wish=True)
    with pytest.raises(NotFound):
        await put_asks(services, SYSTEM, here, 10**9, Asks())
    with pytest.raises(TimetableRefused):
        await add_draft(services, SYSTEM, here, " ", TODAY)
