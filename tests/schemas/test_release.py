"""Releases: only what the release key signed is read, and a file stands where it may and nowhere else."""

import json
from pathlib import Path, PurePosixPath
from typing import Any

import jsonschema
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from schemas import release
from schemas.generate import HERE, read
from schemas.release import ReleaseRefused, is_safe, open_manifest
from tests.schemas.release_vectors import KEY, manifest, signed

SCHEMA = jsonschema.Draft202012Validator(read(HERE / "documents/release.schema.json"))
VECTORS: dict[str, Any] = json.loads((HERE / "vectors/releases.json").read_text())


def verify(signature: bytes, message: bytes) -> bool:
    try:
        KEY.public_key().verify(signature, message)
    except InvalidSignature:
        return False
    return True


def test_a_signed_manifest_is_read_whole() -> None:
    found = open_manifest(VECTORS["manifest"].encode(), verify)

    assert (found.counter, found.product, found.board, found.version) == (7, "node", "esp32-s3", "0.4.0")
    assert [file.path for file in found.files] == ["main.py", "node/gate.py", "node/empty.py"]
    assert Ed25519PublicKey.from_public_bytes(bytes.fromhex(VECTORS["public_key"])) == KEY.public_key()
    SCHEMA.validate(json.loads(VECTORS["manifest"].partition("\n")[2]))


@pytest.mark.parametrize("place", [0, 64, 127, 140, 300, -1])
def test_fault_37_a_manifest_that_was_changed_anywhere_is_refused_by_its_signature(place: int) -> None:
    file = bytearray(VECTORS["manifest"].encode())
    file[place] ^= 1

    with pytest.raises(ReleaseRefused) as refused:
        open_manifest(bytes(file), verify)

    assert refused.value.reason == "signature"


def test_fault_37_a_manifest_that_another_key_signed_is_refused() -> None:
    other = release.pack(manifest(), Ed25519PrivateKey.generate().sign)

    with pytest.raises(ReleaseRefused, match="not signed by the release key"):
        open_manifest(other, verify)


def test_a_signature_over_something_else_of_the_same_bytes_is_worth_nothing() -> None:
    body = VECTORS["manifest"].partition("\n")[2].encode()
    bare = KEY.sign(body).hex().encode() + b"\n" + body

    with pytest.raises(ReleaseRefused, match="signature"):
        open_manifest(bare, verify)


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: vector["reason"])
def test_a_signed_manifest_that_nobody_should_use_is_refused_all_the_same(vector: dict[str, str]) -> None:
    with pytest.raises(ReleaseRefused) as refused:
        open_manifest(vector["file"].encode(), verify)

    assert refused.value.reason == vector["reason"]


def test_an_endless_or_deep_manifest_is_refused_before_it_is_read() -> None:
    for body in (b"[" * 200_000, b" " * (release.BODY_BYTES_MAX + 1)):
        with pytest.raises(ReleaseRefused, match="malformed"):
            open_manifest(signed(body), verify)


@given(path=st.text(alphabet="ab./\\~ \0:é", min_size=0, max_size=12))
def test_a_path_that_is_safe_stays_below_its_folder(path: str) -> None:
    if not is_safe(path):
        return

    joined = PurePosixPath("/r") / path
    assert joined.parts[:2] == ("/", "r")
    assert len(joined.parts) > 2
    assert ".." not in joined.parts
    assert Path(str(joined)).as_posix() == str(joined)


@given(
    body=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(manifest())), inner, max_size=9)
        ),
    )
)
def test_no_body_breaks_the_reader(body: object) -> None:
    with pytest.raises(ReleaseRefused):
        open_manifest(signed(json.dumps(body).encode()), verify)


@given(
    name=st.sampled_from(sorted(manifest())),
    value=st.none() | st.integers() | st.text(max_size=30) | st.lists(st.none()),
)
def test_what_the_reader_takes_the_schema_takes(name: str, value: object) -> None:
    changed = manifest(**{name: value})
    try:
        open_manifest(signed(json.dumps(changed).encode()), verify)
    except ReleaseRefused:
        return

    SCHEMA.validate(changed)
