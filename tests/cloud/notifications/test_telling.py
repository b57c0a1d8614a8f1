"""From what tills and the ledger tell to notices, through real tables: to whom, once each, whatever dies and when."""

import itertools
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta

import asyncpg
import pytest
from structlog.testing import capture_logs

from cloud.core.services import Services
from cloud.ledger.kinds import EntryKind
from cloud.ledger.postings import OFFICE, clearing, leave, top_up
from cloud.ledger.rules import REVENUE, Account, Posting
from cloud.notifications.kinds import Kind
from cloud.notifications.queries import NoticeRow, notices_of
from cloud.people.actions import end_guardianship
from cloud.people.family import set_rights
from schemas.structs import Record, Refusal
from simulators.clock import SimulatedClock
from tests.cloud.ledger.factory import children, posted
from tests.cloud.meals.factory import NOON, TAG, Canteen
from tests.cloud.notifications.factory import Parent, a_parent, tell_all, told_to
from tests.cloud.schools.factory import SYSTEM


@pytest.fixture(name="canteen")
async def _canteen(services: Services, clock: SimulatedClock) -> AsyncIterator[Canteen]:
    canteen = await Canteen(services).open(tills=("till-1", "till-2"))
    clock.advance((NOON - clock.now()).total_seconds())
    yield canteen
    await canteen.close()


def refused(canteen: Canteen, child: int, reason: str) -> Refusal:
    return Refusal(**TAG, meal="lunch", person=canteen.refs[child], reason=reason)


async def meals_told_to(services: Services, parent: Parent) -> list[NoticeRow]:
    """Return what a parent was told of meals, oldest first."""
    return [each for each in await told_to(services, parent) if each.kind.value.startswith("meal_")]


async def happened(canteen: Canteen, *records: Record, till: str = "till-1") -> None:
    """Let a till write records, take them in, and tell of them."""
    await canteen.send(*records, till=till)
    await canteen.project()
    await tell_all(canteen.services)


async def test_every_parent_is_told_once_what_was_eaten_and_who_paid(canteen: Canteen) -> None:
    mother, father = await a_parent(canteen, 0, 1), await a_parent(canteen, 0)
    await happened(canteen, *canteen.sold(0, 577_00), *canteen.sold(1, 577_00, payment="free"))
    await tell_all(canteen.services)

    of_mother, of_father = await meals_told_to(canteen.services, mother), await meals_told_to(canteen.services, father)

    assert [(each.kind, each.person, each.detail.payment) for each in of_mother] == [
        (Kind.MEAL_TAKEN, canteen.refs[0], "account"), (Kind.MEAL_TAKEN, canteen.refs[1], "free"),
    ]  # fmt: skip
    assert [(each.detail.amount_tiyn, each.detail.owed_tiyn) for each in of_mother] == [(577_00, 0), (0, 577_00)]
    assert [dish.kk for dish in of_mother[0].detail.dishes] == ["set"]
    assert [each.person for each in of_father] == [canteen.refs[0]]
    assert (of_father[0].at, of_father[0].told_at, of_father[0].is_late) == (NOON, NOON, False)


@pytest.mark.parametrize("why", ["ended", "sees_nothing", "no_account", "closed_account", "child_left"])
async def test_who_may_not_see_the_child_is_not_told(canteen: Canteen, why: str) -> None:
    services = canteen.services
    parent = await a_parent(canteen, 0, has_account=why != "no_account")
    person_id = await canteen.pool.fetchval("SELECT id FROM person WHERE ref = $1", canteen.refs[0])
    if why == "ended":
        await end_guardianship(services, SYSTEM, parent.guardian_id, person_id, NOON.date())
    if why == "sees_nothing":
        await set_rights(services, SYSTEM, parent.guardian_id, person_id, ())
    if why == "closed_account":
        await canteen.pool.execute("UPDATE account SET is_active = false WHERE id = $1", parent.account_id)
    if why == "child_left":
        await canteen.pool.execute("UPDATE person SET is_active = false WHERE id = $1", person_id)

    await happened(canteen, *canteen.sold(0, 577_00))

    assert await canteen.pool.fetchval("SELECT count(*) FROM notice") == 0


