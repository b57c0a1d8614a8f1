"""nfcpy brought in only when a reader wants it: it is an extra, under the EUPL, and takes 8 MB."""

import importlib

from edge_agent.readers.chip import Chip, ChipTrouble


def open_nfcpy(path: str) -> Chip:
    """Open the PN532 on a serial line through nfcpy; raise ChipTrouble when one of them is not there."""
    try:
        module = importlib.import_module("edge_agent.readers.nfcpy_chip")
    except ImportError as error:
        raise ChipTrouble(f"nfcpy cannot be loaded ({error}): install it, or set driver = 'pn532-direct'") from None
    chip: Chip = module.open_chip(path)
    return chip
