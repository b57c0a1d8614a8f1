"""Texts that people type, as they are kept: what no database takes and nobody sees is not in them."""

import re
import unicodedata

EMAIL_MAX = 120  # of an address that a column holds for good
# What servers take without SMTPUTF8 (RFC 5321): nothing in it breaks out of a letter's head.
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+", re.ASCII)
_EMPTY_LINES = re.compile(r"\n{3,}")
_UNSEEN = frozenset({"Cc", "Cs", "Zl", "Zp"})  # control characters, halves of characters, ends of lines


def one_line(text: str) -> str:
    """Return a text in one line with single spaces, a space in the place of what is not seen."""
    seen = (" " if unicodedata.category(letter) in _UNSEEN else letter for letter in text)
    return " ".join("".join(seen).split())


def paragraphs(text: str) -> str:
    """Return a text in its lines, single spaces within each, and one empty line at most between two."""
    lines = "\n".join(" ".join(line.split()) for line in text.strip().splitlines())
    return _EMPTY_LINES.sub("\n\n", lines).strip()


def has_unseen(text: str) -> bool:
    """Tell whether a text has what is not seen, other than what parts words and lines."""
    return any(unicodedata.category(letter) in _UNSEEN and not letter.isspace() for letter in text)


def is_email(text: str, length_max: int = EMAIL_MAX) -> bool:
    """Tell whether a text is an e-mail address that letters can be sent to."""
    return len(text) <= length_max and _EMAIL.fullmatch(text) is not None
