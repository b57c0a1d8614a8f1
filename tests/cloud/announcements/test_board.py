"""The board: who reads what from when to when, in which language, who has confirmed it, and what is refused."""

from collections.abc import Awaitable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from cloud.announcements.board import board_of, confirm, open_posting, posting_of, received_file
from cloud.announcements.desk import classes_for, confirmations_of, posted_at, posted_one
from cloud.announcements.kinds import Given, PostingRefused, Reader
from cloud.announcements.posting import DAY_MAX, post, set_days, withdraw
from cloud.announcements.rules import checked
from cloud.announcements.waiting import counts_of, first_of
from cloud.attendance.queries import SchoolToday
from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.messages.files import checked_files
from cloud.messages.kinds import MessageRefused, Wording
from cloud.people.moving import move
from cloud.people.stays import Said
from cloud.retention.actions import Begin, delete_due
from simulators.clock import SimulatedClock
from tests.cloud.messages.factory import staff
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.talks.factory import Talks, talks

DAY_S = 86_400
TODAY = date(2026, 9, 1)
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
FAIR = {"kk": Wording("Жәрмеңке", "Сенбіде, аулада."), "ru": Wording("Ярмарка", "В субботу, во дворе.")}


@pytest.fixture(name="of")
async def _of(services: Services, clock: SimulatedClock) -> Talks:
    return await talks(services, clock)


def given(school: SchoolToday, *readers: Reader, **more: Any) -> Given:
    """Return an announcement of today and the next two weeks, for everybody if nobody is named."""
    days = {"first_on": school.on, "last_on": school.on + timedelta(days=14)} | more
    return Given(FAIR, frozenset(readers or Reader), **days)


async def titles(services: Services, who: Actor, language: str = "kk") -> list[str]:
    return [each.title for each in await board_of(services, who, language)]


async def refused(deed: Awaitable[object], error: type[Exception], words: str | None = None) -> None:
    with pytest.raises(error, match=words):
        await deed


@pytest.mark.requirement("KZ456-27.16", part="announcements")
async def test_an_announcement_for_all_is_read_by_each_in_the_own_language_and_by_nobody_elsewhere(
    services: Services, of: Talks
) -> None:
    await post(services, of.deputy, of.school, given(of.school))

    for who in (of.students[0], of.mother, of.teacher, of.stranger):
        assert await titles(services, who) == ["Жәрмеңке"]
    assert await titles(services, of.mother, "ru") == ["Ярмарка"]
    assert await titles(services, of.mother, "en") == ["Жәрмеңке"]
    guard = await staff(services, "guard", Reach(Role.GUARD, of.school.id))
    elsewhere = await staff(services, "elsewhere", Reach(Role.TEACHER, of.school.id + 1))
    assert (await titles(services, guard), await titles(services, elsewhere)) == (["Жәрмеңке"], [])
    verbs = [each.verb for each in await noted_of(services, SYSTEM, of.school.id, Wanted())]
    assert "posting.posted" in verbs


@pytest.mark.requirement("KZ456-27.16", part="announcements")
async def test_readers_grades_and_classes_choose_whose_board_it_stands_on(
    services: Services, of: Talks, clock: SimulatedClock
) -> None:
    await post(services, of.deputy, of.school, given(of.school, Reader.STUDENT, grades=[5]))
    await post(services, of.deputy, of.school,
               given(of.school, Reader.GUARDIAN, Reader.STAFF, classes=[of.studies.other_class_id]))  # fmt: skip

    counts = {who.name: len(await titles(services, who)) for who in (of.students[0], of.mother, of.stranger)}
    assert list(counts.values()) == [1, 0, 0]
    assert (len(await titles(services, of.other_parent)), len(await titles(services, of.teacher))) == (1, 1)
    clock.advance(DAY_S)
    ids, to = of.studies.student_ids[:1], of.studies.other_class_id
    await move(services, SYSTEM, of.school.id, ids, to, Said(of.studies.today))
    assert (await titles(services, of.students[0]), len(await titles(services, of.mother))) == ([], 1)


@pytest.mark.requirement("KZ456-27.16", part="announcements")
async def test_it_stands_from_its_first_day_to_its_last_one_and_not_after_it_was_taken_off(
    services: Services, of: Talks, clock: SimulatedClock
) -> None:
    first, last = of.school.on + timedelta(days=1), of.school.on + timedelta(days=2)
    number = await post(services, of.deputy, of.school, given(of.school, first_on=first, last_on=last))
    seen = []
    for _ in range(4):
        seen.append(len(await titles(services, of.mother)))
        clock.advance(DAY_S)
    assert seen == [0, 1, 1, 0]

    await set_days(services, of.deputy, of.school, number, last_on=last + timedelta(days=9), is_pinned=True)
    assert await titles(services, of.mother) == ["Жәрмеңке"]
    await withdraw(services, of.deputy, of.school, number)
    await refused(withdraw(services, of.deputy, of.school, number), PostingRefused)
    await refused(posting_of(services, of.mother, number, "kk"), NotFound)
    assert (await posted_one(services, of.deputy, of.school.id, number)).state(of.school.on) == "posting_withdrawn"


