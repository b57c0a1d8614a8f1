"""A gate that stands alone at the cloud's own broker, over mutual TLS, with a certificate that ages."""

import json
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from cloud.core.clock import SystemClock
from tests.contract.test_renewing import DAY, DEVICE, Cloud, _cloud
from tests.firmware.node.board_kit import node_board

__all__ = ["_cloud"]  # a fixture
UID = bytes.fromhex("04a1b2c3d4e5f6")


@pytest.fixture(name="clock")
def _clock() -> SystemClock:
    """Let the cloud go by the real time, as the certificates do."""
    return SystemClock()


async def test_fault_41_a_node_comes_over_tls_renews_its_ageing_certificate_and_comes_with_the_new_one(
    cloud: Cloud,
) -> None:
    await cloud.bundle(cloud.services.clock.now() - 20 * DAY)
    bundle = json.loads((cloud.folder / "bundle.json").read_text())
    key = load_pem_private_key(bundle["key_pem"].encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, DEVICE)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, SHA256())

    async with (
        cloud.ingest(),
        node_board(
            cloud.folder / "board", bundle, csr_pem=request.public_bytes(Encoding.PEM).decode(), roster_missing="allow"
        ) as board,
    ):
        held = cloud.folder / "board" / "bundle.json"
        await board.until("renewed")
        await board.tap(UID)

    new = x509.load_pem_x509_certificate(json.loads(held.read_text())["certificate_pem"].encode())
    assert new.not_valid_after_utc > cloud.services.clock.now() + timedelta(29)
    assert not (cloud.folder / "board" / "renewed.json").exists()
    assert await cloud.records() >= 2
