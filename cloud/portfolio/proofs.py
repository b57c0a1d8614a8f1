"""Proofs of credentials: Data Integrity with the cryptosuite eddsa-jcs-2022 (W3C, VC Data Integrity EdDSA 1.0). Pure.

Rule: a document of ours holds texts, truths, lists and objects alone, with names in ASCII: of these Python's own
sorted JSON is the canonical form of RFC 8785, and another program checks what is signed.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

Json = str | bool | list["Json"] | dict[str, "Json"]
Document = dict[str, Json]
SUITE = "eddsa-jcs-2022"
_LETTERS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ED25519 = b"\xed\x01"  # what a public key begins with (Multikey)


def signed(document: Document, key: Ed25519PrivateKey, method: str, at: datetime) -> Document:
    """Return a document with a proof by a key, whose address is `method`."""
    proof: Document = {
        "type": "DataIntegrityProof", "cryptosuite": SUITE, "created": instant(at), "verificationMethod": method,
        "proofPurpose": "assertionMethod", "@context": document["@context"],
    }  # fmt: skip
    proof["proofValue"] = _multibase(key.sign(_hashed(document, proof)))
    return {**document, "proof": proof}


def holds(document: Mapping[str, Json], public: bytes) -> bool:
    """Tell whether a document is as it was when it was signed by the owner of a public key."""
    proof = document.get("proof")
    if not isinstance(proof, dict):
        return False
    bare = {name: value for name, value in document.items() if name != "proof"}
    told = {name: value for name, value in proof.items() if name != "proofValue"}
    try:
        value = proof["proofValue"]
        Ed25519PublicKey.from_public_bytes(public).verify(_unmultibase(str(value)), _hashed(bare, told))
    except (InvalidSignature, KeyError, ValueError):
        return False
    return told.get("cryptosuite") == SUITE and told.get("@context") == bare.get("@context")


def multikey(public: bytes) -> str:
    """Return a public key as controller documents write it: z6Mk..."""
    return _multibase(_ED25519 + public)


def canonical(document: Mapping[str, Json]) -> bytes:
    """Return the canonical form of a document (RFC 8785)."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def instant(at: datetime) -> str:
    """Return an instant as documents write it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _hashed(document: Mapping[str, Json], proof: Mapping[str, Json]) -> bytes:
    return hashlib.sha256(canonical(proof)).digest() + hashlib.sha256(canonical(document)).digest()


def _multibase(octets: bytes) -> str:
    """Return octets in base58 as Bitcoin writes it, after the letter z that says so."""
    number, letters = int.from_bytes(octets), ""
    while number:
        number, rest = divmod(number, len(_LETTERS))
        letters = _LETTERS[rest] + letters
    return "z" + _LETTERS[0] * (len(octets) - len(octets.lstrip(b"\0"))) + letters


def _unmultibase(text: str) -> bytes:
    """Return the octets. Raises ValueError for other letters."""
    if not text.startswith("z"):
        raise ValueError("not base58 in multibase")
    number, letters = 0, text[1:]
    for letter in letters:
        number = number * len(_LETTERS) + _LETTERS.index(letter)
    zeros = len(letters) - len(letters.lstrip(_LETTERS[0]))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8)
