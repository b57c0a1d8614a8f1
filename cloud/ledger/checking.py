"""The ledger is recomputed from its lines and compared with what is kept beside them.

Rule: what was checked once is summed up to a number and kept; since then only newer entries are added up. The whole is
added up anew each night, from the first line on, so that nobody changes what was checked unseen.
"""

import json
from collections.abc import Awaitable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg
import structlog

from cloud.core.actor import Actor
from cloud.core.errors import kinds_of
from cloud.core.nights import EVERY, LATEST, NIGHT
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.devices.alarms import note_alarm

FOUND_MAX = 100
WRONG_EVERY = timedelta(hours=1)  # a wrong ledger is added up wholly by day too, where more was posted since
SCHOOLS_AT_ONCE = 1_000
WHO, ALARM = "service", "books_not_whole"
_LOCK = 0x626F6F6B  # "book": one check of a school at a time
_WRONG = """
SELECT 'balance' AS what, kind || ':' || part AS which, balance_tiyn::text AS kept,
  coalesce(summed, 0)::text AS computed
FROM ledger_account LEFT JOIN (
  SELECT account_id, sum(amount_tiyn) AS summed FROM ledger_line
  JOIN ledger_entry ON ledger_entry.id = entry_id WHERE school_id = $1 GROUP BY account_id
) AS lines ON account_id = ledger_account.id
WHERE school_id = $1 AND balance_tiyn <> coalesce(summed, 0)
UNION ALL
SELECT 'entry', key, total_tiyn || ' in ' || entry.lines,
  coalesce(sum(amount_tiyn) FILTER (WHERE amount_tiyn > 0), 0) || ' in ' || count(account_id)
FROM ledger_entry AS entry LEFT JOIN ledger_line ON entry_id = entry.id WHERE school_id = $1 GROUP BY entry.id
HAVING count(account_id) <> entry.lines OR coalesce(sum(amount_tiyn), 0) <> 0
  OR coalesce(sum(amount_tiyn) FILTER (WHERE amount_tiyn > 0), 0) <> total_tiyn
UNION ALL
SELECT 'count', 'entries', coalesce((SELECT entries FROM ledger_head WHERE school_id = $1), 0)::text,
  count(*) || ' up to ' || coalesce(max(number), 0)
FROM ledger_entry WHERE school_id = $1
HAVING count(*) <> coalesce((SELECT entries FROM ledger_head WHERE school_id = $1), 0)
  OR count(*) <> coalesce(max(number), 0)
LIMIT $2
"""
# The same of what is newer than the number $3, upon the sums that were kept at it.
_WRONG_SINCE = """
WITH newer AS MATERIALIZED (
  SELECT id, key, total_tiyn, lines FROM ledger_entry WHERE school_id = $1 AND number > $3
), moved AS MATERIALIZED (
  SELECT entry_id, account_id, amount_tiyn FROM newer JOIN ledger_line ON entry_id = newer.id
)
SELECT 'balance' AS what, kind || ':' || part AS which, balance_tiyn::text AS kept,
  (coalesce(checked.amount_tiyn, 0) + coalesce(summed, 0))::text AS computed
FROM ledger_account LEFT JOIN ledger_checked AS checked ON checked.account_id = ledger_account.id
LEFT JOIN (SELECT account_id, sum(amount_tiyn) AS summed FROM moved GROUP BY account_id) AS lines
  ON lines.account_id = ledger_account.id
WHERE ledger_account.school_id = $1 AND balance_tiyn <> coalesce(checked.amount_tiyn, 0) + coalesce(summed, 0)
UNION ALL
SELECT 'entry', key, total_tiyn || ' in ' || newer.lines,
  coalesce(sum(amount_tiyn) FILTER (WHERE amount_tiyn > 0), 0) || ' in ' || count(account_id)
FROM newer LEFT JOIN moved ON entry_id = newer.id GROUP BY newer.id, key, total_tiyn, newer.lines
HAVING count(account_id) <> newer.lines OR coalesce(sum(amount_tiyn), 0) <> 0
  OR coalesce(sum(amount_tiyn) FILTER (WHERE amount_tiyn > 0), 0) <> total_tiyn
UNION ALL
SELECT 'count', 'entries', coalesce((SELECT entries FROM ledger_head WHERE school_id = $1), 0)::text,
  $3 + (SELECT count(*) FROM newer) || ''
WHERE coalesce((SELECT entries FROM ledger_head WHERE school_id = $1), 0) <> $3 + (SELECT count(*) FROM newer)
LIMIT $2
"""
_TRY = "SELECT pg_try_advisory_xact_lock($1::integer, $2::integer)"
_ENTRIES = "SELECT entries FROM ledger_head WHERE school_id = $1"
_STATE = "SELECT number, checked_at, whole_at, wrong FROM ledger_check WHERE school_id = $1"
_NEWEST = "SELECT recorded_at FROM ledger_entry WHERE school_id = $1 ORDER BY number DESC LIMIT 1"
_KEEP = """
INSERT INTO ledger_check AS kept (school_id, number, checked_at, whole_at, wrong) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (school_id) DO UPDATE SET number = excluded.number, checked_at = excluded.checked_at,
  whole_at = coalesce(excluded.whole_at, kept.whole_at), wrong = excluded.wrong
"""
_KEEP_SUMS = """
INSERT INTO ledger_checked (account_id, amount_tiyn) SELECT id, balance_tiyn FROM ledger_account WHERE school_id = $1
ON CONFLICT (account_id) DO UPDATE SET amount_tiyn = excluded.amount_tiyn
  WHERE ledger_checked.amount_tiyn <> excluded.amount_tiyn
"""
_MOVED = """
SELECT head.school_id FROM ledger_head AS head LEFT JOIN ledger_check AS kept ON kept.school_id = head.school_id
WHERE kept.school_id IS NULL OR kept.number <> head.entries ORDER BY head.school_id LIMIT $1
"""
_DUE = """
SELECT head.school_id, zone, whole_at FROM ledger_head AS head JOIN school ON school.id = head.school_id
LEFT JOIN ledger_check AS kept ON kept.school_id = head.school_id
WHERE whole_at IS NULL OR whole_at < $1 ORDER BY whole_at NULLS FIRST LIMIT $2
"""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """What is kept is not what the lines say: a balance, the total and number of an entry's lines, or the count."""

    what: str
    which: str
    kept: str
    computed: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What the last check found; `whole_at` is when all was added up from the first line on, none if never."""

    checked_at: datetime
    whole_at: datetime | None
    wrong: Sequence[Discrepancy]


async def check(services: Services, actor: Actor, school_id: int) -> list[Discrepancy]:
    """Add up a school's whole ledger and return what is wrong with it; nothing is noted. Raises NotAllowed.

    Nothing is wrong, unless somebody wrote around the database's guards.
    """
    actor.require(Right.MONEY_READ, school_id)
    rows = await services.database.pool.fetch(_WRONG, school_id, FOUND_MAX)
    return [Discrepancy(**row) for row in rows]


async def checked(services: Services, actor: Actor, school_id: int) -> Checked | None:
    """Return what the last check of a school's ledger found; none before the first. Raises NotAllowed."""
    actor.require(Right.MONEY_READ, school_id)
    row = await services.database.pool.fetchrow(_STATE, school_id)
    if row is None:
        return None
    wrong = [Discrepancy(**each) for each in json.loads(row["wrong"])]
    return Checked(row["checked_at"], row["whole_at"], wrong)


