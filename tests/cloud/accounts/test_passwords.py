"""What is kept of a password: a hash that is dear to guess by, made anew when we ask for more than it cost."""

import pytest
from argon2 import PasswordHasher

from cloud.accounts.passwords import hash_password, hash_pin, is_pin_old, needs_rehash, verify_password

PASSWORD = "Самал-7-таңы"


@pytest.mark.usefixtures("dear_hashes")
async def test_a_password_is_kept_as_argon2id_of_19_mib_and_two_passes() -> None:
    known = await hash_password(PASSWORD)

    assert known.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not needs_rehash(known)
    assert await verify_password(known, PASSWORD)
    assert not await verify_password(known, PASSWORD.lower())
    assert not await verify_password(None, PASSWORD)


@pytest.mark.usefixtures("dear_hashes")
async def test_a_hash_that_cost_less_fits_and_is_to_be_made_anew() -> None:
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)

    assert await verify_password(cheap, PASSWORD)
    assert needs_rehash(cheap)
    assert is_pin_old(cheap)
    assert not is_pin_old(await hash_pin("902817"))


async def test_what_is_no_hash_fits_nothing() -> None:
    assert not await verify_password("$argon2id$v=19$m=19456", PASSWORD)
