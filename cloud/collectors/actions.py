"""Naming who may collect a child, ending it, and a guardian's no to whom another one named.

Rule: only a guardian who may consent for the child, and whom no court's limit about it holds, names and says no. A no
wins: it works at once, and neither the other guardian nor the office names the same person again until it is lifted, by
the guardian who said it, or by the office with a paper. Whatever is done is told to every such guardian.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.collectors.errors import CollectorRefused, CollectorStopped
from cloud.collectors.queries import LIFT_PAPER, PAPER, PHONE, Kin, Named, Standing, named_of
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.page_wakeups import wake_pages
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.wakeups import notify
from cloud.people.actions import check_source
from cloud.people.kinds import CHANGED
from cloud.people.rules import normal_name, normal_phone

TERM_MAX = timedelta(days=366)
OPEN_MAX = 12  # of one child; guardians come on top
A_DAY_MAX = 20  # since each naming is told to every guardian
NAME_MAX = 120
_MINE = """
SELECT free.guardian_id, free.person_id, free.school_id, person.ref, guardian.name,
  ($3::timestamptz AT TIME ZONE zone)::date AS today
FROM guardians_free_at($3) AS free JOIN person ON person.id = free.person_id JOIN school ON school.id = free.school_id
JOIN guardian ON guardian.id = free.guardian_id
WHERE free.account_id = $1 AND person.ref = $2 AND may_consent LIMIT 1
"""
_OF_SCHOOL = """
SELECT NULL::bigint AS guardian_id, person.id AS person_id, school_id, ref, '' AS name,
  ($3::timestamptz AT TIME ZONE zone)::date AS today
FROM person JOIN school ON school.id = school_id
WHERE ref = $1 AND school_id = $2 AND role = 'student' AND is_active
"""
_LOCK = "SELECT FROM person WHERE id = $1 FOR NO KEY UPDATE"
# A no stands while who said it may decide about the child still.
_NOES = """
SELECT collector.name, phone_digest FROM collector JOIN guardians_free_at($3) AS free
  ON free.guardian_id = stopped_by AND free.person_id = collector.person_id AND may_consent
WHERE collector.person_id = $1 AND lifted_at IS NULL AND stopped_by IS DISTINCT FROM $2 LIMIT 200
"""
_OPEN = """
SELECT count(*) FILTER (WHERE ended_at IS NULL AND last_on >= $2) AS open,
  count(*) FILTER (WHERE named_at > $3::timestamptz - interval '1 day') AS lately
FROM collector WHERE person_id = $1
"""
_NEXT = "SELECT nextval(pg_get_serial_sequence('collector', 'id'))"
_NAME = """
INSERT INTO collector (id, school_id, person_id, name, relation, phone_encrypted, phone_digest, first_on, last_on,
  named_at, guardian_id, named_by, paper_encrypted)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""
_END = """
UPDATE collector SET ended_at = $3, ended_by = $4, stopped_by = $5
WHERE id = $1 AND person_id = $2 AND ended_at IS NULL
"""
_LIFT = """
UPDATE collector SET lifted_at = $3, lifted_by = $4, lift_paper_encrypted = $6
WHERE id = $1 AND person_id = $2 AND stopped_by IS NOT NULL AND lifted_at IS NULL
  AND ($5::bigint IS NULL OR stopped_by = $5) RETURNING id
"""


class Deed(StrEnum):
    """What was done with somebody who may collect a child."""

    NAMED = "named"
    ENDED = "ended"
    STOPPED = "stopped"
    LIFTED = "lifted"


@dataclass(frozen=True, slots=True)
class CollectorGiven:
    """Somebody as a guardian writes it down; once is from a day to the same day."""

    name: str
    kin: Kin
    phone: str
    first_on: date
    last_on: date


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, for who tells the guardians of it; it names the one who may collect, and who did it."""

    collector_id: int
    deed: Deed
    school_id: int
    person_id: int
    name: str
    by: str
    first_on: date
    last_on: date
    at: datetime

    @property
    def key(self) -> str:
        """Return what names it for ever."""
        return f"collector:{self.collector_id}:{self.deed}:{int(self.at.timestamp())}"


Tell = Callable[[asyncpg.Connection, Done], Awaitable[object]]  # in the open transaction


async def tell_nobody(_connection: asyncpg.Connection, _done: Done) -> None:
    """Tell nobody."""


async def guardian_of(services: Services, actor: Actor, ref: str) -> asyncpg.Record | None:
    """Return the actor as a guardian who decides about a child, with the school's day; None where it is none."""
    if actor.account_id is None or actor.must_change:
        return None
    return await services.database.pool.fetchrow(_MINE, actor.account_id, ref, services.clock.now())


