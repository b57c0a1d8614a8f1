"""A backup: one zip file with every table as CSV, and the keys that read what is encrypted in them.

Rule: the tables are those of one instant, whatever goes on meanwhile. Nothing of PostgreSQL's own formats is in it, so
that a backup of one version or edition is restored into another.
"""

import json
import zipfile
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, cast

import asyncpg
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from cloud.cli.telling import Course, Tell, Watched, silent
from cloud.core.backup_seals import sealed_for
from cloud.core.copying import copy_out
from cloud.core.database import APP, CONNECT_TIMEOUT_S, DatabaseUnreachable, address, place
from cloud.core.files import whole
from cloud.core.settings import Settings
from cloud.core.vault import Vault, read_keys
from esik import __version__

FORMAT, FORMATS = 2, (1, 2)  # written and read; the first had no digests
MANIFEST, TABLES, README = "manifest.json", "tables/", "README.txt"
KEY, CA = "keys/vault.key", "keys/ca/"
# Of a run, not of a school. Sign-ins, so that one that was ended does not come back to life; rosters, so that the
# restored service issues new ones, which are newer than those its devices have.
UNKEPT = frozenset(
    {
        "shard_lease",
        "worker_beat",
        "service_process",
        "server_reading",
        "request_nonce",
        "sign_in",
        "half_sign_in",
        "passkey_offer",
        "attempts",
        "roster_version",
        "announced_roster",
    }
)
# Of these tables some rows only: a browser is pushed to as long as its session lasts, and sessions are not kept.
ROWS_KEPT = {"channel_address": "sign_in_id IS NULL"}
MIGRATIONS = "tortoise_migrations"  # its rows stand in the manifest
HOURS_S = 6 * 3600.0  # a national table takes its time
TOLD = """\
A backup of Esik, made by `esik cloud backup`; `esik cloud restore` reads it.

manifest.json   what it is, of which version and instant, how many rows each table has, and their digest
tables/*.csv    every table, as PostgreSQL's COPY writes CSV: a heading, UTF-8, bytes as \\x and hexadecimal digits

"""
WITH_KEYS = """\
keys/           the key file of the encrypted columns (key {key_id}), and the certification authority of the devices

Whoever has this file reads what is in it: keep it as you keep the school's papers.
"""
WITHOUT_KEYS = """\
The keys are NOT in it. Without key {key_id} nobody reads card numbers, devices' secrets, IINs or phone numbers in it:
keep the key file ({key_file}), and the certification authority of the devices ({ca}), elsewhere, and well.
"""
_LIST = """
SELECT relname AS name FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname
"""
_SIZES = """
SELECT relname AS name, pg_table_size(oid) + coalesce(
  (SELECT sum(pg_table_size(inhrelid)) FROM pg_inherits WHERE inhparent = pg_class.oid), 0
)::bigint AS size FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = ANY($1::text[])
"""
_COLUMNS = """
SELECT attname FROM pg_attribute
WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
"""
# The sum of all rows' digests: the same in whatever order they lie. It finds accidents; a seal keeps forgers out.
_DIGEST = """
SELECT coalesce(
  sum(('x' || left(encode(sha256(convert_to(ROW({columns})::text, 'UTF8')), 'hex'), 15))::bit(60)::bigint), 0
)
FROM {table} WHERE {kept}
"""
_AS_TEXT = "SET LOCAL timezone TO 'UTC'; SET LOCAL datestyle TO 'ISO, MDY'; SET LOCAL bytea_output TO 'hex'"
_PARTITIONS = """
SELECT child.relname AS name, parent.relname AS parent, pg_get_expr(child.relpartbound, child.oid) AS bound
FROM pg_class child JOIN pg_inherits ON inhrelid = child.oid JOIN pg_class parent ON parent.oid = inhparent
WHERE child.relispartition AND child.relkind = 'r' AND child.relnamespace = 'public'::regnamespace
ORDER BY child.relname
"""


class ArchiveRefused(Exception):
    """A backup cannot be written, or not be restored; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is. `rows` counts each table, `digests` sum them up; `partitions` are name, parent and bound."""

    format: int
    esik: str
    made_at: str
    migrations: list[str]
    key_id: str
    rows: dict[str, int]
    partitions: list[list[str]]
    digests: dict[str, str] = field(default_factory=dict)


