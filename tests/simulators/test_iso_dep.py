"""The card's side of ISO-DEP, against nfcpy's reader's side."""

from typing import Any

import nfc.clf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nfc.tag.tt4 import IsoDepInitiator

from simulators.iso_dep import ATS, IsoDep

FRAMES = st.sampled_from([0x00, 0x20, 0x50, 0x80])
SIZES = {0x00: 16, 0x20: 32, 0x50: 64, 0x80: 256}


class Air:
    """Carries blocks to a card; loses those that it is told to, before or after the card heard them."""

    def __init__(self, card: IsoDep, losses: list[str]) -> None:
        self.card = card
        self.losses = losses

    def exchange(self, block: Any, _timeout: float) -> bytearray:
        loss = self.losses.pop(0) if self.losses else ""
        answer = None if loss == "there" else self.card.exchange(bytes(block))
        if answer is None or loss == "back":
            raise nfc.clf.TimeoutError
        return bytearray(answer)


@given(st.lists(st.binary(min_size=1, max_size=400), min_size=1, max_size=4), FRAMES)
def test_apdus_of_any_length_go_there_and_back(apdus: list[bytes], rats: int) -> None:
    card = IsoDep(lambda apdu: apdu[::-1])
    assert card.activate(bytes([0xE0, rats])) == ATS
    reader = IsoDepInitiator(Air(card, []), SIZES[rats], 0.1)

    assert [bytes(reader.exchange(apdu)) for apdu in apdus] == [apdu[::-1] for apdu in apdus]


@given(
    st.binary(min_size=1, max_size=60),
    st.lists(st.sampled_from(["", "there", "back"]), max_size=2),  # nfcpy gives up after five tries
)
def test_a_lost_block_is_repeated_and_the_card_acts_once(apdu: bytes, losses: list[str]) -> None:
    heard: list[bytes] = []

    def applet(command: bytes) -> bytes:
        heard.append(command)
        return command

    card = IsoDep(applet)
    card.activate(bytes.fromhex("e080"))
    reader = IsoDepInitiator(Air(card, losses), 256, 0.1)

    assert bytes(reader.exchange(apdu)) == apdu
    assert heard == [apdu]


@pytest.mark.parametrize("block", ["c2", "d0", "f2 01"])
def test_a_card_answers_its_dismissal_and_nothing_that_it_does_not_know(block: str) -> None:
    card = IsoDep()
    card.activate(bytes.fromhex("e050"))

    answer = card.exchange(bytes.fromhex(block))

    assert answer == (b"\xc2" if block == "c2" else None)
