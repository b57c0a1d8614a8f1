"""The ledger on a real database: once for each key, whole entries only, never changed, balances to the tiyn."""

from dataclasses import replace

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.ledger.checking import Discrepancy, check
from cloud.ledger.errors import AccountUnknown, PostingConflict
from cloud.ledger.kinds import AccountKind, EntryKind
from cloud.ledger.posting import post
from cloud.ledger.postings import OFFICE, clearing, top_up, transfer
from cloud.ledger.queries import held_at, held_for, movements_of, trial_balance
from cloud.ledger.rules import REVENUE, SUBSIDY, Account, Posting
from tests.cloud.ledger.factory import DAY, NOON, children, meal, posted, summed
from tests.cloud.ledger.strategies import REFS, postings
from tests.cloud.schools.factory import SYSTEM

TODAY = NOON.date()
REFUSED = asyncpg.RestrictViolationError
# What would change the past, or a balance without a line.
TAMPERING = {
    "an amount": "UPDATE ledger_line SET amount_tiyn = amount_tiyn * 2",
    "a line gone": "DELETE FROM ledger_line",
    "another instant": "UPDATE ledger_entry SET at = at + interval '1 day'",
    "an entry gone": "DELETE FROM ledger_entry",
    "all of it gone": "TRUNCATE ledger_line, ledger_entry, ledger_account, ledger_head",
    "a balance": "UPDATE ledger_account SET balance_tiyn = balance_tiyn - 100",
    "another's account": "UPDATE ledger_account SET part = 'zzzzzzzzzzzz' WHERE kind = 'child'",
    "an account gone": "DELETE FROM ledger_account",
    "an account that begins with money": (
        "INSERT INTO ledger_account (school_id, kind, part, balance_tiyn)"
        " SELECT school_id, 'bank', '', 5 FROM ledger_head"
    ),
    "the count": "UPDATE ledger_head SET entries = 0",
}
EMPTY = """
INSERT INTO ledger_entry (school_id, number, key, kind, at, "on", recorded_at, total_tiyn, lines, digest)
SELECT school_id, 99, 'half', 'topup', now(), '2026-11-25', now(), 100, 2, '' FROM ledger_head
"""
HALF = f"""
WITH entry AS ({EMPTY} RETURNING id)
INSERT INTO ledger_line SELECT entry.id, ledger_account.id, 100 FROM entry, ledger_account WHERE kind = 'cash'
"""  # noqa: S608 (a text of ours)
LATER = """
INSERT INTO ledger_line SELECT entry.id, account.id, CASE account.kind WHEN 'bank' THEN 7 ELSE -7 END
FROM (SELECT min(id) AS id FROM ledger_entry) AS entry, ledger_account AS account
WHERE account.kind IN ('bank', 'refunds')
"""
ACCOUNTS = "INSERT INTO ledger_account (school_id, kind, part) SELECT school_id, kind, '' FROM ledger_head, "


async def test_a_posting_counts_once_however_often_it_comes(services: Services) -> None:
    school_id, (ref, _) = await children(services)
    paid = top_up("kaspi:1", NOON, ref, 500_50, clearing("kaspi"))

    assert await posted(services, school_id, paid, paid) == [paid]
    assert await posted(services, school_id, replace(paid, at=NOON + DAY)) == []

    assert await held_at(services.database.pool, school_id) == {ref: 500_50}
    assert await check(services, SYSTEM, school_id) == []


async def test_a_key_with_another_sum_account_or_school_is_a_conflict_and_changes_nothing(services: Services) -> None:
    school_id, (ref, sibling) = await children(services)
    elsewhere, (stranger,) = await children(services, 1, "almaty6")
    paid = top_up("kaspi:1", NOON, ref, 500_50, clearing("kaspi"))
    await posted(services, school_id, paid)

    for other, school in (
        (top_up("kaspi:1", NOON, ref, 500_51, clearing("kaspi")), school_id),
        (top_up("kaspi:1", NOON, sibling, 500_50, clearing("kaspi")), school_id),
        (top_up("kaspi:1", NOON, stranger, 500_50, clearing("kaspi")), elsewhere),
    ):
        with pytest.raises(PostingConflict):
            await posted(services, school, other)

    assert await held_at(services.database.pool, school_id) == {ref: 500_50}
    assert await held_at(services.database.pool, elsewhere) == {}


