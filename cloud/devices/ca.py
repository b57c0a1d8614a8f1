"""The certification authority: an offline root, an online intermediate, and the certificates it gives out.

Rule: the root's key is encrypted with a passphrase that is shown once, and belongs on a medium in a safe; the
intermediate's key is encrypted by the vault. All keys are P-256, which microcontrollers manage too.
"""

import hashlib
import ipaddress
import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cloud.core.vault import Vault, key_id_of
from cloud.devices.errors import CaExists, CaMissing, CsrRefused
from schemas.enrolment import pin_of

DEVICE_LASTS = timedelta(days=30)
SERVER_LASTS = timedelta(days=397)
INTERMEDIATE_LASTS = timedelta(days=5 * 365)
ROOT_LASTS = timedelta(days=20 * 365)
EARLY = timedelta(days=1)  # certificates begin a day ago, for clocks that are behind
SEALED_KEY = "ca.intermediate"  # context of the vault
_DEVICE = (ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH)
INGEST = "esik.ingest"  # name of this service at the broker; no device's name has a dot


@dataclass(frozen=True, slots=True, repr=False)
class Issued:
    """A certificate with its chain, its private key, and what the registry notes of it.

    `key_pem` is empty when somebody else has the private key; `key_digest` is that of the public one.
    """

    certificate_pem: str
    key_pem: str
    serial: str
    until: datetime
    key_digest: str


class Authority:
    """The online half: gives out certificates by the intermediate's key."""

    def __init__(self, root: x509.Certificate, own: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self._root, self._own, self._key = root, own, key

    @classmethod
    def load(cls, folder: Path, vault: Vault) -> "Authority":
        """Read the authority of a folder. Raises CaMissing."""
        try:
            root = x509.load_pem_x509_certificate((folder / "root.pem").read_bytes())
            own = x509.load_pem_x509_certificate((folder / "intermediate.pem").read_bytes())
            sealed = (folder / "intermediate.key").read_bytes()
        except FileNotFoundError:
            raise CaMissing(str(folder)) from None
        key = serialization.load_der_private_key(vault.decrypt_bytes(sealed, SEALED_KEY), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey), "init writes no other"  # noqa: S101
        return cls(root, own, key)

    @property
    def root_pem(self) -> str:
        """Return the certificate that everything is checked against."""
        return _pem(self._root)

    @property
    def pin(self) -> str:
        """Return what an enrolment code names the root by."""
        return pin_of(self._root.public_bytes(serialization.Encoding.DER))

    @property
    def bundle_pem(self) -> str:
        """Return root and intermediate, for brokers that check clients which send no chain."""
        return _pem(self._root) + _pem(self._own)

    def for_device(self, name: str, now: datetime) -> Issued:
        """Issue a device's certificate: for both sides of a connection, since a hub serves its peers by it."""
        return self._issue(name, [name], _DEVICE, now, DEVICE_LASTS)

    def for_key(self, name: str, key: ec.EllipticCurvePublicKey, now: datetime) -> Issued:
        """Issue a device's certificate for a key that it has already."""
        return self._certify(name, [name], _DEVICE, now, DEVICE_LASTS, key)

    def for_server(self, names: Sequence[str], now: datetime) -> Issued:
        """Issue a server's certificate for host names and addresses."""
        return self._issue(names[0], names, (ExtendedKeyUsageOID.SERVER_AUTH,), now, SERVER_LASTS)

    def for_ingest(self, now: datetime) -> Issued:
        """Issue this service's certificate for the broker."""
        return self._issue(INGEST, [INGEST], (ExtendedKeyUsageOID.CLIENT_AUTH,), now, SERVER_LASTS)

    def revocations(self, serials: Iterable[str], now: datetime) -> str:
        """Return the list of revoked certificates, PEM. It ends with the authority: an old one must shut nobody out."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._own.subject)
            .last_update(now - EARLY)
            .next_update(self._own.not_valid_after_utc)
        )
        for serial in sorted(serials):
            revoked = x509.RevokedCertificateBuilder().serial_number(int(serial, 16)).revocation_date(now - EARLY)
            builder = builder.add_revoked_certificate(revoked.build())
        return builder.sign(self._key, SHA256()).public_bytes(serialization.Encoding.PEM).decode()

    def _issue(
        self, name: str, names: Sequence[str], usages: Sequence[x509.ObjectIdentifier], now: datetime, lasts: timedelta
    ) -> Issued:
        key = ec.generate_private_key(ec.SECP256R1())
        certified = self._certify(name, names, usages, now, lasts, key.public_key())
        return replace(certified, key_pem=_key_pem(key).decode())

    def _certify(
        self,
        name: str,
        names: Sequence[str],
        usages: Sequence[x509.ObjectIdentifier],
        now: datetime,
        lasts: timedelta,
        key: ec.EllipticCurvePublicKey,
    ) -> Issued:
        until = min(now + lasts, self._own.not_valid_after_utc)
        builder = (
            _builder(name, self._own.subject, key, now, until)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(x509.SubjectAlternativeName([_general(each) for each in names]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        certificate = builder.sign(self._key, SHA256())
        serial = f"{certificate.serial_number:x}"
        return Issued(_pem(certificate) + _pem(self._own), "", serial, until, key_digest(key))


def init(folder: Path, vault: Vault, now: datetime) -> str:
    """Make root and intermediate; return the passphrase of the root's key, which is kept nowhere. Raises CaExists."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if (folder / "root.pem").exists():
        raise CaExists(str(folder))
    passphrase = "-".join(secrets.token_hex(3) for _ in range(6))
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _authority("Esik root", None, root_key, root_key, now, ROOT_LASTS)
    own = _authority("Esik intermediate", root, key, root_key, now, INTERMEDIATE_LASTS)
    locked = _key_pem(root_key, serialization.BestAvailableEncryption(passphrase.encode()))
    der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_private(folder / "root.key", locked)
    write_private(folder / "intermediate.key", vault.encrypt_bytes(der, SEALED_KEY))
    write_private(folder / "intermediate.pem", _pem(own).encode())
    write_private(folder / "root.pem", _pem(root).encode())
    return passphrase


def read_root(folder: Path) -> str:
    """Return the root certificate of a folder, PEM; it is no secret. Raises CaMissing."""
    try:
        return _pem(x509.load_pem_x509_certificate((folder / "root.pem").read_bytes()))
    except FileNotFoundError:
        raise CaMissing(str(folder)) from None


def key_digest(key: ec.EllipticCurvePublicKey) -> str:
    """Return the SHA-256, in hex, of a public key as it stands in certificates."""
    spki = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).hexdigest()


