"""Which schools' reports of a month came, are late or are missing: for authorities, over the schools that they reach.

Rule: one statement a question, with a limit, over a reach that the tree of authorities gives; a school that nobody
placed below an authority is seen by nobody but the national one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.reports.months import Month
from cloud.reports.subjects import AnySubject

PAGE_SIZE = 100
_STATES = """
WITH reached AS (
  SELECT school.id, school.code, name_kk, name_ru, name_en, report.id AS report_id, signed_at, sent.sent_at, sent.way,
    ($2::date + interval '1 month 5 days')::timestamp AT TIME ZONE zone AS late_from,
    (SELECT max(number) FROM report AS other WHERE other.school_id = school.id AND other.subject = $3
      AND other.month = $2 AND EXISTS (SELECT FROM report_sending WHERE report_id = other.id AND way <> 'late'
        AND report_sending.sent_at IS NOT NULL)) AS number
  FROM school
  LEFT JOIN report ON report.school_id = school.id AND report.subject = $3 AND report.month = $2 AND report.number = 1
  LEFT JOIN LATERAL (
    SELECT report_sending.sent_at, way FROM report_sending
    WHERE report_id = report.id AND way <> 'late' AND report_sending.sent_at IS NOT NULL
    ORDER BY report_sending.sent_at, report_sending.id LIMIT 1
  ) AS sent ON true
  WHERE $1::bigint[] IS NULL OR school.id = ANY($1)
), stood AS (
  SELECT *, CASE
    WHEN sent_at < late_from THEN 'came' WHEN sent_at IS NOT NULL THEN 'came_late'
    WHEN report_id IS NULL AND $4 >= late_from THEN 'missing' WHEN $4 >= late_from THEN 'late'
    ELSE 'waiting' END AS state
  FROM reached
)
"""
_ROWS = f"""{_STATES}
SELECT code, name_kk, name_ru, name_en, report_id, number, signed_at, sent_at, way, state FROM stood
WHERE code > $5 AND ($6 = '' OR state = $6) ORDER BY code LIMIT $7
"""  # noqa: S608 (text of this file)
_COUNTS = f"{_STATES} SELECT state, count(*) FROM stood GROUP BY state"  # noqa: S608 (text of this file)


class Standing(StrEnum):
    """How a school's report of a month stands to whom it is owed."""

    CAME = "came"
    CAME_LATE = "came_late"
    WAITING = "waiting"  # the 5th is not over yet
    LATE = "late"  # there is one, and it was not sent
    MISSING = "missing"  # there is none


@dataclass(frozen=True, slots=True)
class SchoolReport:
    """A school, and the first report of the month; `number` is that of the last one that came, if any did."""

    code: str
    name_kk: str
    name_ru: str
    name_en: str
    report_id: int | None
    number: int | None
    signed_at: datetime | None
    sent_at: datetime | None
    way: str
    state: Standing

    def name(self, language: str) -> str:
        """Return the school's name in a language."""
        return {"ru": self.name_ru, "en": self.name_en}.get(language, self.name_kk)

    @property
    def has_come(self) -> bool:
        return self.sent_at is not None


async def standings(
    services: Services, actor: Actor, subject: AnySubject, month: Month, state: Standing | None = None, after: str = ""
) -> list[SchoolReport]:
    """Return how the reports of the actor's schools stand, by code, a page of them. Raises NotAllowed."""
    asked = (*_asked(services, actor, subject, month), after, state.value if state else "", PAGE_SIZE)
    return [_row(dict(row)) for row in await services.database.pool.fetch(_ROWS, *asked)]


async def counts(services: Services, actor: Actor, subject: AnySubject, month: Month) -> Mapping[Standing, int]:
    """Return how many of the actor's schools stand how, all of them. Raises NotAllowed."""
    rows = await services.database.pool.fetch(_COUNTS, *_asked(services, actor, subject, month))
    found = dict(rows)
    return {each: found.get(each.value, 0) for each in Standing}


def _asked(services: Services, actor: Actor, subject: AnySubject, month: Month) -> tuple[object, ...]:
    reached = actor.schools_with(subject.right)
    if reached is not None and not reached:
        raise NotAllowed
    schools = None if reached is None else sorted(reached)
    return schools, month.first_on, subject.key, services.clock.now()


def _row(row: Mapping[str, Any]) -> SchoolReport:
    return SchoolReport(**{**row, "way": row["way"] or "", "state": Standing(row["state"])})
