"""Proofs: the published example of the cryptosuite, and that a changed letter ends one."""

import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.portfolio.proofs import Document, canonical, holds, instant, multikey, signed

AT = datetime(2026, 9, 1, 3, 20, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
DOCUMENT: Document = {
    "@context": ["https://www.w3.org/ns/credentials/v2"], "name": 'Қазақша «ө» " \\ \n \u001f', "type": ["A", "B"],
    "hashed": False,
}  # fmt: skip


def test_what_is_signed_holds_and_one_changed_letter_ends_it() -> None:
    made = signed(DOCUMENT, KEY, "https://esik.test/schools/a/issuer#key-1", AT)

    assert holds(made, PUBLIC)
    assert not holds({**made, "name": "Қазақша"}, PUBLIC)
    assert not holds({**made, "more": "x"}, PUBLIC)
    assert not holds(DOCUMENT, PUBLIC)
    assert not holds(made, Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    assert not holds({**made, "@context": ["https://example.org"]}, PUBLIC)


@pytest.mark.parametrize("value", ["", "z", "z0OIl", "x123", "z" + "1" * 64])
def test_a_proof_that_is_no_signature_holds_nothing(value: str) -> None:
    made = json.loads(json.dumps(signed(DOCUMENT, KEY, "https://esik.test/schools/a/issuer#key-1", AT)))
    made["proof"]["proofValue"] = value

    assert not holds(made, PUBLIC)


def test_the_canonical_form_sorts_names_escapes_what_must_be_and_leaves_letters() -> None:
    assert canonical({"b": ["x", True], "a": 'ө "\\\n\u001f'}).decode() == '{"a":"ө \\"\\\\\\n\\u001f","b":["x",true]}'


# W3C, Data Integrity EdDSA Cryptosuites v1.0, B.3: a key, a document, and what eddsa-jcs-2022 makes of them.
PUBLISHED_KEY = Ed25519PrivateKey.from_private_bytes(
    bytes.fromhex("c96ef9ea10c5e414c471723aff9de72c35fa5b70fae97e8832ecac7d2e2b8ed6")
)
PUBLISHED_PUBLIC = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
PUBLISHED: Document = {
    "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"],
    "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
    "type": ["VerifiableCredential", "AlumniCredential"],
    "name": "Alumni Credential",
    "description": "A minimum viable example of an Alumni Credential.",
    "issuer": "https://vc.example/issuers/5678",
    "validFrom": "2023-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"},
}
PUBLISHED_PROOF = "z2HnFSSPPBzR36zdDgK8PbEHeXbR56YF24jwMpt3R1eHXQzJDMWS93FCzpvJpwTWd3GAVFuUfjoJdcnTMuVor51aX"


def test_the_published_example_comes_out_as_published() -> None:
    method = f"did:key:{PUBLISHED_PUBLIC}#{PUBLISHED_PUBLIC}"

    made = signed(PUBLISHED, PUBLISHED_KEY, method, datetime(2023, 2, 24, 23, 36, 38, tzinfo=UTC))

    assert isinstance(made["proof"], dict)
    assert made["proof"]["proofValue"] == PUBLISHED_PROOF
    assert multikey(PUBLISHED_KEY.public_key().public_bytes_raw()) == PUBLISHED_PUBLIC


def test_leading_zeros_of_octets_are_kept_and_instants_are_of_utc() -> None:
    assert multikey(b"\0") != multikey(b"\0\0")
    assert instant(AT) == "2026-09-01T03:20:00Z"