async def test_what_fails_in_the_callers_transaction_posts_nothing(services: Services) -> None:
    school_id, (ref, _) = await children(services)

    async def fail() -> None:
        async with services.database.transaction() as connection:
            assert await post(connection, school_id, top_up("cash:1", NOON, ref, 500_00, OFFICE), NOON)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    assert await held_at(services.database.pool, school_id) == {}
    assert await posted(services, school_id, top_up("cash:1", NOON, ref, 200_00, OFFICE))


async def test_a_person_of_another_school_has_no_account_here(services: Services) -> None:
    school_id, _ = await children(services)
    _, (stranger,) = await children(services, 1, "almaty6")

    for ref in (stranger, "zzzzzzzzzzzz"):
        with pytest.raises(AccountUnknown):
            await posted(services, school_id, top_up("cash:1", NOON, ref, 500_00, OFFICE))


@pytest.mark.parametrize("what", TAMPERING)
async def test_the_database_refuses_to_change_the_past(services: Services, what: str) -> None:
    school_id, (ref, _) = await children(services)
    await posted(services, school_id, top_up("cash:1", NOON, ref, 500_00, OFFICE))

    with pytest.raises(REFUSED):
        await services.database.pool.execute(TAMPERING[what])

    assert await held_at(services.database.pool, school_id) == {ref: 500_00}


async def test_the_database_takes_only_whole_entries_that_balance(services: Services) -> None:
    school_id, (ref, _) = await children(services)
    await posted(services, school_id, top_up("cash:1", NOON, ref, 500_00, OFFICE))
    await services.database.pool.execute(ACCOUNTS + "(VALUES ('bank'), ('refunds')) AS new (kind)")

    for statement in (HALF, LATER, EMPTY):
        with pytest.raises(asyncpg.CheckViolationError):
            await services.database.pool.execute(statement)

    assert await check(services, SYSTEM, school_id) == []


async def test_the_check_finds_what_somebody_wrote_around_the_guards(services: Services) -> None:
    school_id, (ref, _) = await children(services)
    await posted(services, school_id, top_up("cash:1", NOON, ref, 500_00, OFFICE))
    async with services.database.pool.acquire() as connection, connection.transaction():
        for table in ("ledger_account", "ledger_line", "ledger_head"):
            await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        await connection.execute("UPDATE ledger_account SET balance_tiyn = 7 WHERE kind = 'child'")
        await connection.execute("UPDATE ledger_line SET amount_tiyn = 40000 WHERE amount_tiyn > 0")
        await connection.execute("UPDATE ledger_head SET entries = 2")

    found = await check(services, SYSTEM, school_id)

    assert set(found) == {
        Discrepancy("balance", f"child:{ref}", "7", "-50000"),
        Discrepancy("balance", "cash:office", "50000", "40000"),
        Discrepancy("entry", "cash:1", "50000 in 2", "40000 in 2"),
        Discrepancy("count", "entries", "2", "1 up to 1"),
    }


async def test_a_day_is_told_with_what_came_before_and_without_what_came_after(services: Services) -> None:
    school_id, (ref, sibling) = await children(services)
    await posted(
        services,
        school_id,
        top_up("cash:1", NOON - DAY, ref, 900_00, OFFICE),
        meal(EntryKind.SALE, "record:t:e:1", NOON, Account.of(ref), paid_tiyn=300_00, subsidy_tiyn=277_00),
        meal(EntryKind.REFUND, "record:t:e:2", NOON, Account.of(ref), paid_tiyn=100_00, subsidy_tiyn=0),
        transfer("transfer:1", NOON + DAY, giver=ref, taker=sibling, amount_tiyn=50_00),
    )

    day = await trial_balance(services, SYSTEM, school_id, TODAY)

    lines = {line.account: line for line in day.lines}
    child = lines[Account.of(ref)]
    assert (child.opening_tiyn, child.debits_tiyn, child.credits_tiyn) == (-900_00, 300_00, 100_00)
    assert {account: line.closing_tiyn for account, line in lines.items()} == {
        Account.of(ref): -700_00, Account.of(sibling): 0, OFFICE: 900_00, REVENUE: -477_00, SUBSIDY: 277_00,
    }  # fmt: skip
    assert day.debits_tiyn == day.credits_tiyn == 677_00
    assert sum(line.closing_tiyn for line in day.lines) == 0
    (persons,) = [line for line in day.by_kind if line.account.kind is AccountKind.CHILD]
    assert persons.account.as_grows(persons.closing_tiyn) == 700_00
    assert len(day.by_kind) == len(day.lines) - 1


