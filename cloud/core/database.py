"""The database: Tortoise's models and raw SQL over one pool of connections to PostgreSQL.

Rule: a transaction holds no network call; what is written together is written in one `transaction()`. Nothing is set,
listened to or opened on a connection that outlasts its transaction, but locks by `session_lock`: so a connection goes
back to the pool as it is, without the round trip that asyncpg would clean it by after each statement.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self, cast
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import TortoiseContext
from tortoise.exceptions import DBConnectionError
from tortoise.transactions import in_transaction
from typing_extensions import override

APP = "cloud"
CONNECTION = "default"
MIGRATIONS = "cloud.migrations"
MODELS = tuple(
    f"cloud.{name}.models" for name in ("accounts", "schools", "people", "cards", "devices", "rosters", "attendance")
)
# What is raised where a database is away, or gives no more of itself.
UNREACHED = (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError,
             asyncpg.OperatorInterventionError, asyncpg.InsufficientResourcesError,
             asyncpg.InternalClientError)  # fmt: skip  # asked in the instant in which a connection hears of its end
CONNECT_TIMEOUT_S = 10.0
COMMAND_TIMEOUT_S = 60.0


class PooledConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
    """A connection that needs no cleaning when it goes back to the pool."""

    @override
    def get_reset_query(self) -> str:
        return ""


class DatabaseUnreachable(Exception):
    """The server does not answer, or does not let us in."""

    def __init__(self, url: str, why: Exception) -> None:
        super().__init__(f"{place(url)}: {why}")
        is_missing = isinstance(why, DBConnectionError)  # an OSError, too: Tortoise's word for no such database
        self.may_pass = isinstance(why, UNREACHED) and not is_missing


@dataclass(slots=True)
class Database:
    """An open database. One a process: models find it without being told."""

    url: str
    context: TortoiseContext
    pool: asyncpg.Pool  # for raw SQL, COPY and LISTEN; models use it too, so that one limit holds

    @classmethod
    async def open(cls, url: str, connections_max: int = 20) -> Self:
        """Connect. Raises DatabaseUnreachable with the reason."""
        context = TortoiseContext()
        with context:
            await context.init(config=configuration(url, connections_max), _enable_global_fallback=True)
        client = cast(AsyncpgDBClient, context.connections.get(CONNECTION))
        try:
            await client.create_connection(with_db=True)
        except (OSError, asyncpg.PostgresError, TimeoutError, DBConnectionError) as error:
            await context.close_connections()
            raise DatabaseUnreachable(url, error) from error
        return cls(url, context, cast(asyncpg.Pool, client._pool))  # noqa: SLF001 (its only way out)

    async def close(self) -> None:
        """Close every connection."""
        await self.context.close_connections()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[BaseDBAsyncClient]:
        """Begin a transaction; models inside use it by themselves, raw SQL by `raw(connection)`."""
        async with in_transaction(CONNECTION) as connection:
            yield connection


@asynccontextmanager
async def session_lock(pool: asyncpg.Pool, *key: int) -> AsyncIterator[asyncpg.Connection | None]:
    """Yield a connection that holds an advisory lock of one or two numbers; None while another session holds it.

    A connection that cannot give the lock back, as when its task is cancelled again, is closed: the lock goes with it.
    """
    places = ", ".join(f"${number + 1}" for number in range(len(key)))
    async with pool.acquire() as connection:
        held = True  # it may be, whatever comes of asking
        try:
            held = await connection.fetchval(f"SELECT pg_try_advisory_lock({places})", *key)
            yield connection if held else None
        finally:
            if held:
                await _give_back(connection, f"SELECT pg_advisory_unlock({places})", key)


async def _give_back(connection: asyncpg.Connection, unlock: str, key: Sequence[int]) -> None:
    try:
        await connection.fetchval(unlock, *key)
    except BaseException:
        connection.terminate()
        raise


def raw(connection: BaseDBAsyncClient) -> asyncpg.Connection:
    """Return the asyncpg connection of a transaction, for COPY, unnest and many rows at once."""
    return cast(asyncpg.Connection, connection._connection)  # noqa: SLF001 (its only way out)


def configuration(url: str, connections_max: int = 20) -> dict[str, Any]:
    """Return Tortoise's configuration for a database."""
    credentials = {
        **address(url), "minsize": 1, "maxsize": connections_max, "timeout": CONNECT_TIMEOUT_S,
        "command_timeout": COMMAND_TIMEOUT_S, "application_name": "esik", "connection_class": PooledConnection,
    }  # fmt: skip
    return {
        "connections": {CONNECTION: {"engine": "tortoise.backends.asyncpg", "credentials": credentials}},
        "apps": {APP: {"models": list(MODELS), "default_connection": CONNECTION, "migrations": MIGRATIONS}},
        "use_tz": True,
        "timezone": "UTC",
    }


def address(url: str) -> dict[str, Any]:
    """Return host, port, user, password and database of an address; `?host=/folder` means a Unix socket."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    return {
        "host": query["host"][0] if "host" in query else parts.hostname or "127.0.0.1",
        "port": parts.port or 5432,
        "user": unquote(parts.username or "esik"),
        "password": unquote(parts.password) if parts.password else None,
        "database": unquote(parts.path.lstrip("/")) or "esik",
        **({"ssl": query["sslmode"][0]} if "sslmode" in query else {}),
    }


def place(url: str) -> str:
    """Return where a database is, without its password, for messages."""
    parts = address(url)
    return f"database {parts['database']} at {parts['host']}:{parts['port']}"
