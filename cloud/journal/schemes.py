"""The versions of a school's grading scheme: which there are, and a new one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.journal.errors import GradingRefused
from cloud.journal.grading import WHOLE, Scheme
from cloud.journal.quarters import Quarter, quarter_at, quarters_in
from cloud.schools.queries import terms_of
from cloud.studies.rules import year_of

VERSIONS_MAX = 200
POINTS, LEAST, GRADES = range(2, 101), range(51), range(-1, 13)
_ALL = """
SELECT number, from_on, formative, sor, soch, formative_max, formative_least, three, four, five, unmarked_grade,
  half_year, without_soch, at, by_name
FROM grading_scheme WHERE school_id = $1 ORDER BY number LIMIT $2
"""
_LOCK = "SELECT id FROM school WHERE id = $1 FOR NO KEY UPDATE"
_NEXT = "SELECT coalesce(max(number), 0) + 1 FROM grading_scheme WHERE school_id = $1"
_PUT = """
INSERT INTO grading_scheme (school_id, number, from_on, formative, sor, soch, formative_max, formative_least, three,
  four, five, unmarked_grade, half_year, without_soch, at, by_name)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
"""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the school's own, when it was set, and by whom."""

    scheme: Scheme
    at: datetime
    by: str


async def versions_of(services: Services, school_id: int) -> list[Version]:
    """Return the versions that a school has set, in order. For slices above and pages, after their own check."""
    rows = await services.database.pool.fetch(_ALL, school_id, VERSIONS_MAX)
    return [Version(_scheme(row), row["at"], row["by_name"]) for row in rows]


async def schemes_of(services: Services, school_id: int) -> list[Scheme]:
    """Return the schemes that a school has set, in order."""
    return [version.scheme for version in await versions_of(services, school_id)]


async def quarters_of(services: Services, school_id: int, year: int) -> list[Quarter]:
    """Return the quarters of a school year."""
    return quarters_in(await terms_of(services, school_id), year)


async def put_scheme(services: Services, actor: Actor, school_id: int, scheme: Scheme, today: date) -> int:
    """Set a version, and return its number; marks of earlier quarters stay as they are.

    Raises NotAllowed or GradingRefused.
    """
    actor.require(Right.GRADING_KEEP, school_id)
    quarters = await quarters_of(services, school_id, year_of(today))
    check_scheme(scheme, quarter_at(quarters, today))
    async with services.database.transaction() as transaction:
        connection, now = raw(transaction), services.clock.now()
        await connection.execute(_LOCK, school_id)
        number = int(await connection.fetchval(_NEXT, school_id))
        if number > VERSIONS_MAX:
            raise GradingRefused(message("The school has {count} versions already.", count=VERSIONS_MAX))
        await connection.execute(
            _PUT, school_id, number, scheme.from_on, scheme.formative, scheme.sor, scheme.soch, scheme.formative_max,
            scheme.formative_least, scheme.three, scheme.four, scheme.five, scheme.unmarked_grade,
            sorted(scheme.half_year), sorted(scheme.without_soch), now, actor.name,
        )  # fmt: skip
        weights = f"{scheme.formative}/{scheme.sor}/{scheme.soch}"
        detail = {"number": str(number), "from": scheme.from_on.isoformat(), "weights": weights}
        await audit(
            transaction, actor, "grading.set", f"school:{school_id}", detail, school_id=school_id, at=now
        )  # fmt: skip
    return number


def check_scheme(scheme: Scheme, quarter: Quarter) -> None:
    """Raise GradingRefused unless marks can be counted by a scheme from this quarter on. Pure."""
    if scheme.from_on < quarter.first_on:
        raise GradingRefused(message("Earlier quarters stay as they are: choose the first day of this one, or later."))
    weights = (scheme.formative, scheme.sor, scheme.soch)
    if min(weights) < 0 or sum(weights) != WHOLE:
        raise GradingRefused(message("The three weights are together 100 percent."))
    if not 0 < scheme.three < scheme.four < scheme.five <= WHOLE:
        raise GradingRefused(message("The percents of the marks 3, 4 and 5 rise, up to 100."))
    if scheme.formative_max not in POINTS or scheme.formative_least not in LEAST or scheme.unmarked_grade not in GRADES:
        raise GradingRefused(message("A formative mark has 2 to 100 points, and up to 50 of them are asked for."))


def _scheme(row: Mapping[str, Any]) -> Scheme:
    return Scheme(
        row["from_on"], row["formative"], row["sor"], row["soch"], row["number"], row["formative_max"],
        row["formative_least"], row["three"], row["four"], row["five"], row["unmarked_grade"],
        frozenset(row["half_year"]), frozenset(row["without_soch"]),
    )  # fmt: skip
