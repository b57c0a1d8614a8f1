"""Papers about absences, a doctor's above all: checked as scans of consents are, kept encrypted, each look noted."""

import hashlib

import asyncpg

from cloud.absences.errors import AbsenceRefused
from cloud.absences.kinds import PAPER
from cloud.accounts.actions import audit
from cloud.consents.scans import Scan
from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.register.queries import hand_of

PAPERS_MAX = 4  # of one absence
CHILD_MAX = 60  # of one child, while they are kept
_COUNT = """
SELECT count(*) FILTER (WHERE absence_id = $1) AS of_absence, count(*) AS of_child
FROM absence_paper JOIN absence ON absence.id = absence_id
WHERE person_id = (SELECT person_id FROM absence WHERE id = $1)
"""
_NEXT = "SELECT nextval(pg_get_serial_sequence('absence_paper', 'id'))"
_PUT = """
INSERT INTO absence_paper (id, school_id, absence_id, media, digest, size, paper_encrypted, put_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_FIND = """
SELECT media, paper_encrypted, absence.school_id, absence.person_id, absence.account_id, ref,
  coalesce(school_class_id, 0) AS class_id
FROM absence_paper JOIN absence ON absence.id = absence_id JOIN person ON person.id = absence.person_id
WHERE absence_paper.id = $1 AND absence_id = $2
"""
_STILL = "SELECT EXISTS (SELECT FROM guardians_free_at($3) WHERE account_id = $1 AND person_id = $2 AND may_see)"


async def put_paper(
    services: Services, connection: asyncpg.Connection, school_id: int, absence_id: int, paper: Scan
) -> None:
    """Keep a paper in a transaction of the caller's, who has checked who asks. Raises AbsenceRefused."""
    kept = await connection.fetchrow(_COUNT, absence_id)
    if kept["of_absence"] >= PAPERS_MAX or kept["of_child"] >= CHILD_MAX:
        raise AbsenceRefused(message("So many papers are kept already. Bring this one to the class teacher."))
    paper_id: int = await connection.fetchval(_NEXT)
    sealed = services.vault.encrypt_bytes(paper.content, PAPER, str(paper_id))
    digest = hashlib.sha256(paper.content).hexdigest()
    await connection.execute(
        _PUT, paper_id, school_id, absence_id, paper.media, digest, len(paper.content), sealed, services.clock.now()
    )


async def paper_of_school(services: Services, actor: Actor, school_id: int, absence_id: int, paper_id: int) -> Scan:
    """Return a paper for who may read absences of the child's class, and note who asked. Raises NotFound."""
    row = await services.database.pool.fetchrow(_FIND, paper_id, absence_id)
    if row is None or row["school_id"] != school_id:
        raise NotFound
    try:
        hand_of(actor, school_id, row["class_id"], Right.ABSENCES_READ)
    except NotAllowed:
        raise NotFound from None
    async with services.database.transaction() as transaction:
        await audit(
            transaction, actor, "absence.paper_read", f"person:{row['person_id']}", {"absence": str(absence_id)},
            school_id=school_id, at=services.clock.now(),
        )  # fmt: skip
    return _opened(services, paper_id, row)


async def own_paper(services: Services, actor: Actor, ref: str, absence_id: int, paper_id: int) -> Scan:
    """Return a paper to the guardian who gave it. Raises NotFound."""
    pool, now = services.database.pool, services.clock.now()
    row = await pool.fetchrow(_FIND, paper_id, absence_id)
    if row is None or actor.must_change or (row["ref"], row["account_id"]) != (ref, actor.account_id):
        raise NotFound
    if not await pool.fetchval(_STILL, actor.account_id, row["person_id"], now):
        raise NotFound
    return _opened(services, paper_id, row)


def _opened(services: Services, paper_id: int, row: asyncpg.Record) -> Scan:
    return Scan(row["media"], services.vault.decrypt_bytes(row["paper_encrypted"], PAPER, str(paper_id)))
