"""Reads of kept reports: one's own and those that are shared with one, with whom, and what was made by itself.

Rule: a report that is neither one's own nor shared with one is not found.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from cloud.builder.choice import Choice, choice_kept
from cloud.builder.keeping import SHARED_WITH
from cloud.builder.kinds import Every
from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.services import Services

LIST_MAX, RUNS_MAX, STAFF_MAX = 200, 60, 300
_LIST = """
SELECT report.id, report.school_id, report.account_id, account.name AS owner, report.name, choice::text, roles, every,
  next_on, stopped, changed_at,
  (SELECT max(due_on) FROM built_run WHERE report_id = report.id AND state = 'made') AS last_on
FROM built_report AS report JOIN account ON account.id = report.account_id
WHERE report.school_id = $1 AND ($4::bigint IS NULL OR report.id = $4) AND (
  report.account_id = $2 OR roles && $3::text[]
  OR EXISTS (SELECT FROM built_reader AS own WHERE own.report_id = report.id AND own.account_id = $2))
ORDER BY report.account_id <> $2, lower(report.name), report.id LIMIT $5
"""
_READERS = "SELECT account_id FROM built_reader WHERE report_id = $1"
_STAFF = """
SELECT DISTINCT account.id, account.name FROM account JOIN grant_of_role AS held ON held.account_id = account.id
WHERE held.school_id = $1 AND held.role = ANY($2) AND account.is_active ORDER BY account.name LIMIT $3
"""
_RUNS = """
SELECT id, due_on, made_at, state, row_count, is_cut, letter_sent_at, letter_failed
FROM built_run WHERE report_id = $1 ORDER BY due_on DESC LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class Built:
    """A kept report."""

    id: int
    school_id: int
    account_id: int
    owner: str
    name: str
    choice_text: str
    roles: Sequence[str]
    every: Every | None
    next_on: date | None
    stopped: str  # why it is not made by itself any more; empty where nothing stopped it
    changed_at: datetime
    last_on: date | None  # of what was made by itself last

    @property
    def choice(self) -> Choice:
        """Return what was chosen. Raises ChoiceRefused where it is of another version."""
        return choice_kept(self.choice_text)

    def is_of(self, actor: Actor) -> bool:
        """Tell whether it is the actor's own."""
        return self.account_id == actor.account_id


@dataclass(frozen=True, slots=True)
class RunRow:
    """What was made of a report by itself, without its rows."""

    id: int
    due_on: date
    made_at: datetime
    state: str
    row_count: int
    is_cut: bool
    letter_sent_at: datetime | None
    letter_failed: str


async def reports_of(services: Services, actor: Actor, school_id: int) -> list[Built]:
    """Return the reports at a school that are the actor's own, and then those that are shared with it."""
    return [_built(row) for row in await _rows(services, actor, school_id, None)]


async def report_of(services: Services, actor: Actor, school_id: int, report_id: int) -> Built:
    """Return a report. Raises NotFound."""
    rows = await _rows(services, actor, school_id, report_id)
    if not rows:
        raise NotFound
    return _built(rows[0])


async def readers_of(services: Services, built: Built) -> frozenset[int]:
    """Return the accounts that a report is shared with by name; for its owner."""
    rows = await services.database.pool.fetch(_READERS, built.id)
    return frozenset(row["account_id"] for row in rows)


async def staff_of(services: Services, actor: Actor, school_id: int) -> list[tuple[int, str]]:
    """Return whom a report can be shared with by name: ids and names of staff, but not oneself."""
    rows = await services.database.pool.fetch(_STAFF, school_id, [role.value for role in SHARED_WITH], STAFF_MAX)
    return [(row["id"], row["name"]) for row in rows if row["id"] != actor.account_id]


async def runs_of(services: Services, built: Built) -> list[RunRow]:
    """Return what was made of a report by itself, the newest first; for its owner."""
    return [RunRow(**row) for row in await services.database.pool.fetch(_RUNS, built.id, RUNS_MAX)]


async def _rows(services: Services, actor: Actor, school_id: int, report_id: int | None) -> list[asyncpg.Record]:
    roles = [role.value for role in actor.roles_at(school_id)]
    rows: list[asyncpg.Record] = await services.database.pool.fetch(
        _LIST, school_id, actor.account_id, roles, report_id, LIST_MAX
    )
    return rows


def _built(row: asyncpg.Record) -> Built:
    return Built(
        row["id"], row["school_id"], row["account_id"], row["owner"], row["name"], row["choice"], row["roles"],
        Every(row["every"]) if row["every"] else None, row["next_on"], row["stopped"], row["changed_at"],
        row["last_on"],
    )  # fmt: skip
