"""Answers about consents: written one after the other and never changed, and the question whether one holds now.

Rule: a no wins over a yes, whoever said them; only a later answer of the same guardian changes an answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg

from cloud.core.services import Services
from cloud.people.kinds import Purpose, Says, Way

_PUT = """
INSERT INTO consent_answer
  (person_id, purpose, guardian_id, says, "on", way, source, text_version, text_digest, scan_id, recorded_at)
SELECT new.person_id, new.purpose, new.guardian_id, new.says, new."on", new.way, new.source, new.text_version,
  new.text_digest, new.scan_id, $1
FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::date[], $7::text[], $8::text[], $9::int[],
  $10::text[], $11::bigint[]) WITH ORDINALITY
  AS new (person_id, purpose, guardian_id, says, "on", way, source, text_version, text_digest, scan_id, number)
WHERE new.way <> 'import' OR NOT EXISTS (
  SELECT FROM consent_answer AS old WHERE old.person_id = new.person_id AND old.purpose = new.purpose
    AND old.guardian_id IS NOT DISTINCT FROM new.guardian_id AND old.says = new.says AND old."on" = new."on"
)
ORDER BY new.number
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A yes or a no for a purpose, from a day on; of nobody named where a paper names nobody."""

    person_id: int
    purpose: Purpose
    says: Says
    on: date
    way: Way
    source: str = ""
    guardian_id: int | None = None
    text_version: int | None = None
    text_digest: str = ""
    scan_id: int | None = None


def consented_to(purpose: Purpose) -> str:
    """Return the condition, as a part of a statement that has the table `person`."""
    return f"consented(person.id, '{purpose.value}')"


async def has_consented(connection: asyncpg.Connection | asyncpg.Pool, person_id: int, purpose: Purpose) -> bool:
    """Tell whether a purpose is consented to now."""
    return bool(await connection.fetchval("SELECT consented($1, $2)", person_id, purpose.value))


async def put_answers(services: Services, connection: asyncpg.Connection, answers: Sequence[Answer]) -> None:
    """Write answers in their order; one that an import brings again is the same one."""
    rows = [
        (
            each.person_id, each.purpose.value, each.guardian_id, each.says.value, each.on, each.way.value,
            each.source, each.text_version, each.text_digest, each.scan_id,
        )
        for each in answers
    ]  # fmt: skip
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(10)]
    await connection.execute(_PUT, services.clock.now(), *columns)


async def last_on(
    connection: asyncpg.Connection, person_id: int, purpose: Purpose, guardian_id: int | None
) -> date | None:
    """Return the day of the newest answer of one guardian, or of nobody named."""
    on: date | None = await connection.fetchval(
        'SELECT max("on") FROM consent_answer WHERE person_id = $1 AND purpose = $2'
        " AND guardian_id IS NOT DISTINCT FROM $3",
        person_id, purpose.value, guardian_id,
    )  # fmt: skip
    return on
