"""Power fails at any write of an update, hundreds of times: what `portable/test_update.py` tells, with more seeds."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

FILE = Path(__file__).parents[1] / "portable/test_update.py"
SEEDS = 200


def _story() -> ModuleType:
    spec = importlib.util.spec_from_file_location("update_story", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(name="story", scope="module")
def _the_story() -> ModuleType:
    return _story()


@pytest.mark.parametrize("first", range(0, SEEDS, 100))
def test_fault_37_whatever_write_the_power_fails_at_a_program_that_runs_is_there(story: ModuleType, first: int) -> None:
    starts = [story.story(seed) for seed in range(first, first + 100)]

    assert max(starts) > 5, "the power really failed"
    assert sum(count > 0 for count in starts) > 90, "most of them end with the new program"
