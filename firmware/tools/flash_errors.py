"""Why a board was not flashed, in words for whoever stands at the bench."""


class FlashRefused(Exception):
    """Flashing cannot begin or go on; the message says what was seen, and `advice` what to do."""

    def __init__(self, seen: str, advice: str) -> None:
        super().__init__(seen)
        self.advice = advice


class ImageRefused(FlashRefused):
    """The file is not what this board needs; nothing was written."""


class PortRefused(FlashRefused):
    """The port cannot be used as it is."""


class PortInUse(PortRefused):
    """Another program has the port open; nothing was sent."""


class BoardLost(FlashRefused):
    """The board was there, and is not any more."""
