"""Our RC522 driver at a simulated chip, a transaction at a time."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.drivers.chip import ChipTrouble
from firmware.drivers.rc522 import Rc522 as Driver
from firmware.drivers.rc522 import crc_a
from simulators import crc
from simulators.cards import Card, Make, card_make
from simulators.rc522 import Fault, Rc522
from simulators.rf_field import RfField

UIDS = ["01020304", "04A1B2C3D4E5F6", "04A1B2C3D4E5F6071829"]


class Bus:
    """The SPI bus and the select pin: one transaction is one call, while select is low."""

    def __init__(self, chip: Rc522) -> None:
        self._chip = chip
        self._is_selected = False

    def select(self, level: int) -> None:
        self._is_selected = not level

    def write_readinto(self, sent: bytes | bytearray, received: bytearray) -> None:
        assert self._is_selected, "the chip was not selected"
        received[:] = self._chip.transfer(bytes(sent))


@pytest.fixture
def chip() -> Rc522:
    return Rc522(RfField())


@pytest.fixture
async def driver(chip: Rc522) -> Driver:
    bus = Bus(chip)
    driver = Driver(bus, bus.select)
    await driver.start()
    return driver


def put(chip: Rc522, *uids: str) -> None:
    for uid in uids:
        chip.rf.put(Card(card_make(uid), Random(1)))


@pytest.mark.parametrize("uid", UIDS)
async def test_a_card_is_seen_at_every_look_and_no_more_when_it_is_gone(chip: Rc522, driver: Driver, uid: str) -> None:
    put(chip, uid)

    assert [await driver.sense() for _ in range(3)] == [bytes.fromhex(uid)] * 3
    assert not chip.rf.is_on
    chip.rf.clear()
    assert await driver.sense() is None


@pytest.mark.parametrize("first", UIDS)
@pytest.mark.parametrize("second", ["01020305", "81020304", "04A1B2C3D4E5F7", "0401B2C3D4E5F6", "04A1B2C3D4E5F6071828"])
async def test_of_two_cards_in_one_wallet_one_is_seen_whole(
    chip: Rc522, driver: Driver, first: str, second: str
) -> None:
    put(chip, first, second)

    assert await driver.sense() in {bytes.fromhex(first), bytes.fromhex(second)}


@given(first=st.binary(min_size=4, max_size=4), second=st.binary(min_size=4, max_size=4))
async def test_whatever_two_uids_differ_in_no_third_one_is_made_of_them(first: bytes, second: bytes) -> None:
    uids = [uid for uid in {first, second} if uid[0] != 0x88]
    chip = Rc522(RfField())
    bus = Bus(chip)
    driver = Driver(bus, bus.select)
    await driver.start()
    for uid in uids:
        chip.rf.put(Card(Make(uid, card_make("01020304").family), Random(1)))

    seen = await driver.sense()

    assert seen in uids if uids else seen is None


@pytest.mark.parametrize("fault", [Fault.PARITY, Fault.DEAF])
async def test_an_answer_spoilt_in_the_air_is_no_card_this_time(chip: Rc522, driver: Driver, fault: Fault) -> None:
    put(chip, "04A1B2C3D4E5F6")
    chip.faults.append(fault)

    assert await driver.sense() is None
    assert await driver.sense() == bytes.fromhex("04A1B2C3D4E5F6")


async def test_a_chip_that_lost_its_power_for_a_moment_is_noticed_and_started_again(
    chip: Rc522, driver: Driver
) -> None:
    put(chip, "01020304")
    chip.faults.append(Fault.BROWN_OUT)

    with pytest.raises(ChipTrouble, match="power"):
        await driver.sense()
    await driver.start()
    assert await driver.sense() == bytes.fromhex("01020304")


async def test_a_chip_that_is_not_there_is_told(chip: Rc522) -> None:
    chip.is_present = False
    bus = Bus(chip)

    with pytest.raises(ChipTrouble, match="wired"):
        await Driver(bus, bus.select).start()


async def test_no_card_is_held_for_apdus(chip: Rc522, driver: Driver) -> None:
    put(chip, "04A1B2C3D4E5F6")

    assert not driver.has_apdus
    assert await driver.hold() is None


@given(st.binary(max_size=40))
def test_both_checksums_are_the_same(frame: bytes) -> None:
    assert crc_a(frame) == crc.crc_a(frame)
