"""Links that a chip writes anew at each reading, against the example of NXP AN12196 and hostile ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.cards.ev2 import NotGenuine
from edge_agent.cards.sun import Message, Mirrored, check, mirrored, read_link, session_mac_key

ZERO_KEY = bytes(16)
LINK = "https://ntag.nxp.com/424?e=EF963FF7828658A599F3041510671E88&c=94EED9EE65337086"
UID, COUNTER = bytes.fromhex("04DE5F1EACC040"), 61


def test_the_example_of_an12196_is_genuine() -> None:
    message = read_link(LINK)

    assert message is not None
    said = mirrored(ZERO_KEY, message)
    assert said == Mirrored(UID, COUNTER)
    assert session_mac_key(ZERO_KEY, said).hex() == "3fb5f6e3a807a03d5e3570ace393776f"
    check(ZERO_KEY, said, message)


def test_another_key_reads_nothing_in_it() -> None:
    message = read_link(LINK)

    assert message is not None
    assert mirrored(b"\x01" * 16, message) is None


def test_a_code_made_by_another_key_is_not_genuine() -> None:
    message = read_link(LINK)

    assert message is not None
    with pytest.raises(NotGenuine):
        check(b"\x01" * 16, Mirrored(UID, COUNTER), message)


def test_a_code_is_good_for_its_own_count_only() -> None:
    message = read_link(LINK)

    assert message is not None
    with pytest.raises(NotGenuine):
        check(ZERO_KEY, Mirrored(UID, COUNTER + 1), message)


@pytest.mark.parametrize(
    "link",
    [
        "",
        "https://example.org/",
        "https://example.org/?e=EF96&c=94EE",
        "https://example.org/?c=94EED9EE65337086&e=EF963FF7828658A599F3041510671E88",
        "x" * 300 + "?e=EF963FF7828658A599F3041510671E88&c=94EED9EE65337086",
    ],
)
def test_other_links_hold_no_message(link: str) -> None:
    assert read_link(link) is None


@given(st.text(max_size=400))
def test_no_link_is_too_strange_to_be_read(link: str) -> None:
    found = read_link(link)

    assert found is None or isinstance(found, Message)