@pytest.mark.requirement("KZ456-27.16", part="announcements")
async def test_who_posted_sees_who_has_confirmed_and_whose_family_has_not(services: Services, of: Talks) -> None:
    number = await post(services, of.deputy, of.school, given(of.school, classes=[of.studies.class_id], asks=True))
    assert await counts_of(services, of.mother) == {"announcements": 1}
    await open_posting(services, of.mother, number, "kk")
    assert await counts_of(services, of.mother) == {"announcements": 1}  # seen is not confirmed
    await confirm(services, of.mother, number)
    await confirm(services, of.mother, number)
    await confirm(services, of.students[1], number)

    assert await counts_of(services, of.mother) == {"announcements": 0}
    told = await confirmations_of(services, of.deputy, of.school.id, number)
    assert [each.at is not None for each in told.children] == [True, True, False, False]
    assert all(each.at is None for each in told.staff)
    names = {each.name for each in told.staff}
    assert of.class_teacher.name in names
    assert of.deputy.name not in names  # who wrote it is asked nothing
    assert (told.done, told.shown[0].at) == (2, None)
    posted = await posted_one(services, of.deputy, of.school.id, number)
    assert (posted.seen, posted.confirmed) == (2, 2)
    await refused(confirm(services, of.stranger, number), NotFound)
    verbs = [each.verb for each in await noted_of(services, SYSTEM, of.school.id, Wanted())]
    assert verbs.count("posting.confirmed") == 2


@pytest.mark.requirement("KZ456-27.16", part="announcements")
async def test_a_first_page_shows_what_is_pinned_or_waits_and_a_seen_one_goes(services: Services, of: Talks) -> None:
    pinned = await post(services, of.deputy, of.school, given(of.school, is_pinned=True))
    plain = await post(services, of.deputy, of.school, given(of.school))

    assert [each.id for each in await first_of(services, of.mother, "kk")] == [pinned, plain]
    for number in (pinned, plain):
        await open_posting(services, of.mother, number, "kk")
    assert [each.id for each in await first_of(services, of.mother, "kk")] == [pinned]
    await refused(confirm(services, of.mother, plain), PostingRefused)


@pytest.mark.requirement("KZ456-27.16", part="announcements")
async def test_a_class_teacher_posts_for_the_own_class_and_sees_the_own_ones(services: Services, of: Talks) -> None:
    own = given(of.school, Reader.STUDENT, Reader.GUARDIAN, classes=[of.studies.class_id])
    number = await post(services, of.class_teacher, of.school, own)
    of_school = await post(services, of.deputy, of.school, given(of.school))

    assert [each.id for each in await posted_at(services, of.class_teacher, of.school.id)] == [number]
    assert [each.id for each in await posted_at(services, of.deputy, of.school.id)] == [of_school, number]
    assert [name for _, name, _ in await classes_for(services, of.class_teacher, of.school.id)] == ["5А"]
    assert len(await titles(services, of.students[0])) == 2
    for bad in (
        replace(own, classes=[]),
        replace(own, grades=[5]),
        replace(own, is_pinned=True),
        replace(own, readers=frozenset(Reader)),
    ):
        await refused(post(services, of.class_teacher, of.school, bad), PostingRefused)
    other = replace(own, classes=[of.studies.other_class_id])
    await refused(post(services, of.class_teacher, of.school, other), NotAllowed)
    for who in (of.teacher, of.mother, of.students[0]):
        await refused(post(services, who, of.school, own), NotAllowed)
    await refused(withdraw(services, of.other_class_teacher, of.school, number), NotFound)
    await refused(withdraw(services, of.class_teacher, of.school, of_school), NotFound)
    await withdraw(services, of.deputy, of.school, number)


