"""A cloud's authority for tests of a device's certificates, and the device's bundle."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from cloud.core.vault import Vault
from cloud.devices.ca import Authority, init
from edge_agent.bundle import Bundle, CloudPlace

DEVICE = "gate-1"
DAY = timedelta(days=1)
BEGAN = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)
PLACE = CloudPlace("esik.example", 8883, True, "https://esik.example")
VAULT = Vault(bytes(32))


@dataclass(frozen=True, slots=True)
class Issuing:
    """An authority that was made long ago."""

    authority: Authority

    @classmethod
    def begin(cls, folder: Path) -> "Issuing":
        init(folder, VAULT, BEGAN - 30 * DAY)
        return cls(Authority.load(folder, VAULT))

    def bundle(self, device: str = DEVICE, at: datetime = BEGAN) -> Bundle:
        """Return a bundle of a device that was added at an instant."""
        issued = self.authority.for_device(device, at)
        pems = self.authority.root_pem, issued.certificate_pem, issued.key_pem
        return Bundle(device, "alm005", 7, bytes(range(32)), bytes(32), bytes(32), PLACE, None, *pems)

    def answer(self, bundle: Bundle, at: datetime, *, key: ec.EllipticCurvePublicKey | None = None) -> bytes:
        """Return what the cloud answers to a renewal."""
        issued = self.authority.for_key(bundle.device, key or key_of(bundle), at)
        return json.dumps({"certificate_pem": issued.certificate_pem, "ca_pem": self.authority.root_pem}).encode()


def key_of(bundle: Bundle) -> ec.EllipticCurvePublicKey:
    key = load_pem_private_key((bundle.key_pem or "").encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key.public_key()


def ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def serial_in(file: Path) -> str:
    """Return the serial number of the certificate in a file, as TLS would show it."""
    return f"{x509.load_pem_x509_certificate(file.read_bytes()).serial_number:x}"
