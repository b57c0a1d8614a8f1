"""The files of deploy/server are those that the code renders and takes: nothing in them can go stale."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from cloud.brokers.access import School, mosquitto_lines
from cloud.brokers.certificates import BrokerFiles
from cloud.brokers.mosquitto import MosquittoPlace, configuration
from cloud.cli import app
from cloud.core.settings import Edition, Settings
from cloud.core.settings_table import described

SERVER = Path(__file__).parents[2] / "deploy/server"
UNITS = sorted(SERVER.glob("*.service"))
BROKER = Path("/var/lib/esik/broker")
ESIK = "/opt/esik/.venv/bin/esik cloud "


def environment(file: Path) -> dict[str, str]:
    lines = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def command(words: list[str]) -> None:
    """Let the command line be read as `esik cloud` reads it, without doing anything. Raises what it would refuse."""
    found: Any = typer.main.get_command(app)
    while hasattr(found, "commands"):
        found, words = found.commands[words[0]], words[1:]
    found.make_context("esik", list(words))


def commands_of(unit: Path) -> list[list[str]]:
    lines = [line for line in unit.read_text().splitlines() if line.startswith("Exec") and ESIK in line]
    return [shlex.split(line.split(ESIK, 1)[1]) for line in lines]


def test_mosquittos_configuration_is_what_the_command_writes() -> None:
    names = ("clients.pem", "broker.pem", "broker.key", "ingest.pem", "ingest.key")
    place = MosquittoPlace(BROKER, 8883, ("mqtt.esik.example",))

    assert (SERVER / "mosquitto.conf").read_text() == configuration(
        place, BrokerFiles(*(BROKER / name for name in names))
    )
    assert (SERVER / "mosquitto.acl").read_text() == mosquitto_lines({"almaty5-hub": School(7, "almaty5")})


def test_the_environment_is_taken_and_names_the_files_that_the_broker_writes() -> None:
    settings = Settings.from_environment(environment(SERVER / "cloud.env.example"))

    assert settings.edition is Edition.SERVER
    assert settings.cookies_secure
    assert settings.mqtt_ca == settings.data / "ca" / "root.pem"
    assert (settings.mqtt_certificate, settings.mqtt_key) == (BROKER / "ingest.pem", BROKER / "ingest.key")


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_calls_commands_that_there_are(unit: Path) -> None:
    for words in commands_of(unit):
        command(words)


def test_the_units_together_are_the_whole_service() -> None:
    called = [" ".join(words) for unit in UNITS for words in commands_of(unit)]

    assert {"migrate", "run --part web", "run --part worker", f"broker {BROKER}"} <= set(called)
    assert any(line.startswith("backup --keys-apart") for line in called)


@pytest.mark.parametrize("unit", [unit for unit in UNITS if ESIK in unit.read_text()], ids=lambda unit: unit.name)
def test_a_unit_runs_as_nobody_else_and_may_do_nothing_else(unit: Path) -> None:
    lines = unit.read_text().splitlines()

    assert {"User=esik", "UMask=0077", "NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet="} <= set(
        lines
    )


def test_the_containers_are_set_as_the_code_reads_it_and_call_commands_that_there_are() -> None:
    services = yaml.safe_load((SERVER / "compose.yaml").read_text())["services"]
    own = [service for service in services.values() if service.get("image") == "esik"]

    assert len(own) == 3
    for service in own:
        assert set(service["environment"]) <= {each.variable for each in described()}
        command(service["command"])
    told = {name: re.sub(r"\$\{\w+:\?\}", "x", value) for name, value in own[0]["environment"].items()}
    assert Settings.from_environment(told).edition is Edition.SERVER
    assert services["broker"]["command"][-1] == str(BROKER / "mosquitto.conf")


def test_the_password_beside_the_compose_file_gets_into_no_image_and_no_commit() -> None:
    left_out = (SERVER / "Containerfile.dockerignore").read_text().splitlines()
    ignored = (SERVER.parents[1] / ".gitignore").read_text().splitlines()

    assert {"**/.env", "**/*.key", ".git"} <= set(left_out)
    assert "/deploy/server/.env" in ignored
