"""Chain digests: each record's digest covers every record before it in its epoch.

Rule: `h(n) = SHA-256(h(n-1) | record bytes)`, cut to 16 bytes; `h(0)` binds the device and the epoch.
"""

from hashlib import sha256

DIGEST_BYTES = 16


def genesis(device: str, epoch: str) -> bytes:
    """Return the 16-byte digest before the first record of `epoch` (16 hex digits) of `device`."""
    return sha256(b"esik/v1/epoch\n" + device.encode() + b"\n" + epoch.encode()).digest()[:DIGEST_BYTES]


def link(previous: bytes, record: bytes) -> bytes:
    """Return the 16-byte digest after `record`, a line without its line feed."""
    return sha256(previous + record).digest()[:DIGEST_BYTES]
