"""Moderation: telling of a post, hiding it or letting it stand, muting; the forum's sections; an archive; how long."""

import io
import json
import zipfile
from collections.abc import Awaitable
from datetime import timedelta

import pytest

from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.erasure.steps import STEPS
from cloud.retention.actions import Begin, delete_due
from cloud.talks.archive import kept_of, zipped
from cloud.talks.desk import chats_at
from cloud.talks.files import checked_files
from cloud.talks.forum import begin_topic, put_section, section_of, sections_at, sections_of
from cloud.talks.kinds import As, Kind, TalkRefused
from cloud.talks.moderating import hide, let_stand, queue_of, report, told_of, waiting_for
from cloud.talks.muting import lift, mute, mutes_at
from cloud.talks.posting import delete, write
from cloud.talks.reach import seat_of, seats_of, topics_of
from cloud.talks.reading import post_of
from cloud.talks.rules import Given, SectionGiven
from cloud.talks.searching import search
from cloud.talks.waiting import counts_of
from simulators.clock import SimulatedClock
from tests.cloud.messages.factory import staff
from tests.cloud.portfolio.factory import picture
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.talks.factory import NAMES, Talks, talks

DAY_S = 86_400
YEAR_S = 365 * DAY_S


@pytest.fixture(name="of")
async def _of(services: Services, clock: SimulatedClock) -> Talks:
    return await talks(services, clock)


async def refused(deed: Awaitable[object], error: type[Exception], words: str | None = None) -> None:
    with pytest.raises(error, match=words):
        await deed


@pytest.mark.requirement("KZ456-27.16", part="chats")
async def test_a_member_tells_of_a_post_and_a_moderator_hides_it_with_a_reason_its_author_reads(
    services: Services, of: Talks
) -> None:
    talk_id = await of.open(Kind.CLASS)
    post_id = await of.say(of.students[0], talk_id, "Ақымақ!")
    await report(services, of.students[1], talk_id, post_id, "Балағаттайды")
    await refused(report(services, of.students[1], talk_id, post_id, "Тағы"), TalkRefused, "already")
    await refused(report(services, of.students[0], talk_id, post_id, "Өзім"), NotFound)
    await refused(report(services, of.stranger, talk_id, post_id, "Мен"), NotFound)

    assert await counts_of(services, of.pedagogue) == {"talks": 1}
    (told,) = await queue_of(services, of.class_teacher, of.school.id)
    assert (told.words, told.by_name, told.said) == ("Балағаттайды", "student-1 of the class", "Ақымақ!")
    for who in (of.students[1], of.teacher, of.other_class_teacher):
        await refused(hide(services, who, talk_id, post_id, "себеп"), NotAllowed if who is of.students[1] else NotFound)
    await hide(services, of.pedagogue, talk_id, post_id, "Сыпайы бол")

    (seen,) = await of.seen(of.students[1], talk_id)
    assert (seen.words, seen.hidden_by, seen.why) == ("", "Сара Қали", "")
    (own,) = await of.seen(of.students[0], talk_id)
    assert (own.words, own.why) == ("", "Сыпайы бол")
    assert await waiting_for(services, of.pedagogue) == 0
    await refused(hide(services, of.deputy, talk_id, post_id, "тағы"), TalkRefused, "decided already")
    await refused(delete(services, of.students[0], talk_id, post_id), NotFound)
    assert await search(services, of.students[0], "ақымақ") == []
    verbs = {each.verb for each in await noted_of(services, SYSTEM, of.school.id, Wanted())}
    assert {"post.reported", "post.hidden"} <= verbs


@pytest.mark.requirement("KZ456-27.16", part="chats")
async def test_a_post_that_was_told_of_may_stand_and_nobody_decides_about_the_own_one(
    services: Services, of: Talks
) -> None:
    talk_id = await of.open(Kind.CLASS)
    mine = await of.say(of.class_teacher, talk_id, "Бәріңізге «2»")
    await report(services, of.students[0], talk_id, mine, "Әділ емес")

    assert await queue_of(services, of.class_teacher, of.school.id) == []
    assert await waiting_for(services, of.class_teacher) == 0
    seat = await seat_of(services, of.class_teacher, talk_id)
    assert await told_of(services, seat, await post_of(services, of.class_teacher, seat, mine)) == ()
    await refused(hide(services, of.class_teacher, talk_id, mine, "өзім"), TalkRefused, "Another moderator")
    await let_stand(services, of.deputy, talk_id, mine)

    (told,) = await queue_of(services, of.deputy, of.school.id)
    assert (told.outcome, told.decided_by) == ("stands", "Ерлан Нұр")
    assert await of.words(of.students[0], talk_id) == ["Бәріңізге «2»"]
    await refused(let_stand(services, of.deputy, talk_id, mine), TalkRefused)


