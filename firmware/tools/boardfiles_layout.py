"""Where our files stand on a board, and the list that tells whether all of them are there.

Rule: the list of a slot is written after all its files, and the file that MicroPython starts after everything: a copy
that was cut is noticed, and starts nothing.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from esik import __version__
from firmware.tools.boardfiles import BoardFile, BoardKind, Role, compiled, modules_for

SLOT = "/a"  # the first of two; updates write the other
MANIFEST = f"{SLOT}/manifest.json"
START = "/main.py"
OURS = ("a", "main.py")
ENTRIES = {Role.HEAD: "firmware.node.head_program", Role.GATE: "firmware.node.gate"}


@dataclass(frozen=True, slots=True)
class BoardSet:
    """All that stands on a board, in the order in which it is written."""

    kind: BoardKind
    files: tuple[BoardFile, ...]

    @property
    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of every file by its path."""
        return {file.path: file.digest for file in self.files}


def board_set(kind: BoardKind) -> BoardSet:
    """Return what a kind of board needs: its modules as bytecode, their list, and the file that starts them."""
    entry = ENTRIES[kind.role]
    modules = [compiled(name) for name in modules_for(entry, kind.module)]
    placed = [BoardFile(f"{SLOT}/{file.path}", file.content) for file in modules]
    return BoardSet(kind, (*placed, _manifest(kind, modules), _start(kind)))


def _manifest(kind: BoardKind, files: Sequence[BoardFile]) -> BoardFile:
    """Return the list of a slot, in the form of a release (schemas/release.py), which an update brings too."""
    body = {
        "format": 1,
        "counter": 1,  # any release is newer than what was written at the bench
        "product": "node",
        "board": kind.name,
        "role": kind.role.value,
        "version": __version__,
        "journal": 0,
        "size": sum(len(file.content) for file in files),
        "files": [[file.path, len(file.content), file.digest] for file in files],
        "notes": {"kk": "Үстелде жазылды.", "ru": "Записано на столе.", "en": "Written at the bench."},
    }
    return BoardFile(MANIFEST, json.dumps(body, ensure_ascii=False).encode())


def _start(kind: BoardKind) -> BoardFile:
    board = kind.module.rpartition(".")[2]
    run = f'from {ENTRIES[kind.role]} import run\n\nrun("{board}")\n' if kind.role is Role.HEAD else ""
    return BoardFile(START, f'import sys\n\nsys.path.insert(0, "{SLOT}")\n{run}'.encode())
