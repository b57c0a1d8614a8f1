"""The simulated board behind the stand-ins: a folder that holds its flash, and pins that a test can drive.

`ESIK_BOARD` names the folder: `flash-<name>` is a flash area, `uart<number>` a terminal's device (or a link to one),
and `pins` hears every change of an output, a line each. A folder outlives a program as flash outlives a reset.
"""

import os

UNIQUE_ID = b"\xe5\x1c\x00\x00\x00\x01"

pins = {}  # number: the Pin that was made of it last


def path(name):
    """Return where a part of the board stands. Raises RuntimeError when no board was named."""
    folder = os.getenv("ESIK_BOARD")
    if not folder:
        raise RuntimeError("name the simulated board's folder in ESIK_BOARD")
    return folder + "/" + name


def has_folder():
    """Tell whether the board has a folder; without one its outputs are heard by nobody."""
    return bool(os.getenv("ESIK_BOARD"))


def drive(number, value):
    """Put a level on an input from outside, as a button or a sensor does."""
    pins[number].sense(value)


def note(line):
    """Tell whoever reads the folder that an output changed."""
    if has_folder():
        with open(path("pins"), "a") as told:
            told.write(line + "\n")
