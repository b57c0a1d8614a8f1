"""Frames between a host and a PN532 survive being cut, joined and surrounded by noise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.pn532_frames import ACK, BODY_MAX, NACK, Body, Broken, Decoder, Signal, encode

BODIES = st.binary(min_size=1, max_size=BODY_MAX)
CUTS = st.lists(st.integers(1, 40), max_size=40)
# What may stand between frames: a wake-up, a preamble, silence. Not 00 FF, which begins a frame.
PAUSES = st.sampled_from([b"", b"\x00" * 10, b"\x55\x55" + b"\x00" * 14, b"\x00"])


@given(st.lists(st.tuples(PAUSES, BODIES), max_size=5), CUTS)
def test_frames_are_found_wherever_the_bytes_are_cut(sent: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    line = b"".join(pause + encode(body) for pause, body in sent)
    decoder, found = Decoder(), []
    for cut in cuts:
        found += decoder.feed(line[:cut])
        line = line[cut:]
    found += decoder.feed(line)

    assert found == [Body(body) for _, body in sent]


@given(BODIES, st.integers(0, 10_000), st.integers(1, 255))
def test_a_frame_with_one_byte_changed_is_never_taken_for_another(body: bytes, at: int, change: int) -> None:
    frame = bytearray(encode(body))
    frame[at % len(frame)] ^= change

    found = Decoder().feed(bytes(frame))

    assert all(isinstance(frame, Broken | Signal) or frame == Body(body) for frame in found)


@given(st.lists(st.binary(max_size=600), max_size=5))
def test_noise_is_no_error_and_is_not_kept(chunks: list[bytes]) -> None:
    decoder = Decoder()
    for chunk in chunks:
        decoder.feed(chunk)

    assert len(decoder._unread) <= BODY_MAX + 8


def test_acknowledgements_are_told_apart() -> None:
    assert Decoder().feed(ACK + NACK + ACK) == [Signal.ACK, Signal.NACK, Signal.ACK]


@pytest.mark.parametrize("length", [255, 256, BODY_MAX])
def test_a_long_frame_is_an_extended_one(length: int) -> None:
    frame = encode(bytes(length))

    assert (frame[3:5] == b"\xff\xff") is (length > 255)
    assert Decoder().feed(frame) == [Body(bytes(length))]


@pytest.mark.parametrize("length", [0, BODY_MAX + 1])
def test_what_no_frame_can_hold_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match=f"not {length}"):
        encode(bytes(length))
