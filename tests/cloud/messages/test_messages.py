"""Messages to families: who gets them, in which language, who has read them, and who reads the answers."""

from collections.abc import Awaitable
from datetime import timedelta

import pytest

from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.messages.answers import DAY_MAX, answer_school
from cloud.messages.desk import hear, say_back, written_at, written_one
from cloud.messages.files import checked_files
from cloud.messages.inbox import open_message, received_file, received_of, unread_of
from cloud.messages.kinds import Audience, Given, MessageRefused, State, Wording
from cloud.messages.receipts import receipts_of
from cloud.messages.sending import send_due
from cloud.messages.waiting import counts_of
from cloud.messages.writing import approve, cancel, recall, refuse, write
from cloud.notifications.kinds import Kind
from cloud.notifications.queries import notices_of
from cloud.people.family import note_limit, set_rights
from cloud.people.kinds import FamilyRight
from simulators.clock import SimulatedClock
from tests.cloud.core.pictures import picture
from tests.cloud.messages.factory import TEXT, Classroom, a_classroom, staff, to_class, to_school

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture(name="room")
async def _room(services: Services) -> Classroom:
    return await a_classroom(services)


async def titles(services: Services, actor: Actor) -> list[str]:
    """Return the titles of the messages that somebody may read."""
    return [each.title for each in (await received_of(services, actor, "kk"))[0]]


async def test_a_class_teacher_writes_to_the_class_and_sees_who_has_read_it(
    services: Services, room: Classroom
) -> None:
    number = await write(services, room.teacher, room.school_id, to_class(room))

    assert await titles(services, room.mother) == await titles(services, room.father) == [TEXT.title]
    assert await titles(services, room.stranger) == []
    assert await counts_of(services, room.father) == {"messages": 1}
    opened = await open_message(services, room.father, number, "ru")
    assert (opened.message.body, opened.message.language) == (TEXT.body, "kk")
    assert await unread_of(services, room.father) == 0
    (child,) = (await receipts_of(services, room.teacher, room.school_id, number)).children
    assert [each.read_at is not None for each in child.receipts] == [False, True]
    written = await written_one(services, room.teacher, room.school_id, number)
    assert (written.state, written.told, written.read) == (State.SENT, 2, 1)
    verbs = [entry.verb for entry in await noted_of(services, room.director, room.school_id, Wanted())]
    assert {"message.written", "message.sent"} <= set(verbs)


async def test_each_account_is_told_once_by_a_notice_also_of_two_children(services: Services, room: Classroom) -> None:
    number = await write(services, room.director, room.school_id, to_school())
    await send_due(services)

    told = (await notices_of(services, room.mother)).notices
    assert [(each.kind, each.detail.message_id, each.detail.author) for each in told] == [
        (Kind.ANNOUNCEMENT, number, room.director.name)
    ]
    (received,) = (await received_of(services, room.mother, "kk"))[0]
    assert len(received.children) == 2


async def test_a_reader_gets_the_own_language_else_the_first_and_is_told_which(
    services: Services, room: Classroom
) -> None:
    texts = {"ru": Wording("Собрание", "В четверг."), "kk": TEXT}
    number = await write(services, room.teacher, room.school_id, Given(
        Audience.CLASSES, texts, classes=[room.class_id]))  # fmt: skip

    languages = {
        wanted: (await open_message(services, room.mother, number, wanted)).message.language
        for wanted in ("kk", "ru", "en")
    }
    assert languages == {"kk": "kk", "ru": "ru", "en": "kk"}


async def test_the_office_writes_to_who_reads_a_language_only(services: Services, room: Classroom) -> None:
    await services.database.pool.execute("UPDATE account SET language = 'ru' WHERE id = $1", room.father.account_id)
    await write(services, room.director, room.school_id, to_school(only_language="ru"))

    assert await titles(services, room.father) == [TEXT.title]
    assert await titles(services, room.mother) == []


