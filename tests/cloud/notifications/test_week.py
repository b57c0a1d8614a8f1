"""The week's digest: what it holds, when and to whom it is told, once, and that a family may turn it off."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from cloud.core.errors import NotAllowed
from cloud.core.formats import Formats
from cloud.core.i18n import Language
from cloud.core.services import Services
from cloud.homework.handing import hand_in
from cloud.homework.kinds import Given
from cloud.homework.setting import set_homework
from cloud.journal.kinds import Kind as Lesson
from cloud.notifications.channels.planning import KINDS
from cloud.notifications.channels.rules import Choice, Scope
from cloud.notifications.kinds import Kind
from cloud.notifications.queries import NoticeRow
from cloud.notifications.texts import told
from cloud.notifications.week import DigestRefused, DigestRule, digest_rule_of, minute_of, put_digest_rule, tell_weeks
from cloud.notifications.wording import page_of
from simulators.clock import SimulatedClock
from tests.cloud.journal.factory import TODAY, Journal, journal
from tests.cloud.notifications.factory import Parent, a_parent, told_to

FRIDAY_18 = datetime(2026, 9, 18, 13, 0, tzinfo=UTC)  # 18:00 at the school
MONDAY = date(2026, 9, 21)


@dataclass
class Place:
    """The journal's school, for its parents."""

    services: Services
    refs: list[str]
    school_id: int


@dataclass
class School:
    """5А on the Friday before the digest: the first child was marked, missed a lesson, and has a SOR ahead."""

    journal: Journal
    clock: SimulatedClock
    parent: Parent
    other: Parent  # of the second child, of whom there is a SOR ahead alone

    async def told(self, parent: Parent | None = None) -> list[NoticeRow]:
        return await told_to(self.journal.services, parent or self.parent)

    async def at(self, instant: datetime) -> None:
        self.clock.advance((instant - self.clock.now()).total_seconds())


@pytest.fixture(name="school")
async def _school(services: Services, clock: SimulatedClock) -> School:
    opened = await journal(services, on=TODAY - timedelta(days=7))
    place = Place(services, opened.refs, opened.school.id)
    parent, other = await a_parent(place, 0), await a_parent(place, 1)
    await opened.type(await opened.lesson(opened.school.on), 0, "5")  # of the week before
    await opened.at(TODAY)
    for number, typed in ((1, "8"), (2, "н"), (3, "о 9")):
        await opened.type(await opened.lesson(TODAY, number), 0, typed)
    await opened.type(await opened.lesson(TODAY, 4, Lesson.SOR, 20), 0, "14")
    await opened.lesson(MONDAY, 1, Lesson.SOR, 15)
    school = School(opened, clock, parent, other)
    await school.at(FRIDAY_18 - timedelta(minutes=1))
    return school


async def test_once_a_week_each_child_has_one_notice_with_marks_lessons_missed_and_what_is_ahead(
    school: School,
) -> None:
    services = school.journal.services
    await tell_weeks(services)
    assert await school.told() == []
    await school.at(FRIDAY_18)

    await tell_weeks(services)
    await tell_weeks(services)

    (notice,) = await school.told()
    assert (notice.kind, notice.at) == (Kind.WEEK, FRIDAY_18)
    assert told(notice, Language.EN) == (
        "Әліби Айгерім, the week Sat, Sep 12 – Fri, Sep 18. Marks: Mathematics 8, 9, 14/20."
        " Lessons missed: 1, late: 1. Ahead: SOR, Mathematics, Mon, Sep 21."
    )
    assert page_of(notice) == f"/children/{school.journal.refs[0]}/diary?week=2026-09-18"
    (other,) = await school.told(school.other)
    days = " – ".join(Formats(Language.RU, other.zone).day_short(date(2026, 9, day)) for day in (12, 18))
    assert told(other, Language.RU).startswith(f"Бек Санжар, неделя {days}: отметок нет. Впереди: СОР, Математика, ")
    assert "Математика" in told(other, Language.KK)


async def test_the_next_week_is_told_anew_and_one_without_lessons_not_at_all(school: School) -> None:
    services = school.journal.services
    await school.at(FRIDAY_18)
    await tell_weeks(services)
    await school.at(datetime(2026, 9, 21, 5, 0, tzinfo=UTC))
    await school.journal.at(MONDAY)
    lesson = await services.database.pool.fetchval("""SELECT id FROM lesson WHERE "on" = $1""", MONDAY)
    await school.journal.type(lesson, 0, "12")
    await school.at(FRIDAY_18 + timedelta(days=7))
    await tell_weeks(services)
    await school.at(FRIDAY_18 + timedelta(days=14))
    await tell_weeks(services)

    weeks = [notice.detail.week for notice in await school.told()]

    assert [[mark for each in week.marks for mark in each.marks] for week in weeks if week] == [
        ["8", "9", "14/20"], ["12/15"],
    ]  # fmt: skip


