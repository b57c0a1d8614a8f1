"""Integration at database level: a role of a school's own that reads its open tables as views, and nothing else.

Rule: which rows and columns a view has is decided where exports decide it; no IIN, contact or sealed byte is in
one. What the role could do to the server is bounded by PostgreSQL: a few connections, a time for each statement, and,
where the service's role owns the server, no locks and no large objects. LISTEN and NOTIFY cannot be taken from anybody.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import Refused
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.exports.catalogue import Known, known_tables
from cloud.exports.meanings import meanings
from cloud.exports.sealing import draw_passphrase
from cloud.exports.tables import TABLES
from cloud.schools.queries import SchoolRow, school_of_code

CONNECTIONS_MAX = 3
SETTINGS = {
    "statement_timeout": "'30s'", "lock_timeout": "'2s'", "idle_in_transaction_session_timeout": "'60s'",
    "default_transaction_read_only": "on",
}  # fmt: skip
ITERATIONS = 4_096  # PostgreSQL's own
# What PostgreSQL lets everybody call, and no reader needs: holding locks that our workers wait for, filling the disk
# with large objects, waking our listeners. Only the server's owner can take it away; the tables' owner keeps it.
_OPEN_TO_ALL = """
SELECT pg_proc.oid::regprocedure::text AS name FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ '^(pg_(try_)?advisory_|lo_|lowrite$|loread$|pg_notify$)'
  AND has_function_privilege('public', pg_proc.oid, 'EXECUTE') ORDER BY 1
"""
_OWNER = "SELECT tableowner FROM pg_tables WHERE schemaname = 'public' AND tablename = 'school'"
_IS_SUPER = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
TEMP_FILES_MAX = "1GB"  # of one statement's sorting; the role cannot change it
_MAY = "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
_THERE = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)"
# Nobody but who owns the tables has anything to do with them, with new functions, or with tables for a while.
_CLOSE = (
    "REVOKE ALL ON SCHEMA public FROM PUBLIC",
    "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC",
    "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC",
)


class SharingRefused(Refused):
    """A role cannot be made or taken away."""

    code = "sharing_refused"


@dataclass(frozen=True, slots=True)
class Shared:
    """A role that was made, and its password, which is told once."""

    role: str
    schema: str
    views: int
    is_closed: bool  # locks, large objects and wake-ups are no more for everybody
    password: str = field(repr=False)


def role_of(code: str) -> str:
    """Return the name of a school's role."""
    return f"esik_sql_{code}"


def schema_of(code: str) -> str:
    """Return the name of the schema that its views stand in."""
    return f"school_{code}"


async def add_sql_access(services: Services, actor: Actor, code: str) -> Shared:
    """Make a school's role and its views, or make them anew with another password.

    Raises NotAllowed, SchoolUnknown or SharingRefused.
    """
    actor.require_everywhere(Right.SQL_ACCESS_KEEP)
    school, password = await school_of_code(services, code), draw_passphrase()
    role, schema = role_of(school.code), schema_of(school.code)
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        await _check(connection)
        await _drop(connection, school)
        for statement in _role(role, schema, await connection.fetchval("SELECT current_database()"), password):
            await connection.execute(statement)
        is_closed = await _close_what_all_may(connection, role)
        tables = await known_tables(connection, TABLES, meanings())
        for known in tables:
            await connection.execute(_view(schema, known, school.id))
        await connection.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA "{schema}" TO "{role}"')
        await _note(services, transaction, actor, "sql_access.added", school)
    return Shared(role, schema, len(tables), is_closed, password)


async def remove_sql_access(services: Services, actor: Actor, code: str) -> None:
    """Take a school's role and views away, and end its sessions. Raises NotAllowed, SchoolUnknown or SharingRefused."""
    actor.require_everywhere(Right.SQL_ACCESS_KEEP)
    school = await school_of_code(services, code)
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        await _check(connection)
        if not await connection.fetchval(_THERE, role_of(school.code)):
            raise SharingRefused(message("{code} has no access to the database.", code=school.code))
        await _drop(connection, school)
        await _note(services, transaction, actor, "sql_access.removed", school)


