"""A PN532 that was left at a high speed by a program that was killed: found, and called back to 115,200 baud."""

import termios

import serial

_FAST_BAUDS = (921_600, 460_800, 230_400)
_ACK = bytes.fromhex("0000FF00FF00")
_GO_SLOW = bytes(10) + bytes.fromhex("0000FF03FDD410041800")  # SetSerialBaudRate 115,200
_GOING_SLOW = bytes.fromhex("0000FF02FED5111A00")
_ANSWER_S = 0.1


def call_back(path: str) -> bool:
    """Look for a chip at the speeds of an earlier run, and tell it to speak 115,200 baud again; blocks."""
    return any(_call_back_from(path, baud) for baud in _FAST_BAUDS)


def _call_back_from(path: str, baud: int) -> bool:
    try:
        with serial.Serial(path, baud, timeout=_ANSWER_S) as line:
            line.write(_GO_SLOW)
            if line.read(len(_ACK + _GOING_SLOW)) != _ACK + _GOING_SLOW:
                return False
            line.write(_ACK)
            line.flush()
            return True
    except (OSError, ValueError, termios.error):  # ValueError: a line that has no such speed
        return False
