"""The commands for the bench: put MicroPython and our files on a board, and enrol it."""

import typer

from firmware.tools.enrol_command import enrol
from firmware.tools.flash_command import files, flash, ports

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Boards on the bench: readers and gates.")
app.command()(flash)
app.command()(ports)
app.command()(files)
app.command()(enrol)
