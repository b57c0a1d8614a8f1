"""What taking in does: a school of an export becomes a school here, with the ids it had; all of it, or nothing.

Rule: only into an empty installation, so that no id, name or place in the log can be another's. What is sealed is
sealed anew with this installation's keys; passwords and sessions do not come along.
"""

from dataclasses import dataclass
from pathlib import Path

import asyncpg

from cloud.accounts.actions import audit
from cloud.audit.ties import tell_all_once
from cloud.audit.verifying import verify_chain
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.wakeups import notify
from cloud.exports.catalogue import Known, known_tables
from cloud.exports.meanings import meanings
from cloud.exports.package import SEALED, bound_of
from cloud.exports.sealing import opened as unsealed
from cloud.exports.shapes import Secret
from cloud.exports.tables import TABLES
from cloud.people.kinds import CHANGED
from cloud.takein.checking import check_loaded, renew_sequences
from cloud.takein.errors import NO_KEYS, NOT_EMPTY, TakeInRefused, damaged
from cloud.takein.filling import filled_without_triggers
from cloud.takein.loading import Loader, SealedValues
from cloud.takein.reading import Source, opened

_USED = "SELECT EXISTS (SELECT FROM school) OR EXISTS (SELECT FROM account)"
_HEADS = """
UPDATE shard_head SET position = held.position, generation = generation + 1
FROM (SELECT shard, max(position) AS position FROM record GROUP BY shard) AS held WHERE held.shard = shard_head.shard
"""
NOBODYS = 0  # no school has this id
_UNLINKED = """
SELECT count(*) FROM audit_entry AS entry
WHERE school_id = $1 AND NOT EXISTS (SELECT FROM audit_link WHERE entry_id = entry.id)
"""
READERS = ("attendance", "meals")  # their tables came along: nothing is to be read anew
_READERS = """
INSERT INTO reader_cursor (name, shard, position)
SELECT reader, shard, position FROM shard_head CROSS JOIN unnest($1::text[]) AS reader WHERE position > 0
ON CONFLICT (name, shard) DO UPDATE SET position = excluded.position
"""
# Places in the log that records of other schools had; `esik cloud verify` counts with them.
_NOTE = """
INSERT INTO taken_in (school_id, shard, gone, at, made_at)
SELECT school.id, school.shard, coalesce(max(position), 0) - count(position), $2, $3::text::timestamptz
FROM school LEFT JOIN record ON record.school_id = school.id AND record.shard = school.shard
WHERE school.id = $1 GROUP BY school.id
"""


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What came in."""

    school: str
    school_id: int
    rows: int


async def take_in(services: Services, actor: Actor, file: Path, passphrase: str) -> TakenIn:
    """Take a school in. Raises NotAllowed, TakeInRefused or PassphraseRefused, and then nothing was changed."""
    actor.require_everywhere(Right.SCHOOLS_ADD)
    with opened(file) as source:
        if SEALED not in source.files:
            raise TakeInRefused(NO_KEYS)
        sealed = _sealed(source, passphrase)
        try:
            async with services.database.transaction() as connection:
                rows = await _load(services, raw(connection), source, sealed)
                school_id = await raw(connection).fetchval("SELECT id FROM school")
                await audit(
                    connection, actor, "school.taken_in", f"school:{source.manifest.school}",
                    {"rows": str(rows), "made_at": source.manifest.made_at[:40]},
                    school_id=school_id, at=services.clock.now(),
                )  # fmt: skip
                await tell_all_once(connection, actor, school_id, services.clock.now())
                await notify(connection, CHANGED, str(school_id))
        except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
            raise damaged(f"{getattr(error, 'table_name', None) or 'a table'}: {type(error).__name__}") from error
    return TakenIn(source.manifest.school, school_id, rows)


def _sealed(source: Source, passphrase: str) -> SealedValues:
    with source.stream(SEALED) as file:
        return SealedValues.read(unsealed(file, passphrase, bound_of(source.files)))


async def _load(services: Services, connection: asyncpg.Connection, source: Source, sealed: SealedValues) -> int:
    await connection.execute("LOCK TABLE school, account IN SHARE ROW EXCLUSIVE MODE")
    if await connection.fetchval(_USED):
        raise TakeInRefused(NOT_EMPTY)
    tables = await known_tables(connection, TABLES, meanings(), set(Secret))
    loader, there = Loader(connection, source, services.vault, sealed), await _others(connection, tables, NOBODYS)
    async with filled_without_triggers(connection, [known.table.name for known in tables]):
        rows = sum([await loader.load(known) for known in tables])
        loader.check_used()
    school_id = await _the_school(connection, source, tables)
    if await _others(connection, tables, school_id) != there:
        raise damaged("it has entries of the journal, or alarms, that are not this school's")
    await connection.execute(_HEADS)
    await check_loaded(connection, school_id, [known.table.name for known in tables])
    await connection.execute(_READERS, list(READERS))
    await connection.execute(_NOTE, school_id, services.clock.now(), source.manifest.made_at)
    await renew_sequences(connection)
    await _check_journal(connection, school_id)
    return rows


async def _check_journal(connection: asyncpg.Connection, school_id: int) -> None:
    """Refuse a journal of deeds whose chain does not hold: who knows the passphrase could have written any."""
    wrong: list[str] = []
    unlinked = await connection.fetchval(_UNLINKED, school_id)
    await verify_chain(connection, school_id, lambda _place, problem: wrong.append(problem))
    if wrong or unlinked:
        raise damaged(f"its journal of deeds does not hold: {wrong[0] if wrong else 'entries stand in no chain'}")


async def _others(connection: asyncpg.Connection, tables: list[Known], school_id: int) -> dict[str, int]:
    """Return how many rows that are not the school's stand in the tables that an empty installation may have."""
    return {
        known.table.name: await connection.fetchval(
            f'SELECT count(*) FROM "{known.table.name}" WHERE ({known.table.whose}) IS NOT TRUE',  # noqa: S608
            school_id,
        )
        for known in tables
        if known.table.name in COMMON
    }


async def _the_school(connection: asyncpg.Connection, source: Source, tables: list[Known]) -> int:
    """Return the one school that came; refuse rows that are not its own."""
    schools = await connection.fetch("SELECT id, code FROM school LIMIT 2")
    if len(schools) != 1 or schools[0]["code"] != source.manifest.school:
        raise damaged("it holds another school than it says, or more than one")
    school_id = int(schools[0]["id"])
    for known in tables:
        query = f'SELECT EXISTS (SELECT FROM "{known.table.name}" WHERE ({known.table.whose}) IS NOT TRUE)'  # noqa: S608
        if known.table.name not in COMMON and await connection.fetchval(query, school_id):
            raise damaged(f"{known.table.name} has rows of another school")
    return school_id


COMMON = frozenset({"audit_entry", "audit_link", "audit_head", "alarm"})  # which an empty installation may have