async def check_moved(services: Services) -> int:
    """Check what was posted since the last check, at each school; return how many were checked."""
    rows = await services.database.pool.fetch(_MOVED, SCHOOLS_AT_ONCE)
    return sum([await _went(row["school_id"], check_since(services, row["school_id"])) for row in rows])


async def check_nightly(services: Services) -> int:
    """Add up the whole ledger of each school where it is night and it was not done; return how many that were."""
    now, count = services.clock.now(), 0
    for row in await services.database.pool.fetch(_DUE, now - EVERY, SCHOOLS_AT_ONCE):
        is_late = row["whole_at"] is None or row["whole_at"] < now - LATEST
        if is_late or now.astimezone(ZoneInfo(row["zone"])).hour in NIGHT:
            count += await _went(row["school_id"], check_whole(services, row["school_id"], now - EVERY))
    return count


async def check_since(services: Services, school_id: int) -> list[Discrepancy]:
    """Check what was posted since the last check, note and return what is wrong; an alarm tells of it.

    What was wrong before stays so until the whole is added up and right again: at night, or when more was posted.
    """
    async with services.database.pool.acquire() as connection, _snapshot(connection):
        if not await connection.fetchval(_TRY, _LOCK, school_id):
            return []
        row = await connection.fetchrow(_STATE, school_id)
        if row is not None and row["wrong"] != "[]":
            if not await _is_worth_adding_up(services, connection, school_id, row):
                return [Discrepancy(**each) for each in json.loads(row["wrong"])]
            return await _whole(services, connection, school_id, row)
        number = row["number"] if row is not None else 0
        found = await connection.fetch(_WRONG_SINCE, school_id, FOUND_MAX, number)
        return await _note(services, connection, school_id, number, found, whole_at=None)


