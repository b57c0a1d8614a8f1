"""A node's files: what is wrong in them is refused with its place and what to do, and without its secrets."""

import json
from pathlib import Path
from typing import Any

import pytest

from firmware.node.settings import Bundle, GateSettings, SettingsRefused, load

SECRET = "5e" * 32
BUNDLE: dict[str, Any] = {
    "version": 1, "device": "gate-1", "school": "alm005", "shard": 7, "secret": SECRET, "roster_public_key": "00" * 32,
    "card_key": "20" * 32,
    "cloud": {"mqtt_host": "cloud.example", "mqtt_port": 8883, "mqtt_tls": True, "http_url": "https://cloud.example"},
    "hub": {"device": "hub-1", "mqtt_host": "10.0.0.2", "mqtt_port": 8883, "mqtt_tls": True},
    "ca_pem": "ca", "certificate_pem": "certificate", "key_pem": "key",
}  # fmt: skip
NODE: dict[str, Any] = {
    "board": "gate_esp32s3", "gate": "main", "direction": "in", "wifi": {"ssid": "school", "password": "pass word"},
}  # fmt: skip


def test_a_bundle_of_the_cloud_is_read() -> None:
    bundle = Bundle(BUNDLE)

    assert (bundle.device, bundle.shard, bundle.secret.hex()) == ("gate-1", 7, SECRET)
    assert (bundle.cloud.host, bundle.cloud.port, bundle.cloud.is_tls, bundle.cloud.name) == (
        "cloud.example", 8883, True, None,
    )  # fmt: skip
    assert bundle.hub is not None
    assert bundle.hub.name == "hub-1"


def test_a_gate_needs_few_words() -> None:
    gate = GateSettings(NODE)

    assert (gate.gate, gate.direction, gate.ssid, gate.open_ms) == ("main", "in", "school", 300)
    assert (gate.has_sensor, gate.has_scanner, gate.roster_missing, gate.disk_full) == (True, False, "deny", "open")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"gate": ""}, "node.json: gate must be text of 1 to 16 characters"),
        ({"direction": "up"}, "node.json: direction must be one of in, out"),
        ({"open_ms": 50}, "node.json: open_ms must be a whole number from 100 to 10000"),
        ({"open_ms": True}, "node.json: open_ms must be a whole number from 100 to 10000"),
        ({"has_sensor": 1}, "node.json: has_sensor must be true or false"),
        ({"wifi": {"ssid": ""}}, "node.json: wifi: ssid must be text of 1 to 32 characters"),
        ({"wifi": {"ssid": "x", "pasword": "p"}}, "node.json: wifi: pasword is not known"),
        ({"opne_ms": 300}, "node.json: opne_ms is not known: mend its name or take it out"),
        ({"wifi": []}, "node.json: wifi must be an object"),
    ],
)
def test_a_wrong_member_is_named(changed: dict[str, object], why: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        GateSettings(NODE | changed)

    assert str(refused.value).startswith(why)


@pytest.mark.parametrize(
    "changed",
    [
        {"secret": SECRET[:-1]}, {"secret": SECRET[:-2] + "xx"}, {"secret": None}, {"card_key": 7}, {"shard": 64},
        {"device": "x"}, {"cloud": None}, {"cloud": {"mqtt_host": "x"}}, {"key_pem": None},
    ],
)  # fmt: skip
def test_a_wrong_bundle_is_refused_without_its_secrets(changed: dict[str, object]) -> None:
    with pytest.raises(SettingsRefused) as refused:
        Bundle(BUNDLE | changed)

    assert "bundle.json: " in str(refused.value)
    assert SECRET[:8] not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "why"), [(None, "not there"), ("{", "not JSON"), ("[]", "not one JSON object"), ("x" * 30_000, "24 KiB")]
)
def test_a_file_that_is_none_is_refused_with_what_to_do(tmp_path: Path, text: str | None, why: str) -> None:
    path = tmp_path / "node.json"
    if text is not None:
        path.write_text(text)

    with pytest.raises(SettingsRefused, match=why):
        load(str(path))


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "node.json").write_text(json.dumps(NODE))

    assert load(str(tmp_path / "node.json")) == NODE