async def test_what_the_office_writes_to_many_waits_until_it_is_approved_and_due(
    services: Services, room: Classroom, clock: SimulatedClock
) -> None:
    due = clock.now() + timedelta(hours=2)
    given = Given(Audience.GRADES, {"kk": TEXT}, grades=[6], send_at=due)
    number = await write(services, room.office, room.school_id, given)

    assert await counts_of(services, room.director) == {"messages": 1}
    await refused(approve(services, room.office, room.school_id, number), NotAllowed)
    await refused(approve(services, room.teacher, room.school_id, number), NotAllowed)
    await approve(services, room.director, room.school_id, number)
    await refused(approve(services, room.director, room.school_id, number), MessageRefused)
    await send_due(services)
    assert await titles(services, room.stranger) == []
    clock.advance((timedelta(hours=2)).total_seconds())
    await send_due(services)
    await send_due(services)

    assert await titles(services, room.stranger) == await titles(services, room.mother) == [TEXT.title]
    assert await titles(services, room.father) == []
    assert len((await notices_of(services, room.stranger)).notices) == 1


async def test_what_is_refused_or_cancelled_goes_to_nobody(services: Services, room: Classroom) -> None:
    first, second = [await write(services, room.office, room.school_id, to_school()) for _ in range(2)]
    await refused(refuse(services, room.director, room.school_id, first, " "), MessageRefused)
    await refuse(services, room.director, room.school_id, first, "Күні қате")
    await cancel(services, room.office, room.school_id, second)
    await send_due(services)

    assert await titles(services, room.mother) == []
    states = {each.id: (each.state, each.reason) for each in await written_at(services, room.office, room.school_id)}
    assert states == {first: (State.REFUSED, "Күні қате"), second: (State.CANCELLED, "")}


async def test_a_parent_answers_the_writer_only_and_is_answered(services: Services, room: Classroom) -> None:
    number = await write(services, room.teacher, room.school_id, to_class(room))
    await answer_school(services, room.mother, number, "Рақмет, келемін.")

    assert (await open_message(services, room.father, number, "kk")).answers == []
    for other in (room.office, room.director):
        assert await hear(services, other, room.school_id, number) == {}
        await refused(say_back(services, other, room.school_id, number, room.mother.account_id or 0, "Жоқ"), NotFound)
    assert await counts_of(services, room.teacher) == {"messages": 1}
    heard = await hear(services, room.teacher, room.school_id, number)
    assert [each.words for each in heard[room.mother.account_id or 0]] == ["Рақмет, келемін."]
    assert await counts_of(services, room.teacher) == {"messages": 0}
    await say_back(services, room.teacher, room.school_id, number, room.mother.account_id or 0, "Күтеміз.")
    await refused(
        say_back(services, room.teacher, room.school_id, number, room.father.account_id or 0, "Күтеміз."), NotFound
    )

    assert (await notices_of(services, room.mother)).notices[0].kind is Kind.MESSAGE
    assert [each.words for each in (await open_message(services, room.mother, number, "kk")).answers] == [
        "Рақмет, келемін.", "Күтеміз."
    ]  # fmt: skip
    assert (await open_message(services, room.father, number, "kk")).answers == []


async def test_answers_are_few_and_only_where_they_are_asked_for(services: Services, room: Classroom) -> None:
    silent = await write(services, room.teacher, room.school_id, to_class(room, may_answer=False))
    number = await write(services, room.teacher, room.school_id, to_class(room))

    await refused(answer_school(services, room.mother, silent, "Рақмет"), NotFound)
    await refused(answer_school(services, room.stranger, number, "Рақмет"), NotFound)
    await refused(answer_school(services, room.mother, number, "  "), MessageRefused)
    for _ in range(DAY_MAX):
        await answer_school(services, room.mother, number, "Рақмет")
    await refused(answer_school(services, room.mother, number, "Рақмет"), MessageRefused)


