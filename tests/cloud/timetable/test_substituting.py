"""A day's changes: somebody free gives a lesson, nobody is twice at once, holidays have none, absences are covered."""

from datetime import timedelta

import pytest

from cloud.core.errors import NotAllowed, NotFound
from cloud.schools.calendar import set_day
from cloud.schools.models import DayKind
from cloud.schools.rules import Day
from cloud.timetable.errors import TimetableRefused
from cloud.timetable.kinds import ConflictKind
from cloud.timetable.laying import lay_out
from cloud.timetable.rules import Slot
from cloud.timetable.substituting import (
    add_away,
    add_lesson,
    away_between,
    call_off,
    drop_away,
    free_for,
    put_back,
    substitute,
    to_cover,
)
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.timetable.factory import NEXT_TUESDAY, THURSDAY, TODAY, TUESDAY, WEDNESDAY, Planned

SATURDAY = TODAY + timedelta(days=4)


async def test_a_free_teacher_takes_over_and_the_lesson_comes_back(school: Planned) -> None:
    await school.usual()
    services, here, own = school.services, school.school_id, school.studies
    lesson = await school.lesson(school.mathematics, TUESDAY)

    assert [each.id for each in await free_for(services, here, lesson)] == [own.teacher_ids[1]]
    await substitute(services, own.deputy, here, lesson.id, own.teacher_ids[1], "101", "Ауырып қалды", TODAY)

    changed = await school.lesson(school.mathematics, TUESDAY)
    assert (changed.teacher_id, changed.room, changed.is_substituted) == (own.teacher_ids[1], "101", True)
    assert await lay_out(services, here) == 0  # and no timetable takes it back
    await put_back(services, own.deputy, here, lesson.id, TODAY)
    back = await school.lesson(school.mathematics, TUESDAY)
    assert (back.is_substituted, back.room, back.note, back.is_by_hand) == (False, "214", "", False)


async def test_a_lesson_added_by_hand_is_not_put_back_into_a_timetable_that_has_none(school: Planned) -> None:
    await school.usual()
    services, here = school.services, school.school_id
    added = await add_lesson(services, SYSTEM, here, school.history, THURSDAY, 1, "", "", TODAY)

    with pytest.raises(TimetableRefused, match="The timetable has no such lesson"):
        await put_back(services, SYSTEM, here, added, TODAY)

    await lay_out(services, here)
    lesson = await school.lesson(school.history, THURSDAY)
    assert (lesson.id, lesson.is_by_hand, lesson.is_off) == (added, True, False)


async def test_who_teaches_at_that_time_is_not_offered_and_is_refused(school: Planned) -> None:
    await school.published(Slot(2, 1, school.history), Slot(2, 1, school.elsewhere))
    services, here, own = school.services, school.school_id, school.studies
    lesson = await school.lesson(school.history, TUESDAY)

    assert own.teacher_ids[0] not in {each.id for each in await free_for(services, here, lesson)}
    with pytest.raises(TimetableRefused) as refused:
        await substitute(services, SYSTEM, here, lesson.id, own.teacher_ids[0], "", "", TODAY)

    assert [each.kind for each in refused.value.conflicts] == [ConflictKind.TEACHER]


async def test_a_room_that_is_taken_is_refused(school: Planned) -> None:
    await school.published(Slot(2, 1, school.history, room="7"), Slot(2, 1, school.elsewhere))
    lesson = await school.lesson(school.elsewhere, TUESDAY)

    with pytest.raises(TimetableRefused) as refused:
        await substitute(
            school.services, SYSTEM, school.school_id, lesson.id, lesson.teacher_id, "7", "", TODAY
        )  # fmt: skip

    assert [each.kind for each in refused.value.conflicts] == [ConflictKind.ROOM]


async def test_a_lesson_in_a_holiday_is_refused(school: Planned) -> None:
    services, here = school.services, school.school_id
    await set_day(services, SYSTEM, here, WEDNESDAY, Day(DayKind.HOLIDAY))

    for on in (WEDNESDAY, SATURDAY):
        with pytest.raises(TimetableRefused, match="no lessons for the class on that day"):
            await add_lesson(services, SYSTEM, here, school.history, on, 1, "", "", TODAY)
    with pytest.raises(TimetableRefused, match="no such lesson"):
        await add_lesson(services, SYSTEM, here, school.history, THURSDAY, 9, "", "", TODAY)

    assert await school.told(TODAY, SATURDAY) == []


