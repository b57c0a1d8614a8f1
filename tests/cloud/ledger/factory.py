"""A school whose children have money, for tests."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from cloud.core.services import Services
from cloud.ledger.kinds import EntryKind
from cloud.ledger.posting import post_all
from cloud.ledger.rules import REVENUE, SUBSIDY, Account, Posting
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import a_school

NOON = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)  # at the school
DAY = timedelta(days=1)


async def children(services: Services, count: int = 2, code: str = "almaty5") -> tuple[int, list[str]]:
    """Add a school with children, and return its id and their references."""
    school_id = await a_school(services, code)
    ids = [await a_student(services, school_id, str(number)) for number in range(1, count + 1)]
    rows = await services.database.pool.fetch("SELECT ref FROM person WHERE id = any($1) ORDER BY id", ids)
    return school_id, [row["ref"] for row in rows]


async def posted(services: Services, school_id: int, *postings: Posting) -> Sequence[Posting]:
    """Write postings in a transaction of their own, and return those that were new."""
    async with services.database.transaction() as connection:
        return await post_all(connection, school_id, postings, services.clock.now())


def meal(kind: EntryKind, key: str, at: datetime, payer: Account, *, paid_tiyn: int, subsidy_tiyn: int) -> Posting:
    """Return a sale, or what takes it back (a void or a refund), as meals post it."""
    paid, owed = (amount if kind is EntryKind.SALE else -amount for amount in (paid_tiyn, subsidy_tiyn))
    lines = {payer: paid, SUBSIDY: owed, REVENUE: -(paid + owed)}
    return Posting(key, kind, at, {account: amount for account, amount in lines.items() if amount})


def summed(postings: Iterable[Posting]) -> dict[Account, int]:
    """Return the balance of each account after postings, each key once: what the database must hold."""
    balances: dict[Account, int] = {}
    for posting in {each.key: each for each in postings}.values():
        for account, amount in posting.lines.items():
            balances[account] = balances.get(account, 0) + amount
    return balances