async def test_who_is_no_guardian_any_more_sees_nothing_of_what_was_told_before(canteen: Canteen) -> None:
    parent = await a_parent(canteen, 0, 1)
    await happened(canteen, *canteen.sold(0, 577_00), *canteen.sold(1, 577_00))
    person_id = await canteen.pool.fetchval("SELECT id FROM person WHERE ref = $1", canteen.refs[0])

    await end_guardianship(canteen.services, SYSTEM, parent.guardian_id, person_id, NOON.date())

    assert [each.person for each in await meals_told_to(canteen.services, parent)] == [canteen.refs[1]]


async def test_what_is_told_hours_later_keeps_its_time_and_disturbs_nobody(
    canteen: Canteen, clock: SimulatedClock
) -> None:
    parent = await a_parent(canteen, 0)
    clock.advance(timedelta(hours=2, seconds=1).total_seconds())

    await happened(canteen, *canteen.sold(0, 577_00))

    (notice,) = await meals_told_to(canteen.services, parent)
    assert (notice.at, notice.is_late, notice.told_at - notice.at) == (NOON, True, timedelta(hours=2, seconds=1))
    pushed = "SELECT may_push FROM outbox JOIN notice ON notice.id = notice_id WHERE kind = 'meal_taken'"
    assert await canteen.pool.fetchval(pushed) is False


async def test_a_sale_taken_back_is_told_as_a_fact_of_its_own_that_names_the_sale(canteen: Canteen) -> None:
    parent = await a_parent(canteen, 0)
    sold = canteen.sold(0, 577_00)
    await happened(canteen, *sold)

    await happened(canteen, canteen.voided(sold[1], 577_00))

    first, second = await meals_told_to(canteen.services, parent)
    sale = await canteen.pool.fetchval("SELECT fact FROM notice WHERE kind = 'meal_taken'")
    assert (first.kind, second.kind, second.corrects) == (Kind.MEAL_TAKEN, Kind.MEAL_RETURNED, sale)
    assert (second.detail.way, second.detail.amount_tiyn, second.detail.reason) == ("void", 577_00, "қате")
    assert second.detail.sold_at == NOON


async def test_what_is_given_back_before_its_sale_comes_is_told_when_it_comes(canteen: Canteen) -> None:
    parent = await a_parent(canteen, 0)
    sold = canteen.sold(0, 577_00)
    await happened(canteen, canteen.refunded(sold[1], 100_00), till="till-2")
    before = await meals_told_to(canteen.services, parent)

    await happened(canteen, *sold)

    after = await meals_told_to(canteen.services, parent)
    assert before == []
    assert sorted((each.kind, each.detail.amount_tiyn) for each in after) == [
        (Kind.MEAL_RETURNED, 100_00), (Kind.MEAL_TAKEN, 577_00),
    ]  # fmt: skip


async def test_a_refund_for_which_no_money_was_left_is_not_told(canteen: Canteen) -> None:
    parent = await a_parent(canteen, 0)
    sold = canteen.sold(0, 577_00)

    await happened(canteen, *sold, canteen.refunded(sold[1], 577_00), canteen.refunded(sold[1], 577_00))

    kinds = [each.kind for each in await meals_told_to(canteen.services, parent)]
    assert kinds.count(Kind.MEAL_RETURNED) == 1


async def test_a_refusal_is_told_with_its_reason_and_a_tills_own_trouble_is_not(canteen: Canteen) -> None:
    parent = await a_parent(canteen, 0)

    await happened(
        canteen, refused(canteen, 0, "allergy"), refused(canteen, 0, "changed"), refused(canteen, 1, "banned")
    )

    assert [(each.kind, each.detail.reason) for each in await told_to(canteen.services, parent)] == [
        (Kind.MEAL_REFUSED, "allergy")
    ]


