"""What every command stands on: settings read, the database reached or run, mistakes told in one line."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import asyncpg
import typer

from cloud.cli.archive import ArchiveRefused
from cloud.cli.telling import Status
from cloud.core.backup_seals import NotOpened
from cloud.core.database import DatabaseUnreachable
from cloud.core.errors import Refused
from cloud.core.migrating import TablesOfAnotherVersion, migrate
from cloud.core.services import Services, open_services
from cloud.core.settings import Edition, Settings
from cloud.core.vault import VaultLocked, make_key_file
from cloud.embedded.leftovers import StillRunning
from cloud.embedded.postgres import ServerRefused, reached_postgres
from cloud.embedded.programs import ProgramsMissing
from cloud.ingest.store import StoreFailed

T = TypeVar("T")
EXPECTED = (
    Refused, ArchiveRefused, VaultLocked, DatabaseUnreachable, TablesOfAnotherVersion, ServerRefused, ProgramsMissing,
    StillRunning, NotOpened, StoreFailed,
)  # fmt: skip
# What befalls a database amid a command: it stops, it is full, it lets this user do nothing.
BEFALLEN = (
    asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError, asyncpg.InsufficientResourcesError,
    asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError,
)  # fmt: skip
Data = Annotated[Path | None, typer.Option("--data", help="Folder of what is kept on this machine (ESIK_DATA).")]
EditionOption = Annotated[Edition | None, typer.Option("--edition", help="Where PostgreSQL and the broker come from.")]


def fail(told: object, status: Status = Status.FAILED) -> NoReturn:
    """Tell a person one line on the error stream, and end with a status."""
    typer.echo(f"esik cloud: {told}", err=True)
    raise typer.Exit(status)


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """Turn expected errors, also from within task groups, into one line each and the status 1."""
    try:
        yield
    except EXPECTED as error:
        fail(error)
    except BEFALLEN as error:
        fail(_befell(error))
    except ExceptionGroup as group:
        expected, others = group.split((*EXPECTED, *BEFALLEN))
        if others is not None or expected is None:
            raise
        first = _first(expected)
        fail(_befell(first) if isinstance(first, BEFALLEN) else first)


def settings_of(data: Path | None, edition: Edition | None = None) -> Settings:
    """Return the settings of the environment, a command line's on top; end with one line when they are wrong."""
    try:
        return Settings.from_environment(data=data, edition=edition)
    except Refused as error:
        fail(error, Status.SETTINGS)


def run_to_the_end(work: Coroutine[object, object, T]) -> T:
    """Run a command's work and return its result."""
    with told_in_one_line():
        return asyncio.run(work)


@asynccontextmanager
async def reached(settings: Settings) -> AsyncIterator[Settings]:
    """Yield settings whose database address is reached: the server's, or the embedded one's of this folder."""
    if settings.edition is Edition.SERVER:
        yield settings
        return
    async with reached_postgres(settings.data / "postgres") as url:
        yield replace(settings, database_url=url)


@asynccontextmanager
async def services_of(settings: Settings) -> AsyncIterator[Services]:
    """Yield the services of a command; the embedded edition's tables and key are made where there are none."""
    async with reached(settings) as at:
        if at.edition is Edition.EMBEDDED:
            await prepare(at)
        async with open_services(at) as services:
            yield services


@asynccontextmanager
async def services_as_they_are(settings: Settings) -> AsyncIterator[Services]:
    """Yield the services of a command that changes nothing, the tables of the embedded edition neither."""
    async with reached(settings) as at, open_services(at) as services:
        yield services


async def prepare(settings: Settings, tell: Callable[[str], None] = lambda _name: None) -> list[str]:
    """Bring the tables up to date and return what was applied; a database without any gets its key file too.

    `tell` hears of each migration that was applied; they stay when all of them were.

    Rule: a key is made for a new database only. Where there are tables and no key, the key was lost, and a new one
    would read nothing: `read_keys` says so.
    """
    applied = await migrate(settings.database_url, key_file=settings.vault_key_file, tell=tell)
    if "0001_initial" in applied and not settings.vault_key_file.exists():
        make_key_file(settings.vault_key_file)
    return applied


def _befell(error: BaseException) -> str:
    return f"the database says: {error}. What was begun was undone; esik cloud doctor says more"


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
