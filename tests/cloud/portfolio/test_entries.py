"""Portfolios through their seam: the family adds, the class teacher confirms or sends back, and who sees what."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Reach, Role
from cloud.core.errors import NotFound
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.erasure.steps import STEPS
from cloud.people.family import note_limit
from cloud.people.kinds import FamilyRight
from cloud.portfolio.adding import A_DAY_MAX, ENTRIES_MAX, add, confirm, mend, send_back, take_back
from cloud.portfolio.awards import award
from cloud.portfolio.entries import count_waiting, waiting_of_students
from cloud.portfolio.errors import AwardRefused, EntryChanged, EntryRefused
from cloud.portfolio.files import checked_file, file_of
from cloud.portfolio.kinds import BY_KIN, OF_STUDENTS, Given, Kind, State
from cloud.portfolio.reach import kin_of, student_at
from tests.cloud.portfolio.factory import MEDAL, TODAY, Folder, a_folder, confirm_seen, picture
from tests.cloud.schools.factory import SYSTEM

_FULL = """
INSERT INTO portfolio_entry (school_id, person_id, kind, "on", title_encrypted, added_at, added_by, state)
SELECT $1, $2, 'sport', '2026-05-01', '', '2026-05-02T08:00:00Z', 'x', 'sent_back' FROM generate_series(1, $3::int)
"""


@pytest.fixture(name="folder")
async def _folder(services: Services) -> Folder:
    return await a_folder(services)


@pytest.mark.requirement("KBR-4.1.achievements")
async def test_a_mother_adds_the_teacher_sends_back_with_a_reason_she_mends_it_and_it_is_confirmed(
    folder: Folder,
) -> None:
    services, whose = folder.services, folder.whose
    entry_id = await folder.told()
    (waiting,) = await waiting_of_students(services, folder.teacher, folder.school_id)
    assert (waiting.state, waiting.given, waiting.name) == (State.WAITING, MEDAL, "Әліби Айгерім")

    await send_back(services, folder.teacher, whose, entry_id, "Дипломның суреті керек")
    (back,) = await folder.seen()
    assert (back.sign, back.answer, back.answered_by) == (
        "entry_sent_back", "Дипломның суреті керек", folder.teacher.name,
    )  # fmt: skip
    file = await checked_file(picture("PNG"))
    await mend(services, folder.mother, whose, entry_id, "", file)
    await confirm_seen(services, folder.teacher, whose, entry_id)

    (confirmed,) = await folder.seen(folder.student)
    assert (confirmed.sign, confirmed.given, len(confirmed.files)) == ("entry_confirmed", MEDAL, 1)
    assert await file_of(services, whose.id, entry_id, confirmed.files[0]) == file
    assert await count_waiting(services, folder.teacher, folder.school_id) == 0
    noted = await noted_of(services, SYSTEM, folder.school_id, Wanted(verb="portfolio"))
    assert [each.verb for each in reversed(noted)] == [
        "portfolio.added", "portfolio.sent_back", "portfolio.mended", "portfolio.confirmed",
    ]  # fmt: skip


@pytest.mark.requirement("KBR-4.2.portfolio")
@pytest.mark.requirement("KZ456-27.1", part="olympiads")
@pytest.mark.requirement("KZ456-27.1", part="career")
@pytest.mark.requirement("KZ456-27.1", part="certificates")
async def test_a_portfolio_holds_every_kind_with_many_files_to_one_profile(folder: Folder) -> None:
    services, whose = folder.services, folder.whose
    for kind in BY_KIN:
        await folder.told(replace(MEDAL, kind=kind), folder.student)
    for kind in set(OF_STUDENTS) - set(BY_KIN):
        await add(services, folder.teacher, whose, replace(MEDAL, kind=kind), OF_STUDENTS, state=State.CONFIRMED)
    for _ in range(2):
        await _filed(folder)

    entries = await folder.seen()

    assert {each.given.kind for each in entries} == set(OF_STUDENTS)
    assert sum(len(each.files) for each in entries) == 2
    by_school = [each for each in entries if each.given.kind not in BY_KIN]
    assert {(each.state, each.answered_by) for each in by_school} == {(State.CONFIRMED, folder.teacher.name)}


async def _filed(folder: Folder) -> None:
    file = await checked_file(picture("WEBP"))
    await add(folder.services, folder.teacher, folder.whose, MEDAL, OF_STUDENTS, state=State.CONFIRMED, file=file)


@pytest.mark.requirement("KBR-4.1.history")
async def test_organisations_of_before_programmes_and_documents_are_added_by_hand_by_the_school_alone(
    folder: Folder,
) -> None:
    before = Given(Kind.STUDY_PLACE, "Қарағанды, №3 мектеп", TODAY - timedelta(days=900), "", "", "", TODAY)
    with pytest.raises(EntryRefused):
        await folder.told(before)

    await add(folder.services, folder.teacher, folder.whose, before, OF_STUDENTS, state=State.CONFIRMED)

    (entry,) = await folder.seen()
    assert (entry.given, entry.state) == (before, State.CONFIRMED)


async def test_who_may_judge_is_the_class_teacher_of_the_class_and_the_school(folder: Folder) -> None:
    other = folder.home.taught.other_class_id
    await folder.told()
    judges = [folder.teacher, *(folder.at_work(role) for role in (Role.METHODOLOGIST, Role.OFFICE, Role.DIRECTOR))]
    others = [folder.home.taught.colleague, folder.at_work(Role.CLASS_TEACHER, other), folder.at_work(Role.PEDAGOGUE),
              folder.mother, folder.student]  # fmt: skip

    for who in judges:
        await student_at(folder.services, who, folder.school_id, folder.ref, Right.PORTFOLIO_CONFIRM)
        assert await count_waiting(folder.services, who, folder.school_id) == 1
    for who in others:
        assert await waiting_of_students(folder.services, who, folder.school_id) == []
        with pytest.raises(NotFound):
            await student_at(folder.services, who, folder.school_id, folder.ref, Right.PORTFOLIO_CONFIRM)


async def test_nobody_finds_anothers_child_and_a_court_s_limit_ends_it(folder: Folder) -> None:
    father_id = folder.home.ids["father"]
    await kin_of(folder.services, folder.home.father, folder.ref)
    await note_limit(folder.services, SYSTEM, father_id, folder.whose.id, [FamilyRight.SEE], "сот 12")

    for who in (folder.home.father, folder.teacher, replace(folder.mother, must_change=True)):
        with pytest.raises(NotFound):
            await kin_of(folder.services, who, folder.ref)
    with pytest.raises(NotFound):
        await kin_of(folder.services, folder.mother, folder.home.taught.refs[1])
    assert (await kin_of(folder.services, folder.mother, folder.ref))[1]
    assert not (await kin_of(folder.services, folder.student, folder.ref))[1]


async def test_only_who_added_takes_back_and_what_is_confirmed_stays(folder: Folder) -> None:
    first, second = await folder.told(), await folder.told(who=folder.student)
    with pytest.raises(NotFound):
        await take_back(folder.services, folder.student, folder.whose, first)
    await take_back(folder.services, folder.mother, folder.whose, first)
    await confirm_seen(folder.services, folder.teacher, folder.whose, second)

    with pytest.raises(EntryChanged):
        await take_back(folder.services, folder.student, folder.whose, second)
    with pytest.raises(EntryChanged):
        await confirm_seen(folder.services, folder.teacher, folder.whose, first)

    assert [each.id for each in await folder.seen()] == [second]


async def test_a_teacher_neither_confirms_nor_adds_as_confirmed_nor_awards_for_a_child_of_the_own(
    folder: Folder,
) -> None:
    services, whose, school_id = folder.services, folder.whose, folder.school_id
    reaches = frozenset({Reach(Role.CLASS_TEACHER, school_id), Reach(Role.CLASS_TEACHER, school_id, whose.class_id)})
    mother = replace(folder.mother, reaches=reaches)
    entry_id = await folder.told(who=folder.student)

    with pytest.raises(EntryRefused, match="child of one's own"):
        await confirm_seen(services, mother, whose, entry_id)
    with pytest.raises(EntryRefused, match="child of one's own"):
        await add(services, mother, whose, MEDAL, OF_STUDENTS, state=State.CONFIRMED)
    with pytest.raises(AwardRefused, match="child of one's own"):
        await award(services, mother, whose, "Үйірме", "")

    assert [(each.id, each.state) for each in await folder.seen()] == [(entry_id, State.WAITING)]
    await services.database.pool.execute("UPDATE guardianship SET ended_on = $1", TODAY)
    await confirm_seen(services, mother, whose, entry_id)


async def test_what_was_changed_after_the_page_was_opened_is_not_confirmed_by_it(folder: Folder) -> None:
    services, whose, teacher = folder.services, folder.whose, folder.teacher
    entry_id = await folder.told()
    (opened,) = await folder.seen(teacher)
    await mend(services, folder.mother, whose, entry_id, "Халықаралық, алтын медаль")
    (in_other_words,) = await folder.seen(teacher)
    await mend(services, folder.mother, whose, entry_id, "", await checked_file(picture("PNG")))

    for seen in (opened, in_other_words):
        with pytest.raises(EntryChanged, match="Look again"):
            await confirm(services, teacher, whose, entry_id, seen.digest)

    (now,) = await folder.seen(teacher)
    assert now.state is State.WAITING
    await confirm(services, teacher, whose, entry_id, now.digest)


async def test_nobody_confirms_what_one_added(folder: Folder) -> None:
    services, whose = folder.services, folder.whose
    teacher = replace(folder.teacher, account_id=folder.home.father.account_id)
    await services.database.pool.execute("DELETE FROM guardianship WHERE guardian_id = $1", folder.home.ids["father"])
    entry_id = await add(services, teacher, whose, MEDAL, OF_STUDENTS, state=State.CONFIRMED)
    await send_back(services, folder.at_work(Role.OFFICE), whose, entry_id, "Қай жылы?")

    with pytest.raises(EntryRefused, match="what one added"):
        await confirm_seen(services, teacher, whose, entry_id)

    await confirm_seen(services, folder.at_work(Role.OFFICE), whose, entry_id)


async def test_two_who_judge_at_once_do_not_both_succeed(folder: Folder) -> None:
    entry_id = await folder.told()
    deeds = [confirm_seen(folder.services, folder.teacher, folder.whose, entry_id) for _ in range(2)]

    became = await asyncio.gather(*deeds, return_exceptions=True)

    assert sorted(type(each).__name__ for each in became) == ["EntryChanged", "NoneType"]


async def test_a_portfolio_has_an_end_of_each_day(folder: Folder) -> None:
    for _ in range(A_DAY_MAX):
        await folder.told()

    with pytest.raises(EntryRefused, match="Go on tomorrow"):
        await folder.told()

    await _wait_until(folder, 18, 59)  # of UTC: 23:59 in Almaty
    with pytest.raises(EntryRefused, match="Go on tomorrow"):
        await folder.told()
    await _wait_until(folder, 19, 0)
    await folder.told()


async def _wait_until(folder: Folder, hour: int, minute: int) -> None:
    clock = folder.services.clock
    until = clock.now().replace(hour=hour, minute=minute, second=0, microsecond=0)
    clock.advance((until - clock.now()).total_seconds())  # type: ignore[attr-defined]  # simulated


async def test_what_was_taken_back_takes_no_room_in_a_portfolio(folder: Folder) -> None:
    whose, pool, last = folder.whose, folder.services.database.pool, "SELECT max(id) FROM portfolio_entry"
    await pool.execute(_FULL, whose.school_id, whose.id, ENTRIES_MAX)
    with pytest.raises(EntryRefused, match="added already"):
        await folder.told()
    assert await pool.fetchval("SELECT count(*) FROM portfolio_entry") == ENTRIES_MAX

    await pool.execute("UPDATE portfolio_entry SET state = 'taken_back' WHERE id = $1", await pool.fetchval(last))

    assert await folder.told() == await pool.fetchval(last)
    with pytest.raises(EntryRefused, match="added already"):
        await folder.told(who=folder.student)


async def test_an_entry_or_a_file_of_another_child_is_not_there_under_this_one(folder: Folder) -> None:
    other = await student_at(folder.services, SYSTEM, folder.school_id, folder.home.taught.refs[1])
    file = await checked_file(picture("JPEG"))
    entry_id = await add(folder.services, SYSTEM, other, MEDAL, OF_STUDENTS, state=State.WAITING, file=file)

    with pytest.raises(NotFound):
        await confirm_seen(folder.services, folder.teacher, folder.whose, entry_id)
    with pytest.raises(NotFound):
        await file_of(folder.services, folder.whose.id, entry_id, 1)


async def test_erasure_takes_entries_with_their_files(folder: Folder) -> None:
    await _filed(folder)
    pool = folder.services.database.pool

    await pool.fetch(STEPS["profile"], folder.whose.id)

    assert await pool.fetchval("SELECT count(*) FROM portfolio_entry") == 0
    assert await pool.fetchval("SELECT count(*) FROM portfolio_file") == 0
