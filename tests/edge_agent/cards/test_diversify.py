"""Keys made for one card, against the vectors of NXP AN10922."""

import pytest

from edge_agent.cards.diversify import diversify


@pytest.mark.parametrize(
    ("key", "told_apart", "made"),
    [
        (
            "00112233445566778899AABBCCDDEEFF",
            "04782E21801D80" + "3042F5" + "4E585020416275",
            "A8DD63A3B89D54B37CA802473FDA9175",
        ),
        ("f3f9377698707b688eaf84abe39e3791", "04deadbeeffeed", "0bb408baff98b6ee9f2e1585777f6a51"),
    ],
)
def test_a_cards_key_is_that_of_an10922(key: str, told_apart: str, made: str) -> None:
    assert diversify(bytes.fromhex(key), bytes.fromhex(told_apart)) == bytes.fromhex(made)


def test_the_longest_input_fills_both_blocks_and_still_counts_to_its_last_byte() -> None:
    key = bytes(range(16))

    assert diversify(key, bytes(30) + b"\x01") != diversify(key, bytes(30) + b"\x02")


@pytest.mark.parametrize(("key", "told_apart"), [(bytes(16), b""), (bytes(16), bytes(32)), (bytes(24), b"x")])
def test_what_makes_no_key_is_refused(key: bytes, told_apart: bytes) -> None:
    with pytest.raises(ValueError, match="make a card's key"):
        diversify(key, told_apart)
