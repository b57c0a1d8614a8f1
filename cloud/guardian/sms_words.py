"""The words of a parent's text: which code word it begins with, in any script, and which child it names. Pure.

Rule: БҮГІН, бугин, bugin and Bügin are one word; a name is found by its first letters, however it is written.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from cloud.core.i18n import Language

NAME_LETTERS_MIN = 3  # a name may be cut after so many letters
# What is written as it sounds, or as a keyboard without Kazakh letters has it, becomes one.
_LATIN = {
    "а": "a", "ә": "a", "б": "b", "в": "v", "г": "g", "ғ": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z",
    "и": "i", "й": "i", "к": "k", "қ": "k", "л": "l", "м": "m", "н": "n", "ң": "n", "о": "o", "ө": "o", "п": "p",
    "р": "r", "с": "s", "т": "t", "у": "u", "ұ": "u", "ү": "u", "ф": "f", "х": "h", "һ": "h", "ц": "ts", "ч": "ch",
    "ш": "sh", "щ": "sh", "ъ": "", "ы": "y", "і": "i", "ь": "", "э": "e", "ю": "iu", "я": "ia", "ı": "i",
}  # fmt: skip
_SAME = (("ja", "ia"), ("ju", "iu"), ("y", "i"), ("j", "zh"), ("q", "k"), ("x", "h"), ("w", "u"))
_WORDS: Mapping[str, Language] = {
    "bugin": Language.KK, "bigin": Language.KK, "segodnia": Language.RU, "todai": Language.EN,
}  # fmt: skip
_DOUBLED = re.compile(r"(.)\1+")  # Anna, Мария: written with one letter or with two
_LOOKALIKES = str.maketrans("аеорстухкмнвіу", "aeopctyxkmhbiy")  # of an English word in the wrong keyboard


@dataclass(frozen=True, slots=True)
class Asked:
    """What a text asks: the records of today, in the language of its word, of whoever it names."""

    language: Language
    name: str  # folded; empty: of each child


def asked_in(text: str) -> Asked | None:
    """Return what a text asks; None where it does not begin with a word that is known."""
    words = _parted(text)
    if not words:
        return None
    language = _WORDS.get(folded(words[0])) or _WORDS.get(folded(words[0].translate(_LOOKALIKES)))
    return None if language is None else Asked(language, folded("".join(words[1:])))


def children_named(name: str, children: Mapping[int, str]) -> list[int]:
    """Return which children, given as id and first name, a folded name may mean; all of them where there is one."""
    if not name or len(children) == 1:
        return list(children)
    known = {child: folded("".join(_parted(given))) for child, given in children.items()}
    same = [child for child, each in known.items() if each == name]
    if same or len(name) < NAME_LETTERS_MIN:
        return same
    return [child for child, each in known.items() if each.startswith(name)]


def folded(word: str) -> str:
    """Return a word in small Latin letters, alike for however it is written."""
    bare = "".join(_LATIN.get(letter, letter) for letter in _bare(word))
    for written, kept in _SAME:
        bare = bare.replace(written, kept)
    return _DOUBLED.sub(r"\1", bare)


def _bare(word: str) -> str:
    """Return a word in small letters without accents, but for those that make another Cyrillic letter."""
    small = unicodedata.normalize("NFC", word.casefold())
    return "".join(
        letter if letter in _LATIN else "".join(
            part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part)
        )
        for letter in small
    )  # fmt: skip


def _parted(text: str) -> list[str]:
    """Return the words of a text in small letters; whatever is no letter parts them."""
    small = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(letter if letter.isalpha() else " " for letter in small).split()
