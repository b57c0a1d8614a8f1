"""Relatives and nannies whom a parent adds for a term, with some of the parent's own rights.

Rule: a parent gives no right that is not the parent's own, never that to consent, and takes nothing from anybody whom
the school entered; what the parent may no more, the relative may no more either (see `guardianship_at`). A parent
opens nobody's account: a phone number that is typed in proves nothing, so the office hands over the way in.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.audit.ties import Kind, Tie, told_of
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.page_wakeups import wake_pages
from cloud.core.services import Services
from cloud.people.actions import checked_guardian
from cloud.people.bulk import PHONE, GuardianGiven, given_up, lock_school, put_guardians
from cloud.people.errors import PersonRefused
from cloud.people.kinds import FamilyRight, Relation
from cloud.people.rights import COLUMNS, rights_in

TERM_MAX = timedelta(days=366)
SHARED_MAX = 6  # at once, of one child by one parent
NEVER_SHARED = frozenset({FamilyRight.CONSENT})
_MINE = f"""
SELECT family.guardian_id, family.person_id, family.school_id, is_shared, {", ".join(COLUMNS.values())},
  ($3::timestamptz AT TIME ZONE zone)::date AS today
FROM guardianship_at($3) AS family
JOIN person ON person.id = family.person_id JOIN school ON school.id = family.school_id
WHERE family.account_id = $1 AND person.ref = $2 ORDER BY is_shared LIMIT 1
"""  # noqa: S608 (texts of ours)
_LINK = f"""
INSERT INTO guardianship (guardian_id, person_id, relation, shared_by, until_on, {", ".join(COLUMNS.values())})
VALUES ($1, $2, $3, $4, $5, {", ".join(f"${number}" for number in range(6, 6 + len(COLUMNS)))})
ON CONFLICT (guardian_id, person_id) DO UPDATE SET relation = excluded.relation, until_on = excluded.until_on,
  ended_on = NULL, shared_by = excluded.shared_by,
  {", ".join(f"{column} = excluded.{column}" for column in COLUMNS.values())}
WHERE guardianship.shared_by = excluded.shared_by
RETURNING guardian_id
"""  # noqa: S608 (texts of ours)
_SHARED = f"""
SELECT guardian.id, relation,
  CASE WHEN EXISTS (
    SELECT FROM guardianship AS other WHERE other.guardian_id = guardian.id AND other.shared_by IS DISTINCT FROM $2
  ) THEN '' ELSE guardian.name END AS name, until_on,
  {", ".join(f"guardianship.{each}" for each in COLUMNS.values())}
