"""Taking in what another system tells: each passage once, of people whose number the school knows.

Rule: told again, also a year later, a passage counts once; a passage of nobody here, of who did not consent to be known
by a card, from the future, or of long ago is counted to the answer and not kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from cloud.accounts.actions import audit
from cloud.attendance.elsewhere import Passage, lock_days, take
from cloud.attendance.projection import Who
from cloud.core.database import raw
from cloud.core.texts import one_line
from cloud.foreign_gates.passages import Passed
from cloud.people.consents import consented_to
from cloud.people.kinds import Purpose
from cloud.schools.queries import school_of_id
from cloud.tokens.scopes import Scope
from cloud.tokens.web import Program

AHEAD_MAX = timedelta(minutes=5)
BACK_MAX = timedelta(days=31)
GATE_MAX = 16
_PEOPLE = f"""
SELECT id, ref, school_id, school_class_id, role, number FROM person
WHERE school_id = $1 AND number = ANY($2::text[]) AND is_active AND {consented_to(Purpose.CARD)}
"""  # noqa: S608 (text of ours)
_NEW = """
INSERT INTO foreign_passage (school_id, system, source, taken_at) SELECT $1, $2, source, $4
FROM unnest($3::text[]) AS told (source) ON CONFLICT (school_id, system, source) DO NOTHING RETURNING id, source
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """How many passages were new, told before, of nobody here who consented, and of another time."""

    new: int
    known: int
    unknown: int
    out_of_time: int


async def take_in(program: Program, system: str, told: Sequence[Passed]) -> Taken:
    """Take passages in. Raises ScopeMissing."""
    program.bearer.require(Scope.PASSAGES_WRITE)
    services, school_id = program.services, program.bearer.school_id
    now = services.clock.now()
    timely = [each for each in told if now - BACK_MAX <= each.at <= now + AHEAD_MAX]
    school = await school_of_id(services, school_id)
    async with services.database.transaction() as connection:
        at = raw(connection)
        await lock_days(at, school)
        people = await _people(at, school_id, timely)
        ours = {each.source: each for each in timely if each.number in people}
        rows = await at.fetch(_NEW, school_id, system, list(ours), now)
        passages = [_passage(system, row["id"], ours[row["source"]], people) for row in rows]
        await take(services, at, school, passages)
        if passages:
            await audit(
                connection, program.bearer.actor, "foreign_gates.taken_in", f"system:{system}",
                {"passages": str(len(passages))}, school_id=school_id, at=now,
            )  # fmt: skip
    unknown = sum(each.number not in people for each in timely)
    return Taken(len(passages), len(timely) - unknown - len(passages), unknown, len(told) - len(timely))


async def _people(connection: asyncpg.Connection, school_id: int, told: Sequence[Passed]) -> dict[str, Who]:
    rows = await connection.fetch(_PEOPLE, school_id, sorted({each.number for each in told}))
    return {
        row["number"]: Who(row["id"], row["ref"], row["school_id"], row["school_class_id"], row["role"] == "student")
        for row in rows
    }


def _passage(system: str, seq: int, passed: Passed, people: dict[str, Who]) -> Passage:
    gate = one_line(passed.gate)[:GATE_MAX] or system
    return Passage(system, seq, people[passed.number], passed.at, passed.direction, gate)