async def test_a_lesson_is_added_where_everybody_is_free(school: Planned) -> None:
    await school.usual()
    services, here = school.services, school.school_id

    with pytest.raises(TimetableRefused) as refused:
        await add_lesson(services, SYSTEM, here, school.history, TUESDAY, 1, "", "", TODAY)
    assert [each.kind for each in refused.value.conflicts] == [ConflictKind.CLASS]

    await add_lesson(services, SYSTEM, here, school.history, THURSDAY, 1, "", "Орнына", TODAY)
    await lay_out(services, here)
    assert await school.told(THURSDAY) == [(THURSDAY, 1, school.history)]
    with pytest.raises(TimetableRefused):
        await add_lesson(services, SYSTEM, here, school.history, THURSDAY, 1, "", "", TODAY)


async def test_a_lesson_called_off_frees_its_teacher_and_comes_back(school: Planned) -> None:
    await school.usual()
    services, here = school.services, school.school_id
    lesson = await school.lesson(school.mathematics, TUESDAY)

    await call_off(services, SYSTEM, here, lesson.id, "Экскурсия", TODAY)

    assert (await school.lesson(school.mathematics, TUESDAY)).is_off
    await add_lesson(services, SYSTEM, here, school.elsewhere, TUESDAY, 1, "", "", TODAY)
    with pytest.raises(TimetableRefused):  # its teacher is with 6Ә now
        await put_back(services, SYSTEM, here, lesson.id, TODAY)


async def test_an_absence_lists_the_lessons_to_cover_until_they_are(school: Planned) -> None:
    await school.usual()
    services, here, own = school.services, school.school_id, school.studies

    lessons = await add_away(services, own.office, here, own.teacher_ids[0], (TODAY, WEDNESDAY), TODAY)

    assert [(each.on, each.course.id) for each in lessons] == [
        (TUESDAY, school.mathematics), (WEDNESDAY, school.mathematics), (WEDNESDAY, school.elsewhere),
    ]  # fmt: skip
    await substitute(services, SYSTEM, here, lessons[0].id, own.teacher_ids[1], "", "", TODAY)
    await call_off(services, SYSTEM, here, lessons[1].id, "", TODAY)
    left = await to_cover(services, here, TODAY, NEXT_TUESDAY)
    assert [each.id for each in left] == [lessons[2].id]
    (away,) = await away_between(services, here, TODAY, TODAY)
    await drop_away(services, own.office, here, away.id)
    assert await to_cover(services, here, TODAY, NEXT_TUESDAY) == []


async def test_who_is_away_is_not_offered_and_is_refused(school: Planned) -> None:
    await school.usual()
    services, here, own = school.services, school.school_id, school.studies
    await add_away(services, SYSTEM, here, own.teacher_ids[1], (TODAY, TODAY), TODAY)
    lesson = await school.lesson(school.mathematics, TUESDAY)

    assert await free_for(services, here, lesson) == []
    with pytest.raises(TimetableRefused) as refused:
        await substitute(services, SYSTEM, here, lesson.id, own.teacher_ids[1], "", "", TODAY)

    assert [each.kind for each in refused.value.conflicts] == [ConflictKind.OFF]


async def test_days_gone_by_and_strangers_change_nothing(school: Planned) -> None:
    await school.usual()
    services, here, own = school.services, school.school_id, school.studies
    lesson = await school.lesson(school.mathematics, TUESDAY)

    with pytest.raises(TimetableRefused):
        await call_off(services, SYSTEM, here, lesson.id, "", WEDNESDAY)
    with pytest.raises(NotAllowed):
        await call_off(services, own.teachers[0], here, lesson.id, "", TODAY)
    with pytest.raises(NotFound):
        await substitute(services, SYSTEM, here, lesson.id, own.student_ids[0], "", "", TODAY)
    with pytest.raises(NotFound):
        await call_off(services, SYSTEM, here + 1, lesson.id, "", TODAY)
    with pytest.raises(TimetableRefused):
        await add_away(services, SYSTEM, here, own.teacher_ids[0], (WEDNESDAY, TODAY), TODAY)
