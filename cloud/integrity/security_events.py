"""Security events in one list: of devices and broker, accounts and rights, servers and the database.

Rule: nothing in it names a child; it is as bounded as what asks for it.
"""

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.devices.alarm_kinds import Severity, kind_of

PREFETCH = 500
EVENTS_MAX = 100_000
SOURCES = ("alarm", "audit", "server", "database")
LOGIN_SEVERITY = Severity.WARNING
# Deeds that change who may do what, or by which keys, and attempts to sign in that failed; of sign-ins those of staff.
VERBS = (
    "account.sign_in_failed", "account.second_step_failed", "account.added", "account.closed", "account.deleted",
    "account.opened_again", "account.password_reset", "account.role_given", "account.role_taken",
    "account.factors_forgotten", "account.recovered", "account.recovery_asked", "account.passkey_added",
    "account.app_set_up",
    "card.key_rotated", "device.added", "device.revoked", "device.retired", "device.invited", "device.commanded",
    "key.added", "key.rotated", "key.retired", "token.made", "token.revoked", "school.exported", "audit.exported",
    "person.iin_read", "sql_access.added", "sql_access.removed", "alarm.acknowledged", "anchor.address_set",
    "backup.restored",
)  # fmt: skip
_EVENTS = """
SELECT * FROM (
  SELECT last_at AS at, 'alarm' AS source, kind AS what, severity::int AS severity, device AS whom, '' AS by, count,
    detail, coalesce(school.code, '') AS school, alarm.school_id, 'a' || alarm.id AS id
  FROM alarm LEFT JOIN school ON school.id = alarm.school_id
  WHERE last_at >= $2 AND last_at < $3
  UNION ALL
  SELECT at, 'audit', verb, CASE WHEN verb LIKE '%\\_failed' THEN 2 ELSE 1 END, subject, actor, 1, detail::text,
    coalesce(school.code, ''), entry.school_id, 'j' || entry.id
  FROM audit_entry AS entry LEFT JOIN school ON school.id = entry.school_id
  WHERE at >= $2 AND at < $3 AND (verb = ANY($4::text[]) OR verb = 'account.signed_in' AND EXISTS (
    SELECT FROM grant_of_role WHERE grant_of_role.account_id = entry.account_id))
  UNION ALL
  SELECT began_at, 'server', kind, severity::int, subject, '', 1, detail, '', NULL, 't' || trouble.id
  FROM trouble WHERE began_at >= $2 AND began_at < $3
  UNION ALL
  SELECT ended_at, 'server', kind || '.over', 1, subject, '', 1, '', '', NULL, 'e' || trouble.id
  FROM trouble WHERE ended_at >= $2 AND ended_at < $3
  UNION ALL
  SELECT at, 'database', 'database.' || kind, CASE WHEN kind IN ('guards', 'failed') THEN 2 ELSE 1 END, 'database', who,
    1, told, '', NULL, 'd' || database_event.id
  FROM database_event WHERE at >= $2 AND at < $3
) AS events WHERE ($1::bigint IS NULL OR school_id = $1)
  AND ($6 = '' OR source = $6) AND severity >= $7
  AND ($8 = '' OR strpos(lower(concat_ws(' ', what, whom, by, detail, school)), lower($8)) > 0)
ORDER BY at DESC, id DESC LIMIT $5 OFFSET $9
"""
_SYSLOG = {Severity.NOTICE: 5, Severity.WARNING: 4, Severity.SEVERE: 2}  # RFC 5424: notice, warning, critical
_FACILITY = 10  # security and authorization


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    """Something that whoever watches over security wants to know."""

    id: str
    at: datetime
    source: str  # alarm, audit, server or database
    what: str  # the kind of an alarm or a trouble, a verb, or what the database noted
    severity: Severity
    whom: str  # a device, or what it was done to
    by: str
    count: int
    detail: str
    school: str  # a code; empty for what belongs to none

    @property
    def as_json(self) -> str:
        """Return it as a line of JSON."""
        told = {
            "at": self.at.isoformat(timespec="milliseconds"), "id": self.id, "source": self.source, "what": self.what,
            "severity": self.severity.name.lower(), "school": self.school, "whom": self.whom, "by": self.by,
            "count": self.count, "detail": self.detail,
        }  # fmt: skip
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"))

    def as_syslog(self, host: str) -> str:
        """Return it as a line of syslog (RFC 5424)."""
        priority = _FACILITY * 8 + _SYSLOG[self.severity]
        at = self.at.isoformat(timespec="milliseconds")
        return f"<{priority}>1 {at} {host} esik - {self.what.replace('.', '_')} - {self.as_json}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of the events are looked for; empty is any."""

    source: str = ""
    severity: Severity = Severity.NOTICE  # at least
    words: str = ""  # somewhere in what, whom, by, detail or school
    offset: int = 0


EVERY = Wanted()


async def security_events(
    services: Services, actor: Actor, school_id: int | None, since: datetime, until: datetime, limit: int = PREFETCH,
    wanted: Wanted = EVERY,
) -> list[SecurityEvent]:  # fmt: skip
    """Return the newest security events of a period, of a school or, for an operator, of all. Raises NotAllowed."""
    if school_id is None:
        actor.require_everywhere(Right.ALARMS_READ)
    else:
        actor.require(Right.ALARMS_READ, school_id)
    rows = await services.database.pool.fetch(
        _EVENTS, school_id, since, until, list(VERBS), min(limit, EVENTS_MAX), wanted.source, wanted.severity.value,
        wanted.words, wanted.offset, timeout=120.0,
    )  # fmt: skip
    return [_event(row) for row in rows]


async def follow(
    services: Services, actor: Actor, since: datetime, every_s: float
) -> AsyncGenerator[SecurityEvent, None]:
    """Yield security events of all schools as they come, oldest first, for whoever collects them. Raises NotAllowed.

    An alarm that comes again is told again, with its count.
    """
    told: dict[tuple[str, datetime], None] = {}
    while True:
        now = services.clock.now()
        for event in reversed(await security_events(services, actor, None, since, now, EVENTS_MAX)):
            if (event.id, event.at) not in told:
                told[event.id, event.at] = None
                yield event
        for old in list(told)[: max(0, len(told) - EVENTS_MAX)]:
            del told[old]
        await services.clock.sleep(every_s)


def _event(row: asyncpg.Record) -> SecurityEvent:
    severity = kind_of(row["what"]).severity if row["source"] == "alarm" else Severity(row["severity"])
    return SecurityEvent(
        row["id"], row["at"], row["source"], row["what"], severity, row["whom"], row["by"], row["count"],
        row["detail"], row["school"],
    )  # fmt: skip
