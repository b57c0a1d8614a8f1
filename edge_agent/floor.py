"""The latest time that this machine is known to have seen, kept beside the journal for a start without a clock.

Rule: it is only ever raised, and only by a clock that was good; a file that cannot be read or written is no failure.
"""

import contextlib
from pathlib import Path

NAME = "floor"
_DIGITS_MAX = 16


def read_floor(folder: Path) -> int:
    """Return the floor in milliseconds since 1970; 0 when there is none."""
    try:
        said = (folder / NAME).read_text()[:_DIGITS_MAX]
    except (OSError, UnicodeDecodeError):
        return 0
    return int(said) if said.isascii() and said.isdigit() else 0


def write_floor(folder: Path, wall_ms: int) -> None:
    """Keep an instant that has passed."""
    with contextlib.suppress(OSError):
        new = folder / f"{NAME}.new"
        new.write_text(str(wall_ms))
        new.replace(folder / NAME)
