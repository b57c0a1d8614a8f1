"""Cards' bits become UIDs, and what may be another card's number does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.readers.osdp_card import CardBits, credential


def wiegand(uid: bytes) -> tuple[int, bytes]:
    """Return a UID between its parity bits, as a reader sends it."""
    bits = len(uid) * 8
    number, half = int.from_bytes(uid), bits // 2
    even = (number >> half).bit_count() % 2
    odd = 1 - (number & ((1 << half) - 1)).bit_count() % 2
    whole = even << (bits + 1) | number << 1 | odd
    return bits + 2, (whole << (-(bits + 2) % 8)).to_bytes(-(-(bits + 2) // 8))


@pytest.mark.parametrize("uid", ["04a1b2c3", "04a1b2c3d4e5f6", "04a1b2c3d4e5f6071829"])
def test_a_whole_uid_is_taken_as_it_is_and_between_parity_bits(uid: str) -> None:
    content = bytes.fromhex(uid)

    assert credential(len(content) * 8, content, CardBits.WHOLE) == content
    assert credential(*wiegand(content), CardBits.WHOLE) == content


def test_the_published_example_of_26_bits_is_read() -> None:
    # Facility 1, card 1 with its parity bits: 0 00000001 0000000000000001 0 has the wrong one in front.
    bits = f"{1}{1:08b}{1:016b}{0}"

    assert credential(26, int(bits + "0" * 6, 2).to_bytes(4), CardBits.WIEGAND26) == b"\x01\x00\x01"


def test_26_bits_are_taken_only_when_somebody_said_so() -> None:
    short = wiegand(b"\xa1\xb2\xc3")

    assert credential(*short, CardBits.WHOLE) is None
    assert credential(*short, CardBits.WIEGAND26) == b"\xa1\xb2\xc3"


@given(st.binary(min_size=4, max_size=4), st.integers(0, 33))
def test_one_bit_that_was_spoilt_is_noticed(uid: bytes, bit: int) -> None:
    bits, content = wiegand(uid)
    spoilt = (int.from_bytes(content) ^ 1 << (len(content) * 8 - 1 - bit)).to_bytes(len(content))

    assert credential(bits, spoilt, CardBits.WHOLE) is None


@given(st.integers(-5, 300), st.binary(max_size=20))
def test_whatever_comes_is_a_uid_or_nothing(bits: int, content: bytes) -> None:
    found = credential(bits, content, CardBits.WHOLE)

    assert found is None or len(found) in {4, 7, 10}
