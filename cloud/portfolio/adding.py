"""Adding to portfolios: by kin and by who works here, which waits; by the school, which counts at once; and answers.

Rule: only the school confirms, nobody what is the own, and whoever sends something back says why; what was taken back,
or sent back and mended, is judged anew; and nothing is confirmed but what was seen.
"""

from collections.abc import Collection
from datetime import datetime

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.consents.scans import Scan
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.portfolio.errors import EntryChanged, EntryRefused
from cloud.portfolio.files import ENTRY_MAX, put_file
from cloud.portfolio.holding import hold, hold_left_too
from cloud.portfolio.judges import check_judge
from cloud.portfolio.kinds import ANSWER, TITLE, WORDS, Given, Kind, State, Subject, digest_of
from cloud.portfolio.reach import today_at
from cloud.portfolio.rules import checked_entry, checked_reason, checked_words

ENTRIES_MAX = 300  # of one person, but those that were taken back
A_DAY_MAX = 30  # of one account about one person, on a day of the school's; those that were taken back too
_NEXT = "SELECT nextval(pg_get_serial_sequence('portfolio_entry', 'id'))"
_COUNT = """
SELECT count(*) FILTER (WHERE state <> 'taken_back') AS of_person, count(*) FILTER (
  WHERE account_id = $2
    AND (added_at AT TIME ZONE zone)::date = ($3::timestamptz AT TIME ZONE zone)::date
) AS of_day FROM portfolio_entry JOIN school ON school.id = school_id WHERE person_id = $1
"""
_ADD = """
INSERT INTO portfolio_entry (id, school_id, person_id, kind, level, result, "on", last_on, hours, title_encrypted,
  words_encrypted, account_id, added_at, added_by, state, answered_at, answered_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
"""
_FIND = """
SELECT id, account_id, state, words_encrypted FROM portfolio_entry WHERE id = $1 AND person_id = $2 FOR UPDATE
"""
_FILES = "SELECT id FROM portfolio_file WHERE entry_id = $1 ORDER BY id LIMIT $2"
_ANSWER = """
UPDATE portfolio_entry SET state = $2, answered_at = $3, answered_by = $4, answer_encrypted = $5 WHERE id = $1
"""
_MEND = """
UPDATE portfolio_entry SET state = 'waiting', words_encrypted = coalesce($2, words_encrypted) WHERE id = $1
"""


async def add(
    services: Services,
    actor: Actor,
    whose: Subject,
    given: Given,
    kinds: Collection[Kind],
    *,
    state: State,
    file: Scan | None = None,
) -> int:
    """Add an entry of one of these kinds, confirmed or waiting, and return its number.

    That the actor may add so is checked by the caller. Raises NotFound, EntryRefused or ErasureAsked.
    """
    if given.kind not in kinds:
        raise EntryRefused(message("Choose one of what is offered."))
    now = services.clock.now()
    entry = checked_entry(given, await today_at(services.database.pool, whose.school_id, now))
    async with services.database.transaction() as connection:
        at = raw(connection)
        await hold(at, whose, now)
        await _check_room(at, actor, whose, now)
        if state is State.CONFIRMED:
            await check_judge(services, at, actor, whose)
        entry_id: int = await at.fetchval(_NEXT)
        await _write(services, at, actor, whose, entry, state, entry_id, now)
        if file is not None:
            await put_file(services, at, whose.school_id, entry_id, file)
        await _note(services, connection, actor, "portfolio.added", whose, entry_id)
    return entry_id


async def mend(
    services: Services, actor: Actor, whose: Subject, entry_id: int, words: str, file: Scan | None = None
) -> None:
    """Say more of an entry of one's own that waits or was sent back, or add a file; it waits then.

    Raises NotFound, EntryChanged, EntryRefused or ErasureAsked.
    """
    said = checked_words(words)
    if not said and file is None:
        raise EntryRefused(message("Write something, or choose a file."))
    async with services.database.transaction() as connection:
        at = raw(connection)
        await hold(at, whose, services.clock.now())
        row = await _own(at, actor, whose, entry_id)
        sealed = services.vault.encrypt(said, WORDS, str(entry_id)) if said else None
        await at.execute(_MEND, row["id"], sealed)
        if file is not None:
            await put_file(services, at, whose.school_id, entry_id, file)
        await _note(services, connection, actor, "portfolio.mended", whose, entry_id)


async def take_back(services: Services, actor: Actor, whose: Subject, entry_id: int) -> None:
    """Take back an entry of one's own that nobody confirmed. Raises NotFound or EntryChanged."""
    async with services.database.transaction() as connection:
        at = raw(connection)
        row = await _own(at, actor, whose, entry_id)
        await at.execute(_ANSWER, row["id"], State.TAKEN_BACK.value, services.clock.now(), actor.name, None)
        await at.execute("DELETE FROM portfolio_file WHERE entry_id = $1", entry_id)
        await _note(services, connection, actor, "portfolio.taken_back", whose, entry_id)


