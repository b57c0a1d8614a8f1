"""The chain of the audit journal, pure: what of an entry is hashed, byte for byte, and how links follow.

Rule: `link(n) = SHA-256(link(n-1) | bytes of entry n)`, one chain a school, and chain 0 of what belongs to none. The
database makes the links when a transaction commits (migration `audit_chain`), this module makes them anew: two
programs must agree, so what is hashed never changes without another `VERSION`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

VERSION = "1"
NO_SCHOOL = 0  # the chain of what belongs to no school
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it stands in the table; `detail` is jsonb as PostgreSQL prints it."""

    id: int
    at: datetime
    account_id: int | None
    actor: str
    school_id: int | None
    verb: str
    subject: str
    detail: str


def genesis(chain: int) -> bytes:
    """Return the 32-byte digest before the first entry of a chain."""
    return sha256(f"esik audit {VERSION} chain {chain}".encode()).digest()


def link(previous: bytes, number: int, entry: Entry) -> bytes:
    """Return the 32-byte digest after entry `number` (1, 2, 3 and so on) of a chain."""
    return sha256(previous + entry_bytes(number, entry)).digest()


def entry_bytes(number: int, entry: Entry) -> bytes:
    """Return what is hashed: each value as its length in bytes, a colon, and the value; nothing at all is `-`."""
    microseconds = (entry.at - _EPOCH) // timedelta(microseconds=1)
    values = (
        number, entry.id, microseconds, entry.account_id, entry.actor, entry.school_id, entry.verb, entry.subject,
        entry.detail,
    )  # fmt: skip
    return b"".join(map(_measured, values))


def _measured(value: str | int | None) -> bytes:
    if value is None:
        return b"-"
    text = str(value).encode()
    return b"%d:%s" % (len(text), text)