async def test_a_top_up_is_told_and_a_low_balance_once_until_it_rises(canteen: Canteen) -> None:
    services, parent, ref = canteen.services, await a_parent(canteen, 0), canteen.refs[0]
    await posted(services, canteen.school_id, top_up("cash:1", NOON, ref, 2_000_00, OFFICE))
    await happened(canteen, *canteen.sold(0, 600_00), *canteen.sold(0, 100_00))
    await posted(services, canteen.school_id, top_up("kaspi:2", NOON, ref, 100_00, clearing("kaspi")))
    await happened(canteen, *canteen.sold(0, 50_00))
    await posted(services, canteen.school_id, top_up("cash:3", NOON, ref, 1_000_00, OFFICE))

    await happened(canteen, *canteen.sold(0, 1_000_00))

    money = [each for each in await told_to(services, parent) if each.kind is not Kind.MEAL_TAKEN]
    assert [(each.kind, each.detail.held_tiyn, each.detail.way) for each in money] == [
        (Kind.TOPUP, 2_000_00, "cash"), (Kind.LOW_BALANCE, 1_400_00, ""), (Kind.TOPUP, 1_400_00, "kaspi"),
        (Kind.TOPUP, 2_350_00, "cash"), (Kind.LOW_BALANCE, 1_350_00, ""),
    ]  # fmt: skip


async def test_a_leavers_balance_set_aside_is_no_low_balance(canteen: Canteen) -> None:
    services, parent, ref = canteen.services, await a_parent(canteen, 0), canteen.refs[0]
    await posted(services, canteen.school_id, top_up("cash:1", NOON, ref, 2_000_00, OFFICE))

    await posted(services, canteen.school_id, leave("leave:1", NOON, ref, 2_000_00))
    await tell_all(services)

    assert [each.kind for each in await told_to(services, parent)] == [Kind.TOPUP]


async def test_a_correction_by_the_office_is_told_with_what_it_took(canteen: Canteen) -> None:
    services, parent, ref = canteen.services, await a_parent(canteen, 0), canteen.refs[0]
    await posted(services, canteen.school_id, top_up("cash:1", NOON, ref, 2_000_00, OFFICE))

    await posted(
        services, canteen.school_id,
        Posting("correction:1", EntryKind.CORRECTION, NOON, {Account.of(ref): 100_00, REVENUE: -100_00}),
    )  # fmt: skip
    await tell_all(services)

    (_, correction) = await told_to(services, parent)
    assert (correction.kind, correction.detail.amount_tiyn, correction.detail.held_tiyn) == (
        Kind.CORRECTION, -100_00, 1_900_00,
    )  # fmt: skip


