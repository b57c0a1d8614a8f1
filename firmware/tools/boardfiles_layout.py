"""Where our files stand on a board, and the list that tells whether all of them are there.

`/boot.py` chooses one of two slots, `/a` and `/b` (firmware/boot.py); `/main.py` starts what stands in it.

Rule: the list of a slot is written after all its files, and the file that starts them after everything: a copy that was
cut is noticed, and starts nothing.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from esik import __version__
from firmware.node.release_keys import PINNED
from firmware.tools.boardfiles import BoardFile, BoardKind, Role, compiled, modules_for, source

SLOT = "/a"  # the first of two; updates write the other
MANIFEST = f"{SLOT}/manifest.json"
BOOT, START = "/boot.py", "/main.py"
RELEASE_KEY = f"/{PINNED}"  # pinned once: it stays where a later run names none
OURS = ("a", "b", "update.json", "boot.py", "main.py", PINNED)  # what an update left goes, or it would go on with it
ENTRIES = {Role.HEAD: "firmware.node.head_program", Role.GATE: "firmware.node.standalone"}


@dataclass(frozen=True, slots=True)
class BoardSet:
    """All that stands on a board, in the order in which it is written."""

    kind: BoardKind
    files: tuple[BoardFile, ...]

    @property
    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of every file by its path."""
        return {file.path: file.digest for file in self.files}


def board_set(kind: BoardKind, release_key: bytes = b"") -> BoardSet:
    """Return what a kind of board needs: its modules as bytecode, their list, and the file that starts them.

    `release_key` is the file of who may sign its updates; without one the board keeps what it has.
    """
    modules = slot_files(kind)
    placed = [BoardFile(f"{SLOT}/{file.path}", file.content) for file in modules]
    pinned = [BoardFile(RELEASE_KEY, release_key)] if release_key else []
    return BoardSet(kind, (*placed, _manifest(kind, modules), *pinned, source("firmware.boot", BOOT), _start(kind)))


def slot_files(kind: BoardKind) -> list[BoardFile]:
    """Return a board's modules as bytecode, by their paths within a slot; a release holds the same."""
    return [compiled(name) for name in modules_for(ENTRIES[kind.role], kind.module)]


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
    """Return the file that starts the program; `failed` is the boot file's, whose names it shares."""
    board = f'"{kind.module.rpartition(".")[2]}"' if kind.role is Role.HEAD else ""  # a gate's stands in its node.json
    program = f"    from {ENTRIES[kind.role]} import run\n\n    run({board})\n"
    return BoardFile(START, f"try:\n{program}except Exception as error:\n    failed(error)\n".encode())
