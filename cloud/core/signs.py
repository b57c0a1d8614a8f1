"""How a code is shown: by a word, a tone and an icon."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sign:
    """How a code is shown: its word, the tone (a class of the theme), and the name of its icon."""

    word: str
    tone: str
    icon: str
