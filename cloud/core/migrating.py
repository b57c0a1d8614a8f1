"""Migrations: applied under a lock and in one transaction; until the first release the initial one is made anew.

`python -m cloud.core.migrating remake` writes cloud/migrations/0001_initial.py from the models as they are.
"""

import asyncio
import importlib
import re
import sys
from collections.abc import Callable, Sequence
from enum import Enum, IntEnum
from functools import cached_property, partial
from pathlib import Path

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import TortoiseContext
from tortoise.exceptions import DBConnectionError
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.migrations.graph import MigrationKey
from tortoise.migrations.schema_editor.asyncpg import AsyncpgSchemaEditor
from tortoise.migrations.schema_generator.operation_generator import OperationGenerator
from tortoise.migrations.schema_generator.state import ModelState, State
from tortoise.migrations.schema_generator.state_apps import StateApps
from tortoise.migrations.writer import MigrationWriter, migrations_module_path
from tortoise.transactions import in_transaction
from typing_extensions import override

from cloud.core.database import (
    APP,
    CONNECT_TIMEOUT_S,
    CONNECTION,
    MIGRATIONS,
    Database,
    DatabaseUnreachable,
    address,
    configuration,
    place,
)
from cloud.core.sealing_columns import KEY_FILE

LOCK = 0x6573696B  # "esik": one migration at a time
HEAD = '"""The tables as the models have them, made by `python -m cloud.core.migrating remake`."""'
UNUSED_URL = "postgres://nobody@127.0.0.1:1/none"
Tell = Callable[[str], None]  # the name of a migration


class TablesOfAnotherVersion(Exception):
    """The tables are not the ones this program was written for; it must not run on them."""


async def migrate(
    url: str, upto: str | None = None, *, key_file: Path | None = None, tell: Tell = lambda _name: None
) -> list[str]:
    """Apply what was not applied yet, up to a name if one is given, and return its names. All is applied, or nothing.

    The key file is read where rows are to be sealed that lay open before; without one VaultLocked is raised then.
    `tell` hears of each that is done, before any of them stays.

    Tortoise would note an applied migration outside its transaction, and two processes would race: here one outer
    transaction holds the lock, the changes and the notes.
    """
    KEY_FILE.set(key_file)
    async with TortoiseContext() as context:
        await context.init(config=configuration(url, connections_max=2))
        try:
            await context.connections.get(CONNECTION).create_connection(with_db=True)
        except (OSError, asyncpg.PostgresError, TimeoutError, DBConnectionError) as error:
            raise DatabaseUnreachable(url, error) from error
        async with in_transaction(CONNECTION) as connection:
            await connection.execute_query("SELECT pg_advisory_xact_lock($1)", [LOCK])
            executor = _Executor(connection, _apps())
            # Asked for before it exists, the table of notes would fail the transaction.
            await executor.recorder.ensure_schema(AsyncpgSchemaEditor(connection, atomic=False))
            applied: list[str] = []
            targets = [MigrationTarget(APP, upto or "__latest__")]
            if upto is None or upto not in await _applied(connection):  # else Tortoise would undo what came after
                await executor.migrate(targets, direction="forward", progress=partial(_note, applied, tell))
    return applied


class _Executor(MigrationExecutor):
    """Tortoise's, without the classes of every model made anew before each operation, which few of them look at."""

    @override
    async def _project_state(self, applied: set[MigrationKey], *, upto: MigrationKey | None = None) -> State:
        state = await super()._project_state(applied, upto=upto)
        return _Growing(state.models, state.apps)


class _Growing(State):
    """The models as the migrations so far left them."""

    @override
    def clone(self) -> State:
        return _Before({key: model.clone() for key, model in self.models.items()}, self.apps)


class _Before(State):
    """The models as they were before an operation; their classes are made when it asks for them."""

    def __init__(self, models: dict[tuple[str, str], ModelState], after: StateApps) -> None:
        self.models = models
        self._after = after

    @cached_property
    @override
    def apps(self) -> StateApps:  # type: ignore[override] # (Tortoise has an attribute; nobody sets it)
        return self._after.clone(model_states=self.models)


async def _applied(connection: BaseDBAsyncClient) -> set[str]:
    rows = await connection.execute_query_dict("SELECT name FROM tortoise_migrations WHERE app = $1", [APP])
    return {row["name"] for row in rows}