async def test_a_mark_of_wednesday_that_is_typed_on_saturday_stands_in_the_next_notice(school: School) -> None:
    services, opened = school.journal.services, school.journal
    await school.at(FRIDAY_18)
    await tell_weeks(services)
    await school.at(datetime(2026, 9, 19, 5, 0, tzinfo=UTC))
    await opened.at(date(2026, 9, 19))
    for number, typed in ((1, "7"), (2, "н"), (3, "о")):
        await opened.type(await opened.lesson(date(2026, 9, 16), number), 0, typed)
    corrected = await services.database.pool.fetchval("""SELECT id FROM lesson WHERE "on" = $1 AND number = 1""", TODAY)
    await opened.type(corrected, 0, "10")
    await school.at(FRIDAY_18 + timedelta(days=7))

    await tell_weeks(services)

    week = next(notice.detail.week for notice in await school.told() if notice.at > FRIDAY_18)
    assert week is not None
    assert [each.marks for each in week.marks] == [("10", "7")]
    assert (week.missed, week.late) == (1, 1)


async def type_on(school: School, day: int, typed: str) -> None:
    """Let the teacher write about a lesson of Wednesday, on a day of September."""
    await school.at(datetime(2026, 9, day, 5, 0, tzinfo=UTC))
    await school.journal.at(date(2026, 9, day))
    await school.journal.type(await school.journal.lesson(date(2026, 9, 16), 25 - day), 0, typed)


async def test_moving_the_day_of_the_notice_tells_every_mark_once(school: School) -> None:
    services, opened = school.journal.services, school.journal
    await school.at(FRIDAY_18)
    await tell_weeks(services)
    await put_digest_rule(services, opened.deputy, opened.school.id, DigestRule(weekday=3))
    await type_on(school, 20, "7")
    await school.at(FRIDAY_18 + timedelta(days=5))  # Wednesday
    await tell_weeks(services)
    await put_digest_rule(services, opened.deputy, opened.school.id, DigestRule(weekday=7))
    await type_on(school, 24, "6")
    await school.at(FRIDAY_18 + timedelta(days=16))  # Sunday of the week after: on the first one no worker ran
    await tell_weeks(services)

    told_of = [(notice.detail.on, [mark for each in notice.detail.week.marks for mark in each.marks])
               for notice in await school.told() if notice.detail.week]  # fmt: skip

    assert told_of == [
        (date(2026, 9, 12), ["8", "9", "14/20"]), (date(2026, 9, 19), ["7"]), (date(2026, 9, 24), ["6"]),
    ]  # fmt: skip


async def test_what_is_written_after_the_hour_is_left_to_the_next_notice_though_it_is_told_late(
    school: School,
) -> None:
    services, opened = school.journal.services, school.journal
    await school.at(FRIDAY_18 + timedelta(minutes=5))
    await opened.at(FRIDAY_18.date())
    await opened.type(await opened.lesson(FRIDAY_18.date()), 0, "6")

    await tell_weeks(services)
    await school.at(FRIDAY_18 + timedelta(days=7))
    await tell_weeks(services)

    told_of = {notice.at: notice.detail.week for notice in await school.told()}
    first, second = told_of[FRIDAY_18], told_of[FRIDAY_18 + timedelta(days=7)]
    assert first is not None
    assert second is not None
    assert [each.marks for each in first.marks] == [("8", "9", "14/20")]
    assert [each.marks for each in second.marks] == [("6",)]


class Homework:
    """A slice that knows what is to be done; it fails as often as it is told to."""

    def __init__(self, failures: int) -> None:
        self.failures, self.asked = failures, list[tuple[date, date]]()

    async def __call__(
        self, connection: asyncpg.Connection, person_ids: Collection[int], first_on: date, last_on: date
    ) -> Mapping[int, int]:
        assert connection.is_in_transaction()
        self.asked.append((first_on, last_on))
        if len(self.asked) <= self.failures:
            raise ConnectionError
        return dict.fromkeys(person_ids, 3)


