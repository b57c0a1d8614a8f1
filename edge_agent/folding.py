"""What a fold of records reads: records of its own kinds, and nothing that a newer or broken peer wrote otherwise."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

Record = TypeVar("Record")


def read_if(begins: bytes | tuple[bytes, ...], decode: Callable[[bytes], Record], record: bytes) -> Record | None:
    """Return a record that begins as those of a fold do, decoded; None for any other and for an unreadable one."""
    if not record.startswith(begins):
        return None
    try:
        return decode(record)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