@pytest.mark.parametrize("takes", [FamilyRight.SEE, FamilyRight.NOTICES])
async def test_whom_a_court_limits_gets_nothing_and_reads_nothing_any_more(
    services: Services, room: Classroom, takes: FamilyRight
) -> None:
    before = await write(services, room.teacher, room.school_id, to_class(room))
    await answer_school(services, room.father, before, "Рақмет")
    await note_limit(services, room.office, room.father_id, room.child_id, [takes], "сот шешімі 5")
    await write(services, room.teacher, room.school_id, to_class(room))

    assert await titles(services, room.father) == []
    assert await unread_of(services, room.father) == 0
    await refused(open_message(services, room.father, before, "kk"), NotFound)
    await refused(answer_school(services, room.father, before, "Рақмет"), NotFound)
    assert len(await titles(services, room.mother)) == 2


async def test_a_child_that_left_and_a_guardian_that_ended_get_nothing(services: Services, room: Classroom) -> None:
    await set_rights(services, room.office, room.father_id, room.child_id, [])
    await services.database.pool.execute("UPDATE person SET is_active = false WHERE id = $1", room.brother_id)
    await write(services, room.director, room.school_id, to_school())

    assert await titles(services, room.father) == []
    (received,) = (await received_of(services, room.mother, "kk"))[0]
    assert len(received.children) == 1


async def test_what_is_taken_back_is_read_no_more_and_who_was_told_hears_of_it(
    services: Services, room: Classroom
) -> None:
    files = await checked_files([("жоспар.pdf", PDF)])
    number = await write(services, room.teacher, room.school_id, to_class(room), files)
    await refused(recall(services, room.office, room.school_id, number, "қате"), NotFound)
    await recall(services, room.teacher, room.school_id, number, "Күні қате жазылды")

    opened = await open_message(services, room.mother, number, "kk")
    assert (opened.message.title, opened.message.body, opened.files) == ("", "", [])
    assert (opened.message.is_recalled, opened.message.reason) == (True, "Күні қате жазылды")
    await refused(received_file(services, room.mother, number, 1), NotFound)
    newest = (await notices_of(services, room.mother)).notices[0]
    assert (newest.corrects, newest.detail.reason) == (f"announcement:{number}", "recalled")


async def test_a_correction_names_what_it_corrects_and_the_first_leads_to_it(
    services: Services, room: Classroom
) -> None:
    first = await write(services, room.teacher, room.school_id, to_class(room))
    second = await write(services, room.teacher, room.school_id, to_class(room, corrects=first))

    assert (await open_message(services, room.mother, first, "kk")).message.corrected_by == second
    assert (await open_message(services, room.mother, second, "kk")).message.corrects == first
    assert (await notices_of(services, room.mother)).notices[0].corrects == f"announcement:{first}"
    other = await staff(services, "other", Reach(Role.CLASS_TEACHER, room.school_id, room.class_id))
    await refused(write(services, other, room.school_id, to_class(room, corrects=first)), NotFound)


async def test_files_are_looked_at_kept_sealed_and_handed_to_readers_only(services: Services, room: Classroom) -> None:
    for name, content in (("a.pdf", PDF.replace(b"<<>>", b"<</JS(x)>>", 1)), ("a.exe", b"MZ"), ("a.jpg", b"GIF89a")):
        with pytest.raises(Exception, match=r"PDF|JPEG"):
            await checked_files([(name, content)])
    files = await checked_files([("../../жоспар №2\r\n.pdf", PDF), ("сурет.jpeg", picture())])
    number = await write(services, room.teacher, room.school_id, to_class(room), files)

    rows = (await open_message(services, room.mother, number, "kk")).files
    assert [each.name for each in rows] == ["жоспар №2.pdf", "сурет.jpg"]
    assert (await received_file(services, room.mother, number, rows[0].id)).content == PDF
    await refused(received_file(services, room.stranger, number, rows[0].id), NotFound)
    kept = await services.database.pool.fetch("SELECT name_encrypted, content_encrypted FROM announcement_file")
    assert not any("жоспар".encode() in row[0] or b"%PDF" in row[1] for row in kept)


