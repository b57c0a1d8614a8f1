"""PINs of guards: who may give them, which are refused, and what is kept of them."""

import pytest
from argon2 import PasswordHasher

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.devices.errors import PinRefused
from cloud.devices.guards import drop_guard_pin, guards_of, set_guard_pin
from cloud.people.actions import add_person
from cloud.people.bulk import PersonGiven
from cloud.people.kinds import PersonRole
from cloud.people.pins import staff_of
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import SYSTEM, a_school

PIN = "471108"


async def a_guard(services: Services) -> tuple[int, str]:
    """Add a school with one member of staff; return the school and the reference."""
    school_id = await a_school(services)
    given = PersonGiven(role=PersonRole.STAFF, surname="Оспанов", given_name="Серік", number="guard")
    person_id = await add_person(services, SYSTEM, school_id, given)
    return school_id, str(await services.database.pool.fetchval("SELECT ref FROM person WHERE id = $1", person_id))


async def test_a_pin_is_kept_as_a_digest_told_in_the_journal_and_taken_away_again(services: Services) -> None:
    school_id, ref = await a_guard(services)
    pool = services.database.pool

    await set_guard_pin(services, SYSTEM, school_id, ref, "000117")
    await set_guard_pin(services, SYSTEM, school_id, ref, PIN)
    (guard,) = await guards_of(pool, school_id)

    assert (guard.ref, guard.name) == (ref, "Оспанов Серік")
    assert PasswordHasher().verify(guard.pin_hash, PIN)
    assert await staff_of(pool, school_id) == [(ref, "Оспанов Серік")]
    await drop_guard_pin(services, SYSTEM, school_id, ref)
    assert await guards_of(pool, school_id) == []
    verbs = await pool.fetch("SELECT verb FROM audit_entry WHERE verb LIKE 'guard.%' ORDER BY id")
    assert [row["verb"] for row in verbs] == ["guard.pin_set", "guard.pin_set", "guard.pin_dropped"]


@pytest.mark.parametrize("pin", ["", "47110", "471108123", "000000", "123456", "876543", "47110a", "٤٧١١٠٨"])
async def test_a_pin_that_is_guessed_first_is_refused(services: Services, pin: str) -> None:
    school_id, ref = await a_guard(services)

    with pytest.raises(PinRefused):
        await set_guard_pin(services, SYSTEM, school_id, ref, pin)


async def test_a_student_and_somebody_of_another_school_get_none(services: Services) -> None:
    school_id, ref = await a_guard(services)
    other = await a_school(services, "almaty6")
    await a_student(services, school_id)
    student = str(await services.database.pool.fetchval("SELECT ref FROM person WHERE role = 'student'"))

    for at_school, whom in ((school_id, student), (other, ref)):
        with pytest.raises(NotFound):
            await set_guard_pin(services, SYSTEM, at_school, whom, PIN)
    with pytest.raises(NotFound):
        await drop_guard_pin(services, SYSTEM, school_id, ref)


async def test_a_guard_gives_nobody_a_pin(services: Services) -> None:
    school_id, ref = await a_guard(services)

    himself = Actor("guard", None, frozenset({Reach(Role.GUARD, school_id)}))

    with pytest.raises(NotAllowed):
        await set_guard_pin(services, himself, school_id, ref, PIN)
