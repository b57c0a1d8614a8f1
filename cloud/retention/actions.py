"""Deletion: once a day what is older than its rule says goes, school by school, and a certificate says what went.

Rule: a certificate and the deletion it tells of are one transaction; what was deleted is counted, never described. A
rule that finds something at a school for the first time only tells what it would delete, and begins a week later.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum

import asyncpg
import structlog

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import kinds_of
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.retention.leavers import begin_nameless, due_leavers
from cloud.retention.rules import RULES, After, Aged, Rule
from cloud.schools.queries import SchoolRow, school_of_id, schools_of

SYSTEM = Actor.system("retention")
AT_ONCE = 20_000  # rows of a table in one transaction: the rest goes the next time
ROUNDS_MAX = 50  # of one rule in one run
SHOWN_MAX = 500
HOURS_S = 3_600.0
TOLD_BEFORE = timedelta(days=7)  # from the first look on, until a rule deletes at a school
_NOTE = """
INSERT INTO deletion (school_id, rule, before, at, counts, digest) VALUES ($1, $2, $3, $4, $5::text::jsonb, $6)
"""
_CERTIFICATES = """
SELECT id, rule, before, at, counts::text AS counts, digest FROM deletion WHERE school_id = $1 ORDER BY id DESC LIMIT $2
"""
_PLAN = """
INSERT INTO deletion_plan (school_id, rule, told_at, begins_at, before, counts)
VALUES ($1, $2, $3, $4, $5, $6::text::jsonb)
ON CONFLICT (school_id, rule) DO UPDATE SET before = excluded.before, counts = excluded.counts
RETURNING begins_at, xmax = 0 AS is_new
"""
_PLANS = """
SELECT rule, told_at, begins_at, before, counts::text AS counts FROM deletion_plan WHERE school_id = $1 ORDER BY rule
"""
logger = structlog.get_logger()


class Begin(Enum):
    """When a rule that finds something for the first time deletes."""

    TOLD_BEFORE = "told before"
    AT_ONCE = "at once"  # by the operator's command


@dataclass(frozen=True, slots=True)
class Plan:
    """What a rule has found at a school: at the last look, and from when on it deletes."""

    rule: str
    told_at: datetime
    begins_at: datetime
    before: date
    counts: Mapping[str, int]


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


async def delete_due(services: Services, begin: Begin = Begin.TOLD_BEFORE) -> int:
    """Delete what is too old at every school and return how many rows; one school's trouble holds up no other."""
    deleted = 0
    for school in await schools_of(services, SYSTEM):
        try:
            deleted += await delete_of(services, school, begin)
        except (asyncpg.PostgresError, TimeoutError) as error:
            logger.warning("retention.failed", school=school.code, error=kinds_of(error))
    return deleted


async def delete_of(services: Services, school: SchoolRow, begin: Begin = Begin.TOLD_BEFORE) -> int:
    """Delete what is too old at a school, by the rules whose time has come; of the others tell what they found."""
    deleted = 0
    for rule in RULES:
        if rule.after is After.KEPT or not await _has_begun(services, school, rule, begin):
            continue
        if rule.after is After.NAMELESS:
            deleted += await begin_nameless(services, school, rule)
            continue
        for _ in range(ROUNDS_MAX):
            if not (count := await _delete(services, school, rule)):
                break
            deleted += count
    return deleted


async def found_of(services: Services, school: SchoolRow, rule: Rule) -> dict[str, int]:
    """Return how many rows of each table a rule would delete now; of people who left, how many."""
    before = _before(services, school, rule)
    pool = services.database.pool
    if rule.after is After.NAMELESS:
        due = len(await due_leavers(services, school, rule))
        return {"person": due} if due else {}
    counts: dict[str, int] = {}
    for aged in rule.aged:
        query = f'SELECT count(*) FROM "{aged.table}" WHERE {aged.old}'  # noqa: S608 (texts of ours)
        counts[aged.table] = await pool.fetchval(query, school.id, before, timeout=HOURS_S)
    return {table: count for table, count in counts.items() if count}


async def look(services: Services, actor: Actor, school_id: int) -> dict[str, dict[str, int]]:
    """Return what every rule would delete at a school now, and change nothing. Raises NotAllowed or NotFound."""
    actor.require(Right.AUDIT_READ, school_id)
    school = await school_of_id(services, school_id)
    found = {rule.name: await found_of(services, school, rule) for rule in RULES if rule.after is not After.KEPT}
    return {name: counts for name, counts in found.items() if counts}


async def plans_of(services: Services, actor: Actor, school_id: int) -> list[Plan]:
    """Return what rules have found at a school at their last look. Raises NotAllowed."""
    actor.require(Right.AUDIT_READ, school_id)
    rows = await services.database.pool.fetch(_PLANS, school_id)
    return [Plan(**{**dict(row), "counts": json.loads(row["counts"])}) for row in rows]


async def _has_begun(services: Services, school: SchoolRow, rule: Rule, begin: Begin) -> bool:
    """Note what a rule finds, and tell whether it deletes already."""
    counts = await found_of(services, school, rule)
    if not counts:
        return False
    now, told = services.clock.now(), json.dumps(counts, sort_keys=True)
    before = _before(services, school, rule)
    async with services.database.transaction() as transaction:
        row = await raw(transaction).fetchrow(
            _PLAN, school.id, rule.name, now, now + TOLD_BEFORE, before, told
        )  # fmt: skip
        if row["is_new"]:
            begins = row["begins_at"].isoformat(timespec="minutes")
            logger.info("retention.planned", school=school.code, rule=rule.name, rows=counts, begins_at=begins)
            await audit(
                transaction, SYSTEM, "retention.planned", f"school:{school.code}",
                {"rule": rule.name, "rows": str(sum(counts.values())), "begins_at": begins},
                school_id=school.id, at=now,
            )  # fmt: skip
    return begin is Begin.AT_ONCE or now >= row["begins_at"]


def _before(services: Services, school: SchoolRow, rule: Rule) -> date:
    return rule.first_kept(services.clock.now().astimezone(school.zone).date())


async def certificates_of(services: Services, actor: Actor, school_id: int) -> list[Certificate]:
    """Return a school's certificates, the newest first. Raises NotAllowed or NotFound."""
    actor.require(Right.AUDIT_READ, school_id)
    school = await school_of_id(services, school_id)
    rows = await services.database.pool.fetch(_CERTIFICATES, school_id, SHOWN_MAX)
    return [Certificate(school.code, row["rule"], row["before"], row["at"], json.loads(row["counts"])) for row in rows]


async def _delete(services: Services, school: SchoolRow, rule: Rule) -> int:
    now, before = services.clock.now(), _before(services, school, rule)
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
