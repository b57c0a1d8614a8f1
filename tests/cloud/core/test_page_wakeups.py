"""Wake-ups of pages: the service reads whose they are, and a stranger who listens nothing at all."""

import pytest

from cloud.core.page_wakeups import AT_ONCE, opened, sealed
from cloud.core.vault import Vault
from cloud.core.wakeups import EVERYTHING, PAYLOAD_MAX

CHILD, SIBLING, SCHOOL = (7, "child0000001"), (7, "child0000002"), (7, "*")
LONGEST = 2**63 - 1


@pytest.fixture(name="vault")
def _vault() -> Vault:
    return Vault(bytes(32))


def test_who_has_the_key_reads_whom_a_wake_up_is_about(vault: Vault) -> None:
    (payload,) = sealed(vault, [SIBLING, CHILD, CHILD])

    assert opened(vault, payload) == ["7:child0000001", "7:child0000002"]


@pytest.mark.requirement("KZ456-10")
def test_who_listens_without_it_cannot_tell_one_child_from_another_or_from_itself(vault: Vault) -> None:
    heard = [payload for key in (CHILD, CHILD, SIBLING, SCHOOL) for payload in sealed(vault, [key])]

    assert len(set(heard)) == len(heard)
    assert len({len(payload) for payload in heard}) == 1
    assert len({payload[:7] for payload in heard}) == 1, "what they share is the format and the key's id"
    assert len({payload[8:16] for payload in heard}) == len(heard)


def test_many_are_told_of_by_a_few_wake_ups_that_postgresql_takes(vault: Vault) -> None:
    keys = [(LONGEST, f"account-{LONGEST - number}") for number in range(2 * AT_ONCE + 1)]

    payloads = sealed(vault, keys)

    assert len(payloads) == 3
    assert max(map(len, payloads)) <= PAYLOAD_MAX
    assert {each for payload in payloads for each in opened(vault, payload)} == {f"{LONGEST}:{who}" for _, who in keys}


@pytest.mark.parametrize("payload", ["~", "~nonsense", "~AQID"])
def test_one_that_cannot_be_read_wakes_everybody(vault: Vault, payload: str) -> None:
    assert opened(vault, payload) == (EVERYTHING,)
    (of_another_key,) = sealed(Vault(bytes(31) + b"1"), [CHILD])
    assert opened(vault, of_another_key) == (EVERYTHING,)


def test_one_about_devices_alone_is_plain(vault: Vault) -> None:
    assert opened(vault, "7:-") == ("7:-",)
