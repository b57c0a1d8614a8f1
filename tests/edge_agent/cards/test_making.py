"""Cards are made of blank ones, brought to newer keys, and finished when they were pulled away at any step."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge_agent.cards.link import Link, LinkRefused
from edge_agent.cards.making import CardNotMade, Made
from edge_agent.cards.proving import CardProver
from edge_agent.readers.chip import CardGone
from edge_agent.readers.tap import Medium
from simulators.desfire_chip import Chip
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


def is_believed(gate: CardProver, reader: OnReader) -> bool:
    proof = gate.prove(reader)
    return proof is not None and not proof.flaw


@KINDS
def test_a_blank_card_is_made_the_schools(school: School, blank: Blank, medium: Medium) -> None:
    reader = OnReader(blank())

    assert school.make(reader) == Made(UID, medium, 1)
    assert bytes(16) not in [key.value for key in keys_of(reader.card)], "no key stays as it came"
    assert {key.version for key in keys_of(reader.card)} == {1}
    assert is_believed(school.gate(), reader)


@KINDS
def test_two_cards_share_no_key_that_opens(school: School, blank: Blank, medium: Medium) -> None:
    first, second = OnReader(blank(UID)), OnReader(blank(OTHER_UID))
    school.make(first)
    school.make(second)

    shared = {key.value for key in keys_of(first.card)} & {key.value for key in keys_of(second.card)}
    finder_or_link = school.master.school_keys(school.name, 1)
    assert shared == {finder_or_link.finder if medium is Medium.DESFIRE else finder_or_link.link}


@KINDS
def test_to_make_a_card_again_changes_nothing(school: School, blank: Blank, medium: Medium) -> None:
    reader = OnReader(blank())
    school.make(reader)
    before = [key.value for key in keys_of(reader.card)]

    assert school.make(reader) == Made(UID, medium, 1)
    assert [key.value for key in keys_of(reader.card)] == before
    assert is_believed(school.gate(), reader)


@KINDS
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("hears_last", [False, True], ids=["unheard", "unanswered"])
def test_a_card_pulled_away_at_any_step_is_finished_by_trying_again(
    tmp_path: Path, blank: Blank, medium: Medium, version: int, hears_last: bool
) -> None:
    steps = 0
    while _is_cut_off(School(_folder(tmp_path, steps)), blank(), version, steps, hears_last=hears_last):
        steps += 1

    assert steps > 10


def _folder(parent: Path, number: int) -> Path:
    made = parent / str(number)
    made.mkdir()
    return made


def _is_cut_off(school: School, card: Chip, version: int, steps: int, *, hears_last: bool) -> bool:
    """Make a card that is pulled away after so many steps, and make it again; tell whether it was pulled away."""
    reader = OnReader(card)
    for number in range(1, version):
        school.make(reader)
        school.master.schools[school.name] = number + 1
    reader.leaves_after, reader.hears_last = steps, hears_last
    try:
        school.make(reader)
    except CardGone:
        is_cut_off = True
    else:
        is_cut_off = False
    reader.leaves_after = None

    assert school.make(reader) is not None, f"pulled away after {steps} APDUs"
    assert {key.version for key in keys_of(card)} == {version}
    assert is_believed(school.gate(kept=0), reader)
    school.close()
    return is_cut_off


@KINDS
def test_an_older_card_is_brought_to_the_newest_keys(school: School, blank: Blank, medium: Medium) -> None:
    reader = OnReader(blank())
    school.make(reader)
    school.master.rotate(school.name)

    assert is_believed(school.gate(kept=1), reader), "until then it opens by the keys before"
    assert school.make(reader) == Made(UID, medium, 2)
    assert is_believed(school.gate(kept=0), reader)


@KINDS
def test_a_card_with_random_uids_is_made_and_made_again(school: School, blank: Blank, medium: Medium) -> None:
    reader = OnReader(blank(UID, has_random_uid=True), RANDOM_UID)

    assert school.make(reader) == Made(UID, medium, 1)
    school.master.rotate(school.name)
    assert school.make(reader) == Made(UID, medium, 2)


@KINDS
def test_a_card_of_another_master_key_is_left_as_it_is(school: School, blank: Blank, medium: Medium) -> None:
    reader = OnReader(blank())
    School(school.folder, secret=b"o" * 32).make(reader)
    before = [key.value for key in keys_of(reader.card)]

    with pytest.raises(CardNotMade):
        school.make(reader)
    assert [key.value for key in keys_of(reader.card)] == before


def test_a_link_that_leads_elsewhere_waits_for_new_keys_since_the_count_begins_anew(school: School) -> None:
    reader, elsewhere = OnReader(ntag()), Link("https://school.kz/card/")
    school.make(reader)
    is_believed(school.gate(), reader)

    with pytest.raises(CardNotMade, match="rotate"):
        school.make(reader, elsewhere)
    school.master.rotate(school.name)
    school.make(reader, elsewhere)
    assert is_believed(school.gate(), reader)


def test_a_card_may_serve_two_schools(school: School) -> None:
    reader, other = OnReader(desfire()), School(school.folder, "school2", b"o" * 32)
    school.make(reader)
    other.make(reader)

    assert is_believed(school.gate(), reader)
    assert is_believed(other.gate(), reader)
    other.close()


def test_a_card_ahead_of_the_master_key_is_not_taken_back(school: School) -> None:
    reader = OnReader(desfire())
    school.master.rotate(school.name)
    school.make(reader)
    school.master.schools[school.name] = 1

    with pytest.raises(CardNotMade, match="take the newer file"):
        school.make(reader)


@pytest.mark.parametrize("hardware", ["04010101001605", "04080230001105"])
def test_a_card_of_another_kind_is_refused(school: School, hardware: str) -> None:
    reader = OnReader(Playing(UID, lambda _apdu: bytes.fromhex(hardware) + b"\x91\x00"))

    with pytest.raises(CardNotMade, match="give another card"):
        school.make(reader)


@pytest.mark.parametrize("answer", ["6a82", "6d00", "91ca"])
def test_a_card_that_does_not_understand_is_refused(school: School, answer: str) -> None:
    with pytest.raises(CardNotMade):
        school.make(OnReader(Playing(UID, lambda _apdu: bytes.fromhex(answer))))


def test_an_empty_reader_makes_nothing(school: School) -> None:
    assert school.make(OnReader(None)) is None


@pytest.mark.parametrize(
    "url", ["http://school.kz/", "https://school.kz", "https://school.kz/?a=b", "https://" + "a" * 41 + "/", "e=0"]
)
def test_an_address_that_a_chip_cannot_carry_is_refused(url: str) -> None:
    with pytest.raises(LinkRefused):
        Link(url)