@pytest.mark.requirement("KZ456-27.16", part="chats")
async def test_who_is_muted_reads_and_does_not_write_until_the_days_are_over_or_it_is_lifted(
    services: Services, of: Talks, clock: SimulatedClock
) -> None:
    class_chat, course = await of.open(Kind.CLASS), await of.open(Kind.COURSE)
    post_id = await of.say(of.students[0], class_chat, "Спам")
    await refused(mute(services, of.students[1], class_chat, post_id, 2, "мен"), NotAllowed)
    await mute(services, of.class_teacher, class_chat, post_id, 2, "Спам жазба")

    await refused(of.say(of.students[0], class_chat, "тағы"), TalkRefused, r"\(Әсел Омарова\)\. Reason: Спам жазба")
    (muted,) = await mutes_at(services, of.class_teacher, of.school.id)
    assert (muted.kind, muted.class_name) == (Kind.CLASS, "5А")
    await of.say(of.students[0], course, "мұнда болады")
    assert await of.words(of.students[0], class_chat) == ["Спам"]
    clock.advance(2 * DAY_S + 60)
    await of.say(of.students[0], class_chat, "қайттым")

    await mute(services, of.deputy, class_chat, post_id, 30, "Тағы спам")
    for talk_id in (class_chat, course):
        await refused(of.say(of.students[0], talk_id, "тағы"), TalkRefused, "Ерлан Нұр")
    section_id = await of.section()
    await refused(of.topic(of.students[0], section_id), TalkRefused)
    assert await topics_of(services, of.students[1], section_id) == []
    (muted,) = await mutes_at(services, of.pedagogue, of.school.id)
    assert (muted.kind, muted.class_name) == (None, "")  # in all talks
    await refused(lift(services, of.class_teacher, of.school.id, muted.id), NotFound)  # it is the school's
    await lift(services, of.pedagogue, of.school.id, muted.id)
    await of.say(of.students[0], course, "рақмет")


async def test_staff_is_not_muted_and_nobody_mutes_outside_of_the_own_reach(services: Services, of: Talks) -> None:
    talk_id = await of.open(Kind.COURSE)
    of_teacher = await of.say(of.teacher, talk_id, "Есеп 5")
    of_student = await of.say(of.students[0], talk_id, "Жарайды")

    await refused(mute(services, of.deputy, talk_id, of_teacher, 2, "себеп"), TalkRefused, "Only students")
    await refused(mute(services, of.teacher, talk_id, of_student, 2, "себеп"), NotAllowed)
    await refused(mute(services, of.deputy, talk_id, of_student, 31, "себеп"), TalkRefused)
    await refused(mute(services, of.deputy, talk_id, 10**9, 2, "себеп"), NotFound)
    await refused(mutes_at(services, of.teacher, of.school.id), NotAllowed)
    await refused(queue_of(services, of.teacher, of.school.id), NotAllowed)


@pytest.mark.requirement("KZ456-27.16", part="forum")
async def test_a_section_is_read_by_whom_it_is_for_and_topics_are_talks_in_it(services: Services, of: Talks) -> None:
    for_all, for_parents = await of.section(), await of.section(As.GUARDIAN, As.STAFF)
    await refused(put_section(services, of.students[0], of.school.id, SectionGiven(NAMES, frozenset(As))), NotAllowed)

    topic = await of.topic(of.students[0], for_all)
    await of.say(of.mother, topic, "Мен білемін")
    await of.say(of.teacher, topic, "Айтыңыз")

    assert await of.words(of.stranger, topic) == ["Кім біледі?", "Мен білемін", "Айтыңыз"]
    assert [each.as_a for each in await of.seen(of.stranger, topic)] == [As.STUDENT, As.GUARDIAN, As.STAFF]
    (seat,) = await topics_of(services, of.stranger, for_all)
    assert (seat.title, seat.unread) == ("Үй тапсырмасы", 0)  # topics count once they were opened
    assert {each.id for each in await sections_of(services, of.mother)} == {for_all, for_parents}
    assert {each.id for each in await sections_of(services, of.students[0])} == {for_all}
    secret = await of.topic(of.mother, for_parents)
    for deed in (
        seat_of(services, of.students[0], secret),
        section_of(services, of.students[0], for_parents),
        of.topic(of.students[0], for_parents),
        of.say(of.students[0], secret, "мен"),
    ):
        await refused(deed, NotFound)
    elsewhere = await staff(services, "elsewhere", Reach(Role.TEACHER, of.school.id + 1))
    assert await sections_of(services, elsewhere) == []
    await refused(seat_of(services, elsewhere, topic), NotFound)
    assert await seats_of(services, of.mother) == []  # the list of chats has no topics


