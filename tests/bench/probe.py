"""Probes of the machine itself, so that other figures can be told as ratios."""

import os
from pathlib import Path
from time import perf_counter

RECORD_BYTES = 300


def durable_writes_per_s(folder: Path, seconds: float = 2.0) -> float:
    """Return how many single `pwrite` + `fdatasync` of 300 bytes a preallocated file takes in a second."""
    path = folder / "probe.bin"
    size = 64 * 1024 * 1024
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.pwrite(handle, bytes(size), 0)
        os.fsync(handle)
        record, offset, count = bytes(RECORD_BYTES), 0, 0
        started = perf_counter()
        while perf_counter() - started < seconds:
            os.pwrite(handle, record, offset)
            os.fdatasync(handle)
            offset = (offset + RECORD_BYTES) % (size - RECORD_BYTES)
            count += 1
        return count / (perf_counter() - started)
    finally:
        os.close(handle)
        path.unlink()
