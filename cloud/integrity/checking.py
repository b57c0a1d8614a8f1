"""The nightly check: chains, roles, ties of people, anchors, sealed fields, files; an alarm tells of what it finds.

Rule: it only reads but for its own result; one check at a time, whoever runs the workers.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from cloud.audit.verifying import verify_audit
from cloud.core.actor import Actor
from cloud.core.database import session_lock
from cloud.core.nights import EVERY, LATEST, NIGHT
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.devices.alarms import note_alarm
from cloud.ingest.verifying import verify_log
from cloud.integrity.comparing import compare_own
from cloud.integrity.granted import compare_roles, compare_ties
from cloud.integrity.restores import restores_of
from cloud.integrity.sealing import verify_sealed

FOUND_MAX = 100  # that are named; beyond that they are only counted
ZONE = ZoneInfo("Asia/Almaty")
WHO, ALARM, RESTORED = "service", "integrity_broken", "backup_restored"
DETAIL_MAX = 200
CHECKS_SHOWN = 30
STAGES = ("records", "audit journal", "roles and ties", "anchors", "sealed fields")
WHOLE = 1_000  # how much each of them counts for who waits
Tell = Callable[[str, int, int], None]
_LOCK = 0x636865636B  # "check"
_LAST = "SELECT at FROM integrity_check ORDER BY at DESC LIMIT 1"
_KEEP = "INSERT INTO integrity_check (at, took_s, counted, wrong, found) VALUES ($1, $2, $3, $4, $5)"
_CHECKS = "SELECT at, took_s, counted, wrong, found FROM integrity_check ORDER BY at DESC LIMIT $1"
log = structlog.get_logger()


@dataclass(slots=True)
class Found:
    """What a check found; `wrong` may be more than are named."""

    wrong: int = 0
    named: list[tuple[str, str]] = field(default_factory=list)

    def tell(self, place: str, what: str) -> None:
        """Note something that is wrong: where, and what."""
        self.wrong += 1
        if len(self.named) < FOUND_MAX:
            self.named.append((place, what))

    def note(self, place: str, what: str) -> None:
        """Note something that is to be known and is not wrong."""
        if len(self.named) < FOUND_MAX:
            self.named.append((place, what))


@dataclass(frozen=True, slots=True)
class Check:
    """A check that was made: when, how long it took, how much was looked at, and what was found."""

    at: datetime
    took_s: int
    counted: dict[str, int]
    wrong: int
    found: Sequence[tuple[str, str]]


def _nobody(_stage: str, _done: int, _total: int) -> None:
    """Tell nobody how far a check is."""


async def check_due(services: Services) -> bool:
    """Check everything where it is night and it was not done; tell whether it was done."""
    now = services.clock.now()
    last = await services.database.pool.fetchval(_LAST)
    is_night = now.astimezone(ZONE).hour in NIGHT
    if last is not None and (last > now - EVERY or not (is_night or last < now - LATEST)):
        return False
    if last is None and not is_night:
        return False
    async with session_lock(services.database.pool, _LOCK) as held:
        if held is None:
            return False
        await check_everything(services)
    return True


async def check_everything(services: Services) -> Check:
    """Look at chains, roles, ties, anchors, sealed fields and files, keep what was found, and alarm."""
    at, began_s, found = services.clock.now(), services.clock.monotonic_s(), Found()
    last = await services.database.pool.fetchval(_LAST)
    restores = [each for each in await restores_of(services) if last is None or each.restored_at > last]
    counted = await look(services, found)
    check = Check(at, round(services.clock.monotonic_s() - began_s), counted, found.wrong, found.named)
    async with services.database.transaction() as connection:
        await connection.execute_query(
            _KEEP, [at, check.took_s, json.dumps(counted), check.wrong, json.dumps(found.named, ensure_ascii=False)]
        )
        for restore in restores:
            await note_alarm(connection, None, WHO, RESTORED, restore.when, at)
        if found.wrong:
            log.error("integrity.broken", found=found.wrong, first=found.named[0][0])
            detail = f"{found.wrong}: {': '.join(found.named[0])}"[:DETAIL_MAX]
            await note_alarm(connection, None, WHO, ALARM, detail, at)
    return check


async def look(services: Services, found: Found, tell: Tell = _nobody) -> dict[str, int]:
    """Look at everything and tell of what is wrong; return how much was looked at.

    `tell` hears what is looked at, and how much of how much is done.
    """

    def begin(stage: str, share: float = 0.0) -> None:
        tell(stage, round(WHOLE * (STAGES.index(stage) + share)), WHOLE * len(STAGES))

    begin("records")
    records = await verify_log(services, lambda done, total: begin("records", done / total if total else 0.0))
    for each in records.findings:
        found.tell(each.place, each.what)
    found.wrong += records.count - len(records.findings)
    begin("audit journal")
    audit = await verify_audit(services.database.pool, found.tell)
    begin("roles and ties")
    roles = await compare_roles(services, found.tell)
    ties = await compare_ties(services, found.tell)
    begin("anchors")
    compared = await compare_own(services, found.tell)
    for place, what in compared.left_behind:
        found.note(place, what)
    begin("sealed fields")
    sealed = await verify_sealed(services, found.tell)
    return {
        "records": records.records, "audit": audit.entries, "roles": roles, "ties": ties, "anchors": compared.anchors,
        "sealed": sealed.values, "files": sealed.files,
    }  # fmt: skip


async def checks(services: Services, actor: Actor) -> list[Check]:
    """Return the last checks, newest first, for operators. Raises NotAllowed."""
    actor.require_everywhere(Right.ALARMS_READ)
    return [
        Check(row["at"], row["took_s"], json.loads(row["counted"]), row["wrong"],
              [(place, what) for place, what in json.loads(row["found"])])
        for row in await services.database.pool.fetch(_CHECKS, CHECKS_SHOWN)
    ]  # fmt: skip
