"""The list of alarms for who looks into them: a school's IT sees the school's, an operator those of all schools.

Rule: an alarm is acknowledged once, by a person, and the audit journal says by whom.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from urllib.parse import urlencode

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.page_wakeups import CHANNEL
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.wakeups import NOBODY, notify
from cloud.devices.alarm_kinds import Kind, Severity, kind_of, word_of
from cloud.devices.alarms import OPERATORS

PAGE_SIZE = 50
PAGES_MAX = 200
WORD_MAX = 24  # of a device or a kind that is looked for
NAME_MAX = 180

_FITS = """
FROM alarm LEFT JOIN school ON school.id = alarm.school_id
WHERE ($1::bigint IS NULL OR alarm.school_id = $1)
  AND ($2 = 'all' OR (acknowledged_at IS NULL) = ($2 = 'open'))
  AND severity >= $3 AND ($4 = '' OR alarm.device = $4) AND ($5 = '' OR kind = $5)
  AND ($6 = '' OR school.code = $6)
"""
_LIST = f"""
SELECT alarm.id, coalesce(school.code, '') AS school, alarm.device, kind, severity, detail, count, first_at,
  last_at, acknowledged_at, acknowledged_by {_FITS}
ORDER BY (CASE WHEN acknowledged_at IS NULL THEN severity ELSE 0 END) DESC, last_at DESC, alarm.id DESC
LIMIT $7 OFFSET $8
"""
_COUNT = f"SELECT count(*) {_FITS}"
_OPEN = """
SELECT severity, count(*) FROM alarm
WHERE acknowledged_at IS NULL AND ($1::bigint IS NULL OR school_id = $1) GROUP BY severity
"""
_KINDS = "SELECT DISTINCT kind FROM alarm WHERE $1::bigint IS NULL OR school_id = $1 ORDER BY kind LIMIT 200"
# In the order in which ingest writes them, so that neither waits for the other for ever.
_ACKNOWLEDGE = """
WITH chosen AS (
  SELECT id FROM alarm
  WHERE id = ANY($1::bigint[]) AND acknowledged_at IS NULL AND ($2::bigint IS NULL OR school_id = $2)
  ORDER BY device COLLATE "C", kind COLLATE "C" FOR UPDATE
)
UPDATE alarm SET acknowledged_at = $3, acknowledged_by = $4 FROM chosen WHERE alarm.id = chosen.id
RETURNING alarm.id, school_id, device, kind, count
"""


class State(StrEnum):
    """Which alarms are looked at."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class AlarmFilters:
    """What somebody asked to see; what cannot be read is ignored."""

    state: State = State.OPEN
    severity: Severity = Severity.NOTICE  # at least
    device: str = ""
    kind: str = ""
    school: str = ""  # a code, for operators
    page: int = 1

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """Read a query string."""
        state, severity, page = query.get("state", ""), query.get("severity", ""), query.get("page", "")
        return cls(
            state=State(state) if state in set(State) else State.OPEN,
            severity=Severity(int(severity)) if severity in {"1", "2", "3"} else Severity.NOTICE,
            device=query.get("device", "").strip()[:WORD_MAX],
            kind=query.get("kind", "").strip()[:WORD_MAX],
            school=query.get("school", "").strip()[:WORD_MAX],
            page=min(PAGES_MAX, int(page)) if page.isascii() and page.isdigit() and 0 < len(page) < 6 else 1,
        )

    @property
    def query(self) -> str:
        """Return the query string of these filters, without what goes without saying."""
        said = {
            "state": "" if self.state is State.OPEN else self.state.value,
            "severity": "" if self.severity is Severity.NOTICE else str(self.severity.value),
            "device": self.device, "kind": self.kind, "school": self.school,
            "page": str(self.page) if self.page > 1 else "",
        }  # fmt: skip
        return urlencode({key: value for key, value in said.items() if value})

    def to(self, **changes: object) -> str:
        """Return a link's address with some filters changed, from the first page on."""
        changed = replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]  # templates name fields
        return f"?{changed.query}"


