"""What a gate believes of cards: genuine ones, copies, caught links, strangers, and cards that are pulled away."""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from edge_agent.cards.counters import Counters
from edge_agent.cards.proving import APDUS_MAX
from edge_agent.readers.chip import CardGone
from edge_agent.readers.proving import Proof
from edge_agent.readers.tap import Medium
from simulators.desfire import Desfire
from simulators.desfire_chip import Chip
from simulators.iso_dep import empty_applet
from tests.edge_agent.cards.bench import (
    OTHER_UID,
    RANDOM_UID,
    UID,
    OnReader,
    Playing,
    School,
    desfire,
    keys_of,
    ntag,
)

KINDS = pytest.mark.parametrize(("blank", "medium"), [(desfire, Medium.DESFIRE), (ntag, Medium.SUN)])
Blank = Callable[..., Chip]


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    school = School(tmp_path)
    yield school
    school.close()


def made(school: School, card: Chip, uid: bytes | None = None) -> OnReader:
    reader = OnReader(card, uid)
    assert school.make(reader) is not None
    return reader


@KINDS
def test_a_genuine_card_says_its_uid_under_its_key(school: School, blank: Blank, medium: Medium) -> None:
    reader = made(school, blank())

    assert school.gate().prove(reader) == Proof(UID, medium)
    assert reader.is_released


@KINDS
@pytest.mark.parametrize("shown", [UID, RANDOM_UID])
def test_no_card_needs_more_than_eight_apdus(school: School, blank: Blank, medium: Medium, shown: bytes) -> None:
    reader = made(school, blank(UID, has_random_uid=shown == RANDOM_UID), shown)

    assert school.gate().prove(reader) == Proof(UID, medium)
    assert len(reader.heard) <= APDUS_MAX == 8
    if medium is Medium.DESFIRE and shown == UID:
        assert len(reader.heard) == 5


@KINDS
def test_a_card_that_lacks_the_key_is_not_genuine(school: School, blank: Blank, medium: Medium) -> None:
    """The copy knows everything that can be read of a card: application, versions, the shared keys, the UID."""
    reader = made(school, blank())
    keys_of(reader.card)[1].value = b"g" * 16

    proof = school.gate().prove(reader)

    assert proof is not None
    assert (proof.credential, proof.medium) == (UID, medium)
    assert proof.flaw


def test_a_genuine_card_under_another_cards_uid_is_not_genuine(school: School) -> None:
    reader = made(school, desfire(OTHER_UID))
    reader.uid = UID

    proof = school.gate().prove(reader)

    assert proof is not None
    assert proof.flaw


def test_a_card_that_plays_back_another_conversation_is_not_genuine(school: School) -> None:
    reader, told = made(school, desfire()), list[bytes]()
    card = reader.card
    assert card is not None
    transmit = card.transmit

    def heard(apdu: bytes) -> bytes:
        told.append(transmit(apdu))
        return told[-1]

    card.transmit = heard  # type: ignore[method-assign]
    gate = school.gate()
    assert gate.prove(reader) == Proof(UID, Medium.DESFIRE)
    answers = iter(told)

    proof = gate.prove(OnReader(Playing(UID, lambda _apdu: next(answers))))

    assert proof is not None
    assert proof.flaw


@pytest.mark.parametrize("version", [0, 7])
def test_a_card_with_keys_that_we_lack_is_not_genuine_and_says_which(school: School, version: int) -> None:
    reader = made(school, desfire())
    keys_of(reader.card)[1].version = version

    proof = school.gate().prove(reader)

    assert proof is not None
    assert f"version {version}" in proof.flaw


@KINDS
def test_a_card_of_the_version_before_is_believed_until_it_is_dropped(
    school: School, blank: Blank, medium: Medium
) -> None:
    reader = made(school, blank())
    school.master.rotate(school.name)

    assert school.gate(kept=1).prove(reader) == Proof(UID, medium)
    dropped = school.gate(kept=0).prove(reader)
    assert dropped is None or dropped.flaw


@KINDS
def test_a_card_that_leaves_at_any_step_is_neither_believed_nor_accused(
    school: School, blank: Blank, medium: Medium
) -> None:
    reader = made(school, blank())
    gate = school.gate()
    gate.prove(reader)
    for steps in range(len(reader.heard)):
        reader.leaves_after = steps
        with pytest.raises(CardGone):
            gate.prove(reader)
        assert reader.is_released
    reader.leaves_after = None

    assert gate.prove(reader) == Proof(UID, medium)


# Links


def test_a_caught_link_opens_nothing_twice_also_after_a_restart(school: School) -> None:
    reader = made(school, ntag())
    caught = _caught(reader)
    gate = school.gate()

    before = gate.prove(_carrying(reader, caught))
    assert gate.prove(reader) == Proof(UID, Medium.SUN)
    again = school.gate().prove(_carrying(reader, caught))

    assert before is not None
    assert before.flaw, "it proves no key, even when it was never shown"
    assert again is not None
    assert "shown before" in again.flaw