@pytest.mark.requirement("KZ456-27.16", part="forum")
async def test_only_staff_begins_topics_where_it_is_so_and_a_section_out_of_use_is_moderators_alone(
    services: Services, of: Talks
) -> None:
    section_id = await of.section(staff_begins=True)
    await refused(of.topic(of.students[0], section_id), TalkRefused, "Only staff")
    topic = await of.topic(of.teacher, section_id)
    await of.say(of.students[0], topic, "Сұрақ бар")

    await put_section(services, of.deputy, of.school.id, SectionGiven(NAMES, frozenset(As), True, False), section_id)
    await refused(seat_of(services, of.students[0], topic), NotFound)
    assert await of.words(of.pedagogue, topic) == ["Кім біледі?", "Сұрақ бар"]
    assert [each.is_active for each in await sections_at(services, of.deputy, of.school.id)] == [False]
    await refused(put_section(services, of.deputy, of.school.id, SectionGiven(NAMES, frozenset(As)), 10**9), NotFound)


@pytest.mark.requirement("KZ456-27.16", part="forum")
async def test_a_title_goes_with_the_post_that_its_topic_began_with_and_stays_for_moderators(
    services: Services, of: Talks
) -> None:
    section_id = await of.section()
    hidden, deleted, kept = [await of.topic(of.students[0], section_id) for _ in range(3)]
    for topic in (hidden, deleted, kept):
        await of.say(of.mother, topic, "Мен білемін")
    first, own, _ = [(await of.seen(of.mother, topic))[0].id for topic in (hidden, deleted, kept)]
    await hide(services, of.pedagogue, hidden, first, "Атауы да сыпайы емес")
    await delete(services, of.students[0], deleted, own)

    for who in (of.students[0], of.stranger, of.mother, of.teacher):
        titles = {seat.talk_id: seat.title for seat in await topics_of(services, who, section_id)}
        assert titles == {hidden: "", deleted: "", kept: "Үй тапсырмасы"}
        assert (await seat_of(services, who, hidden)).name("kk") == ""
        assert {each.seat.title for each in await search(services, who, "білемін")} == {"", "Үй тапсырмасы"}
    titles = {seat.talk_id: seat.title for seat in await topics_of(services, of.pedagogue, section_id)}
    assert set(titles.values()) == {"Үй тапсырмасы"}
    assert (await seat_of(services, of.deputy, deleted)).title == "Үй тапсырмасы"


@pytest.mark.requirement("KZ456-27.16", part="forum")
async def test_a_topic_without_a_title_or_words_is_not_begun(services: Services, of: Talks) -> None:
    section_id = await of.section()

    for title, words in (("", "сөз"), ("а" * 121, "сөз"), ("Тақырып", " ")):
        await refused(begin_topic(services, of.mother, section_id, title, words), TalkRefused)
    assert await topics_of(services, of.mother, section_id) == []


@pytest.mark.requirement("KZ456-27.10", part="archive")
async def test_a_chat_is_kept_whole_and_taken_out_with_traces_and_files_by_who_may(
    services: Services, of: Talks
) -> None:
    talk_id = await of.open(Kind.CLASS)
    files = await checked_files([("тақта.png", picture("PNG"))])
    await write(services, of.students[0], talk_id, Given("Тақтаның суреті"), files)
    gone = await of.say(of.students[0], talk_id, "Жойылады")
    bad = await of.say(of.students[1], talk_id, "<script>alert(1)</script>")
    await delete(services, of.students[0], talk_id, gone)
    await report(services, of.students[0], talk_id, bad, "Оғаш")
    await hide(services, of.deputy, talk_id, bad, "Код емес")

    for who in (of.students[0], of.class_teacher, of.teacher, of.mother):
        await refused(kept_of(services, who, of.school.id, talk_id), NotAllowed)
    kept = await kept_of(services, of.deputy, of.school.id, talk_id)
    archive = zipfile.ZipFile(io.BytesIO(await zipped(services, kept, "<p>page</p>")))

    told = json.loads(archive.read("talk.json"))
    assert [each["words"] for each in told["posts"]] == ["Тақтаның суреті", "Жойылады", "<script>alert(1)</script>"]
    assert told["posts"][1]["deleted_at"] is not None
    assert (told["posts"][2]["why"], told["posts"][2]["reports"][0]["words"]) == ("Код емес", "Оғаш")
    (path,) = told["posts"][0]["files"]
    assert archive.read(path).startswith(b"\xff\xd8")
    assert archive.read("talk.html") == b"<p>page</p>"
    verbs = [each.verb for each in await noted_of(services, SYSTEM, of.school.id, Wanted())]
    assert verbs.count("talk.taken_out") == 1
    await refused(kept_of(services, of.deputy, of.school.id, 10**9), NotFound)
    (chat,) = await chats_at(services, of.deputy, of.school.id)
    assert (chat.id, chat.posts) == (talk_id, 3)
    assert await chats_at(services, of.teacher, of.school.id) == []


