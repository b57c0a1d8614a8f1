"""Sealed fields are looked through: each decrypts, in its own row; and they are sealed anew with the newest key.

Rule: a value is replaced only where it is still the one that was read, a batch at a time, so that the service runs
meanwhile and what was cut off goes on where it stood.
"""

import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

import asyncpg

from cloud.audit.verifying import Tell
from cloud.core.sealed import FILES, SEALED, KeptFile, SealedColumn
from cloud.core.services import Services
from cloud.core.vault import BOUND, FORMAT, Vault, VaultLocked

BATCH, FILES_BATCH = 500, 20
BATCH_S = 120.0
_THERE = """
SELECT table_name || '.' || column_name FROM information_schema.columns
WHERE table_schema = 'public' AND column_name LIKE '%\\_encrypted'
"""


@dataclass(frozen=True, slots=True)
class Looked:
    """How many sealed values and files were looked at."""

    values: int
    files: int


async def verify_sealed(services: Services, tell: Tell) -> Looked:
    """Decrypt every sealed value, and compare every file with its digest; `tell` hears of each that is wrong."""
    pool, vault = services.database.pool, services.vault
    values = files = 0
    for column in await columns_there(pool):
        async for rows in _batches(pool, column, ""):
            values += len(rows)
            for row in rows:
                if problem := _problem(vault, column, row):
                    tell(f"{column.name} {row['key']}", problem)
    for kept in FILES:
        files += await _verify_files(pool, vault, kept, tell)
    return Looked(values, files)


async def columns_there(pool: asyncpg.Pool) -> Sequence[SealedColumn]:
    """Return the sealed columns that this database has."""
    there = {row[0] for row in await pool.fetch(_THERE)}
    return [column for column in SEALED if column.name in there]


async def reseal(services: Services, tell: Callable[[str, int], None] = lambda _name, _count: None) -> int:
    """Seal anew, with the newest key and bound to its row, whatever is not yet; return how many values that were.

    `tell` hears of each column how many. A value that cannot be decrypted stays: the nightly check tells.
    """
    pool, vault, head = services.database.pool, services.vault, head_of(services.vault)
    total = 0
    for column in await columns_there(pool):
        count = 0
        async for rows in _batches(pool, column, f"AND substring({column.column} FOR 5) <> '\\x{head.hex()}'::bytea"):
            count += await _replace(pool, vault, column, rows)
        tell(column.name, count)
        total += count
    return total


def head_of(vault: Vault) -> bytes:
    """Return what every value begins with that the newest key sealed, bound to its row."""
    return BOUND + bytes.fromhex(vault.newest_key_id)


async def unlike(services: Services, head: bytes) -> dict[str, int]:
    """Return how many values each column holds that begin otherwise, which `reseal` would seal anew; only where any."""
    found = {}
    for column in await columns_there(services.database.pool):
        count = await services.database.pool.fetchval(
            f"SELECT count(*) FROM {column.table} WHERE substring({column.column} FOR 5) <> $1",  # noqa: S608 (names of ours)
            head, timeout=BATCH_S,
        )  # fmt: skip
        if count:
            found[column.name] = count
    return found


async def sealed_with(services: Services, key_ids: Sequence[str]) -> dict[str, int]:
    """Return how many values each column holds that were sealed with one of these keys; only of those that have any."""
    found = {}
    heads = [kind + bytes.fromhex(each) for each in key_ids for kind in (FORMAT, BOUND)]
    for column in await columns_there(services.database.pool):
        count = await services.database.pool.fetchval(
            f"SELECT count(*) FROM {column.table} WHERE substring({column.column} FOR 5) = ANY($1::bytea[])",  # noqa: S608 (names of ours)
            heads, timeout=BATCH_S,
        )  # fmt: skip
        if count:
            found[column.name] = count
    return found


def _problem(vault: Vault, column: SealedColumn, row: asyncpg.Record) -> str:
    try:
        vault.decrypt_bytes(row["sealed"], column.context, row["row"])
    except VaultLocked as error:
        return str(error)
    return ""


async def _replace(pool: asyncpg.Pool, vault: Vault, column: SealedColumn, rows: Sequence[asyncpg.Record]) -> int:
    keys, before, after = [], [], []
    for row in rows:
        try:
            plain = vault.decrypt_bytes(row["sealed"], column.context, row["row"])
        except VaultLocked:
            continue
        keys.append(row["key"])
        before.append(row["sealed"])
        after.append(vault.encrypt_bytes(plain, column.context, row["row"]))
    status = await pool.execute(
        f"UPDATE {column.table} AS held SET {column.column} = new.after"  # noqa: S608 (names of ours)
        f" FROM unnest($1::{column.key_type}[], $2::bytea[], $3::bytea[]) AS new (key, before, after)"
        f" WHERE held.{column.key} = new.key AND held.{column.column} = new.before",
        keys, before, after, timeout=BATCH_S,
    )  # fmt: skip
    return int(status.split()[-1])


async def _batches(pool: asyncpg.Pool, column: SealedColumn, condition: str) -> AsyncIterator[Sequence[asyncpg.Record]]:
    """Yield the values of a column with their rows' keys and names, in the order of the keys."""
    query = (
        f"SELECT {column.key} AS key, {column.row} AS row, {column.column} AS sealed FROM {column.table}"  # noqa: S608 (names of ours)
        f" WHERE {column.key} > $1 AND {column.column} IS NOT NULL {condition} ORDER BY {column.key} LIMIT $2"
    )
    last: object = "" if column.key_type == "text" else -1
    size = FILES_BATCH if column.name in {f"{each.table}.{each.column}" for each in FILES} else BATCH
    while rows := await pool.fetch(query, last, size, timeout=BATCH_S):
        yield rows
        last = rows[-1]["key"]


async def _verify_files(pool: asyncpg.Pool, vault: Vault, kept: KeptFile, tell: Tell) -> int:
    """Compare the files of a column with their digests; return how many there are."""
    query = f"SELECT {kept.key}::text AS key, {kept.digest} AS digest, {kept.column} AS body FROM {kept.table}"  # noqa: S608 (names of ours)
    count = 0
    async with (
        pool.acquire(timeout=60.0) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        async for row in connection.cursor(query, prefetch=FILES_BATCH, timeout=BATCH_S):
            count += 1
            if not _is_whole(vault, kept, row):
                tell(f"{kept.table} {row['key']}", "the file is not what it was: its digest differs")
    return count


def _is_whole(vault: Vault, kept: KeptFile, row: asyncpg.Record) -> bool:
    try:
        body = vault.decrypt_bytes(row["body"], kept.context) if kept.context else bytes(row["body"])
    except VaultLocked:
        return True  # told already, as a sealed value
    return hashlib.sha256(body).hexdigest() == str(row["digest"])
