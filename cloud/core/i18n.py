"""Languages of the pages: catalogues compiled at start, and the choice of a reader's language.

Rule: a message is written in English in code and templates, and stands in Kazakh and Russian in cloud/locale.
"""

from enum import StrEnum
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from cloud.core.messages import Message

LOCALE = Path(__file__).resolve().parent.parent / "locale"
DOMAIN = "cloud"
ACCEPTED_MAX = 20  # entries of Accept-Language that are looked at


class Language(StrEnum):
    """A language of the pages; the value is its ISO 639-1 code."""

    KK = "kk"
    RU = "ru"
    EN = "en"

    @property
    def own_name(self) -> str:
        """Return what its speakers call it."""
        return {Language.KK: "Қазақша", Language.RU: "Русский", Language.EN: "English"}[self]


DEFAULT = Language.KK


def N_(message: str) -> str:  # noqa: N802 - the name that extractors of gettext messages know
    """Mark a message for the catalogues and return it as it is; it is translated where it is shown."""
    return message


def path_of(language: Language) -> Path:
    """Return where a language's catalogue stands."""
    return LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po"


@cache
def translations(language: Language) -> Translations:
    """Read and compile a language's catalogue: once a process, some milliseconds."""
    compiled = BytesIO()
    with path_of(language).open("rb") as file:
        write_mo(compiled, read_po(file, locale=language, domain=DOMAIN))
    compiled.seek(0)
    return Translations(compiled, domain=DOMAIN)


def translate(language: Language, words: str | Message) -> str:
    """Return the words in a language; a message that is missing there stays English."""
    gettext = translations(language).gettext
    return str(gettext(words)) if isinstance(words, str) else words.told(gettext)


def as_language(code: str | None) -> Language | None:
    """Return the language of a code as `kk` or `kk-KZ`, or None for any other."""
    primary = (code or "").strip().lower().partition("-")[0].partition("_")[0]
    return next((language for language in Language if language.value == primary), None)


def choose(remembered: str | None, accept_language: str | None) -> Language:
    """Return the language remembered, else the one the browser likes best, else Kazakh."""
    if (language := as_language(remembered)) is not None:
        return language
    liked = sorted(_accepted(accept_language or ""), key=lambda entry: -entry[0])
    return next((language for weight, code in liked if weight > 0 and (language := as_language(code))), DEFAULT)


def _accepted(header: str) -> list[tuple[float, str]]:
    """Return (weight, code) of each entry of an Accept-Language header (RFC 9110, 12.5.4)."""
    entries: list[tuple[float, str]] = []
    for part in header.split(",")[:ACCEPTED_MAX]:
        code, _, weight = part.partition(";")
        entries.append((_weight(weight), code))
    return entries


def _weight(text: str) -> float:
    if not text.strip():
        return 1.0
    try:
        return float(text.strip().removeprefix("q="))
    except ValueError:
        return 0.0
