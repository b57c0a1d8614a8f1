"""A backup is put back: tables of one instant and the keys that read them, all of it or nothing.

Rule: nothing that is there is lost unasked: a database in use, or another key file, is refused; a file that is replaced
stays beside as *.before.
"""

import io
import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO

import asyncpg
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from cloud.cli.archive import (
    CA,
    FORMATS,
    HOURS_S,
    KEY,
    MANIFEST,
    TABLES,
    UNKEPT,
    ArchiveRefused,
    Manifest,
    as_text,
    connected,
    digest_of,
    quoted,
    tables_of,
)
from cloud.cli.telling import Course, Tell, Watched, silent
from cloud.core.backup_seals import UnsealingReader, is_sealed
from cloud.core.migrating import migrate, names
from cloud.core.settings import Settings
from cloud.core.vault import Vault, VaultLocked, keys_in, read_keys
from cloud.integrity.restores import note_restore

_REFERENCES = """
SELECT conrelid::regclass::text AS child, confrelid::regclass::text AS parent FROM pg_constraint
WHERE contype = 'f' AND conrelid <> confrelid AND NOT condeferred
"""
_SEQUENCES = """
SELECT table_name, column_name, pg_get_serial_sequence(quote_ident(table_name), column_name) AS sequence
FROM information_schema.columns
WHERE table_schema = 'public' AND pg_get_serial_sequence(quote_ident(table_name), column_name) IS NOT NULL
"""
# What stands against a restore, by the table that tells; a database without it has nothing of that.
_IN_USE = {table: f"SELECT EXISTS (SELECT FROM {table})" for table in ("school", "account")}  # noqa: S608 (names of ours)
_RUNS = {"worker_beat": "SELECT EXISTS (SELECT FROM worker_beat WHERE expires_at > now())"}
USED = "the database holds schools or accounts: restore into a new one, or say --over"
SERVED = "the service runs on this database: stop it, wait a minute, and restore then"
BLOCK = 1 << 20
DAMAGED = (KeyError, OSError, ValueError, EOFError, zlib.error, zipfile.BadZipFile)  # of a file that is not whole


@dataclass(frozen=True, slots=True)
class Fit:
    """What a restore of a backup would do here; nothing that stands against it means that it fits."""

    manifest: Manifest
    is_sealed: bool
    steps: list[str]  # migrations that its tables lack
    files: list[Path]  # secret files that it would write
    against: list[str]


async def restore_archive(
    settings: Settings, file: Path, *, over: bool, private: X25519PrivateKey | None = None, tell: Tell = silent
) -> Manifest:
    """Put a backup into a database without schools and accounts, or, told so, over what is there. All or nothing.

    What came in is compared with what was backed up, row by row, before it stays. A sealed one wants its private key.
    Raises ArchiveRefused. The tables are brought to the backup's version first and to this program's after.
    """
    with opened(file, private) as (archive, manifest):
        _check_version(manifest, file)
        keys = _keys_to_write(archive, manifest, settings, over=over)
        await migrate(settings.database_url, manifest.migrations[-1])
        async with connected(settings.database_url) as connection, connection.transaction():
            if against := await _against(connection, over=over):
                raise ArchiveRefused(against[0])
            await _load(connection, archive, manifest, tell)
            for path, content in keys.items():
                _put(path, content)
    await migrate(settings.database_url, key_file=settings.vault_key_file)
    async with connected(settings.database_url) as connection:
        await note_restore(connection, manifest.made_at)
    return manifest


async def fit_of(settings: Settings, file: Path, *, over: bool, private: X25519PrivateKey | None = None) -> Fit:
    """Return what a restore of a backup would do here; nothing is changed. Raises ArchiveRefused for one of no good."""
    with opened(file, private) as (archive, manifest):
        _check_version(manifest, file)
        files, against = dict[Path, bytes](), list[str]()
        try:
            files = _keys_to_write(archive, manifest, settings, over=over)
        except (ArchiveRefused, VaultLocked) as error:
            against.append(str(error))
    async with connected(settings.database_url) as connection:
        against += await _against(connection, over=over)
    steps = [name for name in names() if name not in manifest.migrations]
    with file.open("rb") as source:
        return Fit(manifest, is_sealed(source), steps, sorted(files), against)