async def test_a_teacher_writes_to_the_own_classes_and_their_families_only(services: Services, room: Classroom) -> None:
    own, others = room.teacher, Given(Audience.CLASSES, {"kk": TEXT}, classes=[room.class_id, room.other_class_id])
    brother = await services.database.pool.fetchval("SELECT ref FROM person WHERE id = $1", room.brother_id)
    for given in (others, to_school(), Given(Audience.GRADES, {"kk": TEXT}, grades=[5])):
        await refused(write(services, own, room.school_id, given), NotAllowed)
    await refused(
        write(services, own, room.school_id, Given(Audience.FAMILY, {"kk": TEXT}, child=brother)), MessageRefused
    )
    number = await write(services, own, room.school_id, Given(Audience.FAMILY, {"kk": TEXT}, child=room.ref))

    assert await titles(services, room.mother) == await titles(services, room.father) == [TEXT.title]
    detail = (await notices_of(services, room.mother)).notices[0].detail
    assert (detail.title, detail.message_id) == (None, number)
    for other in (room.office, room.director):
        await refused(written_one(services, other, room.school_id, number), NotFound)
    nobody = await staff(services, "nobody", Reach(Role.TEACHER, room.school_id, room.class_id))
    await refused(write(services, nobody, room.school_id, to_class(room)), NotAllowed)


async def test_another_school_sees_and_does_nothing(services: Services, room: Classroom) -> None:
    number = await write(services, room.office, room.school_id, to_school())
    other = await a_classroom(services, "astana7", "66")

    for act in (approve, cancel):
        await refused(act(services, other.director, other.school_id, number), NotFound, MessageRefused)
        await refused(act(services, other.director, room.school_id, number), NotFound, NotAllowed)
    await refused(written_one(services, other.director, other.school_id, number), NotFound)
    given = Given(Audience.CLASSES, {"kk": TEXT}, classes=[other.class_id])
    await refused(write(services, room.director, room.school_id, given), MessageRefused)


async def test_texts_and_answers_lie_sealed_and_stand_in_no_journal(services: Services, room: Classroom) -> None:
    given = Given(Audience.FAMILY, {"kk": TEXT}, child=room.ref)
    number = await write(services, room.teacher, room.school_id, given)
    await answer_school(services, room.mother, number, "Құпия жауап")

    pool = services.database.pool
    kept = [await pool.fetch(f"SELECT * FROM {table}") for table in  # noqa: S608 (names of ours)
            ("announcement", "announcement_answer", "audit_entry", "notice")]  # fmt: skip
    told = str([dict(row) for rows in kept for row in rows])
    for words in (TEXT.title, "Құпия жауап"):
        assert words not in told


async def test_who_cannot_be_reached_is_told_of(services: Services, room: Classroom) -> None:
    await services.database.pool.execute("UPDATE account SET is_active = false WHERE id = $1", room.stranger.account_id)
    number = await write(services, room.director, room.school_id, to_school())

    receipts = await receipts_of(services, room.director, room.school_id, number)
    assert {each.name: (each.children, each.unreachable) for each in receipts.classes} == {"5А": (1, 0), "6Ә": (2, 1)}


async def test_who_has_a_class_no_more_has_its_families_words_no_more(services: Services, room: Classroom) -> None:
    number = await write(services, room.teacher, room.school_id, to_class(room))
    await answer_school(services, room.mother, number, "Рақмет")
    moved = Actor(room.teacher.name, room.teacher.account_id,
                  frozenset({Reach(Role.CLASS_TEACHER, room.school_id, room.other_class_id)}))  # fmt: skip

    assert await written_at(services, moved, room.school_id) == []
    await refused(hear(services, moved, room.school_id, number), NotFound)


async def refused(asked: Awaitable[object], *errors: type[Exception]) -> None:
    with pytest.raises(tuple(errors)):
        await asked
