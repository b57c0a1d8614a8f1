"""From records of a gate to notices of days, through real tables: to whom, once each, whatever comes when."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta

import asyncpg
import pytest
from structlog.testing import capture_logs

from cloud.attendance.changes import note_changed
from cloud.core.services import Services
from cloud.notifications.day_rules import Told, absent_key
from cloud.notifications.days import forget_days, keep_told
from cloud.notifications.kinds import Detail, Kind
from cloud.notifications.outbox import tell
from cloud.notifications.queries import NoticeRow
from cloud.notifications.rules import Fact
from cloud.people.actions import end_guardianship, withdraw_consent
from cloud.people.kinds import Purpose
from schemas.structs import Record
from simulators.clock import SimulatedClock
from tests.cloud.attendance.factory import EIGHT, School, handed, passed, tap
from tests.cloud.notifications.factory import Parent, a_parent, tell_all, told_to
from tests.cloud.schools.factory import SYSTEM, a_school

DUE = EIGHT + timedelta(minutes=20)


@pytest.fixture(name="school")
async def _school(services: Services, clock: SimulatedClock) -> AsyncIterator[School]:
    school = await School(services).open()
    clock.advance((EIGHT - clock.now()).total_seconds())
    yield school
    await school.close()


async def happened(school: School, *records: Record) -> None:
    """Let the gate tell, and tell of it."""
    await school.send(*records)
    await school.project()
    await tell_all(school.services)


async def kinds_to(school: School, parent: Parent) -> list[str]:
    return [each.kind.value for each in await told_to(school.services, parent)]


async def child_id(school: School, child: int = 0) -> int:
    return int(await school.pool.fetchval("SELECT id FROM person WHERE ref = $1", school.refs[child]))


async def told_absent(school: School, child: int = 0) -> str:
    """Tell guardians that a child was not seen, as the judge of alerts does; return the fact."""
    person_id = await child_id(school, child)
    fact = Fact(absent_key(person_id, EIGHT.date()), Kind.ABSENT, school.school_id, person_id, DUE, Detail())
    async with school.pool.acquire() as connection, connection.transaction():
        told = [Told(fact.key, fact.kind, fact.at)]
        await keep_told(connection, {(person_id, EIGHT.date()): (school.school_id, told)})
        await tell(connection, [fact], school.services.clock.now())
    return fact.key


async def pushed(school: School) -> dict[str, bool]:
    rows = await school.pool.fetch("SELECT kind, may_push FROM outbox JOIN notice ON notice.id = notice_id")
    return {row["kind"]: row["may_push"] for row in rows}


async def test_every_parent_is_told_once_when_and_where_the_child_came(school: School) -> None:
    mother, father = await a_parent(school, 0, 1), await a_parent(school, 0)

    await happened(school, tap(school.refs[0], -8), handed(school.refs[1], -3))
    await tell_all(school.services)

    first, second = await told_to(school.services, mother)
    assert (first.kind, first.person, first.at) == (Kind.ARRIVED, school.refs[0], EIGHT - timedelta(minutes=8))
    assert first.detail.gate is not None
    assert first.detail.gate.name("ru") == "Вход"
    assert (second.kind, second.detail.reason) == (Kind.WITHOUT_CARD, "forgotten")
    assert await kinds_to(school, father) == ["arrived"]


async def test_late_and_left_early_are_by_the_classs_own_bells(school: School) -> None:
    parent = await a_parent(school, 0, 1)
    second = await school.pool.fetchval(
        "INSERT INTO school_class (school_id, grade, letter, shift, is_active) VALUES ($1, 6, 'Б', 2, true) "
        "RETURNING id",
        school.school_id,
    )
    await school.pool.execute("UPDATE person SET school_class_id = $1 WHERE ref = $2", second, school.refs[1])

    await happened(
        school, tap(school.refs[0], 12), tap(school.refs[1], 12), tap(school.refs[0], 60, direction="out"),
        tap(school.refs[1], 60, direction="out"),
    )  # fmt: skip

    told = [(each.person, each.kind.value, each.detail.late_min) for each in await told_to(school.services, parent)]
    assert sorted(told) == sorted([
        (school.refs[0], "late", 12), (school.refs[0], "left_early", 0), (school.refs[1], "arrived", 0),
        (school.refs[1], "departed", 0),
    ])  # fmt: skip


@pytest.mark.parametrize("why", ["ended", "no_account", "no_consent", "archived", "transferred"])
async def test_who_may_not_see_the_day_is_not_told(school: School, why: str) -> None:
    services, parent = school.services, await a_parent(school, 0, has_account=why != "no_account")
    person_id = await child_id(school)
    if why == "ended":
        await end_guardianship(services, SYSTEM, parent.guardian_id, person_id, EIGHT.date())
    if why == "no_consent":
        await withdraw_consent(services, SYSTEM, person_id, Purpose.NOTICES, EIGHT.date())
    if why == "archived":
        await school.pool.execute("UPDATE person SET is_active = false WHERE id = $1", person_id)
    if why == "transferred":  # this school's gate tells of another school's child
        other = await a_school(services, "almaty6")
        await school.pool.execute(
            "UPDATE person SET school_id = $2, school_class_id = NULL WHERE id = $1", person_id, other
        )

    await happened(school, tap(school.refs[0], -8))

    assert await school.pool.fetchval("SELECT count(*) FROM notice") == 0


async def test_nobody_is_told_of_the_staff(school: School) -> None:
    await school.pool.execute("UPDATE person SET role = 'staff' WHERE ref = $1", school.refs[0])

    await happened(school, tap(school.refs[0], -8))

    assert await school.pool.fetchval("SELECT count(*) FROM day_change") == 0


@pytest.mark.parametrize(
    ("minutes", "is_delayed", "may_push"), [(1, False, True), (60, True, True), (130, True, False)]
)
async def test_what_is_told_later_says_so_and_after_two_hours_disturbs_nobody(
    school: School, clock: SimulatedClock, minutes: int, is_delayed: bool, may_push: bool
) -> None:
    parent = await a_parent(school, 0)
    clock.advance(timedelta(minutes=minutes - 8).total_seconds() if minutes > 8 else 0)

    await happened(school, tap(school.refs[0], -8 if minutes > 8 else 0))

    (notice,) = await told_to(school.services, parent)
    assert (notice.is_delayed, notice.is_late) == (is_delayed, not may_push)
    assert await pushed(school) == {"arrived": may_push}


async def test_a_wrong_absence_is_put_right_by_the_record_that_comes_late_to_who_was_told_it(
    school: School, clock: SimulatedClock
) -> None:
    mother = await a_parent(school, 0)
    wrong = await told_absent(school)
    father = await a_parent(school, 0)
    clock.advance(timedelta(hours=3).total_seconds())

    await happened(school, tap(school.refs[0], -8))

    absent, right, arrived = await told_to(school.services, mother)
    assert (absent.kind, right.kind, right.corrects) == (Kind.ABSENT, Kind.DAY_CORRECTED, wrong)
    assert (right.detail.was, right.detail.came_at) == ("absent", EIGHT - timedelta(minutes=8))
    assert (arrived.kind, arrived.is_late) == (Kind.ARRIVED, True)
    assert await kinds_to(school, father) == ["arrived"], "nothing wrong was told, so nothing is put right"
    assert (await pushed(school))["day_corrected"], "who was disturbed by what was wrong is told what is right"


async def test_the_arrival_beside_its_correction_disturbs_nobody(school: School, clock: SimulatedClock) -> None:
    await a_parent(school, 0)
    await told_absent(school)
    clock.advance(timedelta(minutes=30).total_seconds())

    await happened(school, tap(school.refs[0], -8))

    assert await pushed(school) == {"absent": True, "day_corrected": True, "arrived": False}


async def test_a_passage_that_the_sensor_never_saw_is_taken_back(school: School) -> None:
    parent = await a_parent(school, 0)
    await happened(school, tap(school.refs[0], -8, "yard"))

    never = passed(school.refs[0], -8, 1, "no_passage")
    await happened(school, never)

    arrived, right = await told_to(school.services, parent)
    assert (arrived.kind, right.kind, right.detail.was, right.detail.now) == (
        Kind.ARRIVED, Kind.DAY_CORRECTED, "arrived", "",
    )  # fmt: skip


async def test_a_card_at_two_gates_at_once_is_told(school: School) -> None:
    parent = await a_parent(school, 0)

    await happened(school, tap(school.refs[0], 0), tap(school.refs[0], 0, "yard"))

    assert sorted(await kinds_to(school, parent)) == ["arrived", "card_doubled"]


def shown(notice: NoticeRow) -> tuple[object, ...]:
    return notice.person, notice.kind, notice.at, notice.detail


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_told_is_the_same_in_whatever_order_the_records_of_a_morning_come(
    school: School, seed: int
) -> None:
    rng, parent = random.Random(seed), await a_parent(school, 0, 1, 2)
    records: list[Record] = []
    for child, ref in enumerate(school.refs):
        records += [tap(ref, 10 * child - 15), tap(ref, 100 + child, direction="out"), handed(ref, 130 + 3 * child)]
    rng.shuffle(records)
    batches = [records[:4], records[4:7], records[7:]]

    for batch in batches:
        await school.send(*batch)
        await school.project(rng.randrange(1, 5))
        await tell_all(school.services)

    told = [each for each in await told_to(school.services, parent) if each.kind is not Kind.DAY_CORRECTED]
    places = sorted((each.person, each.at) for each in told)
    assert len(places) == len(set(places)) == 9


async def test_a_school_whose_days_cannot_be_told_does_not_hold_up_another_and_is_tried_again(
    school: School, services: Services
) -> None:
    parent = await a_parent(school, 0)
    other = await school.pool.fetchval(
        "INSERT INTO school (code, shard, name_kk, name_ru, name_en, zone, school_days, passback, created_at) "
        "SELECT 'almaty6', shard, 'М', 'Ш', 'S', 'Nowhere/Else', 5, 'soft', created_at FROM school RETURNING id"
    )
    async with school.pool.acquire() as connection:
        await note_changed(connection, [(other, await child_id(school, 1), EIGHT.date())])

    with capture_logs() as logs:
        await happened(school, tap(school.refs[0], -8))

    assert await kinds_to(school, parent) == ["arrived"]
    assert {each.get("school") for each in logs if each["event"] == "notices.failed"} == {None, other}
    assert await school.pool.fetchval("SELECT count(*) FROM day_change JOIN notice_day_cursor USING (shard) "
                                      "WHERE day_change.number > notice_day_cursor.number") == 1  # fmt: skip


async def test_a_change_that_commits_late_is_missed_by_nobody(school: School) -> None:
    parent, ids = await a_parent(school, 0, 1), [await child_id(school, child) for child in (0, 1)]
    await school.send(tap(school.refs[0], -8), tap(school.refs[1], -7))
    await school.project()
    await school.pool.execute("TRUNCATE day_change, day_head")
    slow = await school.pool.acquire()
    try:
        transaction = slow.transaction()
        await transaction.start()
        await note_changed(slow, [(school.school_id, ids[0], EIGHT.date())])
        quick = asyncio.create_task(_note(school, ids[1]))  # waits for the slow one, which has the smaller number
        await tell_all(school.services)
        assert not quick.done()
        await transaction.commit()
        await quick
    finally:
        await school.pool.release(slow)

    await tell_all(school.services)

    assert sorted(each.person for each in await told_to(school.services, parent)) == sorted(school.refs[:2])


async def _note(school: School, person_id: int) -> None:
    async with school.pool.acquire() as connection, connection.transaction():
        await note_changed(connection, [(school.school_id, person_id, EIGHT.date())])


async def test_what_was_met_and_is_old_is_forgotten(school: School, clock: SimulatedClock) -> None:
    await a_parent(school, 0)
    await happened(school, tap(school.refs[0], -8))

    await forget_days(school.services)
    assert await school.pool.fetchval("SELECT count(*) FROM day_change") == 0
    assert await school.pool.fetchval("SELECT count(*) FROM notice_day") == 1

    clock.advance(timedelta(days=40).total_seconds())
    await forget_days(school.services)
    assert await school.pool.fetchval("SELECT count(*) FROM notice_day") == 0


KILLS = """
CREATE SEQUENCE statements_seen;
CREATE TABLE dies_at (number bigint NOT NULL);
INSERT INTO dies_at VALUES (0);
CREATE FUNCTION dies() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF nextval('statements_seen') = (SELECT number FROM dies_at) THEN
    RAISE EXCEPTION 'killed' USING ERRCODE = 'admin_shutdown';
  END IF;
  RETURN NULL;
