"""A PN532 with cards that prove themselves on it: what the gate hears, through nfcpy and through our own core."""

from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random

import pytest

from edge_agent.cards.counters import Counters
from edge_agent.cards.link import Link
from edge_agent.cards.making import Maker
from edge_agent.cards.master import Master
from edge_agent.cards.proving import CardProver
from edge_agent.clock import SystemClock
from edge_agent.readers.chip import Chip
from edge_agent.readers.direct_chip import open_direct
from edge_agent.readers.nfcpy_opening import open_nfcpy
from edge_agent.readers.pn532 import Pn532Reader
from edge_agent.readers.tap import Medium
from simulators.cards import card_make
from simulators.pn532 import Pn532Line
from tests.edge_agent.cards.bench import made_on
from tests.edge_agent.readers.listening import listening
from tests.waiting import until_async

UID = bytes.fromhex("04A1B2C3D4E5F6")
MASTER = Master(b"m" * 32)


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Pn532Line]:
    line = Pn532Line(Random(1), tmp_path / "pn532")
    line.plug()
    yield line
    line.unplug()


@pytest.fixture(params=["nfcpy", "direct"])
def open_chip(request: pytest.FixtureRequest) -> Callable[[str], Chip]:
    return open_nfcpy if request.param == "nfcpy" else partial(open_direct, clock=SystemClock())


@pytest.fixture
def prover(tmp_path: Path) -> Iterator[CardProver]:
    counters = Counters(tmp_path)
    yield CardProver(MASTER.ring("school1"), counters, bytes.hex, SystemClock(), Random(2))
    counters.close()


@pytest.fixture
def reader(tmp_path: Path, open_chip: Callable[[str], Chip], prover: CardProver) -> Pn532Reader:
    return Pn532Reader("gate-in", str(tmp_path / "pn532"), SystemClock(), open_chip, prover)


async def make(line: Pn532Line, path: Path, open_chip: Callable[[str], Chip], family: str) -> None:
    """Make the card the school's, through the same reader."""
    line.present(card_make(UID.hex(), family))
    await made_on(str(path / "pn532"), Maker(MASTER, "school1", Link(), SystemClock(), Random(3)), open_chip)
    line.remove()


@pytest.mark.parametrize(("family", "medium"), [("desfire", Medium.DESFIRE), ("ntag424", Medium.SUN)])
async def test_a_card_that_was_made_here_is_a_tap_of_its_own_kind(
    line: Pn532Line, reader: Pn532Reader, tmp_path: Path, open_chip: Callable[[str], Chip], family: str, medium: Medium
) -> None:
    await make(line, tmp_path, open_chip, family)

    async with listening(reader) as taps:
        line.obey(f"present {UID.hex()} {family}")
        await until_async(lambda: taps)
        looks = line.chip.handled
        await until_async(lambda: line.chip.handled > looks + 20)

    assert [(tap.credential, tap.medium, tap.flaw) for tap in taps] == [(UID, medium, "")], "and one tap while it stays"


async def test_a_card_that_draws_its_uid_by_lot_is_one_tap_under_its_own(
    line: Pn532Line, reader: Pn532Reader, tmp_path: Path, open_chip: Callable[[str], Chip]
) -> None:
    await make(line, tmp_path, open_chip, "desfire")
    card = line.drawer.chip_of(card_make(UID.hex(), "desfire"))
    assert card is not None
    card.has_random_uid = True

    async with listening(reader) as taps:
        line.obey(f"present {UID.hex()} desfire")
        await until_async(lambda: taps)
        looks = line.chip.handled
        await until_async(lambda: line.chip.handled > looks + 20)

    assert [(tap.credential, tap.medium, tap.flaw) for tap in taps] == [(UID, Medium.DESFIRE, "")]


@pytest.mark.parametrize("family", ["ultralight", "iso-dep", "desfire", "ntag424"])
async def test_a_copy_of_its_uid_is_a_uid(line: Pn532Line, reader: Pn532Reader, family: str) -> None:
    async with listening(reader) as taps:
        line.obey(f"present {UID.hex()} {family}")
        await until_async(lambda: taps)

    assert [(tap.credential, tap.medium, tap.flaw) for tap in taps] == [(UID, Medium.UID, "")]


async def test_a_card_that_cannot_prove_what_it_claims_is_a_tap_with_a_flaw(
    line: Pn532Line, reader: Pn532Reader, tmp_path: Path, open_chip: Callable[[str], Chip]
) -> None:
    await make(line, tmp_path, open_chip, "desfire")
    card = line.drawer.chip_of(card_make(UID.hex(), "desfire"))
    assert card is not None
    (application,) = card.applications.values()  # type: ignore[attr-defined]
    application.keys[1].value = bytes(16)

    async with listening(reader) as taps:
        line.obey(f"present {UID.hex()} desfire")
        await until_async(lambda: taps)

    assert (taps[0].credential, taps[0].medium, taps[0].is_genuine) == (UID, Medium.DESFIRE, False)


async def test_a_card_pulled_away_in_the_middle_is_no_tap_and_is_one_when_it_is_shown_again(
    line: Pn532Line, reader: Pn532Reader, tmp_path: Path, open_chip: Callable[[str], Chip]
) -> None:
    await make(line, tmp_path, open_chip, "desfire")

    async with listening(reader) as taps:
        line.obey("fault vanish 3")
        line.obey(f"present {UID.hex()} desfire")
        await until_async(lambda: line.cards == 0)
        looks = line.chip.handled
        await until_async(lambda: line.chip.handled > looks + 10)
        assert taps == []
        line.obey(f"present {UID.hex()} desfire")
        await until_async(lambda: taps)

    assert [(tap.medium, tap.flaw) for tap in taps] == [(Medium.DESFIRE, "")]
    assert reader.counts.losses == 0