def read_through(file: Path, private: X25519PrivateKey | None, tell: Tell = silent) -> None:
    """Read every table of a backup to its end; seal and checksums are of the whole. Raises ArchiveRefused."""
    with opened(file, private) as (archive, manifest):
        course = _course(archive, manifest, tell)
        for table in manifest.rows:
            try:
                with archive.open(f"{TABLES}{table}.csv") as source:
                    watched = Watched(source, course, table)
                    while watched.read(BLOCK):
                        pass
            except DAMAGED as error:
                raise ArchiveRefused(f"the backup is damaged in table {table} ({error}): take an older one") from None
            course.finish(table)


async def _against(connection: asyncpg.Connection, *, over: bool) -> list[str]:
    """Return what stands in a database against a restore into it."""
    told = []
    if not over and await _any(connection, _IN_USE):
        told.append(USED)
    if await _any(connection, _RUNS):
        told.append(SERVED)
    return told


async def _any(connection: asyncpg.Connection, questions: Mapping[str, str]) -> bool:
    there = [table for table in questions if await _is_there(connection, table)]
    return any([await connection.fetchval(questions[table]) for table in there])


async def _is_there(connection: asyncpg.Connection, table: str) -> bool:
    return bool(await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", table))


def _course(archive: zipfile.ZipFile, manifest: Manifest, tell: Tell) -> Course:
    sizes = {each.filename: each.file_size for each in archive.infolist()}
    return Course(tell, {table: sizes.get(f"{TABLES}{table}.csv", 0) for table in manifest.rows})


@contextmanager
def opened(file: Path, private: X25519PrivateKey | None = None) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """Yield a backup and what it says of itself. Raises ArchiveRefused."""
    with ExitStack() as stack:
        try:
            source: BinaryIO = stack.enter_context(file.open("rb"))
            if is_sealed(source):
                if private is None:
                    raise ArchiveRefused(f"{file} is sealed: name with --key the file that `backup-key make` wrote")
                source = stack.enter_context(io.BufferedReader(UnsealingReader(source, private), 1 << 18))
            archive = stack.enter_context(zipfile.ZipFile(source))
            manifest = Manifest(**json.loads(archive.read(MANIFEST)))
        except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
            raise ArchiveRefused(f"{file} is no backup of Esik that can be read ({error})") from None
        yield archive, manifest


def _check_version(manifest: Manifest, file: Path) -> None:
    if manifest.format not in FORMATS or not manifest.migrations:
        raise ArchiveRefused(f"{file} was made by Esik {manifest.esik} in a form that this version does not know")
    if later := [name for name in manifest.migrations if name not in names()]:
        raise ArchiveRefused(f"{file} is of a later version (Esik {manifest.esik}, {later[0]}): install that one first")


def _keys_to_write(
    archive: zipfile.ZipFile, manifest: Manifest, settings: Settings, *, over: bool
) -> dict[Path, bytes]:
    """Return the secret files to write; refuse a backup that could not be read after, or beside other keys.

    The first key digests, the others were added: of two files of keys that begin alike the longer one is kept.
    """
    path = settings.vault_key_file
    held = read_keys(path) if path.exists() else ()
    content = archive.read(KEY) if KEY in archive.namelist() else None
    brought = keys_in(content.decode("ascii", "replace"), Path(KEY)) if content else ()
    if not brought and (not held or not Vault(*held).has(manifest.key_id)):
        raise ArchiveRefused(f"the backup holds no keys: put its key file, with key {manifest.key_id}, at {path} first")
    together = min(len(held), len(brought))
    if brought and held[:together] != brought[:together] and not over:
        raise ArchiveRefused(f"{path} holds another key than the backup's: move it away, or set ESIK_KEY_FILE")
    files = {settings.data / "ca" / name: archive.read(CA + name) for name in _authority(archive)}
    if content and (held[:together] != brought[:together] or len(brought) > len(held)):
        files[path] = content
    return files


def _authority(archive: zipfile.ZipFile) -> list[str]:
    found = [name.removeprefix(CA) for name in archive.namelist() if name.startswith(CA)]
    return [name for name in found if name and "/" not in name and not name.startswith(".")]


async def _load(connection: asyncpg.Connection, archive: zipfile.ZipFile, manifest: Manifest, tell: Tell) -> None:
    await as_text(connection)
    tables = _ordered(await tables_of(connection), await connection.fetch(_REFERENCES))
    if unknown := set(manifest.rows) - set(tables):
        raise ArchiveRefused(f"the backup has a table that this version lacks: {min(unknown)}")
    # What keeps the ledger as it was written would refuse to empty it, and count its balances twice.
    for table in tables:
        await connection.execute(f"ALTER TABLE {quoted([table])} DISABLE TRIGGER USER")
    unkept = [name for name in sorted(UNKEPT) if await _is_there(connection, name)]  # an older version lacks some
    await connection.execute(f"TRUNCATE {quoted([*tables, *unkept])}")
    for name, parent, bound in manifest.partitions:
        await connection.execute(
            f"CREATE TABLE IF NOT EXISTS {quoted([name])} PARTITION OF {quoted([parent])} {bound}"
        )  # fmt: skip
    course = _course(archive, manifest, tell)
    for table in tables:
        if table in manifest.rows:
            await _load_table(connection, archive, table, manifest, course)
            course.finish(table)
    await connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for table in tables:
        await connection.execute(f"ALTER TABLE {quoted([table])} ENABLE TRIGGER USER")
    for row in await connection.fetch(_SEQUENCES):
        column, name = row["column_name"], row["table_name"]
        highest = await connection.fetchval(f"SELECT max({quoted([column])}) FROM {quoted([name])}")  # noqa: S608 (names)
        if highest is not None:
            await connection.execute("SELECT setval($1::regclass, $2)", row["sequence"], highest)


async def _load_table(
    connection: asyncpg.Connection, archive: zipfile.ZipFile, table: str, manifest: Manifest, course: Course
) -> None:
    expected = manifest.rows[table]
    try:
        with archive.open(f"{TABLES}{table}.csv") as source:
            found = await _copy(connection, table, source, course)
    except (*DAMAGED, asyncpg.DataError, asyncpg.PostgresSyntaxError) as error:
        raise ArchiveRefused(f"the backup is damaged in table {table} ({error}): take an older one") from None
    if found != expected:
        raise ArchiveRefused(f"the backup is damaged: table {table} has {found} rows and should have {expected}")
    if table in manifest.digests and await digest_of(connection, table) != manifest.digests[table]:
        raise ArchiveRefused(f"the backup is damaged: the rows of table {table} are not those that were backed up")


async def _copy(connection: asyncpg.Connection, table: str, source: IO[bytes], course: Course) -> int:
    columns = [column.strip('"') for column in source.readline().decode().strip().split(",")]
    watched = Watched(source, course, table)
    status = await connection.copy_to_table(table, source=watched, columns=columns, format="csv", timeout=HOURS_S)
    return int(status.split()[-1])


def _ordered(tables: Sequence[str], references: Iterable[Any]) -> list[str]:
    """Return the tables so that each comes after those it refers to."""
    needs: dict[str, set[str]] = {table: set() for table in tables}
    for row in references:
        if row["child"] in needs and row["parent"] in needs:
            needs[row["child"]].add(row["parent"])
    ordered: list[str] = []
    while needs:
        free = sorted(table for table, wanted in needs.items() if not wanted)
        assert free, "tables refer to one another in a ring"  # noqa: S101
        ordered += free
        needs = {table: wanted - set(free) for table, wanted in needs.items() if table not in free}
    return ordered


def _put(path: Path, content: bytes) -> None:
    """Write a secret file; one that was there with other content stays beside as *.before."""
    if path.exists():
        if path.read_bytes() == content:
            return
        path.replace(path.with_name(path.name + ".before"))
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
