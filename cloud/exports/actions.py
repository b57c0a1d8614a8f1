"""What is done with exports: a school takes everything with it that is its own, at one instant, in open files.

Rule: what is a secret stands in the open tables only when it was asked for by name; what another installation needs
besides goes out sealed with a passphrase, or not at all. What was left out stands in the export.
"""

import asyncio
import zipfile
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Protocol, cast

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.files import refuse_taken, whole
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.exports.catalogue import Known, known_tables
from cloud.exports.database import NAME, fill, sqlite_file
from cloud.exports.dictionary import DICTIONARY, PACKAGE, as_csv, as_package, entries_of
from cloud.exports.meanings import meanings
from cloud.exports.package import FORMAT, MANIFEST, SEALED, Manifest, Package, bound_of
from cloud.exports.readme import README, readme
from cloud.exports.sealing import Sealer, SealingKey
from cloud.exports.shapes import Secret
from cloud.exports.tables import TABLES
from cloud.exports.writing import write_csv, write_files, write_json, write_opened, write_sealed
from cloud.schools.queries import SchoolRow, school_of_id
from esik import __version__

COPIED = 1 << 20
COUNT_S = 600.0
Progress = Callable[[int, int], Awaitable[None]]  # is told how many of how many tables were written
_MIGRATION = "SELECT name FROM tortoise_migrations ORDER BY name DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an export is to hold besides the open tables: secrets by name, and the sealed part if there is a key."""

    secrets: frozenset[Secret] = frozenset()
    key: SealingKey | None = None

    @property
    def left_out(self) -> list[str]:
        """What the open tables do not show, and `sealed part` where there is none."""
        missing = sorted(secret.value for secret in set(Secret).difference(self.secrets))
        return missing if self.key else [*missing, "sealed part"]


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: rows by table, and what was left out."""

    rows: dict[str, int]
    left_out: list[str]


async def export_school(
    services: Services, actor: Actor, school_id: int, file: Path, secrets: Collection[Secret] = (),
    passphrase: str | None = None, progress: Progress | None = None,
) -> Exported:  # fmt: skip
    """Write a school's export, a zip file for its owner only, whole or not at all; the audit journal says who did.

    Raises NotAllowed, NotFound, NotWritten or PassphraseRefused.
    """
    actor.require(Right.SCHOOL_EXPORT, school_id)
    school = await school_of_id(services, school_id)
    wanted = Wanted(frozenset(secrets), SealingKey.of(passphrase) if passphrase is not None else None)
    with whole(file) as out:
        exported = await write_export(services, school, out, wanted, file.parent, progress or untold)
        async with services.database.transaction() as connection:
            await note_made(connection, actor, school, exported, wanted, services.clock.now())
    return exported


async def count_school(
    services: Services, actor: Actor, school_id: int, file: Path, secrets: Collection[Secret] = (),
    passphrase: str | None = None,
) -> Exported:  # fmt: skip
    """Return what `export_school` would write, and raise what it would raise; nothing is written."""
    actor.require(Right.SCHOOL_EXPORT, school_id)
    school = await school_of_id(services, school_id)
    wanted = Wanted(frozenset(secrets), SealingKey.of(passphrase) if passphrase is not None else None)
    refuse_taken(file)
    async with (
        services.database.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        rows = {
            known.table.name: await connection.fetchval(
                f"SELECT count(*) FROM ({known.rows(['1'])}) AS row",  # noqa: S608 (names of the catalogue)
                school.id, timeout=COUNT_S,
            )
            for known in await known_tables(connection, TABLES, meanings(), wanted.secrets)
        }  # fmt: skip
    return Exported(rows, wanted.left_out)


async def note_made(
    connection: BaseDBAsyncClient, actor: Actor, school: SchoolRow, exported: Exported, wanted: Wanted, at: datetime
) -> None:
    """Write into the audit journal that a school was exported, and with what."""
    asked = ", ".join(sorted(secret.value for secret in wanted.secrets)) or "none"
    sealed = "yes" if wanted.key else "no"
    detail = {"rows": str(sum(exported.rows.values())), "secrets": asked, "sealed": sealed}
    await audit(connection, actor, "school.exported", f"school:{school.code}", detail, school_id=school.id, at=at)


class Out(Protocol):
    """What an archive is written into; it need not be read or gone back in."""

    def write(self, data: bytes, /) -> int: ...

    def flush(self) -> object: ...


async def untold(done: int, total: int) -> None:
    """Tell nobody how far an export is."""


async def write_export(
    services: Services, school: SchoolRow, out: Out, wanted: Wanted, folder: Path, progress: Progress = untold
) -> Exported:
    """Write an export into a file that need not be seekable; the SQLite file grows in `folder`, nameless."""
    with zipfile.ZipFile(cast(IO[bytes], out), "w") as archive:
        package, writer = Package(archive), _Writer(services, school, wanted, progress)
        async with (
            services.database.pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            await connection.execute("SET LOCAL TimeZone = 'UTC'")
            return await writer.write(connection, package, folder)


@dataclass(frozen=True, slots=True)
class _Writer:
    services: Services
    school: SchoolRow
    wanted: Wanted
    progress: Progress

    async def write(self, connection: asyncpg.Connection, package: Package, folder: Path) -> Exported:
        tables = await known_tables(connection, TABLES, meanings(), self.wanted.secrets)
        rows: dict[str, int] = {}
        for known in tables:
            await self.progress(len(rows), 2 * len(tables))
            rows[known.table.name] = await self._table(connection, package, known)
        await self._database(connection, package, tables, folder)
        self._describe(package, tables)
        if self.wanted.key is not None:
            with package.member(SEALED) as out:
                sealer = Sealer(out, self.wanted.key, bound_of(package.files))
                await write_sealed(connection, self.school.id, sealer, tables, self.services.vault)
                sealer.close()
        manifest = Manifest(
            FORMAT, __version__, await connection.fetchval(_MIGRATION), self.school.code,
            self.services.clock.now().isoformat(timespec="seconds"), self.wanted.left_out, dict(package.files),
        )  # fmt: skip
        package.put(MANIFEST, manifest.encoded())
        return Exported(rows, self.wanted.left_out)

    async def _table(self, connection: asyncpg.Connection, package: Package, known: Known) -> int:
        vault = self.services.vault
        if known.opens:
            rows = await write_opened(connection, self.school.id, package, known, vault)
        else:
            rows = await write_csv(connection, self.school.id, package, known)
            await write_json(connection, self.school.id, package, known)
        await write_files(connection, self.school.id, package, known, vault)
        return rows

    async def _database(
        self, connection: asyncpg.Connection, package: Package, tables: list[Known], folder: Path
    ) -> None:
        with sqlite_file(folder, tables, entries_of(tables, meanings())) as (out, source):
            for number, known in enumerate(tables, len(tables)):
                await self.progress(number, 2 * len(tables))
                await fill(connection, self.school.id, out, known, self.services.vault)
            out.execute("COMMIT")
            with package.member(NAME) as member:
                await _copy(source, member)

    def _describe(self, package: Package, tables: list[Known]) -> None:
        entries = list(entries_of(tables, meanings()))
        package.put(DICTIONARY, as_csv(entries))
        package.put(PACKAGE, as_package(self.school.code, tables, meanings(), self.wanted.left_out))
        package.put(README, readme(self.school, self.services.clock.now(), self.wanted.left_out))


async def _copy(source: IO[bytes], out: Any) -> None:
    """Copy a large file and compress it, beside the loop: whoever holds the export goes on meanwhile."""
    while block := await asyncio.to_thread(source.read, COPIED):
        await asyncio.to_thread(out.write, block)
