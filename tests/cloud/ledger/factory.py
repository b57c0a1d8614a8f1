"""A school whose children have money, for tests."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cloud.core.services import Services
from cloud.ledger.posting import post_all
from cloud.ledger.rules import Posting
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
