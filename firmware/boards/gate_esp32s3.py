"""A gate that stands alone on an ESP32-S3-DevKitC-1 with 16 MB of flash."""

NAME = "gate-esp32s3"
CHIP = "esp32s3"
LINE = None
READER = "pn532-spi"
READERS = {
    "pn532-spi": {"id": 1, "sck": 12, "mosi": 11, "miso": 13, "select": 10},
    "pn532-i2c": {"id": 0, "sda": 8, "scl": 9},
    "pn532-uart": {"id": 1, "tx": 17, "rx": 18},
    "rc522": {"id": 1, "sck": 12, "mosi": 11, "miso": 13, "select": 10},
}
OUTPUTS = {"relay_in": 4, "relay_out": 5, "red": 6, "green": 7, "buzzer": 15}
ACTIVE_LOW = ()
INPUTS = {"passed_in": 1, "passed_out": 2, "fire": 14}
WIEGAND = {"d0": 21, "d1": 47}
SCANNER = {"id": 2, "tx": 39, "rx": 40}
