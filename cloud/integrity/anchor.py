"""An anchor: what a school's chains ended with on a day, signed, for places that the database's owner cannot reach.

Rule: the form is fixed by `FORMAT`. What is signed is the anchor's own text, byte for byte; an anchor names the digest
of the one before, so that none can be left out unseen.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

FORMAT = 1
SIGNED = b"esik anchor\n"  # so that a signature is worth nothing elsewhere
TEXT_MAX = 4_000_000  # bytes of a file that is read
EMAIL = "anchor_address.email"  # context of the vault: where a school's anchors are sent


class AnchorRefused(Exception):
    """A file is no anchor, or nobody who may signed it; the message says which."""


@dataclass(frozen=True, slots=True)
class AuditHead:
    """Where the chain of the audit journal ended: its last number and the digest there, in hex."""

    number: int
    digest: str


@dataclass(frozen=True, slots=True)
class EpochHead:
    """Where an epoch of a device's records ended."""

    device: str
    epoch: str
    seq: int
    digest: str
    lost: int | None = None  # of the records up to there, so that none is called lost later; old anchors do not tell


@dataclass(frozen=True, slots=True)
class Books:
    """The entries of the ledger that came since the anchor before, with a digest of all that they say."""

    first: int
    last: int
    digest: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """What was so at an instant, at a school; `school` is empty for what belongs to none."""

    school: str
    chain: int
    number: int  # 1, 2, 3 and so on for each chain
    at: str
    previous: str  # digest of the anchor before; empty for the first
    audit: AuditHead | None
    records: Sequence[EpochHead]  # only of epochs that grew since the anchor before
    books: Books | None
    format: int = FORMAT

    @property
    def text(self) -> bytes:
        """Return what is signed."""
        told = asdict(self)
        told["records"] = [{key: each[key] for key in each if each[key] is not None} for each in told["records"]]
        return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    @property
    def digest(self) -> str:
        return sha256(self.text).hexdigest()

    @property
    def file_name(self) -> str:
        return f"{self.school or 'service'}-{self.number:06d}-{self.at[:10]}.anchor"


def instant(at: datetime) -> str:
    """Return an instant as anchors write it."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def sealed(anchor: Anchor, key: Ed25519PrivateKey) -> bytes:
    """Return an anchor as a file: its text, the public key, and the signature, a line each."""
    public = key.public_key().public_bytes_raw().hex()
    return b"\n".join((anchor.text, public.encode(), key.sign(SIGNED + anchor.text).hex().encode(), b""))


def opened(file: bytes, trusted: Sequence[Ed25519PublicKey]) -> Anchor:
    """Return the anchor in a file that one of the trusted keys signed. Raises AnchorRefused."""
    if len(file) > TEXT_MAX:
        raise AnchorRefused("it is too long for an anchor")
    lines = file.replace(b"\r\n", b"\n").rstrip(b"\n").split(b"\n")
    if len(lines) != 3:
        raise AnchorRefused("it is no anchor")
    text, _public, signature = lines
    if not any(_is_signed(text, signature, key) for key in trusted):
        raise AnchorRefused("no key of this service signed it: it is forged, or was changed")
    return _read(text)


def _is_signed(text: bytes, signature: bytes, key: Ed25519PublicKey) -> bool:
    try:
        key.verify(bytes.fromhex(signature.decode("ascii")), SIGNED + text)
    except (InvalidSignature, ValueError):
        return False
    return True


def _read(text: bytes) -> Anchor:
    try:
        told: dict[str, Any] = json.loads(text)
        if told["format"] != FORMAT:
            raise AnchorRefused(f"it has form {told['format']}, which this version does not know")
        audit, books = told.pop("audit"), told.pop("books")
        records = [EpochHead(**each) for each in told.pop("records")]
        heads = AuditHead(**audit) if audit else None
        return Anchor(**told, records=records, audit=heads, books=Books(**books) if books else None)
    except (KeyError, TypeError, ValueError) as error:
        raise AnchorRefused("it is no anchor") from error
