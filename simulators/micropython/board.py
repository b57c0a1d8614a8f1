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


def sensed(number):
    """Return the level that the folder gives to an input, None when it gives none."""
    if not has_folder():
        return None
    try:
        with open(path("in%d" % number)) as told:
            return 1 if told.read(1) == "1" else 0
    except OSError:
        return None


def has(name):
    """Tell whether the folder has a part of that name."""
    try:
        return has_folder() and bool(os.stat(path(name)))
    except OSError:
        return False


class Bus:
    """A terminal that a simulated chip listens on."""

    def __init__(self, name):
        self._line = open(path(name), "r+b", buffering=0)

    def transfer(self, sent):
        """Return what comes back for a transaction. Raises OSError when nothing does."""
        self._line.write(len(sent).to_bytes(2, "big") + sent)
        head = self._take(2)
        if head == b"\xff\xff":
            raise OSError(19)  # ENODEV
        return self._take(head[0] << 8 | head[1])

    def _take(self, count):
        taken = b""
        while len(taken) < count:
            taken += self._line.read(count - len(taken))
        return taken


class Device:
    """One device on an I2C bus that is a terminal."""

    def __init__(self, name, address):
        self._bus, self._address = Bus(name), address

    def write(self, content):
        self._bus.transfer(bytes([self._address, 0, 0]) + content)
        return len(content)

    def read(self, count):
        return self._bus.transfer(bytes([self._address, count >> 8, count & 0xFF]))
