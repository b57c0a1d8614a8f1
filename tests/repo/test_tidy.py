"""What no linter knows: sizes, the sentence at a module's head, private tables, a tree that tests mirror."""

import re

import pytest

from tests.repo.sources import ROOT, Source, functions, imported, python_sources, tracked

FILE_LINES_MAX = 400
TEST_LINES_MAX = 600
FUNCTION_LINES_MAX = 60
# Folders of tests that stand for more than one folder of the code.
ACROSS = {"bench", "chaos", "contract", "faults", "journeys", "pages", "repo", "servers", "soak", "worlds"}
FORBIDDEN_TEXT = {
    "a registry's address": re.compile(r"files\.pythonhosted|registry\.npmjs|/simple/[a-z0-9-]+/|--(extra-)?index-url"),
    "a path of somebody's machine": re.compile(r"/work/|/home/[a-z]+/|/root/|/Users/[a-z]+/"),
}
IS_TEXT = (
    ".py",
    ".md",
    ".toml",
    ".txt",
    ".in",
    ".json",
    ".yaml",
    ".yml",
    ".html",
    ".css",
    ".js",
    ".mjs",
    ".sh",
    ".service",
)


def test_every_module_begins_with_a_sentence() -> None:
    assert [
        source.path for source in python_sources() if source.text.strip() and not _begins_with_sentence(source)
    ] == []


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    limit = {True: TEST_LINES_MAX, False: FILE_LINES_MAX}

    assert [(s.path, s.lines) for s in python_sources() if s.lines > limit[s.is_test]] == []


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        (source.path, node.name)
        for source in python_sources()
        for node in functions(source)
        if (node.end_lineno or node.lineno) - node.lineno + 1 > FUNCTION_LINES_MAX
    ]

    assert long == []


def test_tables_are_private_to_their_slice() -> None:
    peeking = [
        (source.path, name)
        for source in python_sources()
        if source.path.startswith("cloud/")
        for name in imported(source)
        if name.startswith("cloud.") and name.endswith(".models") and name.split(".")[1] != source.path.split("/")[1]
    ]

    assert peeking == []


def test_tests_mirror_the_tree() -> None:
    folders = {path.split("/")[1] for path in tracked() if path.startswith("tests/") and path.count("/") > 1}

    assert {folder for folder in folders - ACROSS if not (ROOT / folder).is_dir()} == set()


@pytest.mark.parametrize("what", FORBIDDEN_TEXT)
def test_no_file_holds(what: str) -> None:
    texts = [path for path in tracked() if path.endswith(IS_TEXT) and path != "tests/repo/test_tidy.py"]

    assert [path for path in texts if FORBIDDEN_TEXT[what].search((ROOT / path).read_text())] == []


def test_no_file_is_a_large_blob() -> None:
    most = {".po": 1_500_000}  # all texts of the pages in one language, as translators' programs open them

    assert [
        path for path in tracked() if (ROOT / path).stat().st_size > most.get((ROOT / path).suffix, 500_000)
    ] == []  # fmt: skip


def _begins_with_sentence(source: Source) -> bool:
    import ast

    text = ast.get_docstring(source.tree) or ""
    first = text.split("\n\n")[0].replace("\n", " ")
    return bool(first) and (first.rstrip().endswith((".", "?", "!", ":")) or ". " in first or ": " in first)
