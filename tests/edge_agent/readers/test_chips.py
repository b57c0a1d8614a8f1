"""APDUs to a card and back, through nfcpy and through our own core, at a simulated chip on a pseudo-terminal."""

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from random import Random

import pytest

from edge_agent.clock import SystemClock
from edge_agent.readers.chip import APDU_MAX, CardGone, Chip, ChipTrouble, Conversing
from edge_agent.readers.direct_chip import open_direct
from edge_agent.readers.nfcpy_opening import open_nfcpy
from simulators.pn532 import Pn532Line

UID = bytes.fromhex("04A1B2C3D4E5F6")
SELECT_NDEF = bytes.fromhex("00A4040007D276000085010100")
LONGEST = bytes.fromhex("00D60000FF") + bytes(APDU_MAX - 5)


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Pn532Line]:
    line = Pn532Line(Random(1), tmp_path / "pn532")
    line.plug()
    yield line
    line.unplug()


@pytest.fixture(params=["nfcpy", "direct"])
async def chip(request: pytest.FixtureRequest, line: Pn532Line, tmp_path: Path) -> AsyncIterator[Conversing]:
    opening: Callable[[str], Chip] = (
        open_nfcpy if request.param == "nfcpy" else partial(open_direct, clock=SystemClock())
    )
    chip = await asyncio.to_thread(opening, str(tmp_path / "pn532"))
    assert isinstance(chip, Conversing)
    yield chip
    await asyncio.to_thread(chip.close)


async def test_a_card_answers_apdus_and_is_seen_anew_afterwards(line: Pn532Line, chip: Conversing) -> None:
    line.obey(f"present {UID.hex()} iso-dep")

    assert await asyncio.to_thread(chip.hold) == UID
    assert [(await asyncio.to_thread(chip.exchange, apdu)).hex() for apdu in (SELECT_NDEF, LONGEST)] == ["6a82", "6d00"]
    await asyncio.to_thread(chip.release)
    assert await asyncio.to_thread(chip.sense) == UID


@pytest.mark.parametrize("card", ["remove", f"present {UID.hex()} ultralight", f"present {UID.hex()[:8]} classic"])
async def test_what_takes_no_apdus_is_not_held(line: Pn532Line, chip: Conversing, card: str) -> None:
    line.obey(card)

    assert await asyncio.to_thread(chip.hold) is None
    await asyncio.to_thread(chip.release)


async def test_a_card_pulled_away_is_gone_and_can_be_held_again(line: Pn532Line, chip: Conversing) -> None:
    line.obey(f"present {UID.hex()} iso-dep")
    await asyncio.to_thread(chip.hold)
    line.obey("remove")

    with pytest.raises(CardGone):
        await asyncio.to_thread(chip.exchange, SELECT_NDEF)
    await asyncio.to_thread(chip.release)
    line.obey(f"present {UID.hex()} iso-dep")
    assert await asyncio.to_thread(chip.hold) == UID
    assert (await asyncio.to_thread(chip.exchange, SELECT_NDEF)).hex() == "6a82"


async def test_a_cable_pulled_in_the_middle_is_the_chips_trouble(line: Pn532Line, chip: Conversing) -> None:
    line.obey(f"present {UID.hex()} iso-dep")
    await asyncio.to_thread(chip.hold)
    line.unplug()

    with pytest.raises(ChipTrouble):
        await asyncio.to_thread(chip.exchange, SELECT_NDEF)
