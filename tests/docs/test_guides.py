"""Guides for people: every role in every language, part for part, with the words that stand on the screens."""

import re
from functools import cache
from pathlib import Path

import pytest

from cloud.core.catalogues import read
from cloud.core.i18n import Language
from edge_agent.guard.texts import TEXTS as GUARD
from edge_agent.till.texts import TEXTS as TILL
from tests.repo.sources import ROOT

GUIDES = ROOT / "docs" / "guides"
ROLES = {"parent", "teacher", "office", "cashier", "guard", "it", "operator"}
BOLD = re.compile(r"\*\*(.+?)\*\*")
SCREEN_LINES_MAX = 90  # one screen to a few


@cache
def words(language: Language) -> frozenset[str]:
    """Return every text of the pages, the till and the guard's desk."""
    found: set[str] = set()
    for entry in read(language):
        told = entry.id if language is Language.EN else entry.string
        found |= {told} if isinstance(told, str) else set(told or ())
    return frozenset(found | set(TILL[language.value].values()) | set(GUARD[language.value].values()))


def pages() -> list[Path]:
    return sorted(GUIDES.glob("*/*.md"))


def test_every_role_has_a_guide_in_every_language() -> None:
    assert {(path.parent.name, path.stem) for path in pages()} == {
        (language.value, role) for language in Language for role in ROLES
    }


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_guide_has_the_same_parts_and_pictures_in_every_language(role: str) -> None:
    texts = [(GUIDES / language.value / f"{role}.md").read_text() for language in Language]

    shapes = [
        (re.findall(r"^(#+) ", text, re.MULTILINE), re.findall(r"pictures/([\w-]+?)-(?:kk|ru|en)-", text),
         len(BOLD.findall(text)), re.findall(r"<!-- .* -->", text), len(re.findall(r"`[^`]+`", text)))
        for text in texts
    ]  # fmt: skip
    assert shapes[0] == shapes[1] == shapes[2]


@pytest.mark.parametrize("page", pages(), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_stands_in_bold_stands_on_a_screen_in_that_language(page: Path) -> None:
    bold = set(BOLD.findall(page.read_text()))

    assert bold
    assert bold - words(Language(page.parent.name)) == set()


@pytest.mark.parametrize("page", pages(), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_guide_is_a_screen_to_a_few(page: Path) -> None:
    assert page.read_text().count("\n") <= SCREEN_LINES_MAX
