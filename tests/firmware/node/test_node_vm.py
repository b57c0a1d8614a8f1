"""The microcontroller's programs as they run on MicroPython itself, with a board's memory."""

import json
from pathlib import Path

import pytest

from tests.contract.test_tls import secure_bundle
from tests.edge_agent.sync.test_hub_tls import FAR
from tests.faults.test_wire import DAY, NOW, Ca, secured
from tests.firmware.node.board_kit import HEAP, PROGRAM
from tests.firmware.node.test_standalone import PLAIN
from tests.firmware.vm import ProgramFailed, run_vm
from tests.servers.mosquitto import Mosquitto, mosquitto

HERE = Path(__file__).parent
TLS = HERE / "tls_conversation.py"
NO_POINT = "02" + "00" * 31


def test_a_gate_whose_key_for_passes_is_none_says_so_at_its_start(tmp_path: Path) -> None:
    (tmp_path / "bundle.json").write_text(json.dumps(PLAIN | {"roster_public_key": NO_POINT}))
    gate = {"board": "gate_esp32s3", "gate": "main", "direction": "in", "reader": "pn532-i2c", "has_scanner": True}
    (tmp_path / "node.json").write_text(json.dumps(gate))
    (tmp_path / "uart2").touch()

    with pytest.raises(ProgramFailed, match=r"bundle\.json: roster_public_key: .*: enrol the node again"):
        run_vm(str(PROGRAM), str(tmp_path), board=tmp_path, heap=HEAP)


def test_the_mqtt_client_speaks_with_mosquitto_from_micropython(mosquitto_server: Mosquitto) -> None:
    told = run_vm(str(HERE / "mqtt_conversation.py"), str(mosquitto_server.port))

    assert told.splitlines() == ["5 of 5 messages came back", "closed"]


def test_mutual_tls_with_mosquitto_fits_into_a_boards_memory(tmp_path: Path) -> None:
    ca = Ca("ours")
    with mosquitto(secured(tmp_path, ca, NOW - DAY, FAR)) as server:
        made = tmp_path / "bundle.json"
        made.write_text(json.dumps(secure_bundle(tmp_path, server.port, ca)))

        told = run_vm(str(TLS), str(made), "localhost")

    assert told.splitlines() == ["came back 900"]


def test_fault_25_a_broker_with_another_name_or_authority_gets_nothing_and_the_next_attempt_may_be_ours(
    tmp_path: Path,
) -> None:
    ours, theirs = Ca("ours"), Ca("theirs")
    with mosquitto(secured(tmp_path, ours, NOW - DAY, FAR)) as server:
        made = secure_bundle(tmp_path, server.port, ours)
        (tmp_path / "ours.json").write_text(json.dumps(made))
        (tmp_path / "theirs.json").write_text(json.dumps(made | {"ca_pem": theirs.pem}))

        lied = run_vm(str(TLS), str(tmp_path / "ours.json"), "hub-1", "localhost")
        foreign = run_vm(str(TLS), str(tmp_path / "theirs.json"), "localhost")

    assert "does not match" in lied
    assert lied.endswith("came back 900\n")
    assert "not correctly signed by the trusted CA" in foreign
    assert "came back" not in foreign
