"""Topics are written and read in one form only."""

import pytest

from schemas import topics
from schemas.generate import load


def test_what_is_written_is_read_back() -> None:
    for channel in topics.CHANNELS:
        written = topics.topic(7, "alm005", "gate-1", channel)

        assert topics.parse(written) == (7, "alm005", "gate-1", channel)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "esik/v1/07/alm005/gate-1",
        "esik/v1/07/alm005/gate-1/rec/more",
        "esik/v2/07/alm005/gate-1/rec",
        "esik/v1/7/alm005/gate-1/rec",
        "esik/v1/64/alm005/gate-1/rec",
        "esik/v1/²²/alm005/gate-1/rec",
        "esik/v1/07/alm005/gate-1/dance",
    ],
)
def test_what_is_no_topic_is_refused(text: str) -> None:
    with pytest.raises(topics.TopicForeign):
        topics.parse(text)


def test_every_frame_travels_on_a_channel_and_every_channel_carries_one() -> None:
    carried = {frame for _, frames, _ in topics.FRAMES_ON for frame in frames}

    assert carried == set(load("frames"))
    assert [channel for channel, _, _ in topics.FRAMES_ON] == list(topics.CHANNELS)
    assert {*topics.UP, *topics.DOWN, topics.PEER} == set(topics.CHANNELS)
