"""The serial wire between a reader head and its agent: vectors, and what holds for any bytes."""

import inspect
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import cobs, head
from tests.schemas import head_vectors, make_head_vectors
from tests.schemas.head_strategies import KINDS, messages

VECTORS = (Path(__file__).parents[2] / "schemas/vectors/head.json").read_text()
UNPARTED = bytes(range(1, 255))
# The examples of Wikipedia's article on consistent overhead byte stuffing: plain and stuffed.
PUBLISHED = [
    (b"\x00", b"\x01\x01"),
    (b"\x00\x00", b"\x01\x01\x01"),
    (b"\x00\x11\x00", b"\x01\x02\x11\x01"),
    (b"\x11\x22\x00\x33", b"\x03\x11\x22\x02\x33"),
    (b"\x11\x22\x33\x44", b"\x05\x11\x22\x33\x44"),
    (b"\x11\x00\x00\x00", b"\x02\x11\x01\x01\x01"),
    (UNPARTED, b"\xff" + UNPARTED),
    (b"\x00" + UNPARTED, b"\x01\xff" + UNPARTED),
    (UNPARTED + b"\xff", b"\xff" + UNPARTED + b"\x02\xff"),
    (UNPARTED[1:] + b"\xff\x00", b"\xff" + UNPARTED[1:] + b"\xff\x01\x01"),
    (UNPARTED[2:] + b"\xff\x00\x01", b"\xfe" + UNPARTED[2:] + b"\xff\x02\x01"),
]


def test_the_vectors_hold_and_show_every_kind() -> None:
    counts = head_vectors.main(VECTORS)  # type: ignore[no-untyped-call] # it runs on MicroPython too

    assert {type(message) for message in make_head_vectors.MESSAGES} == set(KINDS)
    assert counts["refused"] == len(make_head_vectors.REFUSED)


def test_the_page_for_strangers_says_what_the_code_says() -> None:
    page = (Path(__file__).parents[2] / make_head_vectors.PAGE).read_text()

    assert make_head_vectors.written_into(page) == page


@pytest.mark.parametrize(("plain", "stuffed"), PUBLISHED)
def test_the_published_examples_of_stuffing_hold(plain: bytes, stuffed: bytes) -> None:
    assert cobs.stuff(plain) == stuffed
    assert cobs.unstuff(stuffed) == plain


@given(st.lists(st.integers(0, 255) | st.just(0) | st.just(254), max_size=600).map(bytes))
def test_stuffing_takes_all_zeros_out_and_gives_all_bytes_back(plain: bytes) -> None:
    stuffed = cobs.stuff(plain)

    assert 0 not in stuffed
    assert cobs.unstuff(stuffed) == plain


@given(st.binary(max_size=40))
def test_bytes_are_unstuffed_or_refused(stuffed: bytes) -> None:
    try:
        plain = cobs.unstuff(stuffed)
    except cobs.FrameBroken:
        return

    assert 0 in stuffed or cobs.unstuff(cobs.stuff(plain)) == plain


@given(messages())
def test_a_message_comes_back_as_it_went(message: head.Message) -> None:
    [body] = cobs.Frames().feed(message.frame())

    assert head.decode(body) == message


@given(st.lists(messages(), max_size=4), st.binary(max_size=30), st.lists(st.integers(1, 40), max_size=20))
def test_frames_are_found_whatever_stands_before_them_and_wherever_they_are_cut(
    sent: list[head.Message], noise: bytes, cuts: list[int]
) -> None:
    line, frames, found = noise + b"".join(message.frame() for message in sent), cobs.Frames(), []
    for cut in cuts:
        found += frames.feed(line[:cut])
        line = line[cut:]
    found += frames.feed(line)

    assert [head.decode(body) for body in found[len(found) - len(sent) :]] == sent
    assert len(found) == len(sent)


@given(st.binary(max_size=60))
def test_any_body_is_a_message_or_refused_and_says_itself_again(body: bytes) -> None:
    try:
        message = head.decode(body)
    except head.MessageRefused:
        return

    assert cobs.Frames().feed(message.frame()) == [body]


def test_one_spoilt_bit_is_always_noticed() -> None:
    body = head.Tap(77, head.UID, bytes.fromhex("04a1b2c3d4e5f6")).frame()[1:-1]
    spoilt = [body[:at] + bytes([body[at] ^ 1 << bit]) + body[at + 1 :] for at in range(len(body)) for bit in range(8)]

    for stuffed in spoilt:
        assert cobs.Frames().feed(b"\0" + stuffed + b"\0") == []


def test_noise_without_end_takes_no_memory_and_the_next_frame_is_found() -> None:
    frames = cobs.Frames()
    for _ in range(1_000):
        frames.feed(b"\x55" * 1_000)

    assert len(frames._unread) <= 1_000
    assert frames.feed(head.Alive().frame()) == [b"\x87"]
    assert frames.broken == 1


def test_the_longest_message_fits_a_frame() -> None:
    longest = [
        head.Tap(1, head.QR, bytes(head.CREDENTIAL_MAX)),
        head.Apdu(1, 1, bytes(head.APDU_MAX)),
        head.ApduAnswer(1, 1, head.OK, bytes(head.APDU_ANSWER_MAX)),
        head.Hello(1, 1, 1, "э" * 99, "э" * 99, "э" * 99),
    ]

    for message in longest:
        [body] = cobs.Frames().feed(message.frame())
        assert type(head.decode(body)) is type(message)


def test_a_checksum_is_that_of_everybody() -> None:
    body = b"\x87"

    assert cobs.unstuff(head.Alive().frame()[1:-1]) == body + crc32(body).to_bytes(4, "little")


@pytest.mark.parametrize("kind", KINDS)
def test_a_layout_names_what_the_message_is_made_of(kind: type[head.Message]) -> None:
    made_of = list(inspect.signature(kind).parameters) if kind.LAYOUT else []

    assert [name for name, _ in kind.LAYOUT] == made_of
    assert kind.__doc__


@pytest.mark.parametrize("version", [0, 1, 2, 255])
def test_any_version_can_be_told_from_who_speaks_it(version: int) -> None:
    bodies = [bytes([kind, version]) + b"whatever it holds" for kind in (0x01, 0x81, 0x82)]

    assert [head.version_of(body) for body in bodies] == [version] * 3
    assert head.version_of(b"\x03\x01") is head.version_of(b"\x01") is head.version_of(b"") is None


def test_no_cards_bytes_stand_in_a_messages_words() -> None:
    secret = bytes.fromhex("deadbeef")

    for message in (head.Tap(1, head.UID, secret), head.Apdu(1, 1, secret), head.ApduAnswer(1, 1, head.OK, secret)):
        assert "<4 bytes>" in repr(message)
        assert "dead" not in repr(message)
        assert "\\xde" not in repr(message)