def test_a_link_that_another_chip_carries_is_not_genuine(school: School) -> None:
    reader = made(school, ntag())
    copy = _carrying(reader, _caught(reader))
    copy.uid = OTHER_UID

    proof = school.gate().prove(copy)

    assert proof is not None
    assert "another chip's" in proof.flaw


def test_a_count_stays_when_the_card_left_before_it_proved_itself(school: School, tmp_path: Path) -> None:
    reader = made(school, ntag())
    gate = school.gate()
    reader.leaves_after = 7
    with pytest.raises(CardGone):
        gate.prove(reader)

    counters = Counters(tmp_path)
    assert counters.last(UID.hex(), 1) == 0
    counters.close()


def _caught(reader: OnReader) -> bytes:
    """Return the file of a chip as anybody's phone reads it."""
    card = reader.card
    assert card is not None
    card.lose_power()
    for apdu in ("00A4040007D276000085010100", "00A4000C02E104"):
        card.transmit(bytes.fromhex(apdu))
    content = card.transmit(bytes.fromhex("00B0000080"))
    assert content[-2:] == b"\x90\x00"
    return content


def _carrying(reader: OnReader, content: bytes) -> OnReader:
    """Return an emulated chip that shows a caught link, and does for the rest what a blank one does."""
    blank = ntag(reader.uid)
    blank._keys[1].version = 1
    answers: dict[bytes, bytes] = {bytes.fromhex("00B0000080"): content}
    return OnReader(Playing(reader.uid, lambda apdu: answers.get(apdu) or blank.transmit(apdu)))


# Who claims nothing


@pytest.mark.parametrize(
    "stranger",
    [
        desfire(),
        ntag(),
        Playing(UID, empty_applet),
        Playing(UID, lambda _apdu: b"\x6e\x00"),
        Playing(UID, lambda _apdu: b"?e=EF963FF7828658A599F3041510671E88&c=94EED9EE65337086\x90\x00"),
    ],
    ids=["desfire", "ntag", "empty", "bank", "link"],
)
def test_a_strangers_card_is_left_to_its_uid(school: School, stranger: Chip) -> None:
    reader = OnReader(stranger)

    assert school.gate().prove(reader) is None
    assert reader.is_released


def test_another_schools_card_claims_nothing_here(school: School, tmp_path: Path) -> None:
    other = School(tmp_path, "school2", b"o" * 32)

    assert school.gate().prove(made(other, desfire())) is None
    assert school.gate().prove(made(other, ntag())) is None


def test_a_card_that_left_before_it_said_a_word_is_gone(school: School) -> None:
    with pytest.raises(CardGone):
        school.gate().prove(OnReader(None))


@pytest.mark.parametrize(("misses", "is_asked"), [(1, True), (2, False)])
def test_a_card_that_misses_the_first_word_is_asked_once_more(school: School, misses: int, is_asked: bool) -> None:
    reader = made(school, desfire())
    reader.misses = misses

    proof = school.gate().prove(reader)

    assert proof == (Proof(UID, Medium.DESFIRE) if is_asked else None)


def test_a_card_with_a_short_uid_is_not_asked_twice(school: School) -> None:
    reader = OnReader(desfire(), bytes.fromhex("01020304"))
    reader.misses = 1

    assert school.gate().prove(reader) is None


@pytest.mark.parametrize("seed", range(30))
def test_nonsense_never_opens_and_always_ends(school: School, seed: int) -> None:
    rng = Random(seed)
    statuses = [b"\x91\x00", b"\x91\xaf", b"\x90\x00", b"\x91\xae", b""]
    play = Playing(UID, lambda _apdu: rng.randbytes(rng.randrange(40)) + rng.choice(statuses))
    reader = OnReader(play)

    try:
        proof = school.gate().prove(reader)
    except CardGone:
        proof = None

    assert proof is None or proof.flaw
    assert len(reader.heard) <= APDUS_MAX


def test_a_card_that_talks_for_too_long_is_as_good_as_gone(school: School) -> None:
    card = desfire()
    reader = made(school, card)
    gate = school.gate()
    transmit = card.transmit

    class Late:
        now_ms = 0

        def monotonic_ms(self) -> int:
            return self.now_ms

        def wall_ms(self) -> int:
            return 0

        async def sleep(self, seconds: float) -> None:
            raise AssertionError(seconds)

    clock = Late()

    def slowly(apdu: bytes) -> bytes:
        clock.now_ms += 600
        return transmit(apdu)

    card.transmit = slowly  # type: ignore[method-assign]
    gate._clock = clock

    with pytest.raises(CardGone):
        gate.prove(reader)
    assert len(reader.heard) == 3


def test_the_reader_draws_anew_for_each_tap(school: School) -> None:
    reader = made(school, desfire())
    gate = school.gate()
    gate.prove(reader)
    first = reader.heard[3]
    assert isinstance(reader.card, Desfire)
    gate.prove(reader)

    assert reader.heard[3] != first
