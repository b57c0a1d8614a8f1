"""How many of something a process has on its way at once: whoever comes beyond that is turned away."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class UnderWay:
    """What is on its way now, `most` at once."""

    most: int
    now: int = 0

    @contextmanager
    def one(self) -> Iterator[bool]:
        """Count one for as long as the block lasts; tell whether there is room for it, else nothing is counted."""
        if self.now >= self.most:
            yield False
            return
        self.now += 1
        try:
            yield True
        finally:
            self.now -= 1