@dataclass(frozen=True, slots=True)
class AlarmSeen:
    """A line of the list."""

    id: int
    school: str  # empty: of no school
    device: str
    kind: str
    severity: Severity
    detail: str
    count: int
    first_at: datetime
    last_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str

    @property
    def about(self) -> Kind:
        return kind_of(self.kind)

    @property
    def word(self) -> str:
        """Return its English words; a kind that nobody entered stays itself."""
        return word_of(self.kind)

    @property
    def sign(self) -> str:
        """Return the sign of its severity."""
        return f"alarm_{self.severity.name.lower()}"


@dataclass(frozen=True, slots=True)
class AlarmList:
    """One page of the list, and how many are open of each severity."""

    filters: AlarmFilters
    alarms: Sequence[AlarmSeen]
    found: int
    open: Mapping[Severity, int]
    kinds: Mapping[str, str]  # that there are, with their English words

    @property
    def pages(self) -> int:
        return min(PAGES_MAX, max(1, -(-self.found // PAGE_SIZE)))

    @property
    def open_ids(self) -> str:
        """Return the numbers of the open ones shown, for one button."""
        return ",".join(str(alarm.id) for alarm in self.alarms if alarm.acknowledged_at is None)


async def alarms_of(services: Services, actor: Actor, school_id: int | None, filters: AlarmFilters) -> AlarmList:
    """Return the alarms of a school for its IT; of all schools, and of none, for an operator. Raises NotAllowed."""
    _require(actor, school_id)
    fits = (
        school_id, filters.state.value, filters.severity.value, filters.device, filters.kind,
        "" if school_id is not None else filters.school,
    )  # fmt: skip
    async with services.database.pool.acquire() as connection:
        found = await connection.fetchval(_COUNT, *fits)
        filters = replace(filters, page=max(1, min(filters.page, -(-found // PAGE_SIZE))))
        rows = await connection.fetch(_LIST, *fits, PAGE_SIZE, (filters.page - 1) * PAGE_SIZE)
        kinds = {row["kind"]: word_of(row["kind"]) for row in await connection.fetch(_KINDS, school_id)}
        return AlarmList(filters, [_seen(row) for row in rows], found, await _open(connection, school_id), kinds)


async def open_alarms(services: Services, actor: Actor, school_id: int | None) -> Mapping[Severity, int]:
    """Return how many alarms are open, by severity. Raises NotAllowed."""
    _require(actor, school_id)
    async with services.database.pool.acquire() as connection:
        return await _open(connection, school_id)


async def acknowledge(services: Services, actor: Actor, school_id: int | None, ids: Collection[int]) -> int:
    """Note that somebody looked into alarms; return how many were still open. Raises NotAllowed."""
    _require(actor, school_id)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        rows = await raw(connection).fetch(_ACKNOWLEDGE, list(ids)[:PAGE_SIZE], school_id, now, actor.name[:NAME_MAX])
        for row in rows:
            detail = {"kind": row["kind"], "count": str(row["count"]), "alarm": str(row["id"])}
            subject = f"device:{row['device']}"
            await audit(connection, actor, "alarm.acknowledged", subject, detail, school_id=row["school_id"], at=now)
        for place in {OPERATORS, *(row["school_id"] or OPERATORS for row in rows)}:
            await notify(connection, CHANNEL, f"{place}:{NOBODY}")
    return len(rows)


async def _open(connection: asyncpg.Connection, school_id: int | None) -> Mapping[Severity, int]:
    rows = {row["severity"]: row["count"] for row in await connection.fetch(_OPEN, school_id)}
    return {severity: rows.get(severity.value, 0) for severity in Severity}


def _require(actor: Actor, school_id: int | None) -> None:
    if school_id is None:
        actor.require_everywhere(Right.ALARMS_READ)
    else:
        actor.require(Right.ALARMS_READ, school_id)


def _seen(row: Mapping[str, Any]) -> AlarmSeen:
    return AlarmSeen(**{**row, "severity": Severity(row["severity"])})
