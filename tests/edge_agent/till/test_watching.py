"""Open screens are told the newest state, in any number of changes, and end with the till."""

import asyncio

import pytest

from edge_agent.till import watching as watching_module
from edge_agent.till.watching import TooMany, Watching
from tests.waiting import until_async


async def test_a_screen_is_told_at_once_and_at_each_change() -> None:
    watching = Watching()
    turns = watching.turns()

    assert await anext(turns)
    waiting = asyncio.ensure_future(anext(turns))
    await asyncio.sleep(0)
    assert not waiting.done()
    watching.change()
    assert await waiting
    await turns.aclose()


async def test_many_changes_that_were_not_looked_at_are_one() -> None:
    watching = Watching()
    turns = watching.turns()
    await anext(turns)
    for _ in range(5):
        watching.change()

    assert await anext(turns)
    waiting = asyncio.ensure_future(anext(turns))
    await asyncio.sleep(0)

    assert not waiting.done()
    waiting.cancel()


async def test_a_screen_hears_now_and_then_without_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching_module, "TICK_S", 0.01)
    turns = Watching().turns()
    await anext(turns)

    assert not await anext(turns)
    await turns.aclose()


async def test_every_stream_ends_with_the_till() -> None:
    watching = Watching()

    async def watch() -> int:
        return len([turn async for turn in watching.turns()])

    screens = [asyncio.ensure_future(watch()) for _ in range(3)]
    await until_async(lambda: watching.count == 3)
    await watching.close()

    assert watching.count == 0
    assert all(seen >= 1 for seen in await asyncio.gather(*screens))


async def test_there_is_a_limit_to_open_screens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching_module, "WATCHERS_MAX", 1)
    watching = Watching()
    first = watching.turns()
    await anext(first)

    with pytest.raises(TooMany):
        await anext(watching.turns())
    await first.aclose()
    assert watching.count == 0
