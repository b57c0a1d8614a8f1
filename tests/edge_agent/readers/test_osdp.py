"""A reader on the wall, against libosdp's own peripheral side in another process, over a pseudo-terminal."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from edge_agent.clock import SystemClock
from edge_agent.readers.credentials import ByteOrder
from edge_agent.readers.osdp import OsdpReader
from edge_agent.readers.osdp_card import CardBits
from edge_agent.readers.osdp_key import make_pending
from edge_agent.readers.osdp_line import Place
from edge_agent.readers.tap import Health, Medium, Verdict
from tests.edge_agent.readers.listening import listening
from tests.edge_agent.readers.peripheral import KEY, Peripheral, key_file, peripheral
from tests.simulators.jumping import JumpingClock
from tests.waiting import until_async

OTHER_KEY = "f0" * 16


@pytest.fixture
def wall(tmp_path: Path) -> Iterator[Peripheral]:
    with peripheral(tmp_path) as found:
        yield found


def reader_at(wall: Peripheral, keys: Path, bits: CardBits = CardBits.WHOLE) -> OsdpReader:
    return OsdpReader("old", wall.place, keys, SystemClock(), bits=bits)


async def test_a_card_is_a_tap_and_what_became_of_it_is_shown(wall: Peripheral, tmp_path: Path) -> None:
    reader = reader_at(wall, key_file(tmp_path))

    with capture_logs() as logs:
        async with listening(reader) as taps:
            await until_async(lambda: reader.health is Health.READY)
            wall.tell("card 56 04A1B2C3D4E5F6")
            await until_async(lambda: taps)
            reader.answer(taps[0], Verdict.GRANTED)
            await until_async(lambda: "buzzer" in wall.tell("status"))

    assert (taps[0].credential.hex(), taps[0].medium, taps[0].reader) == ("04a1b2c3d4e5f6", Medium.UID, "old")
    assert "secure=True shown=led:green,buzzer" in wall.tell("status")
    assert not any(secret in str(logs).lower() for secret in (KEY, "04a1b2c3"))


def test_a_card_that_stays_is_one_tap_for_as_long_as_it_stays(tmp_path: Path) -> None:
    clock = JumpingClock()
    reader = OsdpReader("old", Place("/dev/none", 9_600, 0), tmp_path / "key", clock)

    taps = []
    for at_ms in (5_000, 5_400, 6_300, 7_300, 8_299):  # the fourth a second after the third
        clock.now_ms = at_ms
        taps.append(reader._read(32, b"\1\2\3\4"))

    assert [tap is not None for tap in taps] == [True, False, False, True, False]


async def test_bytes_may_come_backwards_and_bits_that_are_no_uid_are_counted(wall: Peripheral, tmp_path: Path) -> None:
    reader = OsdpReader("old", wall.place, key_file(tmp_path), SystemClock(), byte_order=ByteOrder.REVERSED)

    async with listening(reader) as taps:
        await until_async(lambda: reader.health is Health.READY)
        for line in ("card 26 80800080", "card 32 04A1B2C3", "card 32 11223344"):
            wall.tell(line)
        await until_async(lambda: len(taps) == 2)

    assert [tap.credential.hex() for tap in taps] == ["c3b2a104", "44332211"]
    assert reader.counts.garbage == 1


async def test_a_reader_that_does_not_prove_the_key_is_not_listened_to(wall: Peripheral, tmp_path: Path) -> None:
    reader = reader_at(wall, key_file(tmp_path, OTHER_KEY))

    async with listening(reader) as taps:
        await until_async(lambda: reader.health is Health.LOST)
        wall.tell("card 32 04A1B2C3")

    assert "does not prove that it has this key" in reader.reason
    assert taps == []


async def test_a_reader_in_installation_mode_is_not_listened_to_either(tmp_path: Path) -> None:
    with peripheral(tmp_path, key="") as wall:
        reader = reader_at(wall, key_file(tmp_path))

        async with listening(reader):
            await until_async(lambda: reader.health is Health.LOST)

        assert not wall.its_key.exists()


async def test_a_cable_that_is_pulled_is_told_and_the_reader_is_back_by_itself(
    wall: Peripheral, tmp_path: Path
) -> None:
    reader = reader_at(wall, key_file(tmp_path))

    async with listening(reader) as taps:
        await until_async(lambda: reader.health is Health.READY)
        wall.tell("unplug")
        await until_async(lambda: reader.health is Health.LOST)
        wall.tell("plug")
        await until_async(lambda: reader.health is Health.READY, 15)
        wall.tell("card 32 04A1B2C3")
        await until_async(lambda: taps)

    assert reader.counts.losses == 1


async def test_while_a_key_is_changed_the_reader_is_understood_with_either(wall: Peripheral, tmp_path: Path) -> None:
    keys = key_file(tmp_path, OTHER_KEY)
    made = make_pending(keys)
    wall.tell("unplug")
    wall.its_key.write_text(made.hex())
    wall.tell("plug")
    reader = reader_at(wall, keys)

    async with listening(reader):
        await until_async(lambda: reader.health is Health.READY, 15)


async def test_an_opened_housing_and_failing_power_are_told_once(wall: Peripheral, tmp_path: Path) -> None:
    reader = reader_at(wall, key_file(tmp_path))

    async with listening(reader) as taps:
        await until_async(lambda: reader.health is Health.READY)
        for line in ("tamper on", "power on", "tamper off", "card 32 04A1B2C3"):
            wall.tell(line)
        await until_async(lambda: taps)

    assert reader.take_warnings() == ["old: housing opened", "old: power fails"]
    assert reader.take_warnings() == []


async def test_without_a_key_file_the_reader_says_what_is_missing(wall: Peripheral, tmp_path: Path) -> None:
    reader = reader_at(wall, tmp_path / "none.key")

    async with listening(reader):
        await until_async(lambda: reader.health is Health.LOST)

    assert "cannot be read" in reader.reason
