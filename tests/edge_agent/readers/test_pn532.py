"""The PN532 reader, through nfcpy and through our own core, at a simulated chip on a pseudo-terminal."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from random import Random

import pytest

from edge_agent.clock import SystemClock
from edge_agent.readers.chip import Chip, ChipTrouble
from edge_agent.readers.direct_chip import open_direct
from edge_agent.readers.nfcpy_opening import open_nfcpy
from edge_agent.readers.pn532 import Pn532Reader
from edge_agent.readers.tap import Health, Medium, Tap
from simulators.pn532 import Pn532Line
from tests.edge_agent.readers.listening import listening
from tests.waiting import until_async


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
def reader(line: Pn532Line, tmp_path: Path, open_chip: Callable[[str], Chip]) -> Pn532Reader:
    return Pn532Reader("gate-in", str(tmp_path / "pn532"), SystemClock(), open_chip)


async def many(taps: list[Tap], count: int) -> None:
    """Wait until so many taps have come."""
    await until_async(lambda: len(taps) == count)


class Stalling:
    """A chip that answers nothing at first, and the clock beside it: only looks and pauses take time."""

    def __init__(self, stalls_ms: int) -> None:
        self.stalls_ms = stalls_ms
        self.answered_ms = 0
        self._now_ms = 0

    def monotonic_ms(self) -> int:
        return self._now_ms

    def wall_ms(self) -> int:
        return self._now_ms

    async def sleep(self, seconds: float) -> None:
        self._now_ms += int(seconds * 1_000)
        await asyncio.sleep(0)

    def sense(self) -> bytes | None:
        if self._now_ms < self.stalls_ms:
            self._now_ms += 110
            raise ChipTrouble("no acknowledgement")
        self.answered_ms = self.answered_ms or self._now_ms
        return bytes.fromhex("04A1B2C3D4E5F6")

    def close(self) -> None:
        pass


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def is_ready(reader: Pn532Reader) -> bool:
    return reader.health is Health.READY


@pytest.mark.parametrize("uid", ["04A1B2C3", "04A1B2C3D4E5F6", "04A1B2C3D4E5F6071829"])
async def test_a_card_is_one_tap_with_its_whole_uid(line: Pn532Line, reader: Pn532Reader, uid: str) -> None:
    async with listening(reader) as taps:
        line.obey(f"present {uid}")
        await until_async(lambda: taps)

    assert (taps[0].credential, taps[0].medium, taps[0].reader) == (bytes.fromhex(uid), Medium.UID, "gate-in")


async def test_a_card_left_on_the_reader_is_one_tap(line: Pn532Line, reader: Pn532Reader) -> None:
    async with listening(reader) as taps:
        line.obey("present 04A1B2C3D4E5F6")
        await until_async(lambda: taps)
        looks = line.chip.handled
        await until_async(lambda: line.chip.handled > looks + 20)

        assert len(taps) == 1


async def test_another_card_at_once_is_another_tap(line: Pn532Line, reader: Pn532Reader) -> None:
    async with listening(reader) as taps:
        for number, uid in enumerate(["04A1B2C3D4E5F6", "04A1B2C3D4E5F7", "04A1B2C3D4E5F6"], start=1):
            line.obey(f"present {uid}")
            await many(taps, number)

    assert [tap.credential[-1] for tap in taps] == [0xF6, 0xF7, 0xF6]


async def test_the_same_card_again_is_a_tap_once_it_was_away(line: Pn532Line, reader: Pn532Reader) -> None:
    async with listening(reader) as taps:
        line.obey("present 04A1B2C3D4E5F6")
        await until_async(lambda: taps)
        line.obey("remove")
        looks = line.chip.handled
        await until_async(lambda: line.chip.handled > looks + 60)
        line.obey("present 04A1B2C3D4E5F6")
        await until_async(lambda: len(taps) == 2)


async def test_ten_people_pass_within_ten_seconds(line: Pn532Line, reader: Pn532Reader) -> None:
    began = asyncio.get_running_loop().time()
    async with listening(reader) as taps:
        for number in range(1, 11):
            line.obey(f"present 04A1B2C3D4E5{number:02X} 400")
            await many(taps, number)

    assert asyncio.get_running_loop().time() - began < 10


async def test_a_phone_with_random_uids_is_one_tap_and_says_so(line: Pn532Line, reader: Pn532Reader) -> None:
    async with listening(reader) as taps:
        line.obey("present random")
        await until_async(lambda: taps)
        looks = line.chip.handled
        await until_async(lambda: line.chip.handled > looks + 20)

    assert [tap.is_random for tap in taps] == [True]
    assert reader.counts.random_uids == 1


@pytest.mark.parametrize("fault", ["drop-ack", "nack", "checksum", "cut", "noise", "syntax", "stall"])
async def test_one_spoilt_frame_loses_no_tap(line: Pn532Line, reader: Pn532Reader, fault: str) -> None:
    async with listening(reader) as taps:
        await until_async(lambda: is_ready(reader))
        line.obey(f"fault {fault}")
        line.obey("present 04A1B2C3D4E5F6")
        await until_async(lambda: taps)

    assert len(taps) == 1
    assert reader.counts.losses == 0


@pytest.mark.parametrize(("stalls_ms", "losses"), [(300, 0), (900, 0), (1_500, 1)])
async def test_a_short_stall_is_waited_out_and_a_long_one_opens_the_chip_anew(stalls_ms: int, losses: int) -> None:
    stalling = Stalling(stalls_ms)
    reader = Pn532Reader("gate-in", "/dev/null", stalling, lambda _path: stalling)
    async with listening(reader) as taps:
        await until_async(lambda: taps)

    assert reader.counts.losses == losses
    assert stalling.answered_ms - stalls_ms < (200 if losses == 0 else 1_000)


async def test_a_chip_that_stalls_is_lost_and_found_again(line: Pn532Line, reader: Pn532Reader) -> None:
    async with listening(reader) as taps:
        await until_async(lambda: is_ready(reader))
        line.obey("fault stall 1000")
        await until_async(lambda: reader.health is Health.LOST)
        line.obey("fault none")
        line.obey("present 04A1B2C3D4E5F6")
        await until_async(lambda: taps)

    assert reader.counts.losses == 1


async def test_a_pulled_cable_is_noticed_and_the_reader_comes_back_with_it(
    line: Pn532Line, reader: Pn532Reader
) -> None:
    async with listening(reader) as taps:
        await until_async(lambda: is_ready(reader))
        line.unplug()
        await until_async(lambda: reader.health is Health.LOST)
        assert reader.reason
        line.plug()
        line.obey("present 04A1B2C3D4E5F6")
        await until_async(lambda: taps)

    assert reader.health is Health.READY


async def test_a_reader_that_is_not_there_is_waited_for_without_a_descriptor_leaked(
    tmp_path: Path, open_chip: Callable[[str], Chip]
) -> None:
    reader = Pn532Reader("gate-in", str(tmp_path / "nothing"), SystemClock(), open_chip)
    before = descriptors()
    async with listening(reader):
        await until_async(lambda: reader.health is Health.LOST)
        assert "no such device" in reader.reason

    assert descriptors() <= before


async def test_a_chip_left_at_high_speed_by_a_killed_program_is_called_back(
    line: Pn532Line, reader: Pn532Reader
) -> None:
    line.chip.baud = 921_600  # what nfcpy set, and nobody set back

    async with listening(reader) as taps:
        line.obey("present 04A1B2C3D4E5F6")
        await until_async(lambda: taps)


async def test_of_two_cards_in_one_wallet_one_is_seen(line: Pn532Line, reader: Pn532Reader) -> None:
    async with listening(reader) as taps:
        line.obey("present 01020304")
        line.obey("add 01020305")
        await until_async(lambda: taps)
        looks = line.chip.handled
        await until_async(lambda: line.chip.handled > looks + 20)

    assert len(taps) == 1


async def test_nfcpy_leaves_the_chip_as_it_was_found(line: Pn532Line, tmp_path: Path) -> None:
    reader = Pn532Reader("gate-in", str(tmp_path / "pn532"), SystemClock())
    async with listening(reader):
        await until_async(lambda: is_ready(reader))
        assert line.chip.baud == 921_600

    await until_async(lambda: line.chip.baud == 115_200)


def test_without_nfcpy_the_agent_runs_and_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nfc", None)
    monkeypatch.delitem(sys.modules, "edge_agent.readers.nfcpy_chip", raising=False)

    with pytest.raises(ChipTrouble, match="pn532-direct"):
        open_nfcpy("/dev/null")