async def write_archive(
    settings: Settings, file: Path, now: datetime, *,
    with_keys: bool, recipients: Sequence[X25519PublicKey] = (), tell: Tell = silent,
) -> Manifest:  # fmt: skip
    """Write a backup, whole or not at all, readable by its owner only, and sealed where there are recipients.

    Raises ArchiveRefused, VaultLocked, DatabaseUnreachable or NotWritten.
    """
    key_id = Vault(*read_keys(settings.vault_key_file)).newest_key_id
    with (
        whole(file) as out,
        sealed_for(out, recipients) as sink,
        zipfile.ZipFile(cast(BinaryIO, sink), "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        manifest = await _dump(settings.database_url, archive, now, key_id, tell)
        told = WITH_KEYS if with_keys else WITHOUT_KEYS
        told = told.format(key_id=key_id, key_file=settings.vault_key_file, ca=settings.data / "ca")
        archive.writestr(README, TOLD + told)
        if with_keys:
            _write_keys(archive, settings)
    return manifest


async def tables_of(connection: asyncpg.Connection) -> list[str]:
    """Return the tables that a backup holds."""
    return [row["name"] for row in await connection.fetch(_LIST) if row["name"] not in UNKEPT | {MIGRATIONS}]


async def as_text(connection: asyncpg.Connection) -> None:
    """Let the rest of a transaction write values as every other one does that compares digests."""
    await connection.execute(_AS_TEXT)


async def digest_of(connection: asyncpg.Connection, table: str) -> str:
    """Return the digest of a table's rows, those that a backup holds, whatever their order."""
    columns = sorted(row["attname"] for row in await connection.fetch(_COLUMNS, table))
    query = _DIGEST.format(columns=quoted(columns), table=quoted([table]), kept=ROWS_KEPT.get(table, "true"))
    return str(await connection.fetchval(query, timeout=HOURS_S))


def quoted(names: Iterable[str]) -> str:
    """Return names of tables or columns for a statement."""
    return ", ".join(f'"{name}"' for name in names)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    """Yield a connection that may take hours over one statement. Raises DatabaseUnreachable."""
    try:
        connection = await asyncpg.connect(**address(url), timeout=CONNECT_TIMEOUT_S, command_timeout=HOURS_S)
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        raise DatabaseUnreachable(url, error) from error
    try:
        yield connection
    finally:
        await connection.close(timeout=CONNECT_TIMEOUT_S)


async def _dump(url: str, archive: zipfile.ZipFile, now: datetime, key_id: str, tell: Tell) -> Manifest:
    async with connected(url) as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        await as_text(connection)
        migrations = await _migrations(connection, url)
        partitions = [[row["name"], row["parent"], row["bound"]] for row in await connection.fetch(_PARTITIONS)]
        rows: dict[str, int] = {}
        digests: dict[str, str] = {}
        tables = await tables_of(connection)
        course = Course(tell, {row["name"]: row["size"] for row in await connection.fetch(_SIZES, tables)})
        for table in tables:
            columns = [row["attname"] for row in await connection.fetch(_COLUMNS, table)]
            kept = ROWS_KEPT.get(table, "true")
            query = f"SELECT {quoted(columns)} FROM {quoted([table])} WHERE {kept}"  # noqa: S608 (names of ours)
            with archive.open(f"{TABLES}{table}.csv", "w", force_zip64=True) as out:
                watched = Watched(out, course, table)
                rows[table] = await copy_out(
                    connection, query, take=watched.take, timeout_s=HOURS_S, format="csv",
                    header=True,
                )  # fmt: skip
            digests[table] = await digest_of(connection, table)
            course.finish(table)
    made_at = now.isoformat(timespec="seconds")
    manifest = Manifest(FORMAT, __version__, made_at, migrations, key_id, rows, partitions, digests)
    archive.writestr(MANIFEST, json.dumps(asdict(manifest), indent=1, ensure_ascii=False))
    return manifest


async def _migrations(connection: asyncpg.Connection, url: str) -> list[str]:
    if await connection.fetchval("SELECT to_regclass('tortoise_migrations') IS NULL"):
        raise ArchiveRefused(f"{place(url)} has no tables of Esik: there is nothing to back up")
    rows = await connection.fetch("SELECT name FROM tortoise_migrations WHERE app = $1 ORDER BY name", APP)
    return [row["name"] for row in rows]


def _write_keys(archive: zipfile.ZipFile, settings: Settings) -> None:
    archive.writestr(KEY, settings.vault_key_file.read_bytes())
    folder = settings.data / "ca"
    for path in sorted(folder.glob("*")) if folder.is_dir() else ():
        archive.writestr(CA + path.name, path.read_bytes())
