"""Deletion: once a day what is older than its rule says goes, school by school, and a certificate says what went.

Rule: a certificate and the deletion it tells of are one transaction; what was deleted is counted, never described.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg
import structlog

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import kinds_of
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.retention.rules import RULES, After, Aged, Rule
from cloud.schools.queries import SchoolRow, school_of_id, schools_of

SYSTEM = Actor.system("retention")
AT_ONCE = 20_000  # rows of a table in one transaction: the rest goes the next time
ROUNDS_MAX = 50  # of one rule in one run
SHOWN_MAX = 500
HOURS_S = 3_600.0
_NOTE = """
INSERT INTO deletion (school_id, rule, before, at, counts, digest) VALUES ($1, $2, $3, $4, $5::text::jsonb, $6)
"""
_CERTIFICATES = """
SELECT id, rule, before, at, counts::text AS counts, digest FROM deletion WHERE school_id = $1 ORDER BY id DESC LIMIT $2
"""
logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was deleted by a rule: how many rows of each table that were older than a day."""

    school: str
    rule: str
    before: date
    at: datetime
    counts: Mapping[str, int]

    def encoded(self) -> bytes:
        """Return it as canonical JSON: what its digest is of."""
        told = {
            "school": self.school, "rule": self.rule, "before": self.before.isoformat(),
            "at": self.at.isoformat(timespec="microseconds"), "counts": dict(sorted(self.counts.items())),
        }  # fmt: skip
        return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    @property
    def digest(self) -> bytes:
        """The SHA-256 of the certificate."""
        return hashlib.sha256(self.encoded()).digest()


async def delete_due(services: Services) -> int:
    """Delete what is too old at every school and return how many rows; one school's trouble holds up no other."""
    deleted = 0
    for school in await schools_of(services, SYSTEM):
        try:
            deleted += await delete_of(services, school)
        except (asyncpg.PostgresError, TimeoutError) as error:
            logger.warning("retention.failed", school=school.code, error=kinds_of(error))
    return deleted


async def delete_of(services: Services, school: SchoolRow) -> int:
    """Delete what is too old at a school."""
    deleted = 0
    for rule in RULES:
        if rule.after is After.DELETED:
            for _ in range(ROUNDS_MAX):
                if not (count := await _delete(services, school, rule)):
                    break
                deleted += count
    return deleted


async def certificates_of(services: Services, actor: Actor, school_id: int) -> list[Certificate]:
    """Return a school's certificates, the newest first. Raises NotAllowed or NotFound."""
    actor.require(Right.AUDIT_READ, school_id)
    school = await school_of_id(services, school_id)
    rows = await services.database.pool.fetch(_CERTIFICATES, school_id, SHOWN_MAX)
    return [Certificate(school.code, row["rule"], row["before"], row["at"], json.loads(row["counts"])) for row in rows]


async def _delete(services: Services, school: SchoolRow, rule: Rule) -> int:
    now = services.clock.now()
    before = rule.first_kept(now.astimezone(school.zone).date())
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        counts: dict[str, int] = {}
        for aged in rule.aged:
            if count := await _delete_rows(connection, aged, school.id, before):
                counts[aged.table] = count
            if count == AT_ONCE:
                break  # what refers to the next table is not all gone yet
        if counts:
            certificate = Certificate(school.code, rule.name, before, now, counts)
            told = json.dumps(counts, sort_keys=True)
            await connection.execute(_NOTE, school.id, rule.name, before, now, told, certificate.digest)
            await audit(
                transaction, SYSTEM, "retention.deleted", f"school:{school.code}",
                {"rule": rule.name, "rows": str(sum(counts.values())), "before": before.isoformat()},
                school_id=school.id, at=now,
            )  # fmt: skip
    return sum(counts.values())


async def _delete_rows(connection: asyncpg.Connection, aged: Aged, school_id: int, before: date) -> int:
    query = (
        f'DELETE FROM "{aged.table}" WHERE ctid = ANY(ARRAY('  # noqa: S608 (texts of ours)
        f'SELECT ctid FROM "{aged.table}" WHERE {aged.old} LIMIT {AT_ONCE}))'
    )
    status = await connection.execute(query, school_id, before, timeout=HOURS_S)
    return int(status.split()[-1])
