"""Our PN532 driver on UART, SPI and I2C, at a simulated chip behind each bus."""

import asyncio
from random import Random
from typing import Protocol

import pytest

from edge_agent.clock import SystemClock
from firmware.drivers.chip import ChipTrouble
from firmware.drivers.pn532_chip import Pn532Chip
from firmware.drivers.pn532_i2c import ADDRESS, I2cWire
from firmware.drivers.pn532_spi import SpiWire
from firmware.drivers.pn532_uart import UartWire
from simulators import pn532_buses
from simulators.cards import Card, card_make
from simulators.pn532_buses import I2cPn532, SpiPn532
from simulators.pn532_chip import BAUD, Chip
from simulators.pn532_faults import Fault
from simulators.rf_field import RfField

UID = "04A1B2C3D4E5F6"
APDU = bytes.fromhex("00A4040007D276000085010100")


class Behind(Protocol):
    chip: Chip
    is_present: bool


class UartBehind:
    """A chip on a serial line, in memory."""

    def __init__(self, rf: RfField) -> None:
        self.chip = Chip(rf)
        self.is_present = True
        self._said = b""

    def write(self, content: bytes) -> int:
        self._said += self.chip.receive(content, BAUD, 0) if self.is_present else b""
        return len(content)

    def read(self, count: int) -> bytes | None:
        said, self._said = self._said[:count], self._said[count:]
        return said or None


class SpiBus:
    """The bus and the select pin."""

    def __init__(self, peer: SpiPn532) -> None:
        self._peer = peer
        self._is_selected = False

    def select(self, level: int) -> None:
        self._is_selected = not level

    def write_readinto(self, sent: bytes | bytearray, received: bytearray) -> None:
        assert self._is_selected, "the chip was not selected"
        received[:] = self._peer.transfer(bytes(sent))


class I2cBus:
    def __init__(self, peer: I2cPn532) -> None:
        self._peer = peer

    def writeto(self, address: int, content: bytes) -> int:
        assert address == ADDRESS == pn532_buses.ADDRESS
        return self._peer.write(content)

    def readfrom(self, address: int, count: int) -> bytes:
        assert address == ADDRESS
        return self._peer.read(count)


class Table:
    """A driver, a bus, a chip and its field."""

    def __init__(self, kind: str) -> None:
        self.field = RfField()
        self.behind: Behind
        match kind:
            case "uart":
                self.behind = line = UartBehind(self.field)
                self.driver = Pn532Chip(UartWire(line), SystemClock())
            case "spi":
                peer = SpiPn532(self.field)
                self.behind, bus = peer.behind, SpiBus(peer)
                self.driver = Pn532Chip(SpiWire(bus, bus.select), SystemClock())
            case _:
                device = I2cPn532(self.field)
                self.behind = device.behind
                self.driver = Pn532Chip(I2cWire(I2cBus(device)), SystemClock())

    def put(self, uid: str, family: str = "") -> None:
        self.field.put(Card(card_make(uid, family), Random(1), lambda apdu: apdu[::-1][:256] + b"\x90\x00"))


@pytest.fixture(params=["uart", "spi", "i2c"])
async def table(request: pytest.FixtureRequest) -> Table:
    table = Table(request.param)
    await table.driver.start()
    return table


async def test_a_card_is_seen_and_no_more_when_it_is_gone(table: Table) -> None:
    table.put(UID)

    assert await table.driver.sense() == await table.driver.sense() == bytes.fromhex(UID)
    table.field.clear()
    assert await table.driver.sense() is None


async def test_a_card_answers_apdus_short_and_long(table: Table) -> None:
    table.put(UID, "iso-dep")
    longest = bytes(range(256)) + b"12345"

    assert await table.driver.hold() == bytes.fromhex(UID)
    assert await table.driver.exchange(APDU) == APDU[::-1] + b"\x90\x00"
    assert await table.driver.exchange(longest) == longest[::-1][:256] + b"\x90\x00"
    table.field.clear()
    assert await table.driver.exchange(APDU) is None
    await table.driver.release()


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.STALL])
async def test_one_spoilt_frame_loses_no_card(table: Table, fault: Fault) -> None:
    table.put(UID)
    table.behind.chip.faults.arm(fault, 1)

    assert await table.driver.sense() == bytes.fromhex(UID)


async def test_a_chip_that_fell_silent_is_told_and_found_again(table: Table) -> None:
    table.put(UID)
    table.behind.is_present = False
    with pytest.raises(ChipTrouble):
        await table.driver.sense()

    table.behind.is_present = True
    await table.driver.start()
    assert await table.driver.sense() == bytes.fromhex(UID)


async def test_others_run_while_a_chip_is_waited_for(table: Table) -> None:
    table.behind.chip.faults.arm(Fault.STALL, 1)
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0.001)

    counting = asyncio.create_task(count())
    await table.driver.sense()
    counting.cancel()

    assert turns > 10
