"""The ring journal of a microcontroller, through 20,000 power cuts."""

import pytest

from tests.firmware.node.ring_story import Story

STORIES, CUTS = 5_000, 4


@pytest.mark.soak
def test_twenty_thousand_power_cuts_cost_no_record_that_was_accepted() -> None:
    for seed in range(10_000, 10_000 + STORIES):
        story = Story(seed)
        for _ in range(CUTS):
            story.cut(3_000)
            story.check()
