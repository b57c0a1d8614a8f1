"""What goes wrong with a card reader's chip, whichever it is; what it can be asked is `Chip` in `given.py`."""


class ChipTrouble(Exception):
    """The chip did not answer as it should; the text says what was seen."""
