"""A lesson that the office changes in the instant in which its teacher writes into it."""

import asyncio

import pytest

from cloud.core.services import Services
from cloud.journal.errors import JournalClosed, JournalRefused
from cloud.journal.kinds import Here
from cloud.journal.marking import Change, mark, take
from tests.cloud.journal.factory import Journal, journal
from tests.servers.postgres import IS_AWAITED

CALLED_OFF = "UPDATE lesson SET is_off = true WHERE id = $1"
MADE_A_SOR = "UPDATE lesson SET kind = 'sor' WHERE id = $1"


@pytest.fixture(name="journal")
async def _journal(services: Services) -> Journal:
    return await journal(services)


async def written_meanwhile(journal: Journal, change: str, *, is_taken: bool = False) -> None:
    """Let somebody begin to write while the office's change is not committed yet. Raises what the writer is told."""
    lesson, pool = await journal.lesson(), journal.services.database.pool
    await journal.came(1)
    place = await journal.place(lesson)
    one = Change(journal.refs[0], "7", 0)
    who = journal.services, journal.teacher, journal.school, place
    async with asyncio.timeout(30), pool.acquire() as connection:
        async with connection.transaction():
            await connection.execute(change, lesson)
            writing = asyncio.create_task(take(*who) if is_taken else mark(*who, [one]), name="writing")
            while not await connection.fetchval(IS_AWAITED):
                assert not writing.done()
        try:
            await writing
        finally:
            assert [(await journal.stands(lesson, student)).cell.here for student in range(4)] == [Here.UNSAID] * 4


@pytest.mark.parametrize("is_taken", [False, True], ids=["typed", "taken"])
async def test_nothing_is_written_into_a_lesson_that_is_called_off_meanwhile(journal: Journal, is_taken: bool) -> None:
    with pytest.raises(JournalClosed, match="called off"):
        await written_meanwhile(journal, CALLED_OFF, is_taken=is_taken)


async def test_a_mark_is_checked_against_what_the_lesson_is_by_now(journal: Journal) -> None:
    with pytest.raises(JournalRefused, match="how many points"):
        await written_meanwhile(journal, MADE_A_SOR)