async def _check(connection: asyncpg.Connection) -> None:
    if not await connection.fetchval(_MAY):
        raise SharingRefused(
            message(
                "The service's role at the database may not make roles. Let the server's owner run:"
                " `ALTER ROLE {role} CREATEROLE`.",
                role=await connection.fetchval("SELECT current_user"),
            )
        )


async def _close_what_all_may(connection: asyncpg.Connection, role: str) -> bool:
    """Take from everybody but the tables' owner what no reader needs; tell whether nothing of it is left open."""
    functions = [row["name"] for row in await connection.fetch(_OPEN_TO_ALL)]
    if not await connection.fetchval(_IS_SUPER):
        return not functions
    await connection.execute(f"ALTER ROLE \"{role}\" SET temp_file_limit = '{TEMP_FILES_MAX}'")
    if functions:
        named, owner = ", ".join(functions), await connection.fetchval(_OWNER)
        await connection.execute(f'GRANT EXECUTE ON FUNCTION {named} TO "{owner}"')
        await connection.execute(f"REVOKE EXECUTE ON FUNCTION {named} FROM PUBLIC")
    return True


async def _drop(connection: asyncpg.Connection, school: SchoolRow) -> None:
    role, schema = role_of(school.code), schema_of(school.code)
    await connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
    if await connection.fetchval(_THERE, role):
        await connection.execute(f'ALTER ROLE "{role}" NOLOGIN')
        await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", role)
        database = await connection.fetchval("SELECT current_database()")
        await connection.execute(f'REVOKE ALL ON DATABASE "{database}" FROM "{role}"')
        await connection.execute(f'DROP ROLE "{role}"')


def _role(role: str, schema: str, database: str, password: str) -> list[str]:
    """Return the statements that make a role which may connect and see one schema."""
    made = f'"{role}"'
    return [
        *_CLOSE,
        f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC',
        f"CREATE ROLE {made} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION",
        f"ALTER ROLE {made} CONNECTION LIMIT {CONNECTIONS_MAX} PASSWORD '{scram(password)}'",
        *(f'ALTER ROLE "{role}" SET {name} = {value}' for name, value in SETTINGS.items()),
        f'ALTER ROLE "{role}" SET search_path = "{schema}"',
        f'CREATE SCHEMA "{schema}"',
        f'GRANT CONNECT ON DATABASE "{database}" TO "{role}"',
        f'GRANT USAGE ON SCHEMA "{schema}" TO "{role}"',
    ]


def _view(schema: str, known: Known, school_id: int) -> str:
    """Return the statement of one view: the open columns, the school's own rows."""
    name, whose = known.table.name, known.table.whose.replace("$1", str(school_id))
    columns = ", ".join(f'{column.value} AS "{column.shown}"'.replace("$1", str(school_id)) for column in known.shown)
    return (
        f'CREATE VIEW "{schema}"."{name}" WITH (security_barrier) AS'  # noqa: S608 (names of the catalogue, a number)
        f' SELECT {columns} FROM public."{name}" WHERE {whose}'
    )


def scram(password: str) -> str:
    """Return what PostgreSQL keeps of a password (RFC 5802, RFC 7677), so that the password is in no statement."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    texts = [base64.b64encode(each).decode() for each in (salt, stored, server)]
    return f"SCRAM-SHA-256${ITERATIONS}:{texts[0]}${texts[1]}:{texts[2]}"


async def _note(services: Services, transaction: BaseDBAsyncClient, actor: Actor, verb: str, school: SchoolRow) -> None:
    await audit(
        transaction, actor, verb, f"school:{school.code}", school_id=school.id, at=services.clock.now(),
    )  # fmt: skip
