"""The launcher's own Ed25519 says what the library says, on published vectors, on drawn ones, and on spoiled ones."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

FILE = Path(__file__).resolve().parents[2] / "deploy/edge/launcher/ed25519.py"
# RFC 8032, section 7.1, tests 1 to 3: public key, message, signature.
PUBLISHED = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe"
            "24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302a"
            "eeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28"
            "dc027beceea1ec40a"
        ),
    ),
]


def _module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("launcher_ed25519", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ed25519 = _module()


@pytest.mark.parametrize(("key", "message", "signature"), PUBLISHED)
def test_the_published_signatures_are_taken(key: str, message: str, signature: str) -> None:
    assert ed25519.verify(bytes.fromhex(key), bytes.fromhex(signature), bytes.fromhex(message))


@settings(max_examples=15)
@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=64), place=st.integers(0, 511))
def test_what_the_library_signs_is_taken_and_no_bit_of_it_may_differ(seed: bytes, message: bytes, place: int) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    key, signature = private.public_key().public_bytes_raw(), private.sign(message)
    spoiled = bytearray(signature)
    spoiled[place // 8] ^= 1 << place % 8

    assert ed25519.verify(key, signature, message)
    assert not ed25519.verify(key, bytes(spoiled), message)
    assert not ed25519.verify(key, signature, message + b"\0")


def test_a_signature_whose_number_is_too_large_is_no_second_signature() -> None:
    """Adding the order of the group gives another 32 bytes for the same number; only one of them may pass."""
    private = Ed25519PrivateKey.from_private_bytes(bytes(32))
    signature = private.sign(b"x")
    order = 2**252 + 27742317777372353535851937790883648493
    larger = (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")

    assert not ed25519.verify(private.public_key().public_bytes_raw(), signature[:32] + larger, b"x")


@pytest.mark.parametrize(
    "key", [b"", bytes(31), b"\xff" * 32, bytes([2]) + bytes(31), bytes([1]) + bytes(30) + b"\x80"]
)
def test_bytes_that_are_no_key_sign_nothing(key: bytes) -> None:
    assert not ed25519.verify(key, bytes(64), b"x")
