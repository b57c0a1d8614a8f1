"""Depersonalising who may not be kept by name: begun by a refusal, done step by step, gone on with after a stop.

Rule: a step and the note that it was done are one transaction; a step that is noted is never done again.
"""

import asyncpg
import structlog

from cloud.accounts.actions import audit
from cloud.audit.ties import Kind, Tie, note_ties
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.services import Services
from cloud.erasure.steps import STEPS, UNTYING
from cloud.people.actions import tell_changed

AT_ONCE = 50
DEPERSONALISING = Actor.system("depersonalising")
_BEGIN = """
INSERT INTO erasure (school_id, person_id, begun_at)
SELECT DISTINCT person.school_id, person.id, $1::timestamptz FROM consent_answer
JOIN person ON person.id = consent_answer.person_id
WHERE purpose = 'data' AND says = 'no' AND is_refused(person.id, 'data')
  AND NOT EXISTS (SELECT FROM erasure WHERE erasure.person_id = person.id) LIMIT $2
ON CONFLICT (person_id) DO NOTHING
"""
_DUE = "SELECT id, school_id, person_id FROM erasure WHERE done_at IS NULL ORDER BY id LIMIT $1"
_NOTED = "SELECT step FROM erasure_step WHERE erasure_id = $1"
_NOTE = "INSERT INTO erasure_step (erasure_id, step, count, done_at) VALUES ($1, $2, $3, $4)"
log = structlog.get_logger()


async def erase_due(services: Services) -> int:
    """Begin what a refusal asks for, go on with what was begun, and return how many people are done now."""
    pool = services.database.pool
    await pool.execute(_BEGIN, services.clock.now(), AT_ONCE)
    due = await pool.fetch(_DUE, AT_ONCE)
    for erasure in due:
        await _erase(services, erasure)
    return len(due)


async def _erase(services: Services, erasure: asyncpg.Record) -> None:
    noted = {row["step"] for row in await services.database.pool.fetch(_NOTED, erasure["id"])}
    for step in STEPS:
        if step not in noted:
            await _do(services, erasure, step)
    async with services.database.transaction() as connection:
        now = services.clock.now()
        await raw(connection).execute("UPDATE erasure SET done_at = $2 WHERE id = $1", erasure["id"], now)
        await audit(
            connection, DEPERSONALISING, "person.erased",
            f"person:{erasure['person_id']}", school_id=erasure["school_id"], at=now,
        )  # fmt: skip
        await tell_changed(connection, erasure["school_id"])
    log.info("person.erased", person=erasure["person_id"])


async def _do(services: Services, erasure: asyncpg.Record, step: str) -> None:
    async with services.database.transaction() as connection:
        at = raw(connection)
        await at.execute("SELECT 1 FROM erasure WHERE id = $1 FOR UPDATE", erasure["id"])
        if await at.fetchval("SELECT true FROM erasure_step WHERE erasure_id = $1 AND step = $2", erasure["id"], step):
            return
        gone = await at.fetch(STEPS[step], erasure["person_id"])
        if step in UNTYING:
            ties, now = [Tie(kind, erasure["person_id"]) for kind in (Kind.STUDENT, Kind.STAFF)], services.clock.now()
            await note_ties(connection, DEPERSONALISING, erasure["school_id"], ties, now)
        await at.execute(_NOTE, erasure["id"], step, len(gone), services.clock.now())