END $$;
"""
WRITTEN = ("notice", "outbox", "outbox_head", "notice_day", "notice_day_cursor", "channel_cursor")


async def test_a_worker_that_is_killed_at_any_statement_leaves_nothing_out_and_tells_nothing_twice(
    school: School,
) -> None:
    services, pool, parents = school.services, school.pool, [await a_parent(school, 0, 1), await a_parent(school, 0)]
    await school.send(tap(school.refs[0], -8), tap(school.refs[1], 12), tap(school.refs[0], 90, direction="out"))
    await school.project()
    await pool.execute(KILLS)
    for table in WRITTEN:
        await pool.execute(
            f"CREATE TRIGGER dies AFTER INSERT OR UPDATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION dies()"
        )
    await tell_all(services)
    whole = [sorted(map(shown, await told_to(services, parent)), key=repr) for parent in parents]

    for number in itertools.count(1):
        await pool.execute(f"TRUNCATE {', '.join(WRITTEN)} CASCADE")
        await pool.execute("SELECT setval('statements_seen', 1, false)")
        await pool.execute("UPDATE dies_at SET number = $1", number)
        with suppress(asyncpg.PostgresError):
            await tell_all(services)
        if await pool.fetchval("SELECT last_value FROM statements_seen") < number:
            break
        await tell_all(services)

        told = [sorted(map(shown, await told_to(services, parent)), key=repr) for parent in parents]
        assert told == whole, f"killed at statement {number}"

    assert number > 5
    assert [len(each) for each in whole] == [3, 2]
