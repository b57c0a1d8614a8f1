"""Commands are loaded when they are asked for, and all of them can be."""

import subprocess
import sys
from typing import Any

import typer

from cloud.cli import app
from cloud.cli.commands import Commands
from tests.cloud.cli.esik import ROOT, called


def test_every_place_holds_a_command_that_says_what_it_does() -> None:
    group: Any = typer.main.get_command(app)

    assert set(Commands.places) < set(group.commands)
    assert all(group.commands[name].get_short_help_str() for name in Commands.places)


def test_a_command_that_is_mistyped_is_told_what_comes_near() -> None:
    assert "'report'" in called("reprt").stderr


def test_one_command_loads_no_other_ones() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, cloud.cli; print(*sys.modules)"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip

    assert not {name for name in loaded if name.startswith("cloud.cli.")} - {
        "cloud.cli.archive", "cloud.cli.commands", "cloud.cli.lazily", "cloud.cli.telling", "cloud.cli.world",
    }  # fmt: skip
    assert not {"fastapi", "fpdf", "openpyxl"} & set(loaded)