async def confirm(services: Services, actor: Actor, whose: Subject, entry_id: int, seen: str) -> None:
    """Say that an entry is so, by who has the right for it, which is checked by the caller, and is not too close.

    `seen` is the digest of the entry that was looked at. Raises NotFound, EntryChanged, EntryRefused or ErasureAsked.
    """
    async with services.database.transaction() as connection:
        at = raw(connection)
        await hold_left_too(at, whose, services.clock.now())
        row = await _found(at, whose, entry_id, {State.WAITING, State.SENT_BACK})
        await check_judge(services, at, actor, whose, row["account_id"])
        if await _digest(services, at, row) != seen:
            raise EntryChanged(message("Words or files have changed since you looked. Look again, then confirm."))
        await at.execute(_ANSWER, row["id"], State.CONFIRMED.value, services.clock.now(), actor.name, None)
        await _note(services, connection, actor, "portfolio.confirmed", whose, entry_id)


async def send_back(services: Services, actor: Actor, whose: Subject, entry_id: int, reason: str) -> None:
    """Send an entry back with a reason, one that was confirmed too.

    Raises NotFound, EntryChanged, EntryRefused or ErasureAsked.
    """
    why = checked_reason(reason)
    async with services.database.transaction() as connection:
        at = raw(connection)
        await hold_left_too(at, whose, services.clock.now())
        row = await _found(at, whose, entry_id, {State.WAITING, State.CONFIRMED})
        sealed = services.vault.encrypt(why, ANSWER, str(entry_id))
        await at.execute(_ANSWER, row["id"], State.SENT_BACK.value, services.clock.now(), actor.name, sealed)
        await _note(services, connection, actor, "portfolio.sent_back", whose, entry_id)


async def _check_room(connection: asyncpg.Connection, actor: Actor, whose: Subject, now: datetime) -> None:
    """Let nobody fill the tables; the person's row is held, so that one at a time adds."""
    kept = await connection.fetchrow(_COUNT, whose.id, actor.account_id, now)
    if kept["of_person"] >= ENTRIES_MAX or kept["of_day"] >= A_DAY_MAX:
        raise EntryRefused(message("So much was added already. Go on tomorrow, or ask the office."))


async def _write(
    services: Services,
    connection: asyncpg.Connection,
    actor: Actor,
    whose: Subject,
    entry: Given,
    state: State,
    entry_id: int,
    now: datetime,
) -> None:
    named, is_judged = str(entry_id), state is State.CONFIRMED
    title = services.vault.encrypt(entry.title, TITLE, named)
    words = services.vault.encrypt(entry.words, WORDS, named) if entry.words else None
    await connection.execute(
        _ADD, entry_id, whose.school_id, whose.id, entry.kind.value, entry.level, entry.result, entry.on,
        entry.last_on, entry.hours or None, title, words, actor.account_id, now, actor.name, state.value,
        now if is_judged else None, actor.name if is_judged else "",
    )  # fmt: skip


async def _own(connection: asyncpg.Connection, actor: Actor, whose: Subject, entry_id: int) -> asyncpg.Record:
    row = await _found(connection, whose, entry_id, {State.WAITING, State.SENT_BACK})
    if actor.account_id is None or row["account_id"] != actor.account_id:
        raise NotFound
    return row


async def _found(
    connection: asyncpg.Connection, whose: Subject, entry_id: int, states: Collection[State]
) -> asyncpg.Record:
    row = await connection.fetchrow(_FIND, entry_id, whose.id)
    if row is None:
        raise NotFound
    if State(row["state"]) not in states:
        raise EntryChanged(message("Somebody else did something with this meanwhile. Look at it again."))
    return row


async def _digest(services: Services, connection: asyncpg.Connection, row: asyncpg.Record) -> str:
    """Return what an entry holds now; its row is locked, so that nobody adds a file meanwhile."""
    sealed = row["words_encrypted"]
    words = services.vault.decrypt(sealed, WORDS, str(row["id"])) if sealed is not None else ""
    files = await connection.fetch(_FILES, row["id"], ENTRY_MAX)
    return digest_of(words, [each["id"] for each in files])


async def _note(
    services: Services, connection: BaseDBAsyncClient, actor: Actor, verb: str, whose: Subject, entry_id: int
) -> None:
    await audit(
        connection, actor, verb, f"person:{whose.id}", {"entry": str(entry_id)}, school_id=whose.school_id,
        at=services.clock.now(),
    )  # fmt: skip
