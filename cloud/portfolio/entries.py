"""Reads of portfolios: the entries of one person, those that wait for a school, and papers of staff that end soon.

Rule: one statement a question, with a limit. Who may see whose is judged before, by `cloud.portfolio.reach`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import asyncpg

from cloud.absences.queries import reach_of
from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.vault import Vault
from cloud.portfolio.kinds import ANSWER, BY_KIN, TITLE, WORDS, Entry, Given, Kind, State, Subject

OF_PERSON_MAX, WAITING_MAX, ENDING_MAX, STAFF_MAX, ACHIEVED_MAX = 300, 200, 200, 1_000, 10_000
SOON = timedelta(days=180)  # before the end of an attestation a teacher asks for the next one
_COLUMNS = """
SELECT entry.*, ref, concat_ws(' ', surname, given_name) AS name, coalesce(grade || letter, '') AS class_name,
  coalesce(school_class_id, 0) AS class_id,
  ARRAY(SELECT id FROM portfolio_file WHERE entry_id = entry.id ORDER BY id) AS files
FROM portfolio_entry AS entry JOIN person ON person.id = entry.person_id
LEFT JOIN school_class ON school_class.id = school_class_id
"""
_OF_PERSON = f"""{_COLUMNS} WHERE person_id = $1 AND kind = ANY($2) AND state <> 'taken_back'
ORDER BY "on" DESC, entry.id DESC LIMIT $3"""
_WAITING = f"""{_COLUMNS} WHERE entry.school_id = $1 AND state = 'waiting' AND person.is_active AND person.role = $2
  AND ($3::bigint[] IS NULL OR school_class_id = ANY($3)) ORDER BY entry.id LIMIT $4"""
_WAITING_COUNT = """
SELECT count(*) FROM portfolio_entry AS entry JOIN person ON person.id = person_id
WHERE entry.school_id = $1 AND state = 'waiting' AND person.is_active AND person.role = $2
  AND ($3::bigint[] IS NULL OR school_class_id = ANY($3))
"""
# Of each person the attestation that lasts longest says when it ends.
_ENDING = f"""
SELECT * FROM (
  SELECT DISTINCT ON (told.person_id) told.* FROM ({_COLUMNS}
    WHERE entry.school_id = $1 AND state = 'confirmed' AND kind = 'attestation' AND person.is_active) AS told
  ORDER BY told.person_id, told.last_on DESC
) AS longest WHERE last_on <= $2 ORDER BY last_on, name LIMIT $3
"""  # noqa: S608 (texts of ours)
_STAFF = """
SELECT person.ref, concat_ws(' ', surname, given_name, nullif(patronymic, '')) AS name, position,
  (SELECT count(*) FROM portfolio_entry WHERE person_id = person.id AND state = 'confirmed') AS confirmed,
  (SELECT count(*) FROM portfolio_entry WHERE person_id = person.id AND state = 'waiting') AS waiting,
  (SELECT max(last_on) FROM portfolio_entry
   WHERE person_id = person.id AND state = 'confirmed' AND kind = 'attestation') AS attested_until,
  coalesce((SELECT sum(hours) FROM portfolio_entry
   WHERE person_id = person.id AND state = 'confirmed' AND kind = 'training' AND "on" > $2), 0) AS hours
FROM person WHERE school_id = $1 AND role = 'staff' AND is_active ORDER BY sort_key, person.id LIMIT $3
"""
# Of each person the days of what is confirmed: the last contest, and the last entry of those that a family may add too.
_ACHIEVED = """
SELECT person_id, max("on") FILTER (WHERE kind = ANY($2)) AS contest_on, max("on") AS any_on FROM portfolio_entry
WHERE person_id = ANY($1) AND state = 'confirmed' AND kind = ANY($3) GROUP BY person_id LIMIT $4
"""


@dataclass(frozen=True, slots=True)
class Achieved:
    """When somebody's last confirmed contest was, and the last confirmed achievement; None: never."""

    contest_on: date | None
    any_on: date | None


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who works at the school, in the list of profiles; `hours` are of training in five years."""

    ref: str
    name: str
    position: str
    confirmed: int
    waiting: int
    attested_until: date | None
    hours: int


async def entries_of(services: Services, actor: Actor, whose: Subject, kinds: Sequence[Kind]) -> list[Entry]:
    """Return somebody's entries of some kinds, the latest first, but those that were taken back."""
    rows = await services.database.pool.fetch(_OF_PERSON, whose.id, [each.value for each in kinds], OF_PERSON_MAX)
    return [_entry(services.vault, row, actor) for row in rows]


