"""From records in the log to movements and presence, through real tables, in any order."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from random import Random

import asyncpg
import msgspec
import pytest

from cloud.core.page_wakeups import CHANNEL, opened
from cloud.core.services import Services
from schemas.structs import Passage, Record
from simulators.clock import SimulatedClock
from tests.cloud.attendance.factory import EIGHT, School, handed, passed, tap, wall
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import a_school


@pytest.fixture
async def school(services: Services) -> School:
    return await School(services).open()


@pytest.mark.parametrize("gate", ["\0", "a\0b", "'; --"])
async def test_a_gate_named_like_nothing_a_database_takes_stops_nobody(school: School, gate: str) -> None:
    strange = Passage(
        monotonic_ms=1, wall_ms=wall(0), clock="ntp", gate=gate, direction="in", outcome="passed", person=None,
    )  # fmt: skip
    await school.send(strange, msgspec.structs.replace(tap(school.refs[1], 1), gate=gate), tap(school.refs[0], -8))

    assert await school.project() == 3

    assert (await school.day(0))[-1] == 1
    await school.close()


async def test_a_tap_at_a_gate_without_a_sensor_is_an_arrival(school: School) -> None:
    await school.send(tap(school.refs[0], -8), tap(school.refs[1], 7))

    assert await school.project() == 2

    assert await school.day(0) == (EIGHT - timedelta(minutes=8), None, True, 0, False, 1)
    assert await school.day(1) == (EIGHT + timedelta(minutes=7), None, True, 7, False, 1)
    assert await school.day(2) == ()
    await school.close()


async def test_at_a_gate_with_a_sensor_only_a_passage_is_an_arrival(school: School) -> None:
    await school.send(tap(school.refs[0], 1, "lane"), tap(school.refs[1], 2, "lane"), passed(school.refs[1], 2, 2))
    await school.project()
    assert await school.day(0) == ()
    assert (await school.day(1))[2:] == (True, 2, False, 1)

    await school.send(passed(school.refs[0], 1, 1, "no_passage"))
    await school.project()

    assert (await school.day(0))[:3] == (None, None, False)
    kinds = await school.pool.fetch("SELECT kind, reason FROM movement ORDER BY seq")
    assert [tuple(row) for row in kinds] == [("turned", "no_passage"), ("card", "")]
    await school.close()


async def test_a_gate_whose_sensor_speaks_is_known_to_have_one(school: School) -> None:
    await school.pool.execute("UPDATE gate SET has_sensor = false")

    await school.send(tap(school.refs[0], 1, "lane"), passed(school.refs[0], 1, 1), tap(school.refs[1], 2, "lane"))
    await school.project()

    assert await school.pool.fetchval("SELECT has_sensor FROM gate WHERE key = 'lane'")
    assert await school.day(1) == ()
    await school.close()


async def test_a_hand_pass_is_an_arrival_without_a_card(school: School) -> None:
    await school.send(handed(school.refs[0], 3), passed(school.refs[0], 4, 1))
    await school.project()

    assert await school.day(0) == (EIGHT + timedelta(minutes=4), None, True, 4, True, 1)
    assert await school.pool.fetchval("SELECT count(*) FROM movement") == 1
    await school.close()


async def test_a_denied_tap_is_a_movement_and_no_arrival(school: School) -> None:
    await school.send(tap(school.refs[0], 3, outcome="denied"))
    await school.project()

    assert await school.day(0) == (None, None, False, 0, False, 0)
    row = await school.pool.fetchrow("SELECT kind, reason, gate, direction FROM movement")
    assert tuple(row) == ("denied", "wrong_time", "main", "in")
    await school.close()


async def test_a_card_that_the_gate_did_not_know_is_told_to_who_shows_the_school_and_moves_nobody(
    school: School,
) -> None:
    subscription = await school.services.wakeups.subscribe(CHANNEL)

    await school.send(tap(None, 3, outcome="denied"), tap(None, 4, outcome="denied"))
    await school.project()

    rows = await school.pool.fetch("SELECT kind, gate, person_id FROM movement")
    assert [tuple(row) for row in rows] == [("denied", "main", None)] * 2
    assert await school.pool.fetchval("SELECT count(*) FROM presence") == 0
    school_id = await school.pool.fetchval("SELECT id FROM school")
    async with asyncio.timeout(30):
        assert opened(school.services.vault, await anext(subscription)) == [f"{school_id}:-"]
    await school.close()


async def test_a_person_of_another_school_is_not_moved_by_this_schools_device(school: School) -> None:
    other_id = await a_school(school.services, "almaty6")
    await a_student(school.services, other_id, "9")
    stranger = await school.pool.fetchval("SELECT ref FROM person WHERE school_id = $1", other_id)

    await school.send(tap(stranger, 0), tap("zzzzzzzzzzzz", 0))

    assert await school.project() == 2
    assert await school.pool.fetchval("SELECT count(*) FROM movement") == 0
    await school.close()


async def test_a_record_that_comes_a_day_late_changes_its_own_day(school: School) -> None:
    await school.send(tap(school.refs[0], 24 * 60))
    await school.project()
    await school.send(tap(school.refs[0], 5))
    await school.project()

    rows = await school.pool.fetch('SELECT "on", late_min FROM presence ORDER BY "on"')
    assert [(str(row["on"]), row["late_min"]) for row in rows] == [("2026-09-01", 5)]
    await school.close()


async def test_the_day_is_the_schools_own(school: School) -> None:
    await school.send(tap(school.refs[0], -4 * 60))  # four in the morning in Almaty, yesterday in UTC
    await school.project()

    assert str(await school.pool.fetchval('SELECT "on" FROM presence')) == "2026-09-01"
    await school.close()


@pytest.mark.parametrize("seed", range(4))
async def test_any_order_of_arrival_and_any_stretch_of_reading_make_the_same_tables(school: School, seed: int) -> None:
    rng = Random(seed)
    records: list[Record] = []
    for minute in range(0, 120, 5):
        ref = rng.choice(school.refs)
        records.append(rng.choice([tap(ref, minute), handed(ref, minute), tap(ref, minute, "main", "out")]))
        records.append(tap(ref, minute + 1, "lane"))
        if rng.random() < 0.2:
            records.append(tap(None, minute + 3, outcome="denied"))
        if rng.random() < 0.8:
            outcome = rng.choice(["passed", "passed", "no_passage"])
            records.append(passed(ref, minute + 2, len(records), outcome, rng.choice(["in", "out"])))
    await school.send(*records)
    await school.project(rng.randrange(1, 20))
    wanted = await _tables(school.pool)

    for _ in range(2):
        await _shuffle_log(school.pool, rng)
        await school.project(rng.randrange(1, 20))
        assert await _tables(school.pool) == wanted
    await school.close()


async def test_pages_are_woken_with_the_commit_and_no_wake_up_names_a_person(
    school: School, clock: SimulatedClock
) -> None:
    subscription = await school.services.wakeups.subscribe(CHANNEL)

    await school.send(tap(school.refs[0], 1), tap(school.refs[2], 2))
    await school.project()

    async with asyncio.timeout(30):
        heard = await anext(subscription)
    school_id = await school.pool.fetchval("SELECT id FROM school")
    assert set(opened(school.services.vault, heard)) == {
        f"{school_id}:{school.refs[0]}",
        f"{school_id}:{school.refs[2]}",
    }
    assert not any(ref in heard for ref in school.refs)
    await school.close()


async def test_two_readers_of_one_name_meet_each_record_once(school: School) -> None:
    await school.send(*[tap(school.refs[number % 3], number) for number in range(60)])

    met = await asyncio.gather(*[school.project(7) for _ in range(3)])

    assert sum(met) == 60
    assert await school.pool.fetchval("SELECT count(*) FROM movement") == 60
    await school.close()


async def _tables(pool: asyncpg.Pool) -> Sequence[object]:
    movements = await pool.fetch(
        'SELECT person_id, "on", at, direction, gate, kind, reason, let, passage, device, epoch, seq FROM movement '
        "ORDER BY device, epoch, seq"
    )
    days = await pool.fetch(
        'SELECT person_id, "on", first_in_at, last_out_at, is_inside, late_min, without_card, entries FROM presence '
        'ORDER BY person_id, "on"'
    )
    return [tuple(row) for row in (*movements, *days)]


async def _shuffle_log(pool: asyncpg.Pool, rng: Random) -> None:
    """Give the records other positions, as if they had come in another order, and forget what was made of them."""
    rows = await pool.fetch("SELECT shard, seq FROM record")
    positions = list(range(1, len(rows) + 1))
    rng.shuffle(positions)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("UPDATE record SET position = -position")
        for row, position in zip(rows, positions, strict=True):
            await connection.execute("UPDATE record SET position = $1 WHERE seq = $2", position, row["seq"])
        await connection.execute("TRUNCATE movement, presence, reader_cursor")


async def test_a_card_at_two_gates_at_once_is_marked_and_an_alarm_in_whatever_order_it_is_told(school: School) -> None:
    here, there, later = tap(school.refs[0], 0), tap(school.refs[0], 0, "yard"), tap(school.refs[1], 0, "yard")
    await school.send(msgspec.structs.replace(there, wall_ms=there.wall_ms + 5_000))
    await school.project()
    await school.send(here, later)
    await school.project()

    marked = await school.pool.fetch("SELECT gate, person_id FROM movement WHERE is_double")
    alarms = await school.pool.fetch("SELECT device, kind, detail, count FROM alarm")
    first_id = await school.pool.fetchval("SELECT id FROM person WHERE ref = $1", school.refs[0])
    assert [tuple(row) for row in marked] == [("yard", first_id)]
    assert [tuple(row) for row in alarms] == [("gate-1", "card_doubled", "gate yard", 1)]
    await school.close()


async def test_a_mark_goes_when_a_sensor_tells_that_nobody_went_through(school: School) -> None:
    ref = school.refs[0]
    there = tap(ref, 0, "yard")
    await school.send(tap(ref, 0), msgspec.structs.replace(there, wall_ms=there.wall_ms + 4_000))
    await school.project()
    assert await school.pool.fetchval("SELECT count(*) FROM movement WHERE is_double") == 1

    await school.send(msgspec.structs.replace(passed(ref, 1, 2, "no_passage"), gate="yard"))
    await school.project()

    assert await school.pool.fetchval("SELECT count(*) FROM movement WHERE is_double") == 0
    await school.close()
