"""The certificates of the broker and of this service at it: PEM files beside the authority, renewed in time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from cloud.devices.ca import Authority, Issued, write_private

RENEWED_BEFORE = timedelta(days=120)


@dataclass(frozen=True, slots=True)
class BrokerFiles:
    """PEM files: what clients are checked against, the broker's certificate and key, and this service's own."""

    ca: Path
    certificate: Path
    key: Path
    ingest_certificate: Path
    ingest_key: Path


def broker_files(folder: Path, authority: Authority, names: Sequence[str], now: datetime) -> BrokerFiles:
    """Return the files in a folder, issued anew where they are missing, end soon, or are for other names."""
    files = BrokerFiles(
        folder / "clients.pem", folder / "broker.pem", folder / "broker.key",
        folder / "ingest.pem", folder / "ingest.key",
    )  # fmt: skip
    write_private(files.ca, authority.bundle_pem.encode())
    _keep(files.certificate, files.key, set(names), now, lambda: authority.for_server(names, now))
    _keep(files.ingest_certificate, files.ingest_key, set(), now, lambda: authority.for_ingest(now))
    return files


def _keep(certificate: Path, key: Path, names: set[str], now: datetime, issue: Callable[[], Issued]) -> None:
    if key.exists() and _is_good(certificate, names, now):
        return
    issued = issue()
    write_private(key, issued.key_pem.encode())
    write_private(certificate, issued.certificate_pem.encode())


def _is_good(certificate: Path, names: set[str], now: datetime) -> bool:
    try:
        held = x509.load_pem_x509_certificate(certificate.read_bytes())
    except (FileNotFoundError, ValueError):
        return False
    if held.not_valid_after_utc - now < RENEWED_BEFORE:
        return False
    found = held.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    held_names = {str(name.value) for name in found}
    return names <= held_names
