"""A storm: parts of the line are killed one after the other, sometimes two at once, while people go on tapping."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from threading import Event

from tests.chaos.line import Line, line
from tests.chaos.street import Street
from tests.chaos.verdict import Verdict, verdict

# The worker's shards stay leased to it for 15 s after its death, so it is killed more rarely than the others.
VICTIMS = ("gate-1", "gate-1", "gate-2", "gate-2", "broker", "broker", "database", "worker")
_never = Event()


def storm(folder: Path, seed: int, victims: Sequence[str]) -> Verdict:
    """Run a line while its parts are killed in this order, let it drain, and compare the books."""
    rng = Random(seed)
    with line(folder) as it:
        with Street(list(it.agents.values()), seed) as street:
            for together in _together(victims, rng):
                _strike(it, together, rng)
        it.drain()
        fallen = it.fallen()
        for agent in it.agents.values():
            agent.server.kill()
        found = verdict(it)
    found.wrong.extend(f"ended by itself: {each}" for each in fallen)
    if not street.shown or not found.records:
        found.wrong.append("nobody was there")
    return found


def drawn(seed: int, count: int) -> list[str]:
    """Return whom a storm of so many kills kills."""
    rng = Random(f"{seed} victims")
    return [rng.choice(VICTIMS) for _ in range(count)]


def _together(victims: Sequence[str], rng: Random) -> Iterator[list[str]]:
    """Yield the victims in order, now and then two of them at once."""
    left = list(victims)
    while left:
        count = 2 if len(left) > 1 and left[0] != left[1] and rng.random() < 0.25 else 1
        yield left[:count]
        del left[:count]


def _strike(it: Line, names: Sequence[str], rng: Random) -> None:
    _never.wait(rng.uniform(0.3, 2.0))
    for name in names:
        it.kill(name)
    _never.wait(rng.uniform(0.0, 1.0))
    for name in names:
        it.start(name)
