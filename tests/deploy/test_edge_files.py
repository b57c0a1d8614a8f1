"""The files of deploy/edge: the service can write nothing that it runs, and the launcher starts it."""

import re
from configparser import ConfigParser
from pathlib import Path

import pytest

EDGE = Path(__file__).parents[2] / "deploy/edge"
UNIT = (EDGE / "esik-edge.service").read_text()


def lines(name: str) -> list[str]:
    """Return the values of a setting of the unit, in order."""
    return re.findall(rf"^{name}=(.*)$", UNIT, re.MULTILINE)


@pytest.mark.requirement("KZ456-5.17")
def test_the_service_can_change_none_of_the_files_that_it_runs() -> None:
    assert lines("User") == ["esik"]
    assert lines("ProtectSystem") == ["strict"], "everything but its own state is read-only for it"
    assert lines("ReadWritePaths") == []
    assert lines("StateDirectory") == ["esik"], "/var/lib/esik, where no program stands"
    assert lines("NoNewPrivileges") == ["yes"]
    assert lines("CapabilityBoundingSet") == [""]


def test_only_the_launcher_runs_as_root_and_before_every_start() -> None:
    privileged = [
        line for name in ("ExecStartPre", "ExecStart", "ExecReload") for line in lines(name) if line[0] in "+!"
    ]

    assert [line.split()[2:5] for line in privileged] == [["/opt/esik/launcher/launcher.py", "prepare", "/opt/esik"]]
    assert " -I " in privileged[0], "and looks at no other packages than its own"


def test_a_release_on_trial_may_speak_to_systemd_below_the_launcher_and_is_watched() -> None:
    assert lines("NotifyAccess") == ["all"]
    assert int(lines("WatchdogSec")[0]) <= 60
    assert lines("Restart") == ["always"]


def test_the_unit_is_one_that_can_be_read() -> None:
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign] # systemd's names have capitals
    parser.read_string(UNIT)

    assert parser["Service"]["ExecStart"].endswith("-- edge run --config /etc/esik/agent.toml")


def test_the_guide_puts_every_module_of_the_launcher_on_the_machine() -> None:
    guide = (EDGE / "README.md").read_text()

    assert "deploy/edge/launcher/*.py schemas/release.py /opt/esik/launcher/" in guide
