"""Passes: a signed code that stands for a person's card for a while, on a guardian's phone or on paper for a day.

Rule: a pass is given only for who belongs to the school and has consented to being known so; what it opens is decided
at the gate, by the same roster as for a card. It is kept nowhere: who lost one waits until it ends.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound, Refused
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.people.consents import consented_to
from cloud.people.kinds import Purpose
from cloud.rosters.keys import roster_key
from schemas.pass_text import SIGNED
from schemas.passes import Pass, write

PHONE_LASTS = timedelta(seconds=60)
SERIAL_BYTES = 8
_PERSON = f"""
SELECT person.id, person.ref, person.school_id, school.code, school.zone, person.is_active,
  {consented_to(Purpose.CODE)} AS consented
FROM person JOIN school ON school.id = school_id WHERE person.ref = $1
"""  # noqa: S608 (a text of ours)
_IS_GUARDIAN = "SELECT true FROM guardianship_at($3) WHERE account_id = $1 AND person_id = $2 AND may_see"


class NoPass(Refused):
    """Nobody has a pass without a consent to being known by a code."""

    code = "no_pass"

    def __init__(self) -> None:
        super().__init__(message("No consent to codes is on record, or the person has left: no gate opens to a code."))


@dataclass(frozen=True, slots=True)
class Issued:
    """A pass: the text of its code, and the instant of its end."""

    text: str
    ends_at: datetime


async def phone_pass(services: Services, actor: Actor, ref: str) -> Issued:
    """Return a pass for a minute and a single use, for the phone of a guardian. Raises NotFound or NoPass."""
    person = await _person(services, ref)
    now = services.clock.now()
    is_own = actor.account_id is not None and not actor.must_change and await services.database.pool.fetchval(
        _IS_GUARDIAN, actor.account_id, person["id"], now
    )  # fmt: skip
    if not is_own:
        raise NotFound
    return await _issue(services, person, now + PHONE_LASTS, is_single=True)


async def day_pass(services: Services, actor: Actor, ref: str) -> Issued:
    """Return a pass for the rest of the school's day, to print for who forgot the card; it is noted who gave it.

    Raises NotFound, NotAllowed or NoPass.
    """
    person = await _person(services, ref)
    actor.require(Right.PASSES_GIVE, person["school_id"])
    now = services.clock.now()
    issued = await _issue(services, person, _end_of_day(now, ZoneInfo(person["zone"])), is_single=False)
    async with services.database.transaction() as connection:
        await audit(
            connection, actor, "pass.issued", f"person:{person['id']}", school_id=person["school_id"], at=now
        )  # fmt: skip
    return issued


async def _person(services: Services, ref: str) -> asyncpg.Record:
    row = await services.database.pool.fetchrow(_PERSON, ref)
    if row is None:
        raise NotFound
    return row


async def _issue(services: Services, person: asyncpg.Record, ends_at: datetime, *, is_single: bool) -> Issued:
    if not (person["is_active"] and person["consented"]):
        raise NoPass
    async with services.database.transaction() as connection:
        key = await roster_key(services, raw(connection), person["school_id"])
    serial = secrets.token_hex(SERIAL_BYTES)
    body = Pass(person["code"], person["ref"], serial, int(ends_at.timestamp()), is_single).body()
    return Issued(write(body, key.sign(SIGNED + body)), ends_at)


def _end_of_day(now: datetime, zone: ZoneInfo) -> datetime:
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), zone).astimezone(UTC) - timedelta(seconds=1)
