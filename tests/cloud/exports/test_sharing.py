"""A school's role at PostgreSQL reads that school's open tables, and can do nothing else there."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.database import address
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.exports.sharing import (
    CONNECTIONS_MAX,
    Shared,
    SharingRefused,
    add_sql_access,
    remove_sql_access,
    role_of,
    scram,
)
from tests.cloud.exports.factory import a_full_school
from tests.cloud.schools.factory import SYSTEM, a_school

REFUSED = (asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError, asyncpg.UndefinedTableError)
SUPPORT = "support_contact"  # how a school's support is reached stands on every page
ATTEMPTS = (
    "SELECT * FROM public.person", "SELECT * FROM public.account", "SELECT * FROM school_astana7.person",
    "SELECT iin_encrypted FROM public.person", "SELECT secret_encrypted FROM public.device",
    "SELECT public.audit_measured('x')", "SELECT pg_read_file('/etc/passwd')", "SELECT pg_ls_dir('/')",
    "SELECT * FROM pg_authid", "COPY person TO PROGRAM 'true'", "COPY person TO '/tmp/people'",
    "UPDATE school SET name_en = 'mine'", "DELETE FROM movement", "INSERT INTO term VALUES (1)",
    "CREATE TABLE mine (id int)", "CREATE TABLE school_almaty5.mine (id int)", "CREATE TEMP TABLE mine (id int)",
    "CREATE SCHEMA mine", "ALTER ROLE esik_sql_almaty5 SUPERUSER", "ALTER ROLE esik_sql_almaty5 CONNECTION LIMIT 99",
    "SET ROLE esik", "SET SESSION AUTHORIZATION esik",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'", "DROP VIEW school_almaty5.person",
    "ALTER SYSTEM SET log_statement = 'all'",
    "SELECT pg_advisory_lock(1)", "SELECT pg_try_advisory_lock(1, 2)", "SELECT pg_advisory_xact_lock_shared(1)",
    "SELECT lo_create(0)", "SELECT lo_creat(-1)", "SELECT lo_from_bytea(0, 'x')",
    "SELECT pg_notify('esik_presence', '1')", "SET temp_file_limit = -1",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'esik'",
)  # fmt: skip


@pytest.fixture(name="school_id")
async def _school_id(services: Services) -> AsyncIterator[int]:
    """Return a school that is not alone; no role outlives the test, since roles are the whole server's."""
    await a_school(services, "astana7")
    yield await a_full_school(services)
    for code in ("almaty5", "astana7"):
        if await services.database.pool.fetchval(
            "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role_of(code)
        ):
            await remove_sql_access(services, SYSTEM, code)


async def entered(services: Services, shared: Shared) -> asyncpg.Connection:
    place = {**address(services.database.url), "user": shared.role, "password": shared.password}
    return await asyncpg.connect(**place, timeout=10)


@pytest.mark.requirement("KZ456-5.1")
async def test_a_program_reads_its_schools_rows_and_no_others(services: Services, school_id: int) -> None:
    shared = await add_sql_access(services, SYSTEM, "almaty5")
    connection = await entered(services, shared)

    people = await connection.fetch("SELECT * FROM person")
    schools = await connection.fetch("SELECT code FROM school")
    seen = await connection.fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = $1 AND table_name <> $2",
        shared.schema, SUPPORT,
    )  # fmt: skip
    await connection.close()

    assert {row["surname"] for row in people} == {"Ахметова", "Ким", "Әліби"}
    assert [row["code"] for row in schools] == ["almaty5"]
    columns = {row["column_name"] for row in seen}
    assert len(columns) > 200
    assert columns.isdisjoint({"iin", "phone", "email", "login", "password_hash", "pin_hash"})
    assert [name for name in columns if name.endswith("_encrypted")] == []


async def test_nothing_else_can_be_read_called_or_written(services: Services, school_id: int) -> None:
    await add_sql_access(services, SYSTEM, "astana7")
    connection = await entered(services, await add_sql_access(services, SYSTEM, "almaty5"))
    await connection.execute("SET default_transaction_read_only = off")  # anybody may say so

    let = []
    for attempt in ATTEMPTS:
        try:
            await connection.execute(attempt)
        except (*REFUSED, asyncpg.ObjectNotInPrerequisiteStateError):
            continue
        let.append(attempt)
    await connection.close()

    assert let == []


async def test_the_service_goes_on_as_before_when_functions_are_closed_to_others(
    services: Services, school_id: int
) -> None:
    owner = await services.database.pool.fetchval("SELECT current_user")

    shared = await add_sql_access(services, SYSTEM, "almaty5")

    assert shared.is_closed
    for name in ("pg_advisory_xact_lock(bigint)", "pg_notify(text,text)"):
        may = await services.database.pool.fetchrow(
            "SELECT has_function_privilege($1, $2, 'EXECUTE'), has_function_privilege('public', $2, 'EXECUTE')",
            owner, name,
        )  # fmt: skip
        assert tuple(may) == (True, False), name


async def test_a_role_has_few_connections_and_a_time_for_each_statement(services: Services, school_id: int) -> None:
    shared = await add_sql_access(services, SYSTEM, "almaty5")
    connections = [await entered(services, shared) for _ in range(CONNECTIONS_MAX)]

    timeout = await connections[0].fetchval("SHOW statement_timeout")
    with pytest.raises(asyncpg.TooManyConnectionsError):
        await entered(services, shared)
    for connection in connections:
        await connection.close()

    assert timeout == "30s"


async def test_what_is_taken_away_lets_nobody_in_and_ends_who_is(services: Services, school_id: int) -> None:
    shared = await add_sql_access(services, SYSTEM, "almaty5")
    connection, ended = await entered(services, shared), asyncio.Event()
    connection.add_termination_listener(lambda _: ended.set())

    await remove_sql_access(services, SYSTEM, "almaty5")

    async with asyncio.timeout(10):
        await ended.wait()  # asked in the instant in which it hears of its end, asyncpg mixes both up
    assert connection.is_closed()
    with pytest.raises((asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError)):
        await entered(services, shared)
    with pytest.raises(SharingRefused, match="no access"):
        await remove_sql_access(services, SYSTEM, "almaty5")
    verbs = [entry.verb for entry in (await noted_of(services, SYSTEM, school_id, Wanted()))[:2]]
    assert verbs == ["sql_access.removed", "sql_access.added"]


async def test_only_an_operator_gives_access(services: Services, school_id: int) -> None:
    director = Actor("Director", None, frozenset({Reach(Role.DIRECTOR, school_id)}))

    with pytest.raises(NotAllowed):
        await add_sql_access(services, director, "almaty5")


def test_the_password_is_kept_as_postgresql_keeps_it() -> None:
    kept = scram("correct horse battery")

    assert kept.startswith("SCRAM-SHA-256$4096:")
    assert "horse" not in kept
