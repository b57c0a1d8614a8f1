"""No pin of a board is taken twice, given away by the board itself, or out of its peripheral's reach."""

from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import firmware.boards
from firmware.boards import head_esp32s3, head_pico
from tests.firmware.boards import pins

FOLDER = Path(firmware.boards.__file__).parent
NAMES = sorted(file.stem for file in FOLDER.glob("*.py") if file.stem != "__init__")
WORDS = {"NAME", "CHIP", "LINE", "READER", "READERS", "OUTPUTS", "ACTIVE_LOW", "INPUTS", "WIEGAND", "SCANNER"}


def board(name: str) -> ModuleType:
    return import_module(f"firmware.boards.{name}")


def like(other: ModuleType, **changed: Any) -> Any:
    return SimpleNamespace(**{word: getattr(other, word) for word in WORDS} | changed)


@pytest.mark.parametrize("name", NAMES)
def test_a_board_has_no_mistake_and_says_every_word(name: str) -> None:
    told = board(name)

    assert pins.mistakes(told) == []
    assert {word for word in vars(told) if word.isupper()} == WORDS
    assert told.READER in told.READERS
    assert set(told.ACTIVE_LOW) <= set(told.OUTPUTS)


def test_boards_are_called_what_their_files_are() -> None:
    assert [board(name).NAME for name in NAMES] == [name.replace("_", "-") for name in NAMES]


def test_no_pin_has_its_number_anywhere_else() -> None:
    others = [file for file in FOLDER.parent.rglob("*.py") if file.parent != FOLDER]

    assert [file.name for file in others if "Pin(" in (text := file.read_text()) and any(
        f"Pin({digit}" in text for digit in "0123456789"
    )] == []  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "mistake"),
    [
        (like(head_pico, INPUTS={"fire": 10}), "pin 10: output.relay_in and input.fire"),
        (like(head_pico, INPUTS={"fire": 25}), "pin 25: input.fire, but the board's own supply, light and radio"),
        (like(head_pico, INPUTS={"fire": 40}), "pin 40: input.fire, but does not exist"),
        (like(head_pico, SCANNER={"id": 0, "tx": 4, "rx": 1}), "pin 4: no tx of uart 0"),
        (like(head_esp32s3, OUTPUTS={"red": 0}), "pin 0: output.red, but decides how the chip starts"),
        (like(head_esp32s3, WIEGAND={"d0": 39, "d1": 21}), "pin 39: wiegand.d0 and scanner.tx"),
    ],
)
def test_a_mistake_is_told(changed: Any, mistake: str) -> None:
    assert mistake in pins.mistakes(changed)
