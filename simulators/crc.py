"""The checksum that Type A cards and readers put after a frame (ISO/IEC 14443-3, annex B)."""

_START = 0x6363
_POLYNOMIAL = 0x8408


def crc_a(frame: bytes) -> bytes:
    """Return CRC_A, low byte first as it goes over the air."""
    crc = _START
    for byte in frame:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (_POLYNOMIAL if crc & 1 else 0)
    return crc.to_bytes(2, "little")
