"""Reference builds: their data are whole, and their pins are those of the firmware."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from hardware.builds import FOLDER, Build, BuildRefused, load, load_all

BUILDS = load_all()


@pytest.mark.parametrize("build", [build for build in BUILDS if build.board], ids=lambda build: build.id)
def test_a_wires_pin_is_the_one_that_the_firmware_uses(build: Build) -> None:
    board = importlib.import_module(f"firmware.boards.{build.board}")
    wanted = dict(pins_of(board))

    assert {name: f"GPIO{wanted.get(name)}" for name in build.signals} == build.signals
    assert set(build.signals) >= {*board.OUTPUTS, *board.INPUTS}


def pins_of(board: ModuleType) -> Iterator[tuple[str, int]]:
    """Yield every signal of a board with its pin's number; of readers the one that is there without a setting."""
    yield from {**board.OUTPUTS, **board.INPUTS}.items()
    reader = next(iter(board.READERS.values()))
    yield from ((f"reader.{name}", pin) for name, pin in reader.items() if name != "id")
    yield from ((f"scanner.{name}", pin) for name, pin in (board.SCANNER or {}).items() if name != "id")


@pytest.mark.parametrize(
    ("was", "becomes", "mistake"),
    [
        ('"board GPIO4"', '"board GPIO99"', "there is no pin 'GPIO99' on board"),
        ('"board GPIO5"', '"board GPIO4"', "more than one wire at GPIO4"),
        ('"BU", 0.25', '"PINK", 0.25', "'PINK' is no colour"),
        ('ru = "Зуммер"', 'rus = "Зуммер"', "not in three languages"),
        ("about_usd = 40", "about_usd = 0", "364 has no count or no price"),
        ('kk = "Дербес есік"', 'kk = ""', "not in three languages"),
        ("[[units]]", "[[unit]]", "units"),
        ("[name]", "[name", "TOMLDecodeError"),
    ],
)
def test_a_build_that_cannot_be_right_is_refused_and_says_why(
    tmp_path: Path, was: str, becomes: str, mistake: str
) -> None:
    text = (FOLDER / "gate.toml").read_text()
    broken = tmp_path / "gate.toml"
    assert was in text
    broken.write_text(text.replace(was, becomes))

    with pytest.raises(BuildRefused, match=mistake):
        load(broken)


def test_what_a_build_costs_is_the_sum_of_its_parts() -> None:
    assert {build.id for build in BUILDS} == {"gate", "head", "till"}
    assert all(50 < build.about_usd < 500 for build in BUILDS)
