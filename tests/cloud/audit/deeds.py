"""Walks the code of the cloud: which public functions write for somebody, and whether they note it. It runs nothing.

A function writes when a statement it uses, or one of a function it calls, begins with INSERT, UPDATE or DELETE, or a
model is saved, created or deleted. It is somebody's deed when it is told who asks: an argument `actor`.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
WRITES = re.compile(r"\b(INSERT\s+INTO|UPDATE\s+[a-z_]+\s+(AS\s+[a-z_]+\s+)?SET|DELETE\s+FROM)\b(?!\s+audit_)")
BY_MODELS = {"save", "create", "delete", "bulk_create", "get_or_create"}
PAGES = re.compile(r"(^|_)(pages|api|web)$|^(app|worker|cli)")
VERB = re.compile(r"[a-z][a-z_]*\.[a-z][a-z_]*")
NOTES = ("cloud.audit.writing", "audit")
Key = tuple[str, str]  # module and function


@dataclass(slots=True)
class Function:
    """What one function says by itself."""

    module: str
    node: ast.FunctionDef | ast.AsyncFunctionDef
    writes: bool = False
    calls: set[Key] = field(default_factory=set)

    @property
    def is_deed(self) -> bool:
        arguments = [each.arg for each in self.node.args.args]
        is_public = not self.node.name.startswith("_") and isinstance(self.node, ast.AsyncFunctionDef)
        return is_public and "actor" in arguments and not PAGES.search(self.module.rpartition(".")[2])


class Code:
    """All functions of the cloud, and who calls whom."""

    def __init__(self) -> None:
        paths = [path for path in (ROOT / "cloud").rglob("*.py") if "migrations" not in path.parts]
        self.trees = {_module(path): ast.parse(path.read_text()) for path in paths}

    @cached_property
    def functions(self) -> dict[Key, Function]:
        """Return every function of a module's or a class's own."""
        found: dict[Key, Function] = {}
        for module, tree in self.trees.items():
            names, statements = self._imported(tree), self._statements(module)
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    found[module, node.name] = _read(Function(module, node), names, statements)
        return found

    def deeds(self) -> Iterator[tuple[str, bool]]:
        """Yield each public function that writes for somebody, as slice.module.name, and whether it is noted."""
        for (module, name), function in sorted(self.functions.items()):
            reached = self._reached((module, name))
            if function.is_deed and any(self.functions[key].writes for key in reached if key in self.functions):
                yield f"{module.removeprefix('cloud.')}.{name}", NOTES in reached

    def verbs(self) -> dict[str, str]:
        """Return every verb that stands in a call of what notes it, with the module where it stands."""
        takers = {"audit"} | {
            key[1] for key, each in self.functions.items()
            if any(argument.arg == "verb" for argument in (*each.node.args.args, *each.node.args.kwonlyargs))
        }  # fmt: skip
        found = {}
        for module, tree in self.trees.items():
            for node in ast.walk(tree):
                for constant in _constants(node, takers):
                    if VERB.fullmatch(constant):
                        found[constant] = module
        return found

    def _reached(self, start: Key) -> set[Key]:
        reached, waiting = {start}, [start]
        while waiting:
            function = self.functions.get(waiting.pop())
            fresh = function.calls - reached if function else set()
            reached |= fresh
            waiting += fresh
        return reached

    def _imported(self, tree: ast.Module) -> dict[str, Key]:
        """Return what names of a module stand for: a function of another module, or, with no name, a module."""
        names: dict[str, Key] = {}
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cloud"):
                for alias in node.names:
                    whole = f"{node.module}.{alias.name}"
                    named = (whole, "") if whole in self.trees else (node.module or "", alias.name)
                    names[alias.asname or alias.name] = self._origin(named)
        return names

    def _origin(self, key: Key) -> Key:
        """Return where a name that is passed on was made, as `audit` by accounts."""
        tree = self.trees.get(key[0])
        for node in tree.body if tree is not None and key[1] else ():
            if isinstance(node, ast.ImportFrom) and key[1] in {alias.asname or alias.name for alias in node.names}:
                return self._origin((node.module or "", key[1]))
        return key

    def _statements(self, module: str) -> set[str]:
        """Return the names of texts that write, of a module's own and of those it takes from others."""
        found = _writing_names(self.trees[module])
        for node in self.trees[module].body:
            if isinstance(node, ast.ImportFrom) and node.module in self.trees:
                theirs = _writing_names(self.trees[node.module])
                found |= {alias.asname or alias.name for alias in node.names if alias.name in theirs}
        return found


def _read(function: Function, names: dict[str, Key], statements: set[str]) -> Function:
    """Note what a function writes and calls."""
    for node in ast.walk(function.node):
        match node:
            case ast.Constant(value=str(text)) if WRITES.search(text):
                function.writes = True
            case ast.Name(id=name) if name in statements:
                function.writes = True
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=called)) if (
                names.get(name, ("", "x"))[1] == ""
            ):
                function.calls.add((names[name][0], called))
            case ast.Call(func=ast.Attribute(attr=called)) if called in BY_MODELS:
                function.writes = True
            case ast.Await(value=ast.Call(func=ast.Attribute(attr="update"))):
                function.writes = True
            case ast.Name(id=name):
                function.calls.add(names.get(name, (function.module, name)))
            case _:
                pass
    return function


def _writing_names(tree: ast.Module) -> set[str]:
    return {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
        and any(isinstance(each, ast.Constant) and WRITES.search(str(each.value)) for each in ast.walk(node.value))
    }


def _constants(node: ast.AST, takers: set[str]) -> Iterator[str]:
    """Yield the texts among the arguments of a call of a taker, or that a name `verb` is given."""
    parts: list[ast.AST] = []
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in takers:
            parts = [*node.args, *(keyword.value for keyword in node.keywords)]
        case ast.Assign(targets=[ast.Name(id="verb")]):
            parts = [node.value]
        case _:
            pass
    for part in parts:
        for each in ast.walk(part):
            if isinstance(each, ast.Constant) and isinstance(each.value, str):
                yield each.value


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
