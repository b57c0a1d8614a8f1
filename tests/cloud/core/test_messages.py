"""Sentences are told in the reader's language, and end once."""

import pytest

from cloud.core.messages import message


@pytest.mark.parametrize(
    ("words", "value", "told"),
    [
        ("Asked on {day}.", "28 авг.", "Asked on 28 авг."),
        ("Asked on {day}. Answered.", "28 авг.", "Asked on 28 авг. Answered."),
        ("Asked on {day}.", "Aug 28", "Asked on Aug 28."),
        ("Asked on {day}...", "28 авг.", "Asked on 28 авг...."),
        ("Asked on {day}, answered.", "28 авг.", "Asked on 28 авг., answered."),
    ],
)
def test_a_value_with_a_full_stop_takes_the_place_of_the_sentences_own(words: str, value: str, told: str) -> None:
    assert str(message(words, day=value)) == told
