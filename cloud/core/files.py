"""Files that a person asked for: written whole or not at all, for their owner only, and never over another one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from cloud.core.errors import Refused
from cloud.core.messages import message


class NotWritten(Refused):
    """A file cannot be written where it should be."""

    code = "not_written"


def refuse_taken(file: Path) -> None:
    """Raise NotWritten where another file has the name already."""
    if file.exists():
        raise NotWritten(message("{file} is there already. Choose another name.", file=str(file)))


@contextmanager
def whole(file: Path) -> Iterator[BinaryIO]:
    """Yield a file of mode 0600 that gets its name when everything is in it and on the disk. Raises NotWritten."""
    refuse_taken(file)
    temporary = file.with_name(file.name + ".part")
    try:
        handle = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(handle, "w+b") as out:
                yield out
                out.flush()
                os.fsync(out.fileno())
            temporary.replace(file)
        finally:
            temporary.unlink(missing_ok=True)
    except (ConnectionError, TimeoutError):
        raise  # of what the file was to be filled from
    except OSError as error:
        why = error.strerror or str(error)
        raise NotWritten(
            message("{file} cannot be written: {why}. Make room, or choose another folder.", file=str(file), why=why)
        ) from error
