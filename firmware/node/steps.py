"""Long sums beside the rest of a node: a generator is run step by step, and everything else goes on between them."""

from firmware.drivers.pause import sleep_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator


async def done(steps: "Generator[None, None, object]"):  # type: ignore[no-untyped-def] # what the generator returns
    """Return what a generator returns; between its steps cards, contacts and the watchdog have their turn."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
        await sleep_ms(0)
