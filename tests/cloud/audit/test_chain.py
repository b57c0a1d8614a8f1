"""The chain of the audit journal: made by the database at commit, computed anew here, and nothing changes it unseen."""

import asyncio
from datetime import UTC, datetime

import asyncpg
import pytest

from cloud.accounts.actions import audit
from cloud.audit.chain import Entry, entry_bytes, genesis, link
from cloud.audit.verifying import verify_audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.services import Services
from tests.cloud.schools.factory import a_school

KIM = Actor("Данияр Ким")
NOON = datetime(2026, 11, 25, 7, 0, 0, 123456, tzinfo=UTC)
# What would change what was told, in the words of somebody with a console of the database.
TAMPERING = {
    "another's name": "UPDATE audit_entry SET actor = 'nobody'",
    "an entry gone": "DELETE FROM audit_entry",
    "all of it gone": "TRUNCATE audit_entry, audit_link, audit_head",
    "a link gone": "DELETE FROM audit_link",
    "another link": "UPDATE audit_link SET digest = ''",
    "a head gone": "DELETE FROM audit_head",
    "a head that goes back": "UPDATE audit_head SET number = 1",
    "a head that goes on alone": "UPDATE audit_head SET number = number + 1",
}
# The same by somebody who first switches the guards off.
FOUND = {
    "UPDATE audit_entry SET actor = 'nobody' WHERE id = $1": "is not what was written",
    "UPDATE audit_entry SET at = at + interval '1 microsecond' WHERE id = $1": "is not what was written",
    'UPDATE audit_entry SET detail = \'{"on": "2026-11-26"}\' WHERE id = $1': "is not what was written",
    "UPDATE audit_entry SET school_id = NULL WHERE id = $1": "another school's",
    "DELETE FROM audit_entry WHERE id = $1": "was deleted",
    "DELETE FROM audit_link WHERE entry_id = $1": "in no chain",
    "UPDATE audit_head SET number = 2 WHERE $1::bigint > 0": "its head says 2",
    "DELETE FROM audit_head WHERE $1::bigint > 0": "no head",
    "INSERT INTO audit_link SELECT chain, 99, -1, digest FROM audit_head WHERE $1::bigint > 0": "nothing between",
}


async def noted(services: Services, school_id: int | None, *subjects: str) -> None:
    for subject in subjects:
        async with services.database.transaction() as connection:
            detail = {"on": "2026-11-25", "why": 'said "so"\n\tand \\ more'}
            await audit(connection, KIM, "card.blocked", subject, detail, school_id=school_id, at=NOON)


async def findings(services: Services) -> list[str]:
    found: list[str] = []
    await verify_audit(services.database.pool, lambda place, what: found.append(f"{place}: {what}"))
    return found


async def rewrite(services: Services, *statements: str, entry: int) -> None:
    """Write around the guards, as an owner of the database can."""
    async with services.database.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            await connection.execute(statement, entry)


async def an_entry(services: Services) -> int:
    return int(await services.database.pool.fetchval("SELECT min(id) FROM audit_entry WHERE verb = 'card.blocked'"))


def test_what_is_hashed_is_fixed_byte_for_byte() -> None:
    entry = Entry(7, NOON, None, "Ким", 5, "card.blocked", "card:17", '{"on": "2026-11-25"}')

    assert entry_bytes(3, entry) == (
        b'1:31:716:1764054000123456-6:\xd0\x9a\xd0\xb8\xd0\xbc1:512:card.blocked7:card:1720:{"on": "2026-11-25"}'
    ).replace(b"1764054000123456", str(int(NOON.timestamp()) * 1_000_000 + 123456).encode())
    assert link(genesis(5), 3, entry) != link(genesis(6), 3, entry)


async def test_the_database_links_what_this_program_computes_anew(services: Services) -> None:
    school_id = await a_school(services)
    await noted(services, school_id, "card:1", "card:2")
    await noted(services, None, "account:1")

    assert await findings(services) == []
    chains = await services.database.pool.fetch("SELECT chain, number FROM audit_head ORDER BY chain")
    assert [row["chain"] for row in chains] == [0, school_id]


async def test_what_was_rolled_back_leaves_no_gap(services: Services) -> None:
    school_id = await a_school(services)
    async with services.database.pool.acquire() as connection:
        undone = connection.transaction()
        await undone.start()
        await connection.execute(
            "INSERT INTO audit_entry (at, actor, school_id, verb, subject, detail)"
            " VALUES (now(), 'Ким', $1, 'card.given', 'card:9', '{}')", school_id,
        )  # fmt: skip
        await connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        await undone.rollback()

    await noted(services, school_id, "card:2")

    assert await findings(services) == []


async def test_many_at_once_make_one_chain_and_nobody_waits_for_ever(services: Services) -> None:
    schools = [await a_school(services, f"school{number}") for number in range(2)]

    await asyncio.gather(
        *(noted(services, schools[number % 2], *(f"card:{number}-{each}" for each in range(5))) for number in range(8))
    )

    assert await findings(services) == []


async def test_locks_of_a_transaction_come_before_the_chains_so_that_two_orders_do_not_meet(services: Services) -> None:
    """One notes and then locks the school, the other locks the school and then notes: neither waits for the other."""
    school_id = await a_school(services)
    locked = asyncio.Event()

    async def notes_first() -> None:
        async with services.database.transaction() as connection:
            await audit(connection, KIM, "card.blocked", "card:1", school_id=school_id)
            await locked.wait()
            await raw(connection).execute("SELECT FROM school WHERE id = $1 FOR UPDATE", school_id)

    async def locks_first() -> None:
        async with services.database.transaction() as connection:
            await raw(connection).execute("SELECT FROM school WHERE id = $1 FOR NO KEY UPDATE", school_id)
            locked.set()
            await audit(connection, KIM, "card.blocked", "card:2", school_id=school_id)

    async with asyncio.timeout(20):
        await asyncio.gather(notes_first(), locks_first())

    assert await findings(services) == []


@pytest.mark.parametrize("how", TAMPERING)
async def test_the_database_refuses_to_change_what_was_told(services: Services, how: str) -> None:
    await noted(services, await a_school(services), "card:1", "card:2")

    with pytest.raises(asyncpg.RestrictViolationError):
        await services.database.pool.execute(TAMPERING[how])


@pytest.mark.parametrize("statement", FOUND)
@pytest.mark.requirement("KZ456-5.16")
async def test_who_writes_around_the_guards_is_found(services: Services, statement: str) -> None:
    await noted(services, await a_school(services), "card:1", "card:2", "card:3")

    await rewrite(services, statement, entry=await an_entry(services))

    assert FOUND[statement] in "\n".join(await findings(services))


async def test_an_entry_put_in_without_its_link_is_found(services: Services) -> None:
    school_id = await a_school(services)
    statement = (
        "INSERT INTO audit_entry (at, actor, school_id, verb, subject, detail)"
        " VALUES (now(), 'Ким', $1, 'card.given', 'card:9', '{}')"
    )

    await rewrite(services, statement, entry=school_id)

    assert "stands in no chain" in "\n".join(await findings(services))
