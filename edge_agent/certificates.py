"""The certificate this device shows, and the one before it: from the bundle at first, renewed ever after.

Rule: what was renewed stands in one file, put in place at one instant; the files that OpenSSL and the hub's broker read
are made from it. The certificate before is kept until somebody has welcomed us with the new one.
"""

import contextlib
import os
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Annotated

import msgspec
import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID
from msgspec import Meta, Struct

from edge_agent.bundle import Bundle
from edge_agent.sync.hub import TlsFiles
from edge_agent.sync.tls import Credentials

RENEWED, BEFORE = "renewed.json", "renewed.before.json"
FILE_BYTES_MAX = 64 * 1024
DAY_MS = 86_400_000
_SPREAD = 0x10000  # of the serial number's last digits, over which renewals of a country are spread
_CHAIN_MAX = 4
log = structlog.get_logger()


class CertificateRefused(ValueError):
    """What came is no certificate of ours that could be used; the text says why."""


class Urgency(IntEnum):
    """How much a certificate wants to be renewed."""

    RESTS = 0
    DUE = 1  # half of its time has passed, and its own share of what follows
    URGENT = 2  # less than a third is left
    OVER = 3


class Renewed(Struct, frozen=True):
    """What the cloud answers, and what is kept of it: schemas/documents/certificate.schema.json."""

    certificate_pem: Annotated[str, Meta(min_length=27, max_length=16_384)]
    ca_pem: Annotated[str, Meta(min_length=27, max_length=16_384)]


@dataclass(frozen=True, slots=True)
class Held:
    """A certificate of this device with its chain, what others are checked against, and its time."""

    renewed: Renewed
    serial: str
    begins_ms: int
    ends_ms: int

    def urgency(self, now_ms: int) -> Urgency:
        """Return how urgent its renewal is; devices differ by their serial numbers, so as not to come all at once."""
        lasts_ms = self.ends_ms - self.begins_ms
        share = int(self.serial, 16) % _SPREAD
        if now_ms >= self.ends_ms:
            return Urgency.OVER
        if now_ms > self.begins_ms + lasts_ms * 2 // 3:
            return Urgency.URGENT
        due_ms = self.begins_ms + lasts_ms // 2 + lasts_ms * share // (10 * _SPREAD)
        return Urgency.DUE if now_ms >= due_ms else Urgency.RESTS

    def days_left(self, now_ms: int) -> float:
        """Return for how many days it is still good; negative after its end."""
        return (self.ends_ms - now_ms) / DAY_MS


