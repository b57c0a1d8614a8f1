"""Makes what a board's data names: pins, buses, the chip of its card reader, the line to its agent."""

# What MicroPython's `machine` gives has no types.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from machine import I2C, SPI, UART, Pin

from firmware.node.contacts import Contacts
from firmware.node.lamp import Lamp

READER_BAUD = 115_200


def chip_of(board, reader, clock):
    """Return the card reader that a board has, as the name of its wiring says. Raises KeyError for another.

    Only the driver that is wanted is loaded: an RP2040 has 190 kB for all.
    """
    pins = board.READERS[reader]
    if reader == "rc522":
        from firmware.drivers.rc522 import Rc522

        return Rc522(_spi(pins, 4_000_000), _select(pins))
    from firmware.drivers.pn532_chip import Pn532Chip

    return Pn532Chip(_wire_of(pins, reader), clock)


def _wire_of(pins, reader):
    if reader == "pn532-spi":
        from firmware.drivers.pn532_spi import SpiWire

        return SpiWire(_spi(pins, 1_000_000), _select(pins))
    if reader == "pn532-i2c":
        from firmware.drivers.pn532_i2c import I2cWire

        return I2cWire(I2C(pins["id"], sda=Pin(pins["sda"]), scl=Pin(pins["scl"]), freq=400_000))
    from firmware.drivers.pn532_uart import UartWire

    return UartWire(uart_of(pins, READER_BAUD))


def lamp_of(board):
    """Return lights, buzzer and relays, all of them at rest."""
    rest = {name: 1 if name in board.ACTIVE_LOW else 0 for name in board.OUTPUTS}
    pins = {name: Pin(pin, Pin.OUT, value=rest[name]) for name, pin in board.OUTPUTS.items()}
    return Lamp(pins, board.ACTIVE_LOW)


def contacts_of(board):
    """Return the inputs, pulled up."""
    return Contacts({name: Pin(pin, Pin.IN, Pin.PULL_UP) for name, pin in board.INPUTS.items()})


def wiegand_of(board, clock):
    """Return the Wiegand reader, None on a board that has none."""
    if board.WIEGAND is None:
        return None
    from firmware.drivers.wiegand import Wiegand

    wiegand = Wiegand(clock)
    for name, hear in (("d0", wiegand.zero), ("d1", wiegand.one)):
        Pin(board.WIEGAND[name], Pin.IN, Pin.PULL_UP).irq(hear, Pin.IRQ_FALLING)
    return wiegand


def scanner_of(board):
    """Return the scanner of codes, None on a board that has none."""
    if board.SCANNER is None:
        return None
    from firmware.drivers.scanner import BAUD, Scanner

    return Scanner(uart_of(board.SCANNER, BAUD))


def end_of(board, baud):
    """Return a head's line to its agent."""
    from firmware.node.ends import UartEnd, UsbEnd

    return UsbEnd() if board.LINE["kind"] == "usb" else UartEnd(uart_of(board.LINE, baud))


def uart_of(pins, baud):
    """Return a serial line that never waits, with room for the longest frame."""
    hears = Pin(pins["rx"], Pin.IN, Pin.PULL_UP)  # a line that nothing hangs on rests, and says nothing
    return UART(pins["id"], baudrate=baud, tx=Pin(pins["tx"]), rx=hears, timeout=0, rxbuf=1024)


def _spi(pins, hertz):
    return SPI(pins["id"], baudrate=hertz, sck=Pin(pins["sck"]), mosi=Pin(pins["mosi"]), miso=Pin(pins["miso"]))


def _select(pins):
    return Pin(pins["select"], Pin.OUT, value=1)
