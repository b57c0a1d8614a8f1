"""Chats: who is in them today, what is written and read, edited and deleted, and what is refused."""

from collections.abc import Awaitable
from datetime import timedelta

import pytest

from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.handed_files import Attached
from cloud.core.services import Services
from cloud.people.family import set_rights
from cloud.people.kinds import FamilyRight
from cloud.people.moving import leave, move
from cloud.people.stays import Said
from cloud.talks import posting
from cloud.talks.files import checked_files, posted_file
from cloud.talks.kinds import As, Kind, TalkRefused, TooManyPosts
from cloud.talks.leading import close_chat, open_again, places_of, set_chat
from cloud.talks.posting import MINUTE_MAX, delete, edit, write
from cloud.talks.reach import seat_of, seats_of
from cloud.talks.reading import mark_read, moderators_of, note_look, page_of, post_of
from cloud.talks.rules import EDITED_WITHIN, Given
from cloud.talks.searching import search
from cloud.talks.waiting import counts_of
from simulators.clock import SimulatedClock
from tests.cloud.messages.factory import staff
from tests.cloud.portfolio.factory import picture
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.studies.factory import a_teacher
from tests.cloud.talks.factory import MORNING_S, Talks, student, talks

DAY_S = 86_400
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
_LEFT_OUT = "UPDATE account SET is_active = false WHERE id = $1"
_LOST_ROLE = "DELETE FROM grant_of_role WHERE account_id = $1"
_LOST_TIE = "DELETE FROM student_account WHERE account_id = $1"
_KEPT = "SELECT encode(words_encrypted, 'escape') FROM talk_post UNION ALL SELECT author FROM talk_post"


@pytest.fixture(name="of")
async def _of(services: Services, clock: SimulatedClock) -> Talks:
    return await talks(services, clock)


async def refused(deed: Awaitable[object], error: type[Exception], words: str | None = None) -> None:
    with pytest.raises(error, match=words):
        await deed


@pytest.mark.requirement("KZ456-27.16", part="chats")
@pytest.mark.requirement("KZ456-27.10", part="chats")
async def test_a_course_has_no_chat_before_its_teacher_opens_it_and_then_teacher_and_students_talk(
    services: Services, of: Talks
) -> None:
    assert await seats_of(services, of.students[0]) == []
    places = await places_of(services, of.teacher, of.school)
    assert [(each.kind, each.talk_id) for each in places] == [(Kind.COURSE, None)]

    talk_id = await of.open(Kind.COURSE)
    asked = await of.say(of.students[0], talk_id, "Үй тапсырмасы қандай?")
    await of.say(of.teacher, talk_id, "214-есеп", asked)

    assert await of.words(of.students[1], talk_id) == ["Үй тапсырмасы қандай?", "214-есеп"]
    last = (await of.seen(of.students[1], talk_id))[-1]
    assert (last.as_a, last.reply_to, last.quoted) == (
        As.STAFF, asked, "student-0 of the class: Үй тапсырмасы қандай?"
    )  # fmt: skip
    (seat,) = await seats_of(services, of.students[1])
    assert (seat.name("kk"), seat.unread) == ("Математика, 5А", 2)
    verbs = [each.verb for each in await noted_of(services, SYSTEM, of.school.id, Wanted())]
    assert {"talk.opened", "post.written"} <= set(verbs)


@pytest.mark.requirement("KZ456-27.16", part="chats")
async def test_parents_have_a_chat_of_their_own_and_students_another_one(services: Services, of: Talks) -> None:
    parents, class_chat = await of.open(Kind.PARENTS), await of.open(Kind.CLASS)

    await of.say(of.mother, parents, "Жиналыс қашан?")
    await of.say(of.students[0], class_chat, "Сәлем!")

    assert await of.words(of.father, parents) == ["Жиналыс қашан?"]
    assert [seat.kind for seat in await seats_of(services, of.students[0])] == [Kind.CLASS]
    assert [seat.kind for seat in await seats_of(services, of.mother)] == [Kind.PARENTS]
    for who, talk_id in ((of.students[0], parents), (of.mother, class_chat)):
        await refused(of.seen(who, talk_id), NotFound)
        await refused(of.say(who, talk_id, "мен"), NotFound)


