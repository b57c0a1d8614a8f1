"""Texts that people type, as they are kept: what no database takes and nobody sees is not in them."""

import unicodedata

_UNSEEN = frozenset({"Cc", "Cs", "Zl", "Zp"})  # control characters, halves of characters, ends of lines


def one_line(text: str) -> str:
    """Return a text in one line with single spaces, a space in the place of what is not seen."""
    seen = (" " if unicodedata.category(letter) in _UNSEEN else letter for letter in text)
    return " ".join("".join(seen).split())


def has_unseen(text: str) -> bool:
    """Tell whether a text has what is not seen, other than what parts words and lines."""
    return any(unicodedata.category(letter) in _UNSEEN and not letter.isspace() for letter in text)
