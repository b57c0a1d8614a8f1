"""Video lessons through their seam: set up, held, come to, recorded; what is told where a server does not answer."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest

from cloud.calls import asking
from cloud.calls.errors import CallClosed, CallRefused, ServerFailed
from cloud.calls.holding import (
    drop_call,
    drop_recording,
    end_call,
    fetch_recordings,
    lead,
    make_call,
    paste_recording,
)
from cloud.calls.joining import call_for, come, name_for
from cloud.calls.kinds import Came, Kind, Names, ServerGiven
from cloud.calls.queries import call_of, came_to, held_by_video, recordings_of
from cloud.calls.servers import check_server, drop_server, server_of, server_set, set_server
from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.i18n import Language
from cloud.core.services import Services
from simulators.jitsi import SimulatedJitsi
from tests.cloud.calls.factory import JITSI, KEY, SECRET, Called, called, with_bbb

BACK = "https://esik.kz/back"
LINK = "https://disk.mektep.kz/recording/1"
STUDENT, MOTHER = Actor("Айгерім"), Actor("Гүлнар")


@pytest.fixture(name="school")
async def _school(services: Services) -> Called:
    return await called(services)


async def leads(school: Called) -> str:
    held = await school.held()
    return await lead(school.services, school.teacher, school.journal.school, held, Language.KK, BACK)


async def comes(school: Called, person_id: int | None = None, by: Actor = STUDENT, *, by_family: bool = False) -> str:
    whose = person_id or school.student_id
    return await come(
        school.services, by, school.school_id, whose, school.lesson_id, Language.KK, by_family=by_family
    )  # fmt: skip


@pytest.mark.requirement("KZ456-27.10", part="video")
async def test_a_lesson_is_led_and_come_to_on_jitsi_by_tokens_made_at_that_moment(school: Called) -> None:
    await school.server(JITSI)
    await school.make()
    school.at(8, 45)
    door, now = SimulatedJitsi("meet.mektep.kz", "esik", KEY), school.services.clock.now()

    teacher, student = door.enter(await leads(school), now), door.enter(await comes(school), now)

    assert (teacher.is_moderator, student.is_moderator) == (True, False)
    assert (teacher.name, student.name) == (school.teacher.name, "Әліби Айгерім")
    assert teacher.room == student.room
    assert await came_to(school.services, school.lesson_id) == {school.student_id: Came(now, by_family=False)}


async def test_nobody_is_let_into_a_room_of_jitsi_before_its_teacher(school: Called) -> None:
    await school.server(JITSI)
    await school.make()
    school.at(8, 45)
    for by_family in (False, True):
        with pytest.raises(CallClosed, match="not begun"):
            await comes(school, by_family=by_family)
    assert await came_to(school.services, school.lesson_id) == {}

    await leads(school)
    first = school.services.clock.now()
    school.services.clock.advance(60)  # type: ignore[attr-defined]  # simulated
    await leads(school)  # who was cut off begins once more: it is told once

    await comes(school)
    query = "SELECT at FROM audit_entry WHERE verb = 'call.begun'"
    assert [row["at"] for row in await school.services.database.pool.fetch(query)] == [first]


async def test_who_comes_from_a_parents_account_is_named_so_and_it_is_known_whose_it_was(school: Called) -> None:
    await school.server(JITSI)
    await school.make()
    school.at(8, 45)
    await leads(school)
    door, now = SimulatedJitsi("meet.mektep.kz", "esik", KEY), school.services.clock.now()

    await comes(school)  # the child itself before, from its own account
    told = door.enter(await comes(school, by=MOTHER, by_family=True), now).name
    await comes(school, by=MOTHER, by_family=True)

    assert told == "Әліби Айгерім (ата-ананың аккаунтынан)"
    assert await came_to(school.services, school.lesson_id) == {school.student_id: Came(now, by_family=True)}
    query = "SELECT actor, subject FROM audit_entry WHERE verb = 'call.joined_by_family'"
    (noted,) = await school.services.database.pool.fetch(query)
    assert tuple(noted) == ("Гүлнар", f"person:{school.student_id}")


@pytest.mark.requirement("KZ456-27.10", part="video")
async def test_a_meeting_is_made_and_led_and_students_come_once_the_teacher_is_there(school: Called) -> None:
    async with with_bbb(school) as server, httpx2.AsyncClient(follow_redirects=False) as browser:
        await school.make()
        school.at(8, 45)
        with pytest.raises(CallClosed, match="not begun"):
            await comes(school)
        assert (await browser.get(await leads(school))).status_code == 302

        assert (await browser.get(await comes(school))).status_code == 302

        (meeting,) = server.meetings.values()
        assert meeting.name == "Математика, 5А"
        assert meeting.came == [(school.teacher.name, "MODERATOR"), ("Әліби Айгерім", "VIEWER")]
        await end_call(school.services, school.teacher, school.journal.school, await school.held())
        assert meeting.has_ended
        with pytest.raises(CallClosed, match="not begun"):
            await comes(school)


@pytest.mark.parametrize(
    ("names", "told"),
    [(Names.FULL, "Әліби Айгерім"), (Names.GIVEN, "Айгерім"), (Names.NONE, "Оқушы")],
    ids=["full", "given", "none"],
)
async def test_the_server_is_told_of_somebody_what_the_school_lets_it(school: Called, names: Names, told: str) -> None:
    await school.server(replace(JITSI, names=names))
    await school.make()
    school.at(8, 45)
    door, now = SimulatedJitsi("meet.mektep.kz", "esik", KEY), school.services.clock.now()

    assert (door.enter(await leads(school), now).name == school.teacher.name) is (names is not Names.NONE)
    assert door.enter(await comes(school), now).name == told


def test_somebody_without_a_given_name_is_a_student() -> None:
    assert name_for(Names.GIVEN, "Ким", "", "Оқушы") == "Оқушы"


async def test_a_lesson_opens_ten_minutes_before_and_is_over_half_an_hour_after(school: Called) -> None:
    await school.server(JITSI)
    await school.make()
    call = await call_of(school.services, school.school_id, school.lesson_id)
    assert call is not None
    assert call.closes_at - call.opens_at == timedelta(minutes=10 + 40 + 30)
    early = call.opens_at - timedelta(seconds=1) - school.services.clock.now()
    school.services.clock.advance(early.total_seconds())  # type: ignore[attr-defined]  # simulated
    with pytest.raises(CallClosed, match="ten minutes before"):
        await comes(school)
    with pytest.raises(CallClosed, match="ten minutes before"):
        await leads(school)
    school.services.clock.advance(1)  # type: ignore[attr-defined]
    await leads(school)
    await comes(school)
    school.services.clock.advance(80 * 60)  # type: ignore[attr-defined]

    for deed in (comes(school), leads(school)):
        with pytest.raises(CallClosed, match="over"):
            await deed


async def test_only_members_of_the_course_come_and_only_its_teacher_holds(school: Called) -> None:
    await school.server(JITSI)
    journal = school.journal
    for other in (journal.deputy, journal.class_teacher):
        with pytest.raises(NotAllowed):
            await make_call(school.services, other, journal.school, await school.held(other))
    with pytest.raises(NotFound):
        await school.held(journal.colleague)  # who teaches another course of the class
    await school.make()
    school.at(8, 45)

    with pytest.raises(NotFound):
        await call_for(school.services, school.school_id, journal.studies.stranger_id, school.lesson_id)
    with pytest.raises(NotFound):
        await comes(school, journal.studies.stranger_id)
    deputy = await school.held(journal.deputy)
    for deed in (lead(school.services, journal.deputy, journal.school, deputy, Language.KK, BACK),
                 paste_recording(school.services, journal.deputy, journal.school, deputy, LINK),
                 drop_call(school.services, journal.deputy, journal.school, deputy)):  # fmt: skip
        with pytest.raises(NotAllowed):
            await deed


async def test_a_lesson_that_is_called_off_or_over_is_not_held_by_video(school: Called) -> None:
    with pytest.raises(CallRefused, match="no server"):
        await school.make()
    await school.server(JITSI)
    await school.make()
    await school.make()  # once more: nothing
    assert await held_by_video(school.services, [school.lesson_id]) == {school.lesson_id}
    await school.services.database.pool.execute("UPDATE lesson SET is_off = true WHERE id = $1", school.lesson_id)
    assert await call_of(school.services, school.school_id, school.lesson_id) is None
    with pytest.raises(CallClosed):
        await school.make()
    with pytest.raises(NotFound):
        await comes(school)


@pytest.mark.requirement("KZ456-27.10", part="archive")
async def test_links_to_recordings_are_taken_from_the_server_or_pasted_and_kept_with_the_lesson(school: Called) -> None:
    services, teacher, today = school.services, school.teacher, school.journal.school
    async with with_bbb(school) as server:
        await school.make()
        call = await call_of(services, school.school_id, school.lesson_id)
        assert call is not None
        server.recordings[call.room] = ["https://bbb.mektep.kz/playback/1", "javascript:alert(1)"]
        held = await school.held()

        assert await fetch_recordings(services, teacher, today, held) == 1
        assert await fetch_recordings(services, teacher, today, held) == 0
        await paste_recording(services, teacher, today, held, f"  {LINK} ")
        await paste_recording(services, teacher, today, held, LINK)

    kept = await recordings_of(services, school.lesson_id)
    assert [(each.address, each.added_by) for each in kept] == [
        ("https://bbb.mektep.kz/playback/1", teacher.name), (LINK, teacher.name),
    ]  # fmt: skip
    sealed = await services.database.pool.fetchval("SELECT address_encrypted FROM call_recording ORDER BY id LIMIT 1")
    assert b"mektep" not in sealed
    with pytest.raises(CallClosed, match="recordings"):
        await drop_call(services, teacher, today, held)
    for each in kept:
        await drop_recording(services, teacher, today, held, each.id)
    with pytest.raises(NotFound):
        await drop_recording(services, teacher, today, held, kept[0].id)
    await drop_call(services, teacher, today, held)
    assert await held_by_video(services, [school.lesson_id]) == frozenset()


@pytest.mark.parametrize("link", ["", "http://x.kz/1", "javascript:x", "https://x.kz/" + "a" * 500, "https://a b"],
                         ids=["nothing", "plain", "script", "long", "space"])  # fmt: skip
async def test_a_link_that_is_none_is_refused(school: Called, link: str) -> None:
    await school.server(JITSI)
    await school.make()

    with pytest.raises(CallRefused, match="https://"):
        await paste_recording(school.services, school.teacher, school.journal.school, await school.held(), link)


async def test_a_secret_is_sealed_never_shown_again_and_bound_to_its_address(school: Called) -> None:
    await school.server(JITSI)
    shown = await server_set(school.services, school.it, school.school_id)
    sealed = await school.services.database.pool.fetchval("SELECT secret_encrypted FROM call_server")

    assert shown == replace(JITSI, secret="")
    assert KEY.encode() not in sealed
    await school.server(replace(JITSI, secret="", names=Names.GIVEN))  # the one that is kept
    found = await server_of(school.services, school.school_id)
    assert found is not None
    assert (found.secret, found.names) == (KEY, Names.GIVEN)
    for elsewhere in (replace(JITSI, secret="", address="https://evil.example"),
                      replace(JITSI, secret="", kind=Kind.BBB)):  # fmt: skip
        with pytest.raises(CallRefused, match="secret"):
            await school.server(elsewhere)
    await drop_server(school.services, school.it, school.school_id)
    assert await server_of(school.services, school.school_id) is None
    with pytest.raises(NotFound):
        await drop_server(school.services, school.it, school.school_id)


@pytest.mark.parametrize(
    "given",
    [
        replace(JITSI, address="https://meet.mektep.kz/?a=1"),
        replace(JITSI, address="https://user:pass@meet.mektep.kz"),
        replace(JITSI, address="ftp://meet.mektep.kz"),
        replace(JITSI, address="https://meet.mektep.kz/;x"),
        replace(JITSI, app_id=" "),
        replace(JITSI, secret="x" * 20),
        ServerGiven(Kind.BBB, "https://bbb.mektep.kz/bigbluebutton", "short"),
    ],
    ids=["query", "password", "scheme", "policy", "no_app", "short_key", "short_secret"],
)
async def test_a_server_that_cannot_be_is_refused(school: Called, given: ServerGiven) -> None:
    with pytest.raises(CallRefused):
        await school.server(given)


async def test_only_it_sets_a_server(school: Called) -> None:
    for other in (school.teacher, school.journal.deputy):
        for deed in (set_server(school.services, other, school.school_id, JITSI),
                     server_set(school.services, other, school.school_id),
                     check_server(school.services, other, school.school_id),
                     drop_server(school.services, other, school.school_id)):  # fmt: skip
            with pytest.raises(NotAllowed):
                await deed


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        ("silent", "does not answer"), ("lost", "no BigBlueButton"), ("rubbish", "no BigBlueButton"),
        ("endless", "no BigBlueButton"), ("declared", "no BigBlueButton"),
    ],
)  # fmt: skip
async def test_what_a_server_does_not_do_is_told_in_words(
    school: Called, trouble: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with with_bbb(school) as server:
        await check_server(school.services, school.it, school.school_id)
        server.trouble = trouble
        if trouble == "silent":
            monkeypatch.setattr(asking, "TIMEOUT_S", 0.05)  # it never answers

        with pytest.raises(ServerFailed, match=told):
            await check_server(school.services, school.it, school.school_id)


async def test_a_wrong_secret_a_meeting_that_is_over_and_nobody_there_are_told(school: Called) -> None:
    async with with_bbb(school) as server:
        await school.make()
        with pytest.raises(ServerFailed, match="no such lesson"):
            await end_call(school.services, school.teacher, school.journal.school, await school.held())
        server.secret = "another one"
        with pytest.raises(ServerFailed, match="shared secret"):
            await check_server(school.services, school.it, school.school_id)
    with pytest.raises(ServerFailed, match="does not answer"):  # nobody listens there any more
        await check_server(school.services, school.it, school.school_id)


async def test_no_server_inside_the_network_is_asked_whatever_its_name_says(school: Called) -> None:
    async def inside(_host: str, _port: int) -> list[str]:
        return ["10.0.0.7"]

    async def nowhere(_host: str, _port: int) -> list[str]:
        raise OSError

    await school.server(ServerGiven(Kind.BBB, "https://bbb.mektep.kz/bigbluebutton", SECRET))
    server = await server_of(school.services, school.school_id)
    assert server is not None
    for resolve, told in ((inside, "inside a network"), (nowhere, "leads nowhere")):
        with pytest.raises(ServerFailed, match=told):
            await asking.asked(school.services, server, "isMeetingRunning", {"meetingID": "x"}, resolve)


async def test_who_comes_twice_came_the_first_time_and_who_is_to_be_forgotten_never(school: Called) -> None:
    await school.server(JITSI)
    await school.make()
    school.at(8, 45)
    first = school.services.clock.now()
    await leads(school)
    await comes(school)
    school.services.clock.advance(600)  # type: ignore[attr-defined]  # simulated
    await comes(school)
    other = school.journal.studies.student_ids[1]
    await school.services.database.pool.execute(
        "INSERT INTO erasure (school_id, person_id, begun_at) VALUES ($1, $2, $3)", school.school_id, other, first
    )

    await comes(school, other)

    assert await came_to(school.services, school.lesson_id) == {school.student_id: Came(first, by_family=False)}


async def test_the_way_to_a_meeting_tells_the_server_no_number_of_anybody(school: Called) -> None:
    async with with_bbb(school) as server, httpx2.AsyncClient(follow_redirects=False) as browser:
        await school.make()
        school.at(8, 45)
        await browser.get(await leads(school))

        fields = dict(parse_qsl(urlsplit(await comes(school)).query))

    assert set(fields) == {"fullName", "meetingID", "role", "redirect", "checksum"}
    assert server.asked == ["create", "join", "isMeetingRunning"]
    assert str(school.student_id) not in fields.values()