@pytest.mark.requirement("KZ456-27.16", part="chats")
async def test_nobody_of_another_class_family_or_course_finds_a_chat(services: Services, of: Talks) -> None:
    course, parents, class_chat = [await of.open(kind) for kind in (Kind.COURSE, Kind.PARENTS, Kind.CLASS)]
    post_id = await of.say(of.students[0], course, "Сәлем!")
    colleague = of.studies.teachers[1]

    for who in (of.stranger, of.other_parent, of.other_class_teacher, colleague):
        for talk_id in (course, parents, class_chat):
            await refused(seat_of(services, who, talk_id), NotFound)
            await refused(of.say(who, talk_id, "мен"), NotFound)
    await refused(edit(services, of.stranger, course, post_id, "мен"), NotFound)
    await refused(delete(services, of.stranger, course, post_id), NotFound)
    assert await search(services, of.stranger, "Сәлем") == []


@pytest.mark.requirement("KZ456-27.16", part="chats")
async def test_who_left_the_class_or_the_school_is_out_at_once_and_who_came_is_in(
    services: Services, of: Talks, clock: SimulatedClock
) -> None:
    class_chat, course = await of.open(Kind.CLASS), await of.open(Kind.COURSE)
    clock.advance(2 * DAY_S)
    today = of.studies.today
    school_id, came = of.school.id, Said(today)
    await move(services, SYSTEM, school_id, of.studies.student_ids[:1], of.studies.other_class_id, came)
    await leave(services, SYSTEM, of.studies.student_ids[1], Said(today - timedelta(days=1)))
    await move(services, SYSTEM, school_id, [of.studies.stranger_id], of.studies.class_id, came)

    for who in of.students:
        for talk_id in (class_chat, course):
            await refused(seat_of(services, who, talk_id), NotFound)
    assert {seat.talk_id for seat in await seats_of(services, of.stranger)} == {class_chat, course}


async def test_only_the_members_of_a_group_are_in_its_chat(services: Services, of: Talks) -> None:
    group = of.studies.english[1]  # of the last two students
    for number, person_id in enumerate(of.studies.student_ids[-2:]):
        await student(services, of.school.id, person_id, f"english-{number}")
    talk_id = await of.open(Kind.COURSE, of.studies.teachers[1], group)

    await refused(seat_of(services, of.students[0], talk_id), NotFound)
    assert (await seat_of(services, of.studies.teachers[1], talk_id)).leads


async def test_a_guardian_whom_a_court_or_the_rights_keep_away_reads_nothing(services: Services, of: Talks) -> None:
    talk_id = await of.open(Kind.PARENTS)
    await of.say(of.class_teacher, talk_id, "Ертең музей")
    office = await staff(services, "office", Reach(Role.OFFICE, of.school.id))

    rights = frozenset(FamilyRight) - {FamilyRight.SEE}
    await set_rights(services, office, of.mother_id, of.studies.student_ids[0], rights)

    await refused(of.seen(of.mother, talk_id), NotFound)
    assert await of.words(of.father, talk_id) == ["Ертең музей"]


@pytest.mark.requirement("KZ456-27.16", part="chats")
async def test_there_is_no_chat_of_one_student_and_an_adult(
    services: Services, of: Talks, clock: SimulatedClock
) -> None:
    _, tutor = await a_teacher(services, of.school.id, ("Әбен", "Асан"), "alone")
    course = await of.studies.course("physics", teacher=0, class_id=of.studies.other_class_id)
    await refused(of.open(Kind.COURSE, of.teacher, course), TalkRefused, "two students")
    await refused(of.open(Kind.CLASS, of.other_class_teacher, of.studies.other_class_id), TalkRefused, "two students")

    talk_id = await of.open(Kind.CLASS)
    clock.advance(DAY_S)
    for person_id in of.studies.student_ids[1:]:
        await leave(services, SYSTEM, person_id, Said(of.studies.today - timedelta(days=1)))

    await refused(of.say(of.students[0], talk_id, "Сәлем"), TalkRefused, "two students")
    await refused(of.say(of.class_teacher, talk_id, "Сәлем"), TalkRefused, "two students")
    assert await seats_of(services, tutor) == []


