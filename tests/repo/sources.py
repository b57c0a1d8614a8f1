"""The project's own sources as git knows them, read once."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
GENERATED = ("schemas/structs.py", "schemas/tables.py", "cloud/migrations/")


@dataclass(frozen=True, slots=True)
class Source:
    """A Python file of ours: its path from the root, its text and its tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def is_test(self) -> bool:
        return self.path.startswith("tests/")

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def lines(self) -> int:
        return self.text.count("\n")


@cache
def tracked() -> tuple[str, ...]:
    """Return the path of every file that git tracks, or would: untracked ones that are not ignored count too."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return tuple(sorted(path for path in set(listed) if (ROOT / path).is_file()))


@cache
def python_sources() -> tuple[Source, ...]:
    """Return every Python file that a person wrote."""
    paths = [path for path in tracked() if path.endswith(".py") and not path.startswith(GENERATED)]
    texts = [(path, (ROOT / path).read_text()) for path in paths]
    return tuple(Source(path, text, ast.parse(text)) for path, text in texts)


def functions(source: Source) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function of a file, inner ones too."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def imported(source: Source) -> Iterator[str]:
    """Yield the name of every module that a file imports; `from a import b` gives both a and a.b."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
