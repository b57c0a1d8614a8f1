"""The texts that are agreed to: one file a purpose and version, in three languages, known by a digest.

Rule: a text that somebody has agreed to is never changed. A new wording is a new version, which asks again; what lets
the school do more than before is a new purpose.
"""

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cloud.core.i18n import Language
from cloud.people.kinds import Purpose

FOLDER = Path(__file__).parent / "texts"
NAME = re.compile(r"(?P<purpose>[a-z_]+)-(?P<version>\d+)\.toml")


@dataclass(frozen=True, slots=True)
class Wording:
    """A text in one language: what for, and what follows from a yes and from a no."""

    title: str
    what: str
    yes: str
    no: str


@dataclass(frozen=True, slots=True)
class Text:
    """A version of a purpose's text; the digest is the SHA-256 of all its languages, in hex."""

    purpose: Purpose
    version: int
    digest: str
    wordings: Mapping[Language, Wording]

    def told(self, language: Language) -> Wording:
        """Return the text in a language."""
        return self.wordings[language]


@cache
def texts() -> Mapping[Purpose, tuple[Text, ...]]:
    """Return every version of every purpose's text, oldest first."""
    found: dict[Purpose, list[Text]] = {purpose: [] for purpose in Purpose}
    for path in FOLDER.glob("*.toml"):
        text = _read(path)
        found[text.purpose].append(text)
    return {purpose: tuple(sorted(each, key=lambda text: text.version)) for purpose, each in found.items()}


def current(purpose: Purpose) -> Text:
    """Return the text that is agreed to now."""
    return texts()[purpose][-1]


def _read(path: Path) -> Text:
    match = NAME.fullmatch(path.name)
    assert match is not None, f"{path.name} is named as no text is"  # noqa: S101
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    assert content.pop("version") == int(match["version"]), f"{path.name} holds another version"  # noqa: S101
    digest = hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    wordings = {language: Wording(**content[language.value]) for language in Language}
    return Text(Purpose(match["purpose"]), int(match["version"]), digest, wordings)
