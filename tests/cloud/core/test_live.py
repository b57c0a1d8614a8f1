"""The feed of live pages: who is woken by what, how many may wait, and how streams end."""

import asyncio

import pytest

from cloud.core import live
from cloud.core.errors import NotFound
from cloud.core.live import Feed, Quiet, TooManyStreams, event
from cloud.core.page_wakeups import Key
from simulators.clock import SimulatedClock

CHILD, SIBLING, ALL = (7, "child0000001"), (7, "child0000002"), (7, "*")
ELSEWHERE = (8, "child0000003")
MOTHER, FATHER = 1, 2


@pytest.mark.parametrize(
    ("payload", "woken"),
    [
        ("7:child0000001", {CHILD, ALL}),
        ("7:child0000009", {ALL}),
        ("7:*", {CHILD, SIBLING, ALL}),
        ("8:child0000003", {ELSEWHERE}),
        ("*", {CHILD, SIBLING, ALL, ELSEWHERE}),
        ("nonsense", {CHILD, SIBLING, ALL, ELSEWHERE}),
    ],
)
def test_a_wake_up_reaches_who_shows_that_person_or_the_school(payload: str, woken: set[Key]) -> None:
    feed = Feed()
    keys = (CHILD, SIBLING, ALL, ELSEWHERE)
    with (
        feed.listen([CHILD]) as child,
        feed.listen([SIBLING]) as sibling,
        feed.listen([ALL]) as everybody,
        feed.listen([ELSEWHERE]) as elsewhere,
    ):
        feed.wake(payload)

        knocks = (child, sibling, everybody, elsewhere)
        assert {key for key, knock in zip(keys, knocks, strict=True) if knock.is_set()} == woken


def test_a_page_that_was_closed_leaves_nothing_behind() -> None:
    feed = Feed()
    with feed.listen([CHILD, ALL]):
        assert feed.open_streams == 1

    assert (feed.open_streams, dict(feed._waiting), dict(feed._of_one)) == (0, {}, {})


@pytest.mark.parametrize(("payload", "ended"), [(str(MOTHER), (True, False)), ("*", (True, True)), ("x", (True, True))])
def test_the_end_of_a_session_ends_its_live_pages(payload: str, ended: tuple[bool, bool]) -> None:
    feed = Feed()
    with feed.listen([CHILD], MOTHER) as mothers, feed.listen([CHILD], FATHER) as fathers:
        feed.end(payload)

        assert (feed.has_ended(mothers), feed.has_ended(fathers)) == ended
        assert mothers.is_set()
    assert (dict(feed._of_one), feed._ended) == ({}, set())


async def test_a_page_that_is_live_ends_with_its_session_and_draws_nothing_more() -> None:
    feed, drawn = Feed(), []

    async def draw() -> str:
        drawn.append("")
        return "<p>"

    stream = live._events(feed, SimulatedClock(), (CHILD,), draw, Quiet.PULSE, MOTHER)
    await anext(stream)
    feed.end(str(MOTHER))

    with pytest.raises(StopAsyncIteration):
        await anext(stream)
    assert len(drawn) == 1


def test_there_is_a_limit_to_open_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "STREAMS_MAX", 1)
    feed = Feed()
    feed.check(MOTHER)

    with feed.listen([CHILD], FATHER), pytest.raises(TooManyStreams):
        feed.check(MOTHER)


def test_one_reader_cannot_take_everybodys_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "STREAMS_OF_ONE_MAX", 1)
    feed = Feed()

    with feed.listen([CHILD], FATHER):
        feed.check(MOTHER)
        with pytest.raises(TooManyStreams):
            feed.check(FATHER)
    feed.check(FATHER)


async def test_a_stream_ends_when_its_reader_may_not_see_any_more() -> None:
    async def draw() -> str:
        raise NotFound

    stream = live._events(Feed(), SimulatedClock(), (CHILD,), draw, Quiet.PULSE)

    assert [text async for text in stream] == []


async def test_a_stream_begins_with_the_whole_and_repeats_it_after_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "GAP_S", 0.0)
    feed, drawings = Feed(), iter(["<p>one</p>", "<p>two</p>\n<p>lines</p>"])

    async def draw() -> str:
        return next(drawings)

    stream = live._events(feed, SimulatedClock(), (CHILD,), draw, Quiet.PULSE)
    first = await anext(stream)
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    feed.wake("7:child0000001")
    second = await waiting
    feed.close()

    assert first.endswith("data: <p>one</p>\n\n")
    assert second.endswith("data: <p>two</p>\ndata: <p>lines</p>\n\n")
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_a_quiet_stream_says_that_it_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "GAP_S", 0.0)
    monkeypatch.setattr(live, "PULSE_S", 0.01)

    async def draw() -> str:
        return "whole"

    pulsing = live._events(Feed(), SimulatedClock(), (CHILD,), draw, Quiet.PULSE)
    drawing = live._events(Feed(), SimulatedClock(), (CHILD,), draw, Quiet.DRAW)

    assert [line for line in [await anext(pulsing), await anext(pulsing)] if "event: pulse" in line] != []
    assert ["whole" in line for line in [await anext(drawing), await anext(drawing)]] == [True, True]
    await pulsing.aclose()
    await drawing.aclose()


def test_an_event_tells_the_servers_time() -> None:
    assert event("x", SimulatedClock()) == "id: 1788228000\ndata: x\n\n"


async def test_a_stream_ends_before_it_tells_more_to_who_lost_the_session_or_the_rights() -> None:
    drawn: list[str] = []
    is_signed_in = True

    async def draw() -> str:
        drawn.append("row")
        return "row"

    async def still() -> bool:
        return is_signed_in

    feed = Feed()
    stream = live._events(feed, SimulatedClock(), (CHILD,), draw, Quiet.PULSE, MOTHER, still)
    first = await anext(stream)

    is_signed_in = False
    feed.wake("7:child0000001")

    with pytest.raises(StopAsyncIteration):
        await anext(stream)
    assert ("row" in first, drawn, feed.open_streams) == (True, ["row"], 0)