async def test_homework_that_is_not_handed_in_yet_is_counted(school: School) -> None:
    services, opened = school.journal.services, school.journal
    given = [Given(task, MONDAY, None, 20) for task in ("№ 12", "№ 13", "№ 14")]
    numbers = [
        await set_homework(services, opened.teacher, opened.school, opened.studies.mathematics, each) for each in given
    ]
    await hand_in(services, school.parent.actor, opened.refs[0], numbers[0], "Орындадым", [])
    await school.at(FRIDAY_18)

    await tell_weeks(services)

    (of_first,), (of_second,) = await school.told(), await school.told(school.other)
    assert told(of_first, Language.EN).endswith("Homework to be done: 2.")
    assert told(of_second, Language.EN).endswith("Homework to be done: 3.")


async def test_a_child_with_nothing_but_homework_ahead_is_told_of(school: School) -> None:
    services, opened = school.journal.services, school.journal
    on = MONDAY + timedelta(days=8)
    await opened.at(date(2026, 9, 18))
    await set_homework(services, opened.teacher, opened.school, opened.studies.mathematics, Given("№ 15", on, None, 20))
    await school.at(FRIDAY_18 + timedelta(days=7))

    await tell_weeks(services)

    (notice,) = await school.told(school.other)
    assert told(notice, Language.EN).endswith("Homework to be done: 1.")


async def test_it_is_told_once_though_a_worker_dies_amid_it_and_two_work_at_once(school: School) -> None:
    services, homework = school.journal.services, Homework(failures=1)
    await school.at(FRIDAY_18)
    await tell_weeks(services, homework)
    assert await school.told() == []

    await asyncio.gather(*(tell_weeks(services, homework) for _ in range(2)))

    (notice,) = await school.told()
    assert homework.asked == [(date(2026, 9, 19), date(2026, 9, 25))] * 2
    assert told(notice, Language.EN).endswith("Homework to be done: 3.")


async def test_the_school_sets_day_and_time_or_none_and_a_week_that_is_over_is_not_told(school: School) -> None:
    services, deputy, school_id = school.journal.services, school.journal.deputy, school.journal.school.id
    await put_digest_rule(services, deputy, school_id, DigestRule(7, 9 * 60))
    await school.at(FRIDAY_18)
    await tell_weeks(services)
    assert await school.told() == []
    await school.at(datetime(2026, 9, 20, 4, 0, tzinfo=UTC))  # Sunday, 09:00
    await put_digest_rule(services, deputy, school_id, DigestRule(7, 9 * 60, is_on=False))
    await tell_weeks(services)
    assert await school.told() == []

    await put_digest_rule(services, deputy, school_id, DigestRule(7, 9 * 60))
    await school.at(datetime(2026, 9, 21, 4, 0, tzinfo=UTC))  # a day later
    await tell_weeks(services)

    assert await school.told() == []
    assert await digest_rule_of(services, school_id) == DigestRule(7, 9 * 60)


async def test_of_a_sunday_it_is_told_on_the_night_after_too_if_nobody_was_there(school: School) -> None:
    services, school_id = school.journal.services, school.journal.school.id
    await put_digest_rule(services, school.journal.deputy, school_id, DigestRule(7, 20 * 60))
    await school.at(datetime(2026, 9, 20, 21, 0, tzinfo=UTC))  # Monday, 02:00

    await tell_weeks(services)

    (notice,) = await school.told()
    assert (notice.detail.last_on, notice.is_late) == (date(2026, 9, 20), True)


async def test_only_the_deputy_sets_it_and_no_odd_time(school: School) -> None:
    services, school_id = school.journal.services, school.journal.school.id
    for actor in (school.journal.teacher, school.journal.class_teacher):
        with pytest.raises(NotAllowed):
            await put_digest_rule(services, actor, school_id, DigestRule())
    for rule in (DigestRule(0), DigestRule(8), DigestRule(5, -1), DigestRule(5, 1_440)):
        with pytest.raises(DigestRefused):
            await put_digest_rule(services, school.journal.deputy, school_id, rule)

    assert [minute_of(text) for text in ("18:00", " 7:05 ", "24:00", "18", "18:60", "x:00", "")] == [
        1_080, 425, 1_440, -1, -1, -1, -1,
    ]  # fmt: skip


def test_a_family_turns_it_off_as_any_other_kind() -> None:
    assert Kind.WEEK in KINDS
    off = Scope(choices={Kind.WEEK.value: Choice(frozenset(), is_urgent=False)})

    assert not off.is_wanted(Kind.WEEK.value)
    assert off.chosen(Kind.WEEK.value, {"webpush"}) == frozenset()
    assert Scope().chosen(Kind.WEEK.value, {"webpush", "sms"}) == frozenset({"webpush"})
    assert not Scope().is_urgent(Kind.WEEK.value)  # quiet hours hold it