async def test_what_happens_late_in_the_evening_belongs_to_the_schools_own_day(services: Services) -> None:
    school_id, (ref, _) = await children(services)
    evening = NOON.replace(hour=20)  # one in the morning of the 26th in Almaty

    await posted(services, school_id, top_up("kaspi:1", evening, ref, 100_00, clearing("kaspi")))

    assert (await trial_balance(services, SYSTEM, school_id, TODAY)).debits_tiyn == 0
    assert (await trial_balance(services, SYSTEM, school_id, (NOON + DAY).date())).debits_tiyn == 100_00


async def test_a_person_sees_each_movement_with_its_sign(services: Services) -> None:
    school_id, (ref, sibling) = await children(services)
    person_id = await services.database.pool.fetchval("SELECT id FROM person WHERE ref = $1", ref)
    await posted(
        services,
        school_id,
        top_up("cash:1", NOON, ref, 900_00, OFFICE),
        meal(EntryKind.SALE, "record:t:e:1", NOON + DAY, Account.of(ref), paid_tiyn=300_00, subsidy_tiyn=277_00),
        transfer("transfer:1", NOON + DAY * 2, giver=ref, taker=sibling, amount_tiyn=50_00),
    )

    moved = await movements_of(services.database.pool, person_id, TODAY, (NOON + DAY).date())

    assert [(each.kind, each.amount_tiyn) for each in moved] == [(EntryKind.SALE, -300_00), (EntryKind.TOP_UP, 900_00)]
    assert await held_for(services.database.pool, person_id) == 550_00


async def test_the_books_are_for_the_office_only(services: Services) -> None:
    school_id, _ = await children(services)
    guard = Actor("Guard", None, frozenset({Reach(Role.GUARD, school_id)}))

    with pytest.raises(NotAllowed):
        await trial_balance(services, guard, school_id, TODAY)
    with pytest.raises(NotAllowed):
        await check(services, guard, school_id)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=postings, data=st.data())
async def test_any_order_and_any_repetition_give_the_same_balances(
    services: Services, made: list[Posting], data: st.DataObject
) -> None:
    schools = await services.database.pool.fetchval("SELECT count(*) FROM school")
    code = f"almaty{schools}"  # one for each example
    school_id, refs = await children(services, len(REFS), code)
    own = [_at(code, dict(zip(REFS, refs, strict=True)), posting) for posting in made]
    shuffled = data.draw(st.permutations([*own, *own]))
    cut = data.draw(st.integers(0, len(shuffled)))

    new = [*await posted(services, school_id, *shuffled[:cut]), *await posted(services, school_id, *shuffled[cut:])]

    kept = await services.database.pool.fetch(
        "SELECT kind, part, balance_tiyn FROM ledger_account WHERE school_id = $1", school_id
    )
    assert {Account(AccountKind(row["kind"]), row["part"]): row["balance_tiyn"] for row in kept} == summed(own)
    assert sorted(each.key for each in new) == sorted(each.key for each in own)
    assert await check(services, SYSTEM, school_id) == []


def _at(code: str, refs: dict[str, str], posting: Posting) -> Posting:
    """Return a posting of another school: with its children, under its own key."""
    lines = {
        Account(each.kind, refs.get(each.part, each.part)): amount for each, amount in posting.lines.items()
    }  # fmt: skip
    return replace(posting, key=f"{code}:{posting.key}", lines=lines)
