"""A bundle is read as its schema says, kept from others' eyes, and never shown."""

import json
from pathlib import Path
from typing import Any

import pytest

from edge_agent.bundle import BundleRefused, read_bundle
from edge_agent.certificates import Certificates

VECTORS = json.loads((Path(__file__).parents[2] / "schemas/vectors/bundles.json").read_text())


def written(tmp_path: Path, bundle: object) -> Path:
    path = tmp_path / "bundle.json"
    path.write_text(json.dumps(bundle))
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("given", VECTORS["valid"])
def test_a_bundle_of_the_contract_is_taken(tmp_path: Path, given: dict[str, Any]) -> None:
    bundle = read_bundle(written(tmp_path, given))

    assert bundle.device == given["device"]
    assert bundle.secret.hex() == given["secret"]
    assert bundle.cloud_broker.is_tls is given["cloud"]["mqtt_tls"]


@pytest.mark.parametrize("wrong", VECTORS["refused"], ids=lambda wrong: wrong["what"])
def test_what_the_contract_refuses_is_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(BundleRefused, match="esik cloud device add"):
        read_bundle(written(tmp_path, wrong["bundle"]))


def test_secrets_that_others_may_read_are_refused_with_the_command_that_mends_it(tmp_path: Path) -> None:
    path = written(tmp_path, VECTORS["valid"][0])
    path.chmod(0o640)

    with pytest.raises(BundleRefused, match=f"chmod 600 {path}"):
        read_bundle(path)


def test_a_bundle_that_is_not_there_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(BundleRefused, match=r"No such file.*esik cloud device add"):
        read_bundle(tmp_path / "none.json")


def test_a_bundle_shows_no_secret_of_itself(tmp_path: Path) -> None:
    bundle = read_bundle(written(tmp_path, VECTORS["valid"][0]))

    assert repr(bundle) == "Bundle(gate-1 of alm005)"


def test_certificates_are_written_for_nobody_else(tmp_path: Path) -> None:
    with_tls = next(bundle for bundle in VECTORS["valid"] if bundle["key_pem"])

    held = Certificates(read_bundle(written(tmp_path, with_tls)), tmp_path / "tls")

    assert held.is_usable
    assert held.files.key.stat().st_mode & 0o777 == 0o600
    assert held.files.key.read_text() == with_tls["key_pem"]