FROM guardianship JOIN guardian ON guardian.id = guardian_id
WHERE person_id = $1 AND shared_by = $2 AND ended_on IS NULL AND until_on >= $3 ORDER BY guardianship.id LIMIT 20
"""  # noqa: S608 (texts of ours)


@dataclass(frozen=True, slots=True)
class Shared:
    """Somebody whom the parent added; without a name where it is the school's word, and not the parent's."""

    id: int
    name: str
    relation: Relation
    until_on: date
    rights: frozenset[FamilyRight]


@dataclass(frozen=True, slots=True)
class Sharing:
    """What a parent may share about a child, and with whom it is shared."""

    rights: frozenset[FamilyRight]
    until_max: date
    shared: tuple[Shared, ...]


async def sharing_of(services: Services, actor: Actor, ref: str) -> Sharing:
    """Return what the actor may share about a child of the own. Raises NotFound, also for who was added so."""
    mine = await _mine(services, actor, ref)
    rows = await services.database.pool.fetch(_SHARED, mine["person_id"], mine["guardian_id"], mine["today"])
    shared = tuple(
        Shared(row["id"], row["name"], Relation(row["relation"]), row["until_on"], rights_in(row)) for row in rows
    )
    return Sharing(rights_in(mine) - NEVER_SHARED, mine["today"] + TERM_MAX, shared)


async def share(
    services: Services,
    actor: Actor,
    ref: str,
    given: GuardianGiven,
    relation: Relation,
    rights: Collection[FamilyRight],
    until_on: date,
) -> None:
    """Add a relative for a term. Raises NotFound, PersonRefused or PhoneWrong."""
    mine = await _mine(services, actor, ref)
    _check(mine, rights, until_on)
    guardian = checked_guardian(given)
    async with services.database.transaction() as connection:
        at = raw(connection)
        await lock_school(at, mine["school_id"])
        if len(await at.fetch(_SHARED, mine["person_id"], mine["guardian_id"], mine["today"])) >= SHARED_MAX:
            raise PersonRefused(message("{count} people are added already. End one of them first.", count=SHARED_MAX))
        guardian_id = await _guardian(services, at, mine["school_id"], guardian)
        linked = await at.fetchval(
            _LINK, guardian_id, mine["person_id"], relation.value, mine["guardian_id"], until_on,
            *[right in rights for right in COLUMNS],
        )  # fmt: skip
        if linked is None:
            raise PersonRefused(message("This phone number cannot be added. Ask the school's office."))
        detail = {"rights": " ".join(sorted(right.value for right in rights)), "on": str(until_on)}
        ties = await given_up(at, guardian_id)
        await _told(services, connection, actor, "guardian.shared", guardian_id, mine, detail, *ties)


async def end_share(services: Services, actor: Actor, ref: str, guardian_id: int) -> None:
    """Let somebody whom the actor added see and do nothing more, at once. Raises NotFound."""
    mine = await _mine(services, actor, ref)
    async with services.database.transaction() as connection:
        ended = await raw(connection).fetchval(
            "UPDATE guardianship SET ended_on = $4 WHERE guardian_id = $1 AND person_id = $2 AND shared_by = $3"
            " AND ended_on IS NULL RETURNING id",
            guardian_id, mine["person_id"], mine["guardian_id"], mine["today"],
        )  # fmt: skip
        if ended is None:
            raise NotFound
        await _told(services, connection, actor, "guardian.ended", guardian_id, mine, {})


def _check(mine: asyncpg.Record, rights: Collection[FamilyRight], until_on: date) -> None:
    if not rights or not set(rights) <= rights_in(mine) - NEVER_SHARED:
        raise PersonRefused(message("Choose one or more of the rights that you have yourself."))
    if not mine["today"] <= until_on <= mine["today"] + TERM_MAX:
        raise PersonRefused(message("Choose a last day from today on, within a year."))


async def _guardian(services: Services, at: asyncpg.Connection, school_id: int, given: GuardianGiven) -> int:
    """Return the guardian with a phone number; whom the school knows already keeps the name it wrote.

    An e-mail address is the office's word: letters with codes go to it.
    """
    known: int | None = await at.fetchval(
        "SELECT id FROM guardian WHERE school_id = $1 AND phone_digest = $2",
        school_id, services.vault.digest(given.phone, PHONE),
    )  # fmt: skip
    if known is not None:
        return known
    return (await put_guardians(services, at, school_id, [GuardianGiven(given.name, given.phone)]))[0]


async def _mine(services: Services, actor: Actor, ref: str) -> asyncpg.Record:
    if actor.account_id is None or actor.must_change:
        raise NotFound
    row = await services.database.pool.fetchrow(_MINE, actor.account_id, ref, services.clock.now())
    if row is None or row["is_shared"] or not rights_in(row):
        raise NotFound
    return row


async def _told(
    services: Services,
    connection: BaseDBAsyncClient,
    actor: Actor,
    verb: str,
    guardian_id: int,
    mine: asyncpg.Record,
    detail: dict[str, str],
    *ties: Tie,
) -> None:
    school_id, now = mine["school_id"], services.clock.now()
    told = await told_of(connection, *ties, Tie(Kind.FAMILY, guardian_id, mine["person_id"]))
    detail = {"person": str(mine["person_id"]), **detail, **told}
    await audit(connection, actor, verb, f"guardian:{guardian_id}", detail, school_id=school_id, at=now)
    ref = await raw(connection).fetchval("SELECT ref FROM person WHERE id = $1", mine["person_id"])
    await wake_pages(services.vault, connection, [(school_id, ref)])