async def test_a_low_balance_is_of_now_however_late_the_sale_is_told(canteen: Canteen, clock: SimulatedClock) -> None:
    services, parent = canteen.services, await a_parent(canteen, 0)
    await posted(services, canteen.school_id, top_up("cash:1", NOON, canteen.refs[0], 2_000_00, OFFICE))
    clock.advance(timedelta(hours=3).total_seconds())

    await happened(canteen, *canteen.sold(0, 600_00))

    late = {each.kind: each.is_late for each in await told_to(services, parent)}
    assert (late[Kind.MEAL_TAKEN], late[Kind.LOW_BALANCE]) == (True, False)


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_told_is_the_same_in_whatever_order_tills_are_heard(canteen: Canteen, seed: int) -> None:
    rng, services = random.Random(seed), canteen.services
    one, other = await a_parent(canteen, 0, 1), await a_parent(canteen, 2)
    sales = [canteen.sold(number % 3, 100_00 + number, payment=("account", "free")[number // 3]) for number in range(6)]
    changes = [canteen.refunded(sales[0][1], 50_00), canteen.voided(sales[1][1], 0), canteen.voided(sales[5][1], 0)]
    others: list[list[Record]] = [[each] for each in (*changes, refused(canteen, 0, "banned"))]
    batches = [(records, rng.choice(("till-1", "till-2"))) for records in (*sales, *others)]
    rng.shuffle(batches)

    for records, till in batches:
        await canteen.send(*records, till=till)
        await canteen.project(rng.randrange(1, 4))
        if rng.random() < 0.5:
            await tell_all(services)
    await tell_all(services)

    told = [(each.kind.value, each.detail.amount_tiyn) for each in await meals_told_to(services, one)]
    assert sorted(told) == [
        ("meal_refused", 0), ("meal_returned", 50_00), ("meal_returned", 100_01), ("meal_taken", 0), ("meal_taken", 0),
        ("meal_taken", 100_00), ("meal_taken", 100_01),
    ]  # fmt: skip
    told = [(each.kind.value, each.detail.amount_tiyn) for each in await meals_told_to(services, other)]
    assert sorted(told) == [("meal_returned", 0), ("meal_taken", 0), ("meal_taken", 100_02)]


async def test_a_school_whose_entries_cannot_be_met_does_not_hold_up_another(services: Services) -> None:
    other = await children(services, 1, "almaty6")
    one = await Canteen(services).open()
    parent = await a_parent(one, 0)
    await posted(services, other[0], top_up("cash:2", NOON, other[1][0], 1_00, OFFICE))
    await posted(services, one.school_id, top_up("cash:1", NOON, one.refs[0], 2_000_00, OFFICE))
    await services.database.pool.execute(f"ALTER TABLE notice_cursor ADD CHECK (school_id <> {other[0]} OR number = 0)")

    with capture_logs() as logs:
        await tell_all(services)

    assert [each.kind for each in await told_to(services, parent)] == [Kind.TOPUP]
    assert logs
    assert all(each["error"][0].startswith("CheckViolationError 23514 ") for each in logs), "no row in the log"
    await one.close()


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
WRITTEN = ("notice", "outbox", "outbox_head", "notice_cursor", "notice_purse", "channel_cursor")


async def test_a_worker_that_is_killed_at_any_statement_leaves_nothing_out_and_tells_nothing_twice(
    canteen: Canteen,
) -> None:
    services, pool = canteen.services, canteen.pool
    parents = [await a_parent(canteen, 0, 1), await a_parent(canteen, 0)]
    await posted(services, canteen.school_id, top_up("cash:1", NOON, canteen.refs[0], 2_000_00, OFFICE))
    sold = canteen.sold(0, 600_00)
    await canteen.send(*sold, *canteen.sold(1, 100_00), canteen.refunded(sold[1], 10_00))
    await canteen.project()
    await pool.execute(KILLS)
    for table in WRITTEN:
        await pool.execute(
            f"CREATE TRIGGER dies AFTER INSERT OR UPDATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION dies()"
        )
    await tell_all(services)
    whole = await _told(parents, services)

    for number in itertools.count(1):
        await pool.execute(f"TRUNCATE {', '.join(WRITTEN)} CASCADE")
        await pool.execute("SELECT setval('statements_seen', 1, false)")
        await pool.execute("UPDATE dies_at SET number = $1", number)
        with suppress(asyncpg.PostgresError):
            await tell_all(services)
        if await pool.fetchval("SELECT last_value FROM statements_seen") < number:
            break
        await tell_all(services)

        assert await _told(parents, services) == whole, f"killed at statement {number}"

    assert number > 8
    assert [kind for place, kind, *_ in whole if place == 1].count(Kind.MEAL_TAKEN) == 1
    assert len(whole) == 10


async def _told(parents: list[Parent], services: Services) -> list[tuple[object, ...]]:
    """Return what parents were told, after a look at the outbox: its places have no gaps."""
    places = await services.database.pool.fetch("SELECT position FROM outbox ORDER BY position")
    assert [row["position"] for row in places] == list(range(1, len(places) + 1))
    told = [
        (place, each.kind, each.person, each.at, each.detail)
        for place, parent in enumerate(parents)
        for each in (await notices_of(services, parent.actor, most=500)).notices
    ]
    return sorted(told, key=repr)