@pytest.mark.requirement("KZ456-27.16", part="chats")
@pytest.mark.parametrize("lost", [_LEFT_OUT, _LOST_ROLE, _LOST_TIE], ids=["switched off", "no role", "no tie"])
async def test_students_who_cannot_come_in_do_not_count_in_a_class_of_many(
    services: Services, of: Talks, lost: str
) -> None:
    kinds = (Kind.CLASS, Kind.COURSE)
    opened = [await of.open(kind) for kind in kinds]
    assert len(of.studies.student_ids) > 2

    await services.database.pool.execute(lost, of.students[1].account_id)

    for talk_id in opened:
        for who in (of.students[0], of.class_teacher):
            await refused(of.say(who, talk_id, "Сәлем"), TalkRefused, "two students with accounts")
    await services.database.pool.execute("DELETE FROM talk")
    for kind in kinds:
        await refused(of.open(kind), TalkRefused, "two students with accounts")
    await of.open(Kind.PARENTS)


async def test_who_may_open_what(services: Services, of: Talks) -> None:
    await refused(of.open(Kind.COURSE, of.studies.teachers[1]), NotAllowed)
    await refused(of.open(Kind.CLASS, of.other_class_teacher), NotAllowed)
    await refused(of.open(Kind.PARENTS, of.teacher, of.studies.class_id), NotAllowed)
    await refused(of.open(Kind.COURSE, of.teacher, 10**9), NotFound)
    await of.open(Kind.COURSE)
    await refused(of.open(Kind.COURSE), TalkRefused, "open already")
    kinds = [(each.kind, each.of) for each in await places_of(services, of.class_teacher, of.school)]
    assert kinds == [(Kind.CLASS, of.studies.class_id), (Kind.PARENTS, of.studies.class_id)]


@pytest.mark.requirement("KZ456-27.16", part="chats")
async def test_read_only_quiet_hours_and_closing_hold_for_members_and_the_teacher_turns_them(
    services: Services, of: Talks, clock: SimulatedClock
) -> None:
    talk_id = await of.open(Kind.CLASS)
    await refused(set_chat(services, of.students[0], talk_id, is_read_only=True, quiet=None), NotAllowed)
    await set_chat(services, of.class_teacher, talk_id, is_read_only=True, quiet=(21 * 60, 7 * 60))
    await refused(of.say(of.students[0], talk_id, "мен"), TalkRefused, "Only who leads")
    await of.say(of.class_teacher, talk_id, "Сабақ болмайды")

    await set_chat(services, of.class_teacher, talk_id, is_read_only=False, quiet=(21 * 60, 7 * 60))
    await of.say(of.students[0], talk_id, "Түсіндім")
    clock.advance(12 * 3_600)  # midnight
    await refused(of.say(of.students[0], talk_id, "ұйықтамаймын"), TalkRefused, "Quiet hours")
    clock.advance(12 * 3_600)
    await refused(close_chat(services, of.students[0], talk_id), NotAllowed)
    await close_chat(services, of.class_teacher, talk_id)
    await refused(of.say(of.class_teacher, talk_id, "мен"), TalkRefused, "closed")

    assert await of.words(of.students[1], talk_id) == ["Сабақ болмайды", "Түсіндім"]
    await open_again(services, of.class_teacher, talk_id)
    await refused(open_again(services, of.class_teacher, talk_id), TalkRefused)
    await of.say(of.students[0], talk_id, "Қайта")


@pytest.mark.requirement("KZ456-27.16", part="chats")
async def test_an_edited_or_deleted_post_leaves_a_trace_and_its_words_to_moderators_alone(
    services: Services, of: Talks, clock: SimulatedClock
) -> None:
    talk_id = await of.open(Kind.CLASS)
    first = await of.say(of.students[0], talk_id, "Ертен")
    second = await of.say(of.students[0], talk_id, "Артық сөз")
    await of.say(of.students[1], talk_id, "Не?", second)
    await edit(services, of.students[0], talk_id, first, "Ертең")
    await delete(services, of.students[0], talk_id, second)

    seen = await of.seen(of.students[1], talk_id)
    assert [(each.words, each.edited_at is not None, each.deleted_at is not None) for each in seen] == [
        ("Ертең", True, False), ("", False, True), ("Не?", False, False)
    ]  # fmt: skip
    assert seen[2].quoted == ""
    seat = await seat_of(services, of.class_teacher, talk_id)
    post = await post_of(services, of.class_teacher, seat, first)
    assert [words for _, words in post.before] == ["Ертен"]
    assert (await post_of(services, of.class_teacher, seat, second)).words == "Артық сөз"
    assert (
        await post_of(services, of.students[1], await seat_of(services, of.students[1], talk_id), first)
    ).before == ()
    await refused(edit(services, of.students[1], talk_id, first, "мен"), NotFound)
    await refused(edit(services, of.students[0], talk_id, second, "мен"), NotFound)
    await refused(of.say(of.students[1], talk_id, "жауап", second), TalkRefused, "not here any more")
    clock.advance(EDITED_WITHIN.total_seconds() + 1)
    await refused(edit(services, of.students[0], talk_id, first, "кеш"), TalkRefused, "15 minutes")


