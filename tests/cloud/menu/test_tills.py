"""Tills stand on devices of their school; who opens a shift there has a PIN that nobody can read."""

import pytest
from argon2 import PasswordHasher

from cloud.accounts.passwords import hash_password
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.devices.actions import NewDevice, register, revoke
from cloud.menu.errors import TillRefused
from cloud.menu.kinds import TillMode
from cloud.menu.rules import Names
from cloud.menu.tills import TillRow, cashiers_of, drop_pin, end_till, put_till, set_pin, tills_of
from cloud.people.actions import add_person
from cloud.people.bulk import PersonGiven
from cloud.people.kinds import PersonRole
from tests.cloud.menu.factory import Canteen
from tests.cloud.schools.factory import SYSTEM

TILL = TillRow("till1", Names("Касса", "Касса", "Till"), "almaty5-till-1", TillMode.SET)


async def a_cashier(canteen: Canteen) -> str:
    """Add a member of staff and return the reference."""
    given = PersonGiven(role=PersonRole.STAFF, surname="Тұрар", given_name="Сәуле", number="s1")
    person_id = await add_person(canteen.services, SYSTEM, canteen.school_id, given)
    return str(await canteen.services.database.pool.fetchval("SELECT ref FROM person WHERE id = $1", person_id))


async def test_a_till_stands_on_an_active_device_of_its_school(canteen: Canteen) -> None:
    pool = canteen.services.database.pool
    with pytest.raises(TillRefused, match="no device"):
        await put_till(canteen.services, canteen.cook, canteen.school_id, TILL)
    await register(canteen.services, SYSTEM, canteen.school_id, NewDevice(TILL.device))

    await put_till(canteen.services, canteen.cook, canteen.school_id, TILL)

    assert await tills_of(pool, canteen.school_id) == [TILL]
    await revoke(canteen.services, SYSTEM, TILL.device)
    assert await tills_of(pool, canteen.school_id) == []


async def test_a_till_that_ended_is_none(canteen: Canteen) -> None:
    await register(canteen.services, SYSTEM, canteen.school_id, NewDevice(TILL.device))
    await put_till(canteen.services, canteen.cook, canteen.school_id, TILL)

    await end_till(canteen.services, canteen.cook, canteen.school_id, "till1")

    assert await tills_of(canteen.services.database.pool, canteen.school_id) == []
    with pytest.raises(NotFound):
        await end_till(canteen.services, canteen.cook, canteen.school_id, "till1")


@pytest.mark.usefixtures("dear_hashes")
async def test_a_pin_is_kept_as_a_digest_that_fits_it_and_nothing_else_tells_it(canteen: Canteen) -> None:
    ref = await a_cashier(canteen)

    await set_pin(canteen.services, canteen.cook, canteen.school_id, ref, "902817")

    (cashier,) = await cashiers_of(canteen.services.database.pool, canteen.school_id)
    assert (cashier.ref, cashier.name) == (ref, "Тұрар Сәуле")
    assert PasswordHasher().verify(cashier.pin_hash, "902817")
    assert cashier.pin_hash.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    audit = await canteen.services.database.pool.fetch("SELECT * FROM audit_entry")
    assert "902817" not in str([tuple(row.values()) for row in audit])
    await drop_pin(canteen.services, canteen.cook, canteen.school_id, ref)
    assert await cashiers_of(canteen.services.database.pool, canteen.school_id) == []


async def test_a_pin_of_before_six_digits_goes_on_and_is_shown_to_be_changed(canteen: Canteen) -> None:
    ref = await a_cashier(canteen)
    await set_pin(canteen.services, canteen.cook, canteen.school_id, ref, "902817")
    pool = canteen.services.database.pool
    (new,) = await cashiers_of(pool, canteen.school_id)
    await pool.execute("UPDATE till_pin SET pin_hash = $1", await hash_password("4711"))

    (old,) = await cashiers_of(pool, canteen.school_id)

    assert (new.is_pin_short, old.is_pin_short) == (False, True)
    assert PasswordHasher().verify(old.pin_hash, "4711")


@pytest.mark.parametrize("pin", ["", "4711", "12345", "123456", "000000", "987654", "12a456", "123456789", "٤٥٦١٨٢"])
async def test_a_pin_that_is_guessed_first_is_refused(canteen: Canteen, pin: str) -> None:
    ref = await a_cashier(canteen)

    with pytest.raises(TillRefused):
        await set_pin(canteen.services, canteen.cook, canteen.school_id, ref, pin)


async def test_only_staff_of_the_school_get_a_pin_and_only_from_who_may(canteen: Canteen) -> None:
    ref, (_, student) = await a_cashier(canteen), await canteen.child()
    office = Actor("office", None, frozenset({Reach(Role.OFFICE, canteen.school_id)}))

    with pytest.raises(NotFound):
        await set_pin(canteen.services, canteen.cook, canteen.school_id, student, "902817")
    with pytest.raises(NotAllowed):
        await set_pin(canteen.services, office, canteen.school_id, ref, "902817")