def _note(applied: list[str], tell: Tell, event: str, _app: str, name: str) -> None:
    if event == "apply_done":
        applied.append(name)
        tell(name)


async def pending(url: str) -> list[str]:
    """Return the names of the migrations that `migrate` would apply, in order; nothing is changed.

    Raises DatabaseUnreachable, or TablesOfAnotherVersion for tables of a newer version.
    """
    try:
        connection = await asyncpg.connect(**address(url), timeout=CONNECT_TIMEOUT_S)
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        raise DatabaseUnreachable(url, error) from error
    try:
        applied = await _noted(connection)
    finally:
        await connection.close(timeout=CONNECT_TIMEOUT_S)
    _refuse_newer(url, applied)
    return sorted(set(names()) - applied)


async def check_version(database: Database) -> None:
    """Raise TablesOfAnotherVersion unless exactly the migrations of this program were applied."""
    applied = await _noted(database.pool)
    if missing := sorted(set(names()) - applied):
        raise TablesOfAnotherVersion(
            f"{place(database.url)} has older tables ({missing[0]} was not applied): run `esik cloud migrate`."
        )
    _refuse_newer(database.url, applied)


async def _noted(asked: asyncpg.Connection | asyncpg.Pool) -> set[str]:
    """Return the migrations that were applied; none where there are no tables."""
    try:
        rows = await asked.fetch("SELECT name FROM tortoise_migrations WHERE app = $1", APP)
    except asyncpg.UndefinedTableError:
        return set()
    return {row["name"] for row in rows}


def _refuse_newer(url: str, applied: set[str]) -> None:
    if extra := sorted(applied - set(names())):
        raise TablesOfAnotherVersion(
            f"{place(url)} has tables of a newer version ({extra[0]}): install that version of Esik."
        )


async def differences() -> list[str]:
    """Return what the models have and the migrations lack, one line each; empty when they agree."""
    async with TortoiseContext() as context:
        await context.init(config=configuration(UNUSED_URL), init_connections=False)
        writers = await _detector(context).changes()
    return [operation.describe() for writer in writers for operation in writer.operations]


async def remake() -> Path:
    """Write the initial migration anew from the models, and return its path."""
    async with TortoiseContext() as context:
        await context.init(config=configuration(UNUSED_URL), init_connections=False)
        now = _detector(context)._current_state()  # noqa: SLF001 (it has no public name)
        operations = OperationGenerator(State(models={}, apps=StateApps()), now).generate(app_labels=[APP])
        path = MigrationWriter("0001_initial", APP, operations, initial=True, migrations_module=MIGRATIONS).write()
    path.write_text(f"{HEAD}\n\n{_with_enums_of_its_own(path.read_text())}")
    return path


def names() -> list[str]:
    """Return the names of all migrations of this program, in order."""
    folder = migrations_module_path(MIGRATIONS)
    return sorted(file.stem for file in folder.glob("*.py") if re.match(r"\d{4}_", file.stem))


def _detector(context: TortoiseContext) -> MigrationAutodetector:
    assert context.apps is not None, "the context was initialised"  # noqa: S101
    return MigrationAutodetector(context.apps, _apps())


def _apps() -> dict[str, dict[str, object]]:
    return {APP: configuration(UNUSED_URL)["apps"][APP]}


def _with_enums_of_its_own(text: str) -> str:
    """Return a migration that carries the enums it names: the living ones will change, what was applied will not."""
    lines, enums = [], ["", ""]
    for line in text.splitlines():
        found = re.fullmatch(r"from (cloud\.\S+) import (.+)", line)
        if found is None:
            lines.append(line)
            continue
        module = importlib.import_module(found[1])
        for name in found[2].split(", "):
            enums += _definition(getattr(module, name))
    start = next(number for number, line in enumerate(lines) if line.startswith("class "))
    return "\n".join(["from enum import Enum, IntEnum", *lines[:start], *enums, *lines[start:], ""])


def _definition(kind: type[Enum]) -> list[str]:
    base = "IntEnum" if issubclass(kind, IntEnum) else "Enum"
    members = [f"    {member.name} = {member.value!r}" for member in kind]
    return [f"class {kind.__name__}({base}):", *members, "", ""]


def main(words: Sequence[str]) -> int:
    if list(words) != ["remake"]:
        sys.stderr.write("usage: python -m cloud.core.migrating remake\n")
        return 2
    sys.stdout.write(f"{asyncio.run(remake())}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
