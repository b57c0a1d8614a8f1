"""A sentence for a person, kept as its English text and its values until the reader's language is known.

Rule: the English text is a literal where `message` is called, so that it is found for the catalogues.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from typing_extensions import override

Value = str | int


@dataclass(frozen=True, slots=True)
class Message:
    """An English text with {names} in braces, and what they stand for; a value that is a Message is told too."""

    text: str
    values: tuple[tuple[str, "Value | Message"], ...] = ()

    @override
    def __str__(self) -> str:
        return self.told(lambda text: text)

    def told(self, translate: Callable[[str], str]) -> str:
        """Return the sentence in the language that `translate` turns English texts into."""
        values = {name: value.told(translate) if isinstance(value, Message) else value for name, value in self.values}
        words = translate(self.text)
        return with_one_stop(words, values).format(**values)


def message(text: str, **values: Value | Message) -> Message:
    """Return a message; the text must be a literal, so that translators see it."""
    return Message(text, tuple(values.items()))


def with_one_stop(words: str, values: Mapping[str, object]) -> str:
    """Return a sentence without the full stops that its values bring along, as `28 авг.` before the sentence's end."""
    for name, value in values.items():
        place = "{" + name + "}."
        if place in words and place + "." not in words and str(value).endswith("."):
            words = words.replace(place, place[:-1])
    return words
