"""What is looked at once a school's rows are in: that nothing in them stops what works for every school.

Rule: whoever knows the passphrase can write an export; the schools that come after must not suffer from one. A time
zone that is none would end each worker's round, an instant at infinity too; a number near the end of all numbers
leaves no room for the next.
"""

from collections.abc import Iterable, Sequence

import asyncpg

from cloud.schools.actions import NewSchool, check_school
from cloud.schools.errors import SchoolRefused
from cloud.takein.errors import damaged
from schemas.topics import SHARDS

NUMBERS_MAX = 1 << 53  # what every program reads as a whole number; leaves a thousand times as many
_SCHOOL = "SELECT code, name_kk, name_ru, name_en, zone, school_days, passback FROM school WHERE id = $1"
_SHARD = "SELECT shard FROM school WHERE id = $1"
_SEQUENCES = """
SELECT table_name, column_name, pg_get_serial_sequence(quote_ident(table_name), column_name) AS sequence
FROM information_schema.columns
WHERE table_schema = 'public' AND pg_get_serial_sequence(quote_ident(table_name), column_name) IS NOT NULL
"""
_LAST = "SELECT seqmax FROM pg_sequence WHERE seqrelid = $1::text::regclass"
_MOMENTS = """
SELECT table_name, array_agg(quote_ident(column_name)) AS columns FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = ANY ($1)
  AND data_type IN ('date', 'timestamp with time zone', 'timestamp without time zone')
GROUP BY table_name ORDER BY table_name
"""
_PLACES = "SELECT EXISTS (SELECT FROM shard_head WHERE position > $1)"


async def check_loaded(connection: asyncpg.Connection, school_id: int, tables: Sequence[str]) -> None:
    """Refuse a school, numbers and moments that would trouble more than itself. Raises TakeInRefused."""
    given = dict(await connection.fetchrow(_SCHOOL, school_id))
    try:
        check_school(NewSchool(**given))
    except SchoolRefused as refused:
        raise damaged(f"its school has what no school has: {refused}") from None
    if not 0 <= await connection.fetchval(_SHARD, school_id) < SHARDS:
        raise damaged("its school stands in no shard")
    for row in await connection.fetch(_MOMENTS, list(tables)):
        if await connection.fetchval(_without_end(row["table_name"], row["columns"])):
            raise damaged(f"{row['table_name']} has a moment without end")
    if await connection.fetchval(_PLACES, NUMBERS_MAX):
        raise damaged("record has places that no log has")


async def renew_sequences(connection: asyncpg.Connection) -> None:
    """Let every sequence go on after the highest number that is there. Raises TakeInRefused where none is left."""
    for row in await connection.fetch(_SEQUENCES):
        highest = await connection.fetchval(f'SELECT max("{row["column_name"]}") FROM "{row["table_name"]}"')  # noqa: S608
        if highest is None:
            continue
        if highest > min(NUMBERS_MAX, await connection.fetchval(_LAST, row["sequence"]) // 2):
            raise damaged(f"{row['table_name']} has numbers that leave none for others")
        await connection.execute("SELECT setval($1::text::regclass, $2)", row["sequence"], highest)


def _without_end(table: str, columns: Iterable[str]) -> str:
    finite = " AND ".join(f"isfinite({column})" for column in columns)
    return f'SELECT EXISTS (SELECT FROM "{table}" WHERE NOT ({finite}))'  # noqa: S608 (names of the catalogue)
