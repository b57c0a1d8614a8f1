"""Which pins a board's data takes, and what is wrong with them."""

from typing import Any

# Pins that a board cannot give away, and why (ESP32-S3 and RP2040 data sheets; the boards' schematics).
RESERVED = {
    "esp32s3": {
        **dict.fromkeys((0, 3, 45, 46), "decides how the chip starts"),
        **dict.fromkeys((19, 20), "USB"),
        **dict.fromkeys((43, 44), "the console's UART"),
        **dict.fromkeys(range(26, 38), "flash and PSRAM"),
        **dict.fromkeys(range(22, 26), "does not exist"),
        **dict.fromkeys((38, 48), "the board's own light"),
    },
    "rp2": dict.fromkeys((23, 24, 25, 29), "the board's own supply, light and radio"),
}
LAST = {"esp32s3": 48, "rp2": 28}
# Of an RP2040 and RP2350, each peripheral reaches only some pins (data sheet, GPIO functions).
REACH: dict[tuple[str, int], dict[str, tuple[int, ...]]] = {
    ("uart", 0): {"tx": (0, 12, 16, 28), "rx": (1, 13, 17)},
    ("uart", 1): {"tx": (4, 8, 20), "rx": (5, 9, 21)},
    ("spi", 0): {"sck": (2, 6, 18, 22), "mosi": (3, 7, 19), "miso": (0, 4, 16, 20)},
    ("spi", 1): {"sck": (10, 14, 26), "mosi": (11, 15, 27), "miso": (8, 12, 28)},
    ("i2c", 0): {"sda": (0, 4, 8, 12, 16, 20), "scl": (1, 5, 9, 13, 17, 21)},
    ("i2c", 1): {"sda": (2, 6, 10, 14, 18, 26), "scl": (3, 7, 11, 15, 19, 27)},
}
_NOT_PINS = ("id", "kind")


def uses(board: Any, reader: str) -> list[tuple[int, str]]:
    """Return (pin, what it is for) of everything on a board with one of its readers."""
    wired = [("reader", board.READERS[reader]), ("wiegand", board.WIEGAND), ("scanner", board.SCANNER)]
    wired += [("line", board.LINE), ("output", board.OUTPUTS), ("input", board.INPUTS)]
    return [
        (pin, f"{what}.{name}") for what, pins in wired if pins for name, pin in pins.items() if name not in _NOT_PINS
    ]


def mistakes(board: Any) -> list[str]:
    """Return what is wrong with a board's pins, in words."""
    found = []
    for reader in board.READERS:
        taken: dict[int, str] = {}
        for pin, what in uses(board, reader):
            if pin in taken:
                found.append(f"pin {pin}: {taken[pin]} and {what}")
            if pin in RESERVED[board.CHIP] or not 0 <= pin <= LAST[board.CHIP]:
                found.append(f"pin {pin}: {what}, but {RESERVED[board.CHIP].get(pin, 'does not exist')}")
            taken[pin] = what
        found += _out_of_reach(board, reader)
    return sorted(set(found))


def _out_of_reach(board: Any, reader: str) -> list[str]:
    """Return pins that their peripheral does not reach."""
    if board.CHIP != "rp2":
        return []
    bus = "spi" if reader in ("pn532-spi", "rc522") else reader.split("-")[1]
    lines = [(bus, board.READERS[reader]), ("uart", board.SCANNER)]
    lines += [("uart", board.LINE)] if board.LINE and board.LINE["kind"] == "uart" else []
    return [
        f"pin {pins[name]}: no {name} of {kind} {pins['id']}"
        for kind, pins in lines
        if pins
        for name, reach in REACH[kind, pins["id"]].items()
        if pins[name] not in reach
    ]
