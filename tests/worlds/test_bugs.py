"""Worlds find planted bugs: what would go wrong without a rule of the product is told by the invariants."""

from collections.abc import Iterator
from itertools import islice
from random import Random

import pytest

from simulators.world import run_world
from simulators.world_story import Story
from tests.worlds.bugs import BUGS, Bug

WORLDS_MAX = 25


def seeds(bug: Bug) -> Iterator[int]:
    """Yield seeds of worlds in which everything that the bug needs happens."""
    for seed in range(100_000):
        faults = {fault.name for fault in Story.drawn(Random(f"{seed} story")).faults}
        if faults.issuperset(bug.needs):
            yield seed


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_worlds_find_a_planted_bug(bug: Bug) -> None:
    verdicts = (run_world(seed, parts=bug.parts).violations for seed in islice(seeds(bug), WORLDS_MAX))

    assert any(bug.says in violation for verdict in verdicts for violation in verdict)


@pytest.mark.parametrize("seed", [seed for bug in BUGS[3:5] for seed in islice(seeds(bug), 2)])
def test_the_same_worlds_find_nothing_in_the_product(seed: int) -> None:
    assert not run_world(seed).violations