async def check_whole(services: Services, school_id: int, older_than: datetime | None = None) -> list[Discrepancy]:
    """Add up the whole ledger from its first line on, note and return what is wrong; an alarm tells of it.

    Nothing is done where another does it, or where it was done after `older_than`.
    """
    async with services.database.pool.acquire() as connection, _snapshot(connection):
        if not await connection.fetchval(_TRY, _LOCK, school_id):
            return []
        row = await connection.fetchrow(_STATE, school_id)
        if row is not None and older_than is not None and row["whole_at"] is not None and row["whole_at"] > older_than:
            return []
        return await _whole(services, connection, school_id, row)


async def _went(school_id: int, checking: Awaitable[object]) -> bool:
    """Tell whether a school could be checked: one school's trouble is not another's; the next look tries again."""
    try:
        await checking
    except Exception as error:  # noqa: BLE001 - as said
        log.warning("books.not_checked", school=school_id, error=kinds_of(error))
        return False
    return True


async def _is_worth_adding_up(
    services: Services, connection: asyncpg.Connection, school_id: int, row: asyncpg.Record
) -> bool:
    """Tell whether a wrong ledger may be another one than when it was checked, and that was a while ago."""
    if services.clock.now() < row["checked_at"] + WRONG_EVERY:
        return False
    newest = await connection.fetchval(_NEWEST, school_id)
    return newest is not None and newest > row["checked_at"]


async def _whole(
    services: Services, connection: asyncpg.Connection, school_id: int, row: asyncpg.Record | None
) -> list[Discrepancy]:
    found = await connection.fetch(_WRONG, school_id, FOUND_MAX)
    number = row["number"] if row is not None else 0
    return await _note(services, connection, school_id, number, found, whole_at=services.clock.now())


def _snapshot(connection: asyncpg.Connection) -> asyncpg.transaction.Transaction:
    return connection.transaction(isolation="repeatable_read")


async def _note(
    services: Services,
    connection: asyncpg.Connection,
    school_id: int,
    number: int,
    found: Sequence[asyncpg.Record],
    *,
    whole_at: datetime | None,
) -> list[Discrepancy]:
    """Keep what a check found, in its snapshot; only where nothing is wrong the sums move on."""
    wrong, now = [Discrepancy(**row) for row in found], services.clock.now()
    if not wrong:
        number = await connection.fetchval(_ENTRIES, school_id) or 0
        await connection.execute(_KEEP_SUMS, school_id)
    told = json.dumps([asdict(each) for each in wrong])
    await connection.execute(_KEEP, school_id, number, now, whole_at, told)
    if wrong:
        log.error("books.not_whole", school=school_id, found=len(wrong), first=wrong[0].what)
        detail = f"{len(wrong)}: {wrong[0].what} {wrong[0].which}"[:200]
        await note_alarm(connection, school_id, WHO, ALARM, detail, now)
    return wrong