async def name(
    services: Services, actor: Actor, ref: str, given: CollectorGiven, tell: Tell = tell_nobody
) -> None:  # fmt: skip
    """Let somebody collect a child.

    Raises NotFound, CollectorRefused, CollectorStopped, PersonRefused or PhoneWrong.
    """
    mine = await _mine(services, actor, ref)
    await _name(services, actor, mine, given, "", tell)


async def name_by_paper(
    services: Services, actor: Actor, school_id: int, ref: str, given: CollectorGiven, paper: str,
    tell: Tell = tell_nobody,
) -> None:  # fmt: skip
    """Let somebody collect a child, as a paper at the school says. Raises as `name` does, and NotAllowed."""
    actor.require(Right.FAMILY_KEEP, school_id)
    check_source(paper)
    mine = await _of_school(services, school_id, ref)
    await _name(services, actor, mine, given, paper.strip(), tell)


async def end(services: Services, actor: Actor, ref: str, collector_id: int, tell: Tell = tell_nobody) -> None:
    """Let somebody collect a child no more, at once; of whom another one named it is a no that stands.

    Raises NotFound.
    """
    mine = await _mine(services, actor, ref)
    found = await _found(services, mine["person_id"], collector_id)
    is_own = found.guardian_id == mine["guardian_id"]
    await _end(services, actor, mine, found, None if is_own else mine["guardian_id"], tell)


async def end_by_school(
    services: Services, actor: Actor, school_id: int, ref: str, collector_id: int, tell: Tell = tell_nobody
) -> None:
    """Let somebody collect a child no more, by the office. Raises NotAllowed or NotFound."""
    actor.require(Right.FAMILY_KEEP, school_id)
    mine = await _of_school(services, school_id, ref)
    await _end(services, actor, mine, await _found(services, mine["person_id"], collector_id), None, tell)


async def lift(services: Services, actor: Actor, ref: str, collector_id: int, tell: Tell = tell_nobody) -> None:
    """Take the own no back; the one it was said of must be named anew. Raises NotFound."""
    mine = await _mine(services, actor, ref)
    await _lift(services, actor, mine, collector_id, "", tell)


async def lift_by_paper(
    services: Services, actor: Actor, school_id: int, ref: str, collector_id: int, paper: str, tell: Tell = tell_nobody
) -> None:
    """Take a guardian's no back, as a court's paper at the school says.

    Raises NotAllowed, NotFound or PersonRefused.
    """
    actor.require(Right.FAMILY_KEEP, school_id)
    check_source(paper)
    mine = await _of_school(services, school_id, ref)
    await _lift(services, actor, mine, collector_id, paper.strip(), tell)


async def _name(
    services: Services, actor: Actor, mine: asyncpg.Record, given: CollectorGiven, paper: str, tell: Tell
) -> None:
    checked = _checked(given, mine["today"])
    vault, now = services.vault, services.clock.now()
    phone = vault.digest(checked.phone, PHONE)
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        await connection.execute(_LOCK, mine["person_id"])
        noes = await connection.fetch(_NOES, mine["person_id"], mine["guardian_id"], now)
        if any(no["phone_digest"] == phone or no["name"].casefold() == checked.name.casefold() for no in noes):
            raise _stopped()
        _check_many(await connection.fetchrow(_OPEN, mine["person_id"], mine["today"], now))
        collector_id: int = await connection.fetchval(_NEXT)
        await connection.execute(
            _NAME, collector_id, mine["school_id"], mine["person_id"], checked.name, checked.kin.value,
            vault.encrypt(checked.phone, PHONE, str(collector_id)), phone, checked.first_on, checked.last_on, now,
            mine["guardian_id"], _by(actor, mine), _sealed(services, collector_id, paper, PAPER),
        )  # fmt: skip
        days = checked.first_on, checked.last_on
        await _done(services, transaction, actor, mine, (collector_id, checked.name, days), Deed.NAMED, tell)