def requested_key(csr: bytes, name: str) -> ec.EllipticCurvePublicKey:
    """Return the key of a device's certification request (PEM), which is signed by it. Raises CsrRefused."""
    try:
        request = x509.load_pem_x509_csr(csr)
        names = [str(part.value) for part in request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        key, is_signed = request.public_key(), request.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CsrRefused("it cannot be read") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise CsrRefused("its key is not of P-256")
    if not is_signed:
        raise CsrRefused("it is not signed by its key")
    if names != [name]:
        raise CsrRefused("its common name is not the device's name")
    return key


def reseal_intermediate(folder: Path, vault: Vault) -> None:
    """Seal the intermediate's key with the newest key of the vault, where there is one that another sealed."""
    path = folder / "intermediate.key"
    if path.exists() and key_id_of(sealed := path.read_bytes()) != vault.newest_key_id:
        write_private(path, vault.encrypt_bytes(vault.decrypt_bytes(sealed, SEALED_KEY), SEALED_KEY))


def write_private(path: Path, content: bytes) -> None:
    """Write a file that nobody but its owner reads, whole or not at all."""
    temporary = path.with_name(path.name + ".new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _authority(
    name: str,
    issuer: x509.Certificate | None,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    now: datetime,
    lasts: timedelta,
) -> x509.Certificate:
    subject = _name(name)
    return (
        _builder(name, issuer.subject if issuer else subject, key.public_key(), now, now + lasts)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0 if issuer else 1), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, SHA256())
    )


def _builder(
    name: str, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLY)
        .not_valid_after(until)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=not signs_certificates, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(
    key: ec.EllipticCurvePrivateKey,
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption(),  # noqa: B008 (immutable)
) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
