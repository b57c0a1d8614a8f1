"""The certification authority, judged by OpenSSL's own TLS."""

import contextlib
import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cloud.core.clock import SystemClock
from cloud.core.vault import Vault, VaultLocked
from cloud.devices.ca import DEVICE_LASTS, INGEST, Authority, Issued, init
from cloud.devices.errors import CaExists, CaMissing
from edge_agent.sync.tls import common_name

VAULT = Vault(bytes(32))
NOW = SystemClock().now()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    init(tmp_path / "ca", VAULT, NOW)
    return Authority.load(tmp_path / "ca", VAULT)


def test_the_roots_key_opens_with_its_passphrase_only_and_no_key_can_be_read_by_others(tmp_path: Path) -> None:
    passphrase = init(tmp_path / "ca", VAULT, NOW)

    locked = (tmp_path / "ca" / "root.key").read_bytes()
    assert isinstance(serialization.load_pem_private_key(locked, passphrase.encode()), ec.EllipticCurvePrivateKey)
    with pytest.raises(ValueError, match="password"):
        serialization.load_pem_private_key(locked, b"guess")
    assert {file.stat().st_mode & 0o077 for file in (tmp_path / "ca").iterdir()} == {0}
    with pytest.raises(VaultLocked):
        Authority.load(tmp_path / "ca", Vault(b"x" * 32))


def test_an_authority_is_never_written_over_and_a_missing_one_is_told_with_the_command(tmp_path: Path) -> None:
    with pytest.raises(CaMissing, match="esik cloud ca init"):
        Authority.load(tmp_path / "ca", VAULT)
    init(tmp_path / "ca", VAULT, NOW)
    with pytest.raises(CaExists):
        init(tmp_path / "ca", VAULT, NOW)


def test_a_device_certificate_bears_its_name_and_lasts_thirty_days(authority: Authority) -> None:
    issued = authority.for_device("almaty5-gate-1", NOW)

    certificate = x509.load_pem_x509_certificate(issued.certificate_pem.encode())
    assert certificate.subject.rfc4514_string() == "CN=almaty5-gate-1"
    assert certificate.not_valid_after_utc - NOW <= DEVICE_LASTS
    assert certificate.not_valid_after_utc - NOW > DEVICE_LASTS - timedelta(seconds=2)
    assert f"{certificate.serial_number:x}" == issued.serial
    assert "." in INGEST


def test_device_and_server_accept_each_other_over_tls_and_nobody_elses(authority: Authority, tmp_path: Path) -> None:
    names = ["localhost", "127.0.0.1"]
    server = _context(ssl.PROTOCOL_TLS_SERVER, authority, authority.for_server(names, NOW), tmp_path)
    server.verify_mode = ssl.CERT_REQUIRED
    device = _context(ssl.PROTOCOL_TLS_CLIENT, authority, authority.for_device("gate-1", NOW), tmp_path)
    init(tmp_path / "other", VAULT, NOW)
    other = Authority.load(tmp_path / "other", VAULT)
    stranger = _context(ssl.PROTOCOL_TLS_CLIENT, authority, other.for_device("gate-1", NOW), tmp_path)

    assert _name_seen(server, device, "127.0.0.1") == "gate-1"
    assert _name_seen(server, device, "localhost") == "gate-1"
    with pytest.raises(ssl.SSLError):
        _name_seen(server, stranger, "localhost")
    with pytest.raises(ssl.SSLError):
        _name_seen(server, device, "elsewhere")


def _context(kind: int, authority: Authority, issued: Issued, folder: Path) -> ssl.SSLContext:
    certificate, key = folder / f"{issued.serial}.pem", folder / f"{issued.serial}.key"
    certificate.write_text(issued.certificate_pem)
    key.write_text(issued.key_pem)
    made = ssl.SSLContext(kind)
    made.load_verify_locations(cadata=authority.root_pem)
    made.load_cert_chain(certificate, key)
    return made


def _name_seen(server_side: ssl.SSLContext, client_side: ssl.SSLContext, host: str) -> str:
    """Shake hands in memory; return the common name that the server saw."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_side.wrap_bio(up, down, server_side=True)
    client = client_side.wrap_bio(down, up, server_hostname=host)
    for end in (client, server) * 4:
        with contextlib.suppress(ssl.SSLWantReadError):
            end.do_handshake()
    return common_name(server.getpeercert() or {})