async def _end(
    services: Services, actor: Actor, mine: asyncpg.Record, found: Named, stopped_by: int | None, tell: Tell
) -> None:
    if found.standing in {Standing.ENDED, Standing.STOPPED}:
        return
    async with services.database.transaction() as transaction:
        await raw(transaction).execute(
            _END, found.id, mine["person_id"], services.clock.now(), _by(actor, mine), stopped_by
        )
        deed = Deed.ENDED if stopped_by is None else Deed.STOPPED
        whom = found.id, found.name, (found.first_on, found.last_on)
        await _done(services, transaction, actor, mine, whom, deed, tell)


async def _lift(
    services: Services, actor: Actor, mine: asyncpg.Record, collector_id: int, paper: str, tell: Tell
) -> None:
    found = await _found(services, mine["person_id"], collector_id)
    async with services.database.transaction() as transaction:
        lifted = await raw(transaction).fetchval(
            _LIFT, collector_id, mine["person_id"], services.clock.now(), _by(actor, mine), mine["guardian_id"],
            _sealed(services, collector_id, paper, LIFT_PAPER),
        )  # fmt: skip
        if lifted is None:
            raise NotFound
        whom = found.id, found.name, (found.first_on, found.last_on)
        await _done(services, transaction, actor, mine, whom, Deed.LIFTED, tell)


def _checked(given: CollectorGiven, today: date) -> CollectorGiven:
    parts = given.name.split()
    full = " ".join(normal_name(part) for part in parts)
    if len(parts) < 2 or len(full) > NAME_MAX:
        raise CollectorRefused(message("Write surname and given name, as the identity card has them."))
    if not today <= given.last_on <= today + TERM_MAX or given.last_on < given.first_on:
        raise CollectorRefused(message("Choose a last day from today on, within a year."))
    return CollectorGiven(full, given.kin, normal_phone(given.phone), max(given.first_on, today), given.last_on)


def _check_many(named: asyncpg.Record) -> None:
    if named["open"] >= OPEN_MAX:
        raise CollectorRefused(message("{count} people are named already. End one of them first.", count=OPEN_MAX))
    if named["lately"] >= A_DAY_MAX:
        raise CollectorRefused(message("Too many people were named today. Go on tomorrow, or ask the office."))


def _stopped() -> CollectorStopped:
    return CollectorStopped(
        message(
            "Another guardian does not want this person to collect the child. Agree with the other guardian; the"
            " school's office goes by a court's paper only."
        )
    )


def _sealed(services: Services, collector_id: int, paper: str, context: str) -> bytes | None:
    return services.vault.encrypt(paper, context, str(collector_id)) if paper else None


def _by(actor: Actor, mine: asyncpg.Record) -> str:
    return mine["name"] or actor.name


async def _mine(services: Services, actor: Actor, ref: str) -> asyncpg.Record:
    row = await guardian_of(services, actor, ref)
    if row is None:
        raise NotFound
    return row


async def _of_school(services: Services, school_id: int, ref: str) -> asyncpg.Record:
    row = await services.database.pool.fetchrow(_OF_SCHOOL, ref, school_id, services.clock.now())
    if row is None:
        raise NotFound
    return row


async def _found(services: Services, person_id: int, collector_id: int) -> Named:
    found = next((each for each in await named_of(services, person_id) if each.id == collector_id), None)
    if found is None:
        raise NotFound
    return found


async def _done(
    services: Services, transaction: BaseDBAsyncClient, actor: Actor, mine: asyncpg.Record,
    whom: tuple[int, str, tuple[date, date]], deed: Deed, tell: Tell,
) -> None:  # fmt: skip
    """Note what was done, tell the guardians, wake pages, and have the gates' desks told."""
    connection, now = raw(transaction), services.clock.now()
    collector_id, name_of_one, days = whom
    noted = {"collector": str(collector_id), "first_on": str(days[0]), "last_on": str(days[1])}
    await audit(
        transaction, actor, f"collector.{deed}", f"person:{mine['person_id']}", noted, school_id=mine["school_id"],
        at=now,
    )  # fmt: skip
    done = Done(
        collector_id, deed, mine["school_id"], mine["person_id"], name_of_one, _by(actor, mine), *days, now
    )  # fmt: skip
    await tell(connection, done)
    await notify(connection, CHANGED, str(mine["school_id"]))
    await wake_pages(services.vault, connection, [(mine["school_id"], mine["ref"])])
