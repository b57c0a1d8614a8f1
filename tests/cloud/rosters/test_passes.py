"""Passes as the cloud gives them: to whom, how long, and that an agent believes them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.people.actions import (
    add_guardian,
    end_guardianship,
    give_consent,
    open_guardian_account,
    withdraw_consent,
)
from cloud.people.bulk import GuardianGiven
from cloud.people.kinds import Purpose, Relation
from cloud.people.moving import leave
from cloud.rosters.passes import PHONE_LASTS, NoPass, day_pass, phone_pass
from schemas.pass_text import SIGNED, read
from schemas.passes import Pass, parse
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import SYSTEM, a_school


@dataclass(slots=True)
class Family:
    """A student who consented, and a guardian with an account."""

    services: Services
    school_id: int
    student_id: int
    ref: str
    mother: Actor

    async def read(self, text: str) -> Pass:
        """Return a pass as an agent reads it."""
        body, signature = read(text)
        key = await self.services.database.pool.fetchval("SELECT public_key FROM roster_key")
        Ed25519PublicKey.from_public_bytes(bytes(key)).verify(signature, SIGNED + body)
        return parse(body)


@pytest.fixture(name="family")
async def _family(services: Services) -> Family:
    school_id = await a_school(services)
    student_id = await a_student(services, school_id)
    await give_consent(services, SYSTEM, student_id, Purpose.CODE, date(2026, 8, 20), "form 12")
    given = GuardianGiven("Сәуле Әліби", "+77015556677", None)
    guardian_id = await add_guardian(services, SYSTEM, student_id, given, Relation.MOTHER)
    await open_guardian_account(services, SYSTEM, guardian_id)
    pool = services.database.pool
    account_id = await pool.fetchval("SELECT account_id FROM guardian WHERE id = $1", guardian_id)
    mother = Actor("mother", account_id=account_id, reaches=frozenset({Reach(Role.GUARDIAN, None)}))
    ref = await pool.fetchval("SELECT ref FROM person WHERE id = $1", student_id)
    return Family(services, school_id, student_id, ref, mother)


async def test_a_phones_pass_is_good_once_and_for_a_minute(family: Family) -> None:
    issued = await phone_pass(family.services, family.mother, family.ref)

    shown = await family.read(issued.text)
    assert (shown.school, shown.ref, shown.is_single) == ("almaty5", family.ref, True)
    assert shown.last_s == int((family.services.clock.now() + PHONE_LASTS).timestamp())
    assert (
        shown.serial != (await family.read((await phone_pass(family.services, family.mother, family.ref)).text)).serial
    )


async def test_a_days_pass_ends_with_the_schools_own_day_and_is_audited(family: Family) -> None:
    issued = await day_pass(family.services, SYSTEM, family.ref)

    shown = await family.read(issued.text)
    zone = ZoneInfo("Asia/Almaty")
    today = family.services.clock.now().astimezone(zone).date()
    assert not shown.is_single
    assert datetime.fromtimestamp(shown.last_s + 1, UTC).astimezone(zone) == datetime.combine(
        today + timedelta(days=1), datetime.min.time(), zone
    )
    rows = await family.services.database.pool.fetch("SELECT subject FROM audit_entry WHERE verb = 'pass.issued'")
    assert [row["subject"] for row in rows] == [f"person:{family.student_id}"]


async def test_only_a_childs_own_guardian_gets_a_phones_pass_and_only_while_it_is_one(family: Family) -> None:
    stranger = Actor("stranger", account_id=10_000, reaches=frozenset({Reach(Role.GUARDIAN, None)}))
    for actor in (stranger, SYSTEM):
        with pytest.raises(NotFound):
            await phone_pass(family.services, actor, family.ref)
    with pytest.raises(NotFound):
        await phone_pass(family.services, family.mother, "0" * 12)

    guardian_id = await family.services.database.pool.fetchval("SELECT id FROM guardian")
    today = family.services.clock.now().astimezone(ZoneInfo("Asia/Almaty")).date()
    await end_guardianship(family.services, SYSTEM, guardian_id, family.student_id, today)

    with pytest.raises(NotFound):
        await phone_pass(family.services, family.mother, family.ref)


async def test_a_days_pass_is_the_offices_to_give(family: Family) -> None:
    guard = Actor("guard", reaches=frozenset({Reach(Role.GUARD, family.school_id)}))

    for actor in (guard, family.mother):
        with pytest.raises(NotAllowed):
            await day_pass(family.services, actor, family.ref)


async def test_without_a_consent_to_codes_nobody_has_a_pass(family: Family) -> None:
    await withdraw_consent(family.services, SYSTEM, family.student_id, Purpose.CODE, date(2026, 8, 21), "form 13")
    for ask in (phone_pass(family.services, family.mother, family.ref), day_pass(family.services, SYSTEM, family.ref)):
        with pytest.raises(NoPass):
            await ask

    await give_consent(family.services, SYSTEM, family.student_id, Purpose.CODE, date(2026, 8, 22), "form 14")
    await leave(family.services, SYSTEM, family.student_id)

    with pytest.raises(NoPass):
        await day_pass(family.services, SYSTEM, family.ref)
