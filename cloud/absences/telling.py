"""What families do: tell an absence, add words and papers when the school asks back, take it back.

Rule: whoever may see the child's days, and is held by no court's limit about the child, tells; what one guardian told,
only that guardian or who may consent for the child takes back. Days that are told already are not told twice.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.absences.ended import note_ended
from cloud.absences.errors import AbsenceChanged, AbsenceRefused
from cloud.absences.kinds import REASON, WORDS, Absence, Happened, State, Tell, tell_nobody
from cloud.absences.papers import put_paper
from cloud.absences.rules import check_absence, checked_words
from cloud.accounts.actions import audit
from cloud.consents.scans import Scan
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.page_wakeups import wake_pages
from cloud.core.services import Services

A_DAY_MAX = 10  # of one child
_TELLER = """
SELECT free.person_id, free.school_id, person.ref, may_consent, ($3::timestamptz AT TIME ZONE zone)::date AS today
FROM guardians_free_at($3) AS free JOIN person ON person.id = free.person_id JOIN school ON school.id = free.school_id
WHERE free.account_id = $1 AND person.ref = $2 AND may_see ORDER BY may_consent DESC LIMIT 1
"""
_LOCK = "SELECT FROM person WHERE id = $1 FOR NO KEY UPDATE"
_STANDS = """
SELECT count(*) FILTER (WHERE state <> 'taken_back' AND first_on <= $3 AND last_on >= $2) AS twice,
  count(*) FILTER (WHERE told_at > $4::timestamptz - interval '1 day') AS lately
FROM absence WHERE person_id = $1
"""
_NEXT = "SELECT nextval(pg_get_serial_sequence('absence', 'id'))"
_TELL = """
INSERT INTO absence (id, school_id, person_id, account_id, first_on, last_on, reason_encrypted, words_encrypted,
  told_at, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'told')
"""
_REPLY = """
UPDATE absence SET state = 'told', told_at = $4, words_encrypted = coalesce($5, words_encrypted), seen_at = NULL,
  seen_by = ''
WHERE id = $1 AND person_id = $2 AND account_id = $3 AND state <> 'taken_back' RETURNING first_on, last_on
"""
_TAKE_BACK = """
UPDATE absence SET state = 'taken_back', told_at = $4
WHERE id = $1 AND person_id = $2 AND (account_id = $3 OR $5) AND state <> 'taken_back' RETURNING first_on, last_on
"""


async def teller_of(services: Services, actor: Actor, ref: str) -> asyncpg.Record | None:
    """Return the child of which the actor may tell an absence, with the school's day; None where the actor may not."""
    if actor.account_id is None or actor.must_change:
        return None
    return await services.database.pool.fetchrow(_TELLER, actor.account_id, ref, services.clock.now())


async def tell_absence(
    services: Services, actor: Actor, ref: str, given: Absence, paper: Scan | None = None, tell: Tell = tell_nobody
) -> int:
    """Tell the school of an absence, and return its id. Raises NotFound or AbsenceRefused."""
    mine = await _mine(services, actor, ref)
    absence = check_absence(given, mine["today"])
    async with services.database.transaction() as transaction:
        connection, now = raw(transaction), services.clock.now()
        await connection.execute(_LOCK, mine["person_id"])
        _check_once(await connection.fetchrow(_STANDS, mine["person_id"], absence.first_on, absence.last_on, now))
        absence_id: int = await connection.fetchval(_NEXT)
        sealed = services.vault.encrypt(absence.reason.value, REASON, str(absence_id))
        await connection.execute(
            _TELL, absence_id, mine["school_id"], mine["person_id"], actor.account_id, absence.first_on,
            absence.last_on, sealed, _words(services, absence_id, absence.words), now,
        )  # fmt: skip
        if paper is not None:
            await put_paper(services, connection, mine["school_id"], absence_id, paper)
        days = absence.first_on, absence.last_on
        await _done(services, transaction, actor, mine, absence_id, State.TOLD, days, tell)
    return absence_id


async def reply(
    services: Services, actor: Actor, ref: str, absence_id: int, words: str, paper: Scan | None = None
) -> None:  # fmt: skip
    """Say more of an absence that the actor told, or add its paper; the school looks at it anew, and nobody is told.

    Raises NotFound, AbsenceRefused or AbsenceChanged.
    """
    mine, said = await _mine(services, actor, ref), checked_words(words)
    if not said and paper is None:
        raise AbsenceRefused(message("Write something, or choose a file."))
    async with services.database.transaction() as transaction:
        connection, now = raw(transaction), services.clock.now()
        row = await connection.fetchrow(
            _REPLY, absence_id, mine["person_id"], actor.account_id, now, _words(services, absence_id, said)
        )
        if row is None:
            raise _gone()
        if paper is not None:
            await put_paper(services, connection, mine["school_id"], absence_id, paper)
        days = row["first_on"], row["last_on"]
        await _done(services, transaction, actor, mine, absence_id, State.TOLD, days, tell_nobody)


async def take_back(
    services: Services, actor: Actor, ref: str, absence_id: int, tell: Tell = tell_nobody
) -> None:  # fmt: skip
    """Take an absence back: the child comes after all. Raises NotFound or AbsenceChanged."""
    mine = await _mine(services, actor, ref)
    async with services.database.transaction() as transaction:
        row = await raw(transaction).fetchrow(
            _TAKE_BACK, absence_id, mine["person_id"], actor.account_id, services.clock.now(), mine["may_consent"]
        )
        if row is None:
            raise _gone()
        days = row["first_on"], row["last_on"]
        await note_ended(raw(transaction), mine["school_id"], [mine["person_id"]], days, mine["today"])
        await _done(services, transaction, actor, mine, absence_id, State.TAKEN_BACK, days, tell)


async def _mine(services: Services, actor: Actor, ref: str) -> asyncpg.Record:
    row = await teller_of(services, actor, ref)
    if row is None:
        raise NotFound
    return row


def _check_once(stands: Mapping[str, Any] | None) -> None:
    if stands is not None and stands["twice"]:
        raise AbsenceRefused(message("An absence is told for one of these days already. Take it back first."))
    if stands is not None and stands["lately"] >= A_DAY_MAX:
        raise AbsenceRefused(message("Too many absences were told today. Tell the office the rest."))


def _words(services: Services, absence_id: int, words: str) -> bytes | None:
    return services.vault.encrypt(words, WORDS, str(absence_id)) if words else None


def _gone() -> AbsenceChanged:
    return AbsenceChanged(message("This absence is not there any more, or not yours. Look again."))


async def _done(
    services: Services, transaction: BaseDBAsyncClient, actor: Actor, mine: asyncpg.Record, absence_id: int,
    state: State, days: tuple[date, date], tell: Tell,
) -> None:  # fmt: skip
    """Note what was done, tell the guardians, and wake the pages that show the child."""
    connection, now = raw(transaction), services.clock.now()
    detail = {"absence": str(absence_id), "first_on": str(days[0]), "last_on": str(days[1])}
    await audit(
        transaction, actor, f"absence.{state}", f"person:{mine['person_id']}", detail, school_id=mine["school_id"],
        at=now,
    )  # fmt: skip
    await tell(connection, Happened(absence_id, mine["school_id"], mine["person_id"], state, *days, now))
    await wake_pages(services.vault, connection, [(mine["school_id"], mine["ref"])])
