"""Wiegand numbers out of pulses, on CPython and on MicroPython."""

# mypy: ignore-errors

from firmware.drivers.wiegand import GAP_MS, Wiegand, decode

# Facility 123 and card 4567, by hand, in the layout that HID and rf IDEAS publish for the 26-bit format H10301.
BY_HAND = "1" + "01111011" + "0001000111010111" + "0"
NUMBER_26 = b"\x7b\x11\xd7"
UID = b"\x04\xa1\xb2\xc3"


class StillClock:
    def __init__(self):
        self.now_ms = 0

    def monotonic_ms(self):
        return self.now_ms


def bits(text):
    return bytes([int(digit) for digit in text])


def framed(number):
    """Return the bits that a reader sends for 3 or 4 bytes."""
    plain = [byte >> at & 1 for byte in number for at in range(7, -1, -1)]
    half = len(plain) // 2
    return bytes([sum(plain[:half]) % 2]) + bytes(plain) + bytes([1 - sum(plain[half:]) % 2])


def pulse(reader, sent):
    for bit in sent:
        (reader.one if bit else reader.zero)()


def test_a_number_in_the_published_layout_is_read() -> None:
    assert framed(NUMBER_26) == bits(BY_HAND)
    assert decode(bits(BY_HAND)) == NUMBER_26


def test_both_lengths_are_read() -> None:
    for number in (b"\x00\x00\x00", b"\xff\xff\xff", NUMBER_26, UID, bytes(4), b"\xff" * 4):
        assert decode(framed(number)) == number


def test_one_wrong_bit_is_always_noticed() -> None:
    for number in (NUMBER_26, UID):
        sent = framed(number)
        for at in range(len(sent)):
            wrong = bytearray(sent)
            wrong[at] ^= 1
            assert decode(bytes(wrong)) is None


def test_other_lengths_are_no_number() -> None:
    sent = framed(UID)
    for length in range(60):
        if length != 34:
            assert decode((sent + sent)[:length]) is None or length == 26


def test_a_number_ends_when_no_pulse_comes_any_more() -> None:
    clock = StillClock()
    reader = Wiegand(clock)
    for at, bit in enumerate(framed(UID)):
        pulse(reader, [bit])
        clock.now_ms += 20 if at % 5 == 0 else 2
        assert reader.take() is None
    clock.now_ms += GAP_MS - 1

    found = [reader.take() for _ in range(3)]
    clock.now_ms += GAP_MS
    found += [reader.take() for _ in range(3)]

    assert [number for number in found if number] == [UID]
    assert reader.garbage == 0


def test_noise_on_the_lines_is_counted_and_the_next_card_is_read() -> None:
    clock = StillClock()
    reader = Wiegand(clock)
    pulse(reader, [1] * 500)
    assert reader.take() is None
    clock.now_ms += GAP_MS
    assert reader.take() is None
    assert reader.garbage == 1

    pulse(reader, framed(NUMBER_26))
    assert reader.take() is None
    clock.now_ms += GAP_MS
    assert reader.take() == NUMBER_26


def test_pulses_are_heard_through_the_boards_pins() -> None:
    try:
        import board
        from machine import Pin
    except ImportError:  # CPython has no pins
        return
    clock = StillClock()
    reader = Wiegand(clock)
    Pin(2, Pin.IN, Pin.PULL_UP).irq(reader.zero, Pin.IRQ_FALLING)
    Pin(3, Pin.IN, Pin.PULL_UP).irq(reader.one, Pin.IRQ_FALLING)
    for bit in framed(UID):
        board.drive(3 if bit else 2, 0)
        board.drive(3 if bit else 2, 1)
    reader.take()
    clock.now_ms += GAP_MS

    assert reader.take() == UID
