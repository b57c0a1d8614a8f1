"""A reader head on a Raspberry Pi Pico (RP2040) or Pico 2 (RP2350), whose pins are the same."""

NAME = "head-pico"
CHIP = "rp2"
LINE = {"kind": "usb"}
READER = "pn532-spi"
READERS = {
    "pn532-spi": {"id": 0, "sck": 18, "mosi": 19, "miso": 16, "select": 17},
    "pn532-i2c": {"id": 1, "sda": 6, "scl": 7},
    "pn532-uart": {"id": 1, "tx": 8, "rx": 9},
    "rc522": {"id": 0, "sck": 18, "mosi": 19, "miso": 16, "select": 17},
}
OUTPUTS = {"relay_in": 10, "relay_out": 11, "red": 12, "green": 13, "buzzer": 14}
ACTIVE_LOW = ()
INPUTS = {"passed_in": 20, "passed_out": 21, "fire": 22}
WIEGAND = {"d0": 2, "d1": 3}
SCANNER = {"id": 0, "tx": 0, "rx": 1}
