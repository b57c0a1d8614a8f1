"""The simulated MFRC522 does what the data sheet says of its registers, and nothing for a driver that forgets some."""

from random import Random

import pytest

from simulators.cards import Card, card_make
from simulators.crc import crc_a
from simulators.rc522 import FIFO_MAX, VERSION, Rc522
from simulators.rf_field import RfField

SETUP = {0x2A: 0x80, 0x2B: 0xA9, 0x2C: 0x01, 0x2D: 0x90, 0x15: 0x40, 0x11: 0x3D, 0x14: 0x83}
RECEIVED, TIMER = 0x20, 0x01


@pytest.fixture
def chip() -> Rc522:
    chip = Rc522(RfField(cards=[Card(card_make("01020304"), Random(1))]))
    for register, value in SETUP.items():
        write(chip, register, value)
    return chip


def write(chip: Rc522, register: int, *values: int) -> None:
    chip.transfer(bytes([register << 1, *values]))


def read(chip: Rc522, register: int, count: int = 1) -> bytes:
    return chip.transfer(bytes([register << 1 | 0x80]) * count + b"\0")[1:]


def request(chip: Rc522) -> int:
    """Send a request to the cards; return what the interrupt register says then."""
    write(chip, 0x01, 0x00)
    write(chip, 0x04, 0x7F)
    write(chip, 0x0A, 0x80)
    write(chip, 0x09, 0x26)
    write(chip, 0x01, 0x0C)
    write(chip, 0x0D, 0x87)
    return read(chip, 0x04)[0]


def test_a_card_answers_a_request_into_the_fifo(chip: Rc522) -> None:
    assert request(chip) & RECEIVED
    assert read(chip, 0x0A) == b"\x02"
    assert read(chip, 0x09, 2) == b"\x04\x00"
    assert read(chip, 0x0A) == b"\x00"


@pytest.mark.parametrize(("register", "value"), [(0x14, 0x80), (0x14, 0x81), (0x15, 0x00)])
def test_without_the_antenna_or_full_modulation_no_card_hears(chip: Rc522, register: int, value: int) -> None:
    write(chip, register, value)

    assert request(chip) & (RECEIVED | TIMER) == TIMER


@pytest.mark.parametrize("register", [0x2A, 0x2C])
def test_without_its_timer_a_silence_has_no_end(chip: Rc522, register: int) -> None:
    chip.rf.clear()
    write(chip, register, 0)
    write(chip, 0x2D, 0)

    assert request(chip) & (RECEIVED | TIMER) == 0


def test_interrupt_bits_are_cleared_and_set_as_they_are_marked(chip: Rc522) -> None:
    write(chip, 0x04, 0x7F)
    write(chip, 0x04, 0x85)
    write(chip, 0x04, 0x04)

    assert read(chip, 0x04) == b"\x01"


def test_a_fifo_that_runs_over_says_so_until_it_is_flushed(chip: Rc522) -> None:
    write(chip, 0x09, *range(FIFO_MAX + 1))
    assert read(chip, 0x06)[0] & 0x10
    assert read(chip, 0x0A) == bytes([FIFO_MAX])

    write(chip, 0x0A, 0x80)

    assert (read(chip, 0x06)[0] & 0x10, read(chip, 0x0A)) == (0, b"\x00")


def test_it_calculates_the_checksum_of_cards(chip: Rc522) -> None:
    write(chip, 0x09, 0x93, 0x70)
    write(chip, 0x01, 0x03)

    assert read(chip, 0x05)[0] & 0x04
    assert read(chip, 0x22) + read(chip, 0x21) == crc_a(b"\x93\x70")


def test_a_reset_forgets_all_that_was_set_up(chip: Rc522) -> None:
    write(chip, 0x01, 0x0F)

    assert (read(chip, 0x2A), read(chip, 0x14), read(chip, 0x37)) == (b"\x00", b"\x80", bytes([VERSION]))
    assert not chip.rf.is_on
