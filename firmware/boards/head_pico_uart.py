"""A reader head on a Raspberry Pi Pico or Pico 2 that hangs on its agent by two wires instead of USB."""

from firmware.boards.head_pico import ACTIVE_LOW, CHIP, INPUTS, OUTPUTS, READER, READERS, WIEGAND

__all__ = ["ACTIVE_LOW", "CHIP", "INPUTS", "LINE", "NAME", "OUTPUTS", "READER", "READERS", "SCANNER", "WIEGAND"]

NAME = "head-pico-uart"
LINE = {"kind": "uart", "id": 0, "tx": 0, "rx": 1}
SCANNER = None
