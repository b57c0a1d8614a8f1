"""Passwords and PINs that cost little to hash, for the tests that only want to sign in: a minute of a core in all.

Programs that tests start, and whoever asks for `dear_hashes`, hash as the product does.
"""

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from cloud.accounts import passwords

DEAR = (passwords.HASHER, passwords.PIN_HASHER, passwords.NOBODYS)


def _cheap(memory_kib: int) -> PasswordHasher:
    return PasswordHasher(time_cost=1, memory_cost=memory_kib, parallelism=1)


CHEAP = (_cheap(8), _cheap(16), _cheap(8).hash("nobody's"))  # unlike each other, as the dear ones are


def _use(hashes: tuple[PasswordHasher, PasswordHasher, str]) -> None:
    passwords.HASHER, passwords.PIN_HASHER, passwords.NOBODYS = hashes


@pytest.fixture(scope="session", autouse=True)
def _cheap_hashes() -> Iterator[None]:
    _use(CHEAP)
    yield
    _use(DEAR)


@pytest.fixture(name="dear_hashes")
def _dear_hashes() -> Iterator[None]:
    """Let a test hash as the product does."""
    _use(DEAR)
    yield
    _use(CHEAP)