@pytest.mark.requirement("KZ456-27.10", part="archive")
async def test_who_takes_a_talk_out_does_not_learn_who_told_of_the_own_post(services: Services, of: Talks) -> None:
    topic = await of.topic(of.students[0], await of.section())
    mine, other = [await of.say(who, topic, "Бәріңізге «2»") for who in (of.deputy, of.teacher)]
    for post_id in (mine, other):
        await report(services, of.students[0], topic, post_id, "Әділ емес")
    await let_stand(services, of.pedagogue, topic, mine)

    told = {
        who.name: {
            post["id"]: len(post["reports"]) for post in (await kept_of(services, who, of.school.id, topic)).posts
        }
        for who in (of.deputy, of.pedagogue)
    }

    assert [(reports[mine], reports[other]) for reports in told.values()] == [(0, 1), (1, 1)]


@pytest.mark.requirement("KZ456-27.10", part="archive")
async def test_posts_go_after_two_years_and_what_was_reported_or_hidden_after_three(
    services: Services, of: Talks, clock: SimulatedClock
) -> None:
    talk_id, empty = await of.open(Kind.CLASS), await of.open(Kind.PARENTS)
    plain = await of.say(of.students[0], talk_id, "Сәлем")
    told, hidden = [await of.say(of.students[1], talk_id, words) for words in ("Ақымақ", "Спам")]
    await report(services, of.students[0], talk_id, told, "Балағат")
    await hide(services, of.deputy, talk_id, hidden, "Спам")
    await mute(services, of.deputy, talk_id, hidden, 1, "Спам")
    kept = "SELECT array_agg(id ORDER BY id) FROM talk_post"
    pool = services.database.pool

    clock.advance(2 * YEAR_S - 2 * DAY_S)
    await delete_due(services, Begin.AT_ONCE)
    assert await pool.fetchval(kept) == [plain, told, hidden]
    clock.advance(4 * DAY_S)
    await delete_due(services, Begin.AT_ONCE)
    assert await pool.fetchval(kept) == [told, hidden]
    assert await pool.fetchval("SELECT array_agg(id) FROM talk") == [talk_id]
    assert empty != talk_id
    clock.advance(YEAR_S)
    await delete_due(services, Begin.AT_ONCE)
    counts = (
        "SELECT (SELECT count(*) FROM talk_post), (SELECT count(*) FROM talk_report), (SELECT count(*) FROM talk_mute)"
    )
    assert [*await pool.fetchrow(counts)] == [0, 0, 0]


async def test_who_becomes_nameless_has_no_post_report_mute_or_title_any_more(services: Services, of: Talks) -> None:
    section_id, class_chat = await of.section(), await of.open(Kind.CLASS)
    topic = await of.topic(of.students[0], section_id)
    post_id = await of.say(of.students[0], class_chat, "Мен Айгеріммін")
    answer = await of.say(of.students[1], class_chat, "Сәлем, Айгерім", post_id)
    await mute(services, of.deputy, class_chat, post_id, 1, "себеп")
    await report(services, of.students[0], class_chat, answer, "Ұнамады")

    removed = [await services.database.pool.fetch(STEPS["talks"], of.studies.student_ids[0]) for _ in range(2)]

    assert (bool(removed[0]), removed[1]) == (True, [])
    assert await of.words(of.students[1], class_chat) == ["Сәлем, Айгерім"]
    assert (await seat_of(services, of.students[1], topic)).title == ""
    assert await mutes_at(services, of.deputy, of.school.id) == []
    assert await queue_of(services, of.deputy, of.school.id) == []


async def test_reports_of_one_person_a_day_have_a_limit(services: Services, of: Talks, clock: SimulatedClock) -> None:
    talk_id = await of.open(Kind.CLASS)
    posts = []
    for number in range(21):
        posts.append(await of.say(of.students[0], talk_id, f"{number}"))
        clock.advance(timedelta(seconds=10).total_seconds())
    for post_id in posts[:20]:
        await report(services, of.students[1], talk_id, post_id, "себеп")

    await refused(report(services, of.students[1], talk_id, posts[20], "себеп"), TalkRefused, "20 posts today")
