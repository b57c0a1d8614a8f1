"""The simulated PN532 answers as its manual says."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.cards import Card, card_make
from simulators.crc import crc_a
from simulators.pn532_chip import Chip
from simulators.pn532_faults import Fault
from simulators.pn532_frames import ACK, NACK, SYNTAX_ERROR, Body, Decoder, Signal, encode
from simulators.rf_field import RfField

SLOW, FAST = 115_200, 921_600
ONE_TRY = "32 05 01 00 01"
LIST = "4A 01 00"


class Bench:
    """A chip on a table, commands as hexadecimal, cards as words."""

    def __init__(self) -> None:
        self.field = RfField()
        self.chip = Chip(self.field)
        self.now_ms = 0

    def put(self, uid: str, family: str = "") -> Card:
        card = Card(card_make(uid, family), Random(1))
        self.field.put(card)
        return card

    def send(self, command: str, baud: int = SLOW) -> bytes:
        return self.chip.receive(encode(b"\xd4" + bytes.fromhex(command)), baud, self.now_ms)

    def ask(self, command: str) -> str:
        """Return the answer behind its ACK and without its first two bytes, which must be right."""
        acknowledged, answer = Decoder().feed(self.send(command))
        assert acknowledged is Signal.ACK
        assert isinstance(answer, Body)
        assert answer.content[:2] == bytes([0xD5, bytes.fromhex(command)[0] + 1])
        return answer.content[2:].hex(" ")


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("02", "32 01 06 07"),
        ("14 01 00 00", ""),
        ("12 00", ""),
        ("00 00 61 62", "00 61 62"),
        ("00 01", "00"),
        ("00 02", "00"),
        ("04", "00 00 00 00"),
        ("06 63 02 63 03", "80 80"),
        ("08 63 02 00", ""),
        ("32 01 03", ""),
        ("42 30 00", "01"),
        ("40 01 30 00", "27"),
        ("44 00", "00"),
        ("52 00", "00"),
        ("54 01", "27"),
        ("56 01 00 00", "01"),
        ("16 10", "00"),
    ],
)
def test_a_command_has_its_answer(bench: Bench, command: str, answer: str) -> None:
    assert bench.ask(command) == answer


@pytest.mark.parametrize("command", ["ff", "10 09", "4A 03 00", "4A 01", "06 63", "08 63 02", "00 09", "60 01", "12"])
def test_what_is_no_command_is_a_syntax_error(bench: Bench, command: str) -> None:
    assert bench.send(command) == ACK + SYNTAX_ERROR


def test_the_line_test_carries_the_longest_frame(bench: Bench) -> None:
    sent = "00" + bytes(range(256)).hex() + "00" * 6

    assert bytes.fromhex(bench.ask("00" + sent)) == bytes.fromhex(sent)


@pytest.mark.parametrize(
    ("card", "answer"),
    [
        (("01020304", ""), "01 01 00 04 08 04 01 02 03 04"),
        (("04A1B2C3D4E5F6", ""), "01 01 00 44 00 07 04 a1 b2 c3 d4 e5 f6"),
        (("04A1B2C3D4E5F6071829", ""), "01 01 00 84 00 0a 04 a1 b2 c3 d4 e5 f6 07 18 29"),
        (("04A1B2C3D4E5F6", "iso-dep"), "01 01 03 44 20 07 04 a1 b2 c3 d4 e5 f6 06 75 77 81 02 80"),
    ],
)
def test_a_card_is_listed_with_what_it_said(bench: Bench, card: tuple[str, str], answer: str) -> None:
    bench.put(*card)

    assert bench.ask(LIST) == answer


def test_without_a_card_the_request_stays_in_the_fifo(bench: Bench) -> None:
    bench.ask(ONE_TRY)

    assert bench.ask(LIST) == "00"
    assert bench.ask("06 63 39") == "26"


def test_a_wait_without_end_ends_with_a_card_or_an_ack(bench: Bench) -> None:
    assert bench.send(LIST) == ACK
    assert bench.chip.receive(ACK, SLOW, 0) == b""
    bench.put("01020304")
    assert bench.chip.field_changed() == b""

    bench.field.clear()
    assert bench.send(LIST) == ACK
    bench.put("01020304")
    assert Decoder().feed(bench.chip.field_changed()) == [Body(bytes.fromhex("D54B 01 01 0004 08 04 01020304"))]


def test_only_the_wanted_card_is_listed(bench: Bench) -> None:
    bench.ask(ONE_TRY)
    bench.put("04A1B2C3D4E5F6")

    assert bench.ask(LIST + "88 04A1B2C3D4E5F6")[:5] == "01 01"
    assert bench.ask(LIST + "88 04A1B2C3D4E5F7") == "00"


def test_of_two_cards_the_one_with_the_first_1_bit_is_heard_and_both_can_be_asked_for(bench: Bench) -> None:
    bench.put("02000000")
    bench.put("01000000")

    assert bench.ask(LIST)[-11:] == "01 00 00 00"
    assert bench.ask("4A 02 00")[:2] == "02"


def test_a_polling_command_gives_up_when_its_time_is_over(bench: Bench) -> None:
    assert bench.send("60 02 01 00 10") == ACK
    assert bench.chip.due_ms == 600
    assert bench.chip.tick(599) == b""
    assert Decoder().feed(bench.chip.tick(600)) == [Body(bytes.fromhex("D56100"))]

    bench.put("01020304")
    assert bench.ask("60 02 01 00") == "01 10 09 01 00 04 08 04 01 02 03 04"


def test_a_card_on_its_way_is_an_error_in_the_middle(bench: Bench) -> None:
    bench.put("04A1B2C3D4E5F6", "iso-dep")
    bench.ask(LIST)
    bench.field.vanish_after = 1

    assert bench.ask("40 01 00A40400") == "00 6a 82"
    assert bench.ask("40 01 00A40400") == "01"


def test_a_long_apdu_comes_in_parts(bench: Bench) -> None:
    bench.put("04A1B2C3D4E5F6", "iso-dep")
    bench.ask(LIST)

    assert bench.ask("40 41 00A4") == "00"
    assert bench.ask("40 01 0400") == "00 6a 82"


def test_a_wrong_key_mutes_the_card_until_the_field_was_off(bench: Bench) -> None:
    bench.ask(ONE_TRY)
    bench.put("01020304")
    bench.ask(LIST)

    assert bench.ask("40 01 60 04 FFFFFFFFFFFF 01020304") == "14"
    assert bench.ask("40 01 30 04") == "01"
    assert bench.ask(LIST) == "00"
    bench.ask("32 01 02")
    assert bench.ask(LIST)[:2] == "01"


def test_memory_is_read_with_or_without_its_checksum(bench: Bench) -> None:
    bench.put("04A1B2C3D4E5F6")
    bench.ask(LIST)

    page = bench.ask("42 30 00")
    assert page == "00 04 a1 b2 9f c3 d4 e5 f6 04 48 00 00 e1 10 12 00"
    bench.ask("08 63 03 00")
    assert bench.ask("42 30 00") == page + " " + crc_a(bytes.fromhex(page)[1:]).hex(" ")


def test_a_halted_card_is_silent_until_the_field_was_off(bench: Bench) -> None:
    bench.ask(ONE_TRY)
    bench.put("01020304")
    bench.ask(LIST)

    assert bench.ask("52 01") == "00"
    assert bench.ask(LIST) == "00"


def test_a_random_uid_changes_with_the_field(bench: Bench) -> None:
    bench.put("random")
    first = bench.ask(LIST)
    bench.ask("32 01 02")
    second = bench.ask(LIST)

    assert (first[18:20], second[18:20]) == ("08", "08")
    assert first != second


def test_the_speed_changes_when_the_host_has_confirmed_it(bench: Bench) -> None:
    assert bench.ask("10 07") == ""
    assert bench.chip.receive(ACK, FAST, 0) == b""

    assert bench.send("02", SLOW) == b""
    assert bench.send("02", FAST).startswith(ACK)


def test_a_sleeping_chip_loses_the_bytes_that_wake_it(bench: Bench) -> None:
    bench.ask("16 10")

    assert bench.send("02") == b""
    assert bench.send("02").startswith(ACK)
    bench.ask("16 10")
    assert bench.chip.receive(bytes(10) + encode(b"\xd4\x02"), SLOW, 0).startswith(ACK)


def test_a_nack_has_the_answer_sent_again(bench: Bench) -> None:
    answer = bench.send("02")

    assert ACK + bench.chip.receive(NACK, SLOW, 0) == answer


@pytest.mark.parametrize(
    ("fault", "begins", "frames"),
    [
        (Fault.STALL, b"", 0),
        (Fault.NACK, NACK, 1),
        (Fault.DROP_ACK, b"\x00\x00\xff\x06", 1),
        (Fault.NOISE, b"\x55", 2),
        (Fault.SYNTAX, ACK + SYNTAX_ERROR, 2),
        (Fault.CHECKSUM, ACK, 2),
        (Fault.CUT, ACK, 1),
    ],
)
def test_a_fault_strikes_as_often_as_it_was_armed_for(bench: Bench, fault: Fault, begins: bytes, frames: int) -> None:
    bench.chip.faults.arm(fault, 1)

    spoilt = bench.send("02")

    assert spoilt.startswith(begins)
    assert len(Decoder().feed(spoilt)) == frames
    assert bench.ask("02") == "32 01 06 07"


@given(st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=20)), max_size=20), st.binary(max_size=60))
def test_no_sequence_of_commands_is_an_error(commands: list[tuple[int, bytes]], noise: bytes) -> None:
    bench = Bench()
    bench.put("04A1B2C3D4E5F6", "iso-dep")
    bench.put("01020304")
    bench.chip.receive(noise, SLOW, 0)
    for code, parameters in commands:
        bench.chip.receive(encode(bytes([0xD4, code]) + parameters), bench.chip.baud, 0)