async def test_a_person_writes_so_many_posts_a_minute(services: Services, of: Talks, clock: SimulatedClock) -> None:
    class_chat, course = await of.open(Kind.CLASS), await of.open(Kind.COURSE)
    for number in range(MINUTE_MAX):
        await of.say(of.students[0], (class_chat, course)[number % 2], f"{number}")

    await refused(of.say(of.students[0], class_chat, "тағы"), TooManyPosts)
    await of.say(of.students[1], class_chat, "мен жаза аламын")
    clock.advance(61)
    await of.say(of.students[0], class_chat, "тағы")


async def test_what_is_no_post_is_refused(services: Services, of: Talks) -> None:
    talk_id, other = await of.open(Kind.CLASS), await of.open(Kind.COURSE)
    elsewhere = await of.say(of.students[0], other, "мұнда емес")

    for words in (" \n ", "а" * 4_001, "a" * 1_000_000, "\x00"):
        await refused(of.say(of.students[0], talk_id, words), TalkRefused)
    await refused(of.say(of.students[0], talk_id, "жауап", elsewhere), TalkRefused)
    await refused(of.say(of.students[0], 10**9, "жоқ"), NotFound)
    nobody = Actor("nobody", None, frozenset({Reach(Role.STUDENT, of.school.id)}))
    await refused(of.say(nobody, talk_id, "мен"), NotFound)
    assert await of.words(of.students[0], talk_id) == []


@pytest.mark.requirement("KZ456-27.16", part="files")
async def test_files_are_told_by_what_is_in_them_drawn_anew_and_read_by_who_reads_the_post(
    services: Services, of: Talks
) -> None:
    talk_id = await of.open(Kind.CLASS)
    files = await checked_files([("Суретім.png", picture("PNG")), ("../жоспар.exe", PDF)])
    assert [each.name for each in files] == ["Суретім.jpg", "жоспар.pdf"]
    post_id = await write(services, of.students[0], talk_id, Given(""), files)

    (post,) = await of.seen(of.students[1], talk_id)
    assert [(each.name, each.is_picture) for each in post.files] == [("Суретім.jpg", True), ("жоспар.pdf", False)]
    shown, paper = [await posted_file(services, talk_id, each.id, moderates=False) for each in post.files]
    assert shown.content.startswith(b"\xff\xd8")
    assert b"Abai street" not in shown.content
    assert paper.content == PDF
    await refused(posted_file(services, talk_id + 1, post.files[0].id, moderates=True), NotFound)
    await delete(services, of.students[0], talk_id, post_id)
    await refused(posted_file(services, talk_id, post.files[0].id, moderates=False), NotFound)
    assert (await posted_file(services, talk_id, post.files[0].id, moderates=True)).content == shown.content


async def test_files_of_one_person_in_a_day_and_of_a_talk_have_an_end(
    services: Services, of: Talks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "MB", 10)  # forty bytes times ten a day, and ten times so many in a talk
    monkeypatch.setattr(posting, "TALK_MB_MAX", 70)
    talk_id, small = await of.open(Kind.CLASS), [Attached("а.pdf", "application/pdf", bytes(300))]
    await write(services, of.students[0], talk_id, Given("бір"), small)

    with pytest.raises(TooManyPosts, match="a day"):
        await write(services, of.students[0], talk_id, Given("екі"), small)
    await write(services, of.students[1], talk_id, Given("үш"), small)
    services.clock.advance(86_401)  # type: ignore[attr-defined]  # simulated
    with pytest.raises(TooManyPosts, match="This talk"):
        await write(services, of.students[0], talk_id, Given("төрт"), small)
    await write(services, of.students[0], talk_id, Given("файлсыз"))

    assert await of.words(of.students[0], talk_id) == ["бір", "үш", "файлсыз"]