async def waiting_of_students(services: Services, actor: Actor, school_id: int) -> list[Entry]:
    """Return what waits to be confirmed within the actor's reach; none where it may confirm nothing."""
    try:
        reach = reach_of(actor, school_id, Right.PORTFOLIO_CONFIRM)
    except NotAllowed:
        return []
    rows = await services.database.pool.fetch(_WAITING, school_id, "student", reach, WAITING_MAX)
    return [_entry(services.vault, row, actor) for row in rows]


async def waiting_of_staff(services: Services, actor: Actor, school_id: int) -> list[Entry]:
    """Return what who works at a school added and nobody confirmed. Raises NotAllowed."""
    actor.require(Right.STAFF_PROFILES_READ, school_id)
    rows = await services.database.pool.fetch(_WAITING, school_id, "staff", None, WAITING_MAX)
    return [_entry(services.vault, row, actor) for row in rows]


async def count_waiting(services: Services, actor: Actor, school_id: int) -> int:
    """Return how many entries of students wait within the actor's reach."""
    try:
        reach = reach_of(actor, school_id, Right.PORTFOLIO_CONFIRM)
    except NotAllowed:
        return 0
    return int(await services.database.pool.fetchval(_WAITING_COUNT, school_id, "student", reach))


async def achieved_by(
    connection: asyncpg.Connection | asyncpg.Pool, person_ids: Collection[int]
) -> dict[int, Achieved]:  # fmt: skip
    """Return when people achieved something last. For slices above, after their own check."""
    contests, any_kind = [Kind.OLYMPIAD.value, Kind.EVENT.value], [each.value for each in BY_KIN]
    rows = await connection.fetch(_ACHIEVED, list(person_ids), contests, any_kind, ACHIEVED_MAX)
    return {row["person_id"]: Achieved(row["contest_on"], row["any_on"]) for row in rows}


async def ending_at(services: Services, actor: Actor, school_id: int, today: date) -> list[Entry]:
    """Return the attestations of staff that end soon, or have ended, the first first. Raises NotAllowed."""
    actor.require(Right.STAFF_PROFILES_READ, school_id)
    rows = await services.database.pool.fetch(_ENDING, school_id, today + SOON, ENDING_MAX)
    return [_entry(services.vault, row, actor) for row in rows]


async def staff_of(services: Services, actor: Actor, school_id: int, today: date) -> list[Member]:
    """Return who works at a school, with what the profiles tell at a glance. Raises NotAllowed."""
    actor.require(Right.STAFF_PROFILES_READ, school_id)
    five_years_ago = date(today.year - 5, today.month, min(today.day, 28))
    rows = await services.database.pool.fetch(_STAFF, school_id, five_years_ago, STAFF_MAX)
    return [Member(**row) for row in rows]


def _entry(vault: Vault, row: asyncpg.Record, actor: Actor) -> Entry:
    named = str(row["id"])
    words, answer = row["words_encrypted"], row["answer_encrypted"]
    given = Given(
        Kind(row["kind"]), vault.decrypt(row["title_encrypted"], TITLE, named), row["on"],
        vault.decrypt(words, WORDS, named) if words is not None else "", row["level"], row["result"], row["last_on"],
        row["hours"] or 0,
    )  # fmt: skip
    is_mine = row["account_id"] is not None and row["account_id"] == actor.account_id
    return Entry(
        row["id"], row["ref"], row["name"], row["class_name"], row["class_id"], given, is_mine, row["added_at"],
        row["added_by"], State(row["state"]), row["answered_at"], row["answered_by"],
        vault.decrypt(answer, ANSWER, named) if answer is not None else "", tuple(row["files"]),
    )  # fmt: skip
