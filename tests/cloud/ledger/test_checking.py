"""The books are checked from where they were right, and each night from the first line on; what is wrong is told."""

from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.ledger.checking import ALARM, check, check_moved, check_nightly, check_since, check_whole, checked
from cloud.ledger.postings import OFFICE, top_up
from simulators.clock import SimulatedClock
from tests.cloud.ledger.factory import NOON, children, posted
from tests.cloud.schools.factory import SYSTEM

DAY_S = timedelta(days=1).total_seconds()


async def forged(services: Services, statement: str) -> None:
    """Write around the guards, as who owns the database can."""
    async with services.database.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(statement)


async def alarms(services: Services) -> int:
    count: int = await services.database.pool.fetchval("SELECT count(*) FROM alarm WHERE kind = $1", ALARM)
    return count


async def test_what_was_posted_since_the_last_check_is_checked_alone(services: Services) -> None:
    school_id, (ref, *_) = await children(services)
    await posted(services, school_id, top_up("cash:1", NOON, ref, 500_00, OFFICE))
    counted = [await check_moved(services), await check_moved(services)]
    await posted(services, school_id, top_up("cash:2", NOON, ref, 200_00, OFFICE))
    await forged(services, "UPDATE ledger_line SET amount_tiyn = 7 WHERE amount_tiyn = 20000")

    wrong = await check_since(services, school_id)

    assert counted == [1, 0]
    assert [each.what for each in wrong] == ["balance", "entry"]
    state = await checked(services, SYSTEM, school_id)
    assert state is not None
    assert list(state.wrong) == wrong
    assert await alarms(services) == 1


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE ledger_account SET balance_tiyn = balance_tiyn + 1 WHERE kind = 'cash'",
        "UPDATE ledger_head SET entries = entries + 1",
        "DELETE FROM ledger_line WHERE amount_tiyn = 20000; DELETE FROM ledger_entry WHERE key = 'cash:2'",
    ],
)
async def test_a_balance_or_a_count_that_was_forged_is_found_by_either_check(services: Services, forgery: str) -> None:
    school_id, (ref, *_) = await children(services)
    await posted(services, school_id, top_up("cash:1", NOON, ref, 500_00, OFFICE))
    await check_since(services, school_id)
    await posted(services, school_id, top_up("cash:2", NOON, ref, 200_00, OFFICE))
    await forged(services, forgery)

    since, whole = await check_since(services, school_id), await check(services, SYSTEM, school_id)

    assert since != []
    assert whole != []


async def test_what_was_changed_before_the_last_check_is_found_at_night_and_stays_until_it_is_right(
    services: Services, clock: SimulatedClock
) -> None:
    school_id, (ref, *_) = await children(services)
    await posted(services, school_id, top_up("cash:1", NOON, ref, 500_00, OFFICE))
    assert await check_nightly(services) == 1
    forgery = "UPDATE ledger_line SET amount_tiyn = amount_tiyn * 2; UPDATE ledger_account SET balance_tiyn = {} * 2"
    await forged(services, forgery.format("balance_tiyn"))
    await posted(services, school_id, top_up("cash:2", NOON, ref, 200_00, OFFICE))

    by_day = (await check_nightly(services), await alarms(services))
    clock.advance(2 * DAY_S)
    at_night = (await check_nightly(services), await alarms(services))
    after = await check_since(services, school_id)

    assert by_day == (0, 0)
    assert at_night == (1, 1)
    assert [each.what for each in after] == ["entry"]


async def test_a_wrong_ledger_is_added_up_again_when_more_was_posted_and_not_every_ten_minutes(
    services: Services, clock: SimulatedClock
) -> None:
    async def looked_at() -> datetime:
        await check_moved(services)
        state = await checked(services, SYSTEM, school_id)
        assert state is not None
        assert state.wrong
        return state.checked_at

    school_id, (ref, *_) = await children(services)
    await posted(services, school_id, top_up("cash:1", NOON, ref, 500_00, OFFICE))
    await forged(services, "UPDATE ledger_line SET amount_tiyn = amount_tiyn * 2")
    found_at = await looked_at()

    clock.advance(2 * 3_600)
    untouched = await looked_at()
    await posted(services, school_id, top_up("cash:2", NOON, ref, 200_00, OFFICE))
    again = await looked_at()
    clock.advance(600)
    await posted(services, school_id, top_up("cash:3", NOON, ref, 200_00, OFFICE))
    soon = await looked_at()

    assert [at - found_at for at in (untouched, again, soon)] == [timedelta(), timedelta(hours=2), timedelta(hours=2)]


async def test_the_whole_is_added_up_when_it_is_night_at_the_school(services: Services, clock: SimulatedClock) -> None:
    school_id, (ref, *_) = await children(services)
    await posted(services, school_id, top_up("cash:1", NOON, ref, 500_00, OFFICE))
    counts = list[int]()
    for _ in range(33):
        counts.append(await check_nightly(services))
        clock.advance(3_600)

    assert sum(counts) == 2
    assert await check_whole(services, school_id, clock.now() - timedelta(days=9)) == []


async def test_a_school_that_cannot_be_checked_does_not_hold_up_the_others(services: Services) -> None:
    first, second = await children(services), await children(services, code="almaty6")
    for number, (school_id, (ref, *_)) in enumerate((first, second)):
        await posted(services, school_id, top_up(f"cash:{number}", NOON, ref, 500_00, OFFICE))
    await services.database.pool.execute(f"ALTER TABLE ledger_check ADD CHECK (school_id <> {first[0]})")

    with capture_logs() as logs:
        by_night, since = await check_nightly(services), await check_moved(services)

    assert (by_night, since) == (1, 0)
    assert await checked(services, SYSTEM, first[0]) is None
    assert await checked(services, SYSTEM, second[0]) is not None
    assert [(each["event"], each["school"]) for each in logs] == [("books.not_checked", first[0])] * 2


async def test_the_state_of_the_books_is_not_for_everybody(services: Services) -> None:
    school_id, _ = await children(services)

    assert await checked(services, SYSTEM, school_id) is None
    with pytest.raises(NotAllowed):
        await checked(services, Actor("nobody"), school_id)
