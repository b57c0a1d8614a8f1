"""Reading one record: its kind and its clock, or the reason why this program cannot understand it yet."""

from collections.abc import Callable
from typing import Any

import msgspec

from schemas.codec import RECORD_BYTES_MAX
from schemas.structs import AnyRecord

_decode = msgspec.json.Decoder(AnyRecord).decode
_KINDS = {kind: str(kind.__struct_config__.tag) for kind in AnyRecord.__args__}
_KNOWN = frozenset(_KINDS.values())


CONSUMED = ("unknown", "version", "malformed", "oversize")  # reasons of records that are acknowledged in their place
Reader = Callable[[bytes], tuple[AnyRecord, str]]


class Unreadable(ValueError):
    """A record this program does not understand; `reason` says whether a newer one might."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Glance(msgspec.Struct):
    """The members that tell why a record is not understood."""

    k: str = ""
    v: Any = None


_glance = msgspec.json.Decoder(_Glance).decode


def read_record(line: bytes) -> tuple[AnyRecord, str]:
    """Return a record and its kind. Raises Unreadable with unknown, version, oversize or malformed."""
    if len(line) > RECORD_BYTES_MAX:
        raise Unreadable("oversize")
    try:
        record = _decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Unreadable(_reason(line)) from error
    return record, _KINDS[type(record)]


def _reason(line: bytes) -> str:
    try:
        glance = _glance(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return "malformed"
    if glance.v is not None:
        return "version"
    return "unknown" if glance.k and glance.k not in _KNOWN else "malformed"
