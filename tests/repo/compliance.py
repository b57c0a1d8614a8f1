"""Writes `docs/compliance.md` from the tests' markers: `python -m tests.repo.compliance`."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import yaml

from tests.repo.sources import ROOT, Source, functions, python_sources

ROWS = ROOT / "tests" / "requirements.yaml"
DOCUMENT = ROOT / "docs" / "compliance.md"
HEAD = """# Compliance

What the law and the regions ask for, and the tests that exercise it end to end. Written by `make compliance` from the
tests' markers; do not edit. A row with parts is met when every part is; *not yet* says what is missing.

| id | text | tests or "not yet" |
| --- | --- | --- |
"""


@dataclass(frozen=True, slots=True)
class Requirement:
    """A row of the law: its id, its words, and its parts if it has several."""

    id: str
    text: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """A test that says which row, and which part of it, it exercises."""

    id: str
    part: str | None
    test: str


def requirements() -> tuple[Requirement, ...]:
    """Return every row, in the order of the file."""
    rows = yaml.safe_load(ROWS.read_text())
    return tuple(Requirement(row["id"], row["text"], tuple(row.get("parts", ()))) for row in rows)


@cache
def claims() -> tuple[Claim, ...]:
    """Return what the tests' markers say, read from their sources."""
    tests = [source for source in python_sources() if source.is_test]
    return tuple(claim for source in tests for claim in _claims_of(source))


def document() -> str:
    """Return the text that docs/compliance.md must have."""
    by_id = defaultdict(list)
    for claim in claims():
        by_id[claim.id].append(claim)
    return HEAD + "".join(f"| {row.id} | {row.text} | {_cell(row, by_id[row.id])} |\n" for row in requirements())


def _cell(row: Requirement, made: list[Claim]) -> str:
    if not row.parts:
        return _tests(made) or "not yet"
    cells = [(part, _tests([claim for claim in made if claim.part == part])) for part in row.parts]
    return "<br>".join(f"{part}: {tests or 'not yet'}" for part, tests in cells)


def _tests(made: list[Claim]) -> str:
    return "<br>".join(sorted({f"`{claim.test}`" for claim in made}))


def _claims_of(source: Source) -> Iterator[Claim]:
    for node in functions(source):
        for mark in node.decorator_list:
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.requirement":
                part = next((_text(word.value) for word in mark.keywords if word.arg == "part"), None)
                yield Claim(_text(mark.args[0]), part, f"{source.path}::{node.name}")


def _text(node: ast.expr) -> str:
    assert isinstance(node, ast.Constant), "a requirement is named by a literal, so that it can be found by searching"
    return str(node.value)


if __name__ == "__main__":
    DOCUMENT.write_text(document())
