"""The key of a secure channel to an OSDP reader, in a file that only the agent reads.

Rule: a key never stands in a log, an error or a record. While a key is changed, the new one stands beside the old, so
that the reader is understood whichever of the two it has.
"""

import os
import secrets
import stat
from pathlib import Path

KEY_BYTES = 16
# What every reader has from its maker (SCBK-D of the standard): whoever reads the standard knows it.
PUBLIC_KEY = bytes(range(0x30, 0x40))
_FILE_MAX = 100


class KeyRefused(Exception):
    """A key file that cannot be used; the message says why, and nothing of what is in it."""


def read_key(path: Path) -> bytes:
    """Return the key in a file: 32 hex digits. Raises KeyRefused."""
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise KeyRefused(f"{path} may be read by others: chmod 600 {path}")
            text = file.read(_FILE_MAX).decode("ascii", "replace").strip()
    except OSError as error:
        raise KeyRefused(f"the key in {path} cannot be read: {error.strerror}") from None
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyRefused(f"{path} does not hold a key: 32 hex digits")
    if key == PUBLIC_KEY:
        raise KeyRefused(f"{path} holds the key that every reader has from its maker, which everybody knows")
    return key


def pending(path: Path) -> Path:
    """Return where the next key stands while the reader may have it or not."""
    return path.with_name(path.name + ".new")


def known_keys(path: Path) -> list[bytes]:
    """Return the key that a reader should have, then the one it may have been given since. Raises KeyRefused."""
    keys = [read_key(path)] if path.exists() or not pending(path).exists() else []
    return keys + ([read_key(pending(path))] if pending(path).exists() else [])


def make_pending(path: Path) -> bytes:
    """Return the next key, made by chance and safe on the disk; one that was made before and not given up stays."""
    place = pending(path)
    if place.exists():
        return read_key(place)
    key = secrets.token_bytes(KEY_BYTES)
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123 # a descriptor, so that the file is never readable by others
        file.write(key.hex().encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    _sync_folder(path)
    return key


def take_pending(path: Path) -> None:
    """Make the next key the one of now: the reader has it."""
    os.replace(pending(path), path)  # noqa: PTH105 # atomic
    _sync_folder(path)


def _sync_folder(path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
