"""Periodic work: its errors are told by their kinds, with what it is, and never rise; one turn is one span."""

from collections.abc import Awaitable, Callable
from itertools import takewhile

import structlog

from cloud.core.errors import kinds_of
from cloud.core.tracing import span

GIVEN = {"services", "shards"}  # what work is given, and not what it is
log = structlog.get_logger()


def name_of(work: Callable[[], Awaitable[object]]) -> str:
    """Return what periodic work is called: its own name, or what a lambda of ours calls."""
    named, code = getattr(work, "__qualname__", str(work)), getattr(work, "__code__", None)
    if code is None or "<lambda>" not in named:
        return str(named)
    return ".".join(takewhile(lambda name: name not in GIVEN, code.co_names))


def untroubled(work: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
    """Return periodic work whose errors are told, by their kinds only, and do not rise."""

    async def told() -> None:
        named = name_of(work)
        try:
            with span(named):
                await work()
        except Exception as error:  # noqa: BLE001 - the next turn tries again
            log.warning("work.failed", work=named, error=kinds_of(error))

    return told