@pytest.mark.parametrize(
    "content", [b"MZ\x90", b"<svg onload='alert(1)'/>", b"%PDF-1.4 /JavaScript %%EOF", b"", b"\x89PNG broken"],
    ids=["program", "svg", "active", "empty", "broken"],
)  # fmt: skip
async def test_a_file_that_is_neither_picture_nor_paper_is_refused(content: bytes) -> None:
    with pytest.raises(Exception, match=r"file|PDF"):
        await checked_files([("сурет.jpg", content)])


async def test_words_and_names_of_files_are_sealed(services: Services, of: Talks) -> None:
    talk_id = await of.open(Kind.CLASS)
    await of.say(of.students[0], talk_id, "secret words")

    kept = [row[0] for row in await services.database.pool.fetch(_KEPT)]
    assert not any("secret" in each for each in kept)


@pytest.mark.requirement("KZ456-27.16", part="chats")
async def test_new_posts_are_counted_until_they_are_read_and_own_ones_are_not(services: Services, of: Talks) -> None:
    talk_id = await of.open(Kind.CLASS)
    for words in ("бір", "екі"):
        await of.say(of.students[0], talk_id, words)

    assert await counts_of(services, of.students[1]) == {"talks": 2}
    assert await counts_of(services, of.students[0]) == {"talks": 0}
    assert await counts_of(services, of.mother) == {"talks": 0}
    seat = await seat_of(services, of.students[1], talk_id)
    await mark_read(services, of.students[1], seat, await page_of(services, of.students[1], seat))
    assert await counts_of(services, of.students[1]) == {"talks": 0}
    await of.say(of.class_teacher, talk_id, "үш")
    assert await counts_of(services, of.students[1]) == {"talks": 1}


@pytest.mark.requirement("KZ456-27.10", part="chats")
async def test_search_finds_in_ones_own_talks_what_one_may_read(services: Services, of: Talks) -> None:
    talk_id, parents = await of.open(Kind.CLASS), await of.open(Kind.PARENTS)
    await of.say(of.students[0], talk_id, "Олимпиада жұмада болады")
    gone = await of.say(of.students[0], talk_id, "Олимпиада жойылды")
    await of.say(of.mother, parents, "Олимпиадаға кім барады?")
    await delete(services, of.students[0], talk_id, gone)

    found = await search(services, of.students[1], "олимпиада ЖҰМА")
    assert [(each.seat.talk_id, each.excerpt) for each in found] == [(talk_id, "Олимпиада жұмада болады")]
    assert [each.seat.talk_id for each in await search(services, of.mother, "олимпиада")] == [parents]
    assert await search(services, of.students[1], "о") == []
    assert await search(services, of.students[1], "%") == []
    assert len(await search(services, of.students[1], "олимпиада жұмада болады о л емес")) == 1  # of five words
    assert await search(services, of.students[1], "олимпиада жұмада болады о емес") == []


async def test_who_moderates_is_told_and_a_look_by_who_takes_no_part_is_noted(services: Services, of: Talks) -> None:
    talk_id = await of.open(Kind.CLASS)
    await of.say(of.students[0], talk_id, "Сәлем")

    seat = await seat_of(services, of.deputy, talk_id)
    await note_look(services, of.deputy, seat)
    await note_look(services, of.class_teacher, await seat_of(services, of.class_teacher, talk_id))

    names = await moderators_of(services, seat)
    assert names["deputy"] == ["Ерлан Нұр"]
    assert names["pedagogue"] == ["Сара Қали"]
    looks = [
        each for each in await noted_of(services, SYSTEM, of.school.id, Wanted()) if each.verb == "talk.looked_into"
    ]
    assert [each.actor for each in looks] == ["Ерлан Нұр"]


async def test_another_school_years_class_has_no_part_in_this_years_chat(
    services: Services, of: Talks, clock: SimulatedClock
) -> None:
    talk_id, course = await of.open(Kind.CLASS), await of.open(Kind.COURSE)
    await of.say(of.students[0], talk_id, "Сәлем")
    clock.advance(366 * DAY_S + MORNING_S)

    for who in (of.students[0], of.class_teacher, of.teacher):
        for each in (talk_id, course):
            await refused(seat_of(services, who, each), NotFound)
    assert await of.words(of.deputy, talk_id) == ["Сәлем"]
