"""The keyboard-wedge reader, by the bytes of a Linux input device."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.clock import SystemClock
from edge_agent.readers.credentials import ByteOrder, Spelling, UidFormat
from edge_agent.readers.key_events import EVENT, PLAIN, SHIFTED, Typist
from edge_agent.readers.keyboard import KeyboardReader
from edge_agent.readers.lines import GAP_MS_MAX, LINE_MAX
from edge_agent.readers.tap import Health, Medium
from tests.edge_agent.readers.listening import listening
from tests.waiting import until_async

ENTER, KEYPAD_ENTER, SHIFT = 28, 96, 42
PLAIN_CODES = {character: code for code, character in PLAIN.items()}
SHIFTED_CODES = {character: code for code, character in SHIFTED.items()}
TYPED = st.text(st.sampled_from(sorted(PLAIN_CODES | SHIFTED_CODES)), min_size=1, max_size=40)


def event(kind: int, code: int, value: int, at_ms: int = 0) -> bytes:
    return EVENT.pack(at_ms // 1_000, at_ms % 1_000 * 1_000, kind, code, value)


def key(code: int, at_ms: int = 0) -> bytes:
    return event(1, code, 1, at_ms) + event(0, 0, 0, at_ms) + event(1, code, 0, at_ms) + event(0, 0, 0, at_ms)


def typed(text: str, enter: int = ENTER, at_ms: int = 0) -> bytes:
    keys = b""
    for character in text:
        if character in PLAIN_CODES:
            keys += key(PLAIN_CODES[character], at_ms)
        else:
            pressed, released = event(1, SHIFT, 1, at_ms), event(1, SHIFT, 0, at_ms)
            keys += pressed + key(SHIFTED_CODES[character], at_ms) + released
    return keys + key(enter, at_ms)


@given(TYPED, st.sampled_from([ENTER, KEYPAD_ENTER]))
def test_what_is_typed_is_what_is_read(text: str, enter: int) -> None:
    assert Typist().feed(typed(text, enter)) == [text.strip()] * bool(text.strip())


@given(st.lists(TYPED.filter(str.strip), max_size=4), st.lists(st.integers(1, 300), max_size=60))
def test_bytes_may_be_cut_anywhere(lines: list[str], cuts: list[int]) -> None:
    typist, unread, read = Typist(), b"".join(typed(line) for line in lines), []
    for cut in [*cuts, len(unread)]:
        read += typist.feed(unread[:cut])
        unread = unread[cut:]
    read += typist.feed(unread)

    assert read == [line.strip() for line in lines]


@given(st.binary(max_size=2_000))
def test_any_bytes_at_all_are_no_error(noise: bytes) -> None:
    Typist().feed(noise)


def test_a_key_held_down_counts_once() -> None:
    held = event(1, 2, 1) + event(1, 2, 2) * 5 + event(1, 2, 0)

    assert Typist().feed(held + key(ENTER)) == ["1"]


def test_half_a_number_does_not_spoil_the_next_one() -> None:
    typist = Typist()

    half = b"".join(key(PLAIN_CODES[digit]) for digit in "04a1")
    lines = typist.feed(half + typed("04a1b2c3", at_ms=GAP_MS_MAX + 1))

    assert (lines, typist.lines.dropped) == (["04a1b2c3"], 1)


def test_a_line_from_which_the_kernel_lost_keys_is_dropped() -> None:
    typist = Typist()

    lines = typist.feed(key(PLAIN_CODES["1"]) + event(0, 3, 0) + key(ENTER) + typed("2"))

    assert (lines, typist.lines.dropped) == (["2"], 1)


def test_a_line_without_an_end_takes_no_more_memory_than_the_longest() -> None:
    typist = Typist()

    lines = typist.feed(typed("1" * (LINE_MAX + 1)) + typed("2"))

    assert (lines, typist.lines.dropped) == (["2"], 1)


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """Make a pipe that stands in the place of an input device, and its writing end."""
    path = tmp_path / "event0"
    os.mkfifo(path)
    writing = os.open(path, os.O_RDWR)
    yield path, writing
    os.close(writing)


async def test_a_typed_card_is_a_tap_and_garbage_is_counted(pipe: tuple[Path, int]) -> None:
    path, writing = pipe
    spelling = Spelling(UidFormat.DECIMAL, ByteOrder.REVERSED)
    reader = KeyboardReader("desk", str(path), SystemClock(), spelling, grab=False)

    async with listening(reader) as taps:
        os.write(writing, typed("hello") + typed("0000000001"))
        await until_async(lambda: taps)

    assert (taps[0].credential, taps[0].medium) == (bytes.fromhex("01000000"), Medium.UID)
    assert reader.counts.garbage == 1


async def test_a_device_that_cannot_be_had_alone_is_not_used(pipe: tuple[Path, int]) -> None:
    reader = KeyboardReader("desk", str(pipe[0]), SystemClock(), Spelling())  # a pipe knows no grabbing

    async with listening(reader):
        await until_async(lambda: reader.health is Health.LOST)

    assert "alone" in reader.reason


async def test_a_pulled_reader_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "event0"
    reader = KeyboardReader("desk", str(path), SystemClock(), Spelling(), grab=False)
    async with listening(reader) as taps:
        await until_async(lambda: reader.health is Health.LOST)
        os.mkfifo(path)
        writing = os.open(path, os.O_RDWR)
        await until_async(lambda: reader.health is Health.READY)
        os.write(writing, typed("04a1b2c3"))
        await until_async(lambda: taps)
        os.close(writing)
        await until_async(lambda: reader.health is Health.LOST)

    assert reader.counts.losses == 2
