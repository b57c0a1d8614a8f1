"""Calendar feeds behind secret addresses, as npm's ical.js reads them."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.i18n import Language
from cloud.timetable.feeds import Of, add_feed, calendar_of, drop_feed, feeds_of
from cloud.timetable.keeping import end_room, put_room
from cloud.timetable.kinds import SOR, RoomKind
from cloud.timetable.substituting import call_off, substitute
from cloud.timetable.summative import set_kind
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.timetable.factory import TODAY, TUESDAY, WEDNESDAY, Planned
from tests.servers.node import run_node

SCRIPT = Path(__file__).with_name("ical_reader.mjs")
ON_TUESDAY = "2026-09-01T"


async def read(school: Planned, token: str, folder: Path) -> dict[str, Any]:
    """Return what a calendar program understands."""
    file = folder / "feed.ics"
    file.write_bytes(await calendar_of(school.services, token))
    told: dict[str, Any] = json.loads(run_node(SCRIPT, str(file)))
    return told


async def opened(school: Planned, of: Of, actor: Actor = SYSTEM) -> str:
    """Open a feed in Russian and return its token."""
    return await add_feed(school.services, actor, school.school_id, of, Language.RU)


async def test_a_calendar_program_reads_a_classs_lessons_with_what_is_otherwise(
    school: Planned, tmp_path: Path
) -> None:  # fmt: skip
    await school.usual()
    services, here, own = school.services, school.school_id, school.studies
    maths, history = [await school.lesson(each, TUESDAY) for each in (school.mathematics, school.history)]
    await set_kind(services, SYSTEM, here, maths.id, SOR, TODAY - timedelta(days=1))
    await call_off(services, SYSTEM, here, history.id, "Экскурсия; всем классом, в музей", TODAY)
    token = await opened(school, Of(own.class_id))

    told = await read(school, token, tmp_path)

    assert (told["version"], told["name"]) == ("2.0", "5А · Школа № 5")
    first, second = [each for each in told["events"] if each["starts"].startswith(ON_TUESDAY)]
    assert first == {
        "uid": f"lesson-{school.mathematics}-20260901-1@esik.test", "summary": "Математика (СОР)", "location": "214",
        "description": "Сейіт Айгүл", "starts": "2026-09-01T03:00:00.000Z", "ends": "2026-09-01T03:40:00.000Z",
        "zone": "UTC", "status": "CONFIRMED",
    }  # fmt: skip
    assert (second["status"], second["description"].splitlines()[-1]) == (
        "CANCELLED", "Экскурсия; всем классом, в музей",
    )  # fmt: skip
    uids = [each["uid"] for each in told["events"]]
    assert len(uids) == len(set(uids)) > 20


async def test_a_teachers_and_a_rooms_feed_tell_their_own_lessons(school: Planned, tmp_path: Path) -> None:
    await school.usual()
    services, here, own = school.services, school.school_id, school.studies
    room = await put_room(services, SYSTEM, here, "214", RoomKind.CLASS)
    lesson = await school.lesson(school.mathematics, TUESDAY)
    teacher, other, of_room = [
        await opened(school, of)
        for of in (Of(person_id=own.teacher_ids[0]), Of(person_id=own.teacher_ids[1]), Of(room_id=room))
    ]
    await substitute(services, SYSTEM, here, lesson.id, own.teacher_ids[1], "214", "", TODAY)

    async def tuesday(token: str) -> list[tuple[str, str]]:
        told = await read(school, token, tmp_path)
        return [(each["summary"], each["status"]) for each in told["events"] if each["starts"].startswith(ON_TUESDAY)]

    assert await tuesday(teacher) == [("Математика, 5А", "CANCELLED")]
    assert await tuesday(other) == [("Математика, 5А", "CONFIRMED"), ("История Казахстана, 5А", "CONFIRMED")]
    assert await tuesday(of_room) == [("Математика, 5А", "CONFIRMED")]
    await end_room(services, SYSTEM, here, room)
    with pytest.raises(NotFound):
        await calendar_of(services, of_room)


async def test_events_keep_their_names_when_lessons_change(school: Planned, tmp_path: Path) -> None:
    await school.usual()
    services, here, own = school.services, school.school_id, school.studies
    token = await opened(school, Of(own.class_id))
    before = [each["uid"] for each in (await read(school, token, tmp_path))["events"]]
    lesson = await school.lesson(school.mathematics, WEDNESDAY)

    await substitute(services, SYSTEM, here, lesson.id, own.teacher_ids[1], "9", "", TODAY)

    assert [each["uid"] for each in (await read(school, token, tmp_path))["events"]] == before


async def test_a_closed_feed_and_a_made_up_address_answer_nothing(school: Planned) -> None:
    services, here, own = school.services, school.school_id, school.studies
    token = await opened(school, Of(own.class_id), own.office)
    (feed,) = await feeds_of(services, own.office, here)
    kept = await services.database.pool.fetchval("SELECT timetable_feed::text FROM timetable_feed")

    assert token not in kept
    await drop_feed(services, own.office, here, feed.id)

    for wrong in (token, "x", "y" * 61, ""):
        with pytest.raises(NotFound):
            await calendar_of(services, wrong)
    with pytest.raises(NotFound):
        await drop_feed(services, own.office, here, feed.id)


async def test_feeds_are_of_the_schools_own_and_for_who_makes_the_timetable(school: Planned) -> None:
    own = school.studies

    with pytest.raises(NotAllowed):
        await opened(school, Of(own.class_id), own.teachers[0])
    with pytest.raises(NotFound):
        await opened(school, Of(10**9))
    with pytest.raises(NotFound):
        await opened(school, Of(person_id=own.student_ids[0]))
