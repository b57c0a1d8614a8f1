"""`esik device` at the command line."""

from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner

from firmware.tools import flash_command
from firmware.tools.boardfiles import board_kinds
from firmware.tools.boardfiles_layout import RELEASE_KEY
from firmware.tools.cli import app
from firmware.tools.flash import Flashed
from firmware.tools.flash_ports import Port
from firmware.tools.flash_talk import State
from simulators.board import Board
from tests.firmware.tools.bench import MICROPYTHON
from tests.simulators.boards import run

DIGEST = sha256(MICROPYTHON).hexdigest()


def ask(*words: str, typed: str | None = None) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(words), input=typed)
    return done.exit_code, done.output


@pytest.fixture
def image(tmp_path: Path) -> str:
    (tmp_path / "micropython.bin").write_bytes(MICROPYTHON)
    return str(tmp_path / "micropython.bin")


@pytest.fixture
async def board(tmp_path: Path) -> AsyncIterator[Board]:
    """Return a board from the box."""
    board = Board(tmp_path)
    await board.plug()
    yield board
    await board.unplug()


async def test_one_command_takes_a_board_from_the_box_to_one_that_holds_all(board: Board, image: str) -> None:
    words = ["--board", "head-esp32s3", "--port", board.path, "--image", image, "--sha256", DIGEST]

    said = await run("esik", "device", "flash", *words)

    assert said.status == 0, said.text
    assert "found ESP32-S3" in said.text
    assert f"Done: head-esp32s3 on {board.path}, MicroPython 1." in said.text
    assert "all were read back and are right" in said.text


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--sha256", DIGEST], "--sha256 is given without --image"),
        (["--image", "IMAGE"], "--image needs --sha256"),
        (["--image", "/nowhere/at.all", "--sha256", DIGEST], "cannot be read: No such file"),
        (["--image", "IMAGE", "--sha256", "0" * 64], "the image's SHA-256 is"),
        (["--board", "toaster"], "there is no board 'toaster'"),
        (["--board", "head-pico", "--port", "/dev/nothing0"], "there is no port /dev/nothing0"),
        (["--board", "gate-esp32s3", "--release-key", "IMAGE"], "holds no release keys: each line has 64 hex digits"),
        (["--board", "gate-esp32s3", "--release-key", "/nowhere"], "holds no release keys: [Errno 2]"),
        (["--board", "head-pico", "--release-key", "IMAGE"], "a head takes no updates over the network"),
        ([], "Which board is it?"),
    ],
)
def test_what_cannot_be_done_is_said_with_what_to_do(words: list[str], why: str, image: str) -> None:
    status, said = ask("flash", *[image if word == "IMAGE" else word for word in words])

    assert status == 1
    assert why in said
    assert "What to do: " in said


def test_a_line_that_is_no_key_is_refused_before_a_board_is_looked_for(tmp_path: Path) -> None:
    path = tmp_path / "release.pub"
    for content in ("ff" * 32, "zz" * 32, "00" * 31, "11" * 33):
        path.write_text(content + "\n")
        assert "holds no release keys" in ask("flash", "--board", "gate-esp32s3", "--release-key", str(path))[1]


def test_who_flashes_a_gate_is_told_when_nobody_may_sign_its_updates() -> None:
    kind = next(kind for kind in board_kinds() if kind.name == "gate-esp32s3")
    for files, is_told in (({}, True), ({RELEASE_KEY: "ab"}, False)):
        state = State((1, 25, 0), "ESP32-S3", "esp32", 0, files, ())
        assert ("It has no release key" in flash_command._summary(Flashed(kind, "/dev/x", state, 1, 0))) == is_told


def test_boards_that_are_there_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flash_command, "find_boards", lambda: [Port("/dev/ttyACM0", "an ESP32 on its own USB")])
    assert "/dev/ttyACM0  an ESP32" in ask("ports")[1]

    monkeypatch.setattr(flash_command, "find_boards", list)
    assert "There is no board." in ask("ports")[1]
    assert "no board was found" in ask("flash", "--board", "head-pico")[1]


def test_a_person_is_asked_which_of_several_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    several = [Port("/dev/none0", "one"), Port("/dev/none1", "two")]
    monkeypatch.setattr(flash_command, "find_boards", lambda: several)
    assert "/dev/none1  two" in ask("flash", "--board", "head-pico")[1]

    monkeypatch.setattr(flash_command, "_is_asked", lambda: True)
    assert "there is no port /dev/none1" in ask("flash", "--board", "head-pico", typed="2\n")[1]
    assert "there is no number 7" in ask("flash", "--board", "head-pico", typed="7\n")[1]


def test_a_boards_files_are_written_for_signing_into_an_empty_folder_only(tmp_path: Path) -> None:
    out = tmp_path / "node"

    status, said = ask("files", "--board", "head-pico", "--out", str(out))
    assert (status, f"bytes, in {out}" in said) == (0, True)
    assert (out / "firmware/node/head_program.mpy").is_file()
    assert not any(path.name in {"main.py", "manifest.json"} for path in out.rglob("*"))

    assert "is not empty" in ask("files", "--board", "head-pico", "--out", str(out))[1]
    assert "there is no board" in ask("files", "--board", "toaster", "--out", str(out))[1]