class Certificates:
    """Holds them; its calls that write block for an fsync or two."""

    def __init__(self, bundle: Bundle, folder: Path) -> None:
        self._bundle = bundle
        self._folder = folder
        self._key = _key_of(bundle)
        self.files = TlsFiles(folder / "ca.pem", folder / "certificate.pem", folder / "key.pem")
        self._before: Held | None = None  # the one before the newest, until that has worked
        self.newest = self._load()
        self.current = self.newest  # the one that is shown: the newest, or for a turn the one before
        self.is_usable = self._try_to_show()

    @property
    def is_proven(self) -> bool:
        """Tell whether the newest has been welcomed, or there is no other."""
        return self._before is None

    def credentials(self) -> Credentials | None:
        """Return what the next TLS connection is made with, or None when this device has no certificates."""
        if not self.is_usable:
            return None
        ca_pem = self.current.renewed.ca_pem if self.current is not None else self._bundle.ca_pem
        serial = self.current.serial if self.current is not None else ""
        return Credentials(ca_pem or "", self.files.certificate, self.files.key, serial)

    def request(self) -> bytes:
        """Return a certification request by the bundle's key, PEM."""
        assert self._key is not None, "asked for only while there is a certificate"  # noqa: S101
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self._bundle.device)])
        request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(self._key, SHA256())
        return request.public_bytes(Encoding.PEM)

    def take(self, answer: bytes) -> Held:
        """Go by a new certificate from now on, and keep the old one.

        Raises CertificateRefused, or OSError when the disk does not take it; then the old one goes on being shown.
        """
        taken, newest = self._opened(answer), self.newest
        if newest is not None and taken.ends_ms <= newest.ends_ms:
            raise CertificateRefused("it ends no later than the one we have")
        before = newest if self.is_proven else self._before
        if before is not None:
            _put(self._folder / BEFORE, msgspec.json.encode(before.renewed))
        _put(self._folder / RENEWED, msgspec.json.encode(taken.renewed))
        self._show(taken)
        self.newest, self._before = taken, before
        return taken

    def turn(self, now_ms: int) -> bool:
        """Show the other one of two, since nobody welcomes us with this; tell whether there was one that lasts."""
        other = self._before if self.current is self.newest else self.newest
        if self._before is None or other is None or other.ends_ms <= now_ms:
            return False
        self._show(other)
        return True

    def is_tried(self, serial: str) -> bool:
        """Tell whether a welcome with this one (empty: without any) says which of two works.

        One with the old says nothing until the new one has been shown for a while.
        """
        return serial in ("", _serial(self.newest)) or (
            self.current is self._before and serial == _serial(self._before)
        )

    def worked(self, serial: str) -> bool:
        """Keep only the one with which we were welcomed; tell whether it is the newest."""
        is_newest = serial in ("", _serial(self.newest))
        kept = self.newest if is_newest else self._before
        if kept is not None:
            _put(self._folder / RENEWED, msgspec.json.encode(kept.renewed))
        self._show(kept)
        self.newest = kept
        with contextlib.suppress(OSError):  # then it is found again at the next start, and forgotten then
            (self._folder / BEFORE).unlink(missing_ok=True)
        self._before = None
        return is_newest

    # What stands on the disk

    def _load(self) -> Held | None:
        """Return the one that ends last, of those for the bundle's key; a bundle that was made anew has another."""
        renewed, before = self._read(RENEWED), self._read(BEFORE)
        given = self._given()
        if renewed is not None and before is not None and before.ends_ms < renewed.ends_ms:
            self._before = before
        known = [held for held in (renewed, before, given) if held is not None]
        newest = max(known, key=lambda held: held.ends_ms, default=None)
        if newest is not renewed:
            self._before = None
        return newest

    def _given(self) -> Held | None:
        """Return the bundle's own."""
        if self._key is None or self._bundle.certificate_pem is None or self._bundle.ca_pem is None:
            return None
        try:
            return self._checked(Renewed(self._bundle.certificate_pem, self._bundle.ca_pem))
        except CertificateRefused as error:
            log.warning("certificate.strange", error=str(error))
            return None

    def _read(self, name: str) -> Held | None:
        try:
            with (self._folder / name).open("rb") as file:
                return self._opened(file.read(FILE_BYTES_MAX))
        except FileNotFoundError:
            return None
        except (OSError, CertificateRefused) as error:
            log.warning("certificate.passed_over", file=name, error=str(error))
            return None

    def _opened(self, content: bytes) -> Held:
        try:
            return self._checked(msgspec.json.decode(content, type=Renewed))
        except msgspec.MsgspecError as error:
            raise CertificateRefused(f"it is not what a renewal is answered with: {error}") from error

    def _checked(self, renewed: Renewed) -> Held:
        """Return what a certificate says, if it is ours: our name, our key, signed by whom we would trust with it."""
        try:
            chain = x509.load_pem_x509_certificates(renewed.certificate_pem.encode())
            trusted = x509.load_pem_x509_certificates(renewed.ca_pem.encode())
            leaf = chain[0]
            names = [str(part.value) for part in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
            is_ours = self._key is not None and leaf.public_key() == self._key.public_key()
        except (ValueError, UnsupportedAlgorithm) as error:
            raise CertificateRefused("it cannot be read") from error
        if names != [self._bundle.device] or not is_ours:
            raise CertificateRefused("its name or its key is not this device's")
        if not _leads_to(trusted, chain[:_CHAIN_MAX]):
            raise CertificateRefused("its chain does not lead to the CA that came with it")
        begins_ms, ends_ms = (
            int(at.timestamp() * 1000) for at in (leaf.not_valid_before_utc, leaf.not_valid_after_utc)
        )
        return Held(renewed, f"{leaf.serial_number:x}", begins_ms, ends_ms)

    # What others read

    def _try_to_show(self) -> bool:
        """Write what OpenSSL and the hub's broker read; on a disk that takes nothing, what stands there will do."""
        if not (self._bundle.ca_pem and self._bundle.certificate_pem and self._bundle.key_pem):
            return False
        try:
            self._show(self.current)
        except OSError as error:
            log.error("certificates.unwritten", error=str(error))  # noqa: TRY400 # its words say all
            return self.files.key.exists()
        return True

    def _show(self, held: Held | None) -> None:
        shown = held.renewed if held is not None else self._bundle
        _put(self.files.ca, (shown.ca_pem or "").encode())
        _put(self.files.key, (self._bundle.key_pem or "").encode())
        _put(self.files.certificate, (shown.certificate_pem or "").encode())
        self.current = held


def _serial(held: Held | None) -> str:
    return held.serial if held is not None else ""


def _key_of(bundle: Bundle) -> ec.EllipticCurvePrivateKey | None:
    try:
        key = load_pem_private_key((bundle.key_pem or "").encode(), None)
    except (ValueError, TypeError):
        return None
    return key if isinstance(key, ec.EllipticCurvePrivateKey) else None


def _leads_to(trusted: list[x509.Certificate], chain: list[x509.Certificate]) -> bool:
    """Tell whether each of a chain is signed by the next, and the last by one that is trusted."""
    return all(map(_is_signed_by, chain, chain[1:])) and any(_is_signed_by(chain[-1], each) for each in trusted)


def _is_signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _put(path: Path, content: bytes) -> None:
    """Put a file that nobody else reads in place at one instant; one that says the same already is left alone."""
    with contextlib.suppress(OSError):
        if path.read_bytes() == content:
            return
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