async def test_who_lost_the_class_or_the_role_changes_nothing_of_what_was_posted_before(
    services: Services, of: Talks
) -> None:
    school, last_on = of.school, of.school.on + timedelta(days=20)
    own = given(school, Reader.STUDENT, Reader.GUARDIAN, classes=[of.studies.class_id])
    by_teacher = await post(services, of.class_teacher, school, own)
    by_deputy = await post(services, of.deputy, school, given(school))
    of_class = await post(services, of.deputy, school, own)
    of_other, of_both = [
        frozenset(Reach(Role.CLASS_TEACHER, school.id, class_id) for class_id in classes)
        for classes in ([of.studies.other_class_id], [of.studies.class_id, of.studies.other_class_id])
    ]
    elsewhere = replace(of.class_teacher, reaches=of_other)
    no_deputy = replace(of.deputy, reaches=of_both)

    for who, number in ((elsewhere, by_teacher), (no_deputy, by_deputy), (no_deputy, of_class)):
        await refused(withdraw(services, who, school, number), NotFound)
        await refused(set_days(services, who, school, number, last_on=last_on, is_pinned=False), NotFound)

    both = replace(of.class_teacher, reaches=of_both)
    await set_days(services, both, school, by_teacher, last_on=last_on, is_pinned=False)
    await withdraw(services, both, school, by_teacher)


async def test_days_are_changed_within_what_may_be_posted(services: Services, of: Talks, clock: SimulatedClock) -> None:
    number = await post(services, of.deputy, of.school, given(of.school))
    clock.advance(5 * DAY_S)
    school = replace(of.school, on=of.school.on + timedelta(days=5))

    for last_on, words in (
        (of.school.on - timedelta(days=1), "not before today"), (of.school.on + timedelta(days=4), "not before today"),
        (of.school.on + timedelta(days=366), "a year at most"), (date.max, "a year at most"),
    ):  # fmt: skip
        deed = set_days(services, of.deputy, school, number, last_on=last_on, is_pinned=False)
        await refused(deed, PostingRefused, words)
    await set_days(services, of.deputy, school, number, last_on=school.on, is_pinned=False)
    await withdraw(services, of.deputy, school, number)
    deed = set_days(services, of.deputy, school, number, last_on=school.on, is_pinned=False)
    await refused(deed, PostingRefused, "taken off")


@pytest.mark.requirement("KZ456-27.16", part="files")
async def test_files_go_with_it_to_its_readers_alone(services: Services, of: Talks) -> None:
    files = await checked_files([("Бағдарлама.pdf", PDF)])
    number = await post(services, of.deputy, of.school, given(of.school, Reader.GUARDIAN), files)

    posting, (file,) = await open_posting(services, of.mother, number, "kk")
    assert posting.has_files
    assert (await received_file(services, of.mother, number, file.id)).content == PDF
    await refused(received_file(services, of.students[0], number, file.id), NotFound)
    await refused(received_file(services, of.mother, number, file.id + 1), NotFound)


async def test_what_cannot_be_posted_is_refused(services: Services, of: Talks) -> None:
    good = given(of.school)
    bad = (
        replace(good, readers=frozenset()), replace(good, last_on=of.school.on - timedelta(days=1)),
        replace(good, last_on=of.school.on + timedelta(days=366)), replace(good, grades=[13]),
        replace(good, classes=[10**9]), replace(good, first_on=of.school.on + timedelta(days=400),
                                                last_on=of.school.on + timedelta(days=401)),
    )  # fmt: skip
    for each in bad:
        await refused(post(services, of.deputy, of.school, each), PostingRefused)
    for texts in ({}, {"kk": Wording("Тақырып", "")}, {"kk": Wording("а", "б" * 4_001)}):
        await refused(post(services, of.deputy, of.school, replace(good, wordings=texts)), MessageRefused)
    assert await posted_at(services, of.deputy, of.school.id) == []
    for _ in range(3):
        await post(services, of.deputy, of.school, replace(good, is_pinned=True))
    await refused(post(services, of.deputy, of.school, replace(good, is_pinned=True)), PostingRefused, "pinned already")
    for _ in range(DAY_MAX - 3):
        await post(services, of.deputy, of.school, good)
    await refused(post(services, of.deputy, of.school, good), PostingRefused, "today")


async def test_announcements_go_two_years_after_their_last_day(
    services: Services, of: Talks, clock: SimulatedClock
) -> None:
    await post(services, of.deputy, of.school, given(of.school))

    left = []
    for days in (2 * 365, 30):
        clock.advance(days * DAY_S)
        await delete_due(services, Begin.AT_ONCE)
        left.append(await services.database.pool.fetchval("SELECT count(*) FROM posting"))

    assert left == [1, 0]


def test_a_day_of_rules_alone_says_what_is_kept() -> None:
    typed = Given({"ru": Wording(" Ярмарка ", "Да"), "en": Wording("", "")}, frozenset(Reader), TODAY, TODAY, [9, 1, 9])

    kept = checked(typed, TODAY, of_classes=False)

    assert (kept.grades, dict(kept.wordings)) == ([1, 9], {"ru": Wording("Ярмарка", "Да")})
