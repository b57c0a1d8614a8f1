"""The installer and the upgrade as an operator calls them, below a root of their own, with a real database and broker.

Packages, users and units are left out: those want a machine of their own.
"""

import contextlib
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.core.settings import Settings
from tests.cloud.cli.esik import START_S, environment, running
from tests.cloud.imports.factory import file
from tests.deploy.machine import Machine, a_machine
from tests.deploy.test_server_edition import _mosquitto  # the same broker, the same way
from tests.servers.process import free_port
from tests.waiting import until

ADDRESSES = ("--public", "https://esik.test", "--mqtt", "mqtts://127.0.0.1:8883", "--operator", "admin", "Айгүл")


# One machine, on which each test goes on from where the one before left it: all in one process, in this order.
pytestmark = pytest.mark.xdist_group("installer")


@pytest.fixture(name="machine", scope="module")
def _machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with a_machine(tmp_path_factory.mktemp("machine")) as made:
        yield made


def test_a_dry_run_prints_every_step_and_changes_nothing(machine: Machine) -> None:
    script = str(machine.program / "deploy/server/install.sh")
    done = subprocess.run(
        [script, *ADDRESSES, "--nginx", "--dry-run", "--root", str(machine.root)],
        capture_output=True, text=True, check=False, timeout=60, env={**environment({}), "PGHOST": "/nowhere"},
    )  # fmt: skip

    if "Debian 12 or 13" in done.stderr:
        pytest.skip("this machine is no Debian")
    assert done.returncode == 0, done.stderr
    for step in (
        "settings",
        "database",
        "tables and key file",
        "authority",
        "first operator",
        "units",
        "nginx",
        "look",
    ):
        assert step in done.stdout
    assert list(machine.root.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "--public and --mqtt are wanted"),
        (("--public", "http://esik.test", "--mqtt", "mqtts://a"), "begins with https://"),
        (("--public", "https://esik.test", "--mqtt", "mqtt://a"), "begins with mqtts://"),
        ((*ADDRESSES, "--workers", "0"), "1 to 9"),
        (("--please",), "is not an option"),
    ],
)
def test_what_the_installer_cannot_do_it_refuses_in_words(machine: Machine, words: tuple[str, ...], told: str) -> None:
    done = machine.script("install.sh", *words)

    assert (done.returncode, told in done.stderr) == (1, True), done.stderr
    assert list(machine.root.iterdir()) == []


def test_one_command_installs_twice_is_once_and_all_of_it_runs(machine: Machine, tmp_path: Path) -> None:
    first = machine.did("install.sh", *ADDRESSES)
    env = machine.root / "etc/esik/cloud.env"
    before = env.read_bytes()
    again = machine.did("install.sh", *ADDRESSES)

    assert "initial password: " in first
    assert "passphrase of root.key: " in first
    assert "admin is there already" in again
    assert "passphrase" not in again
    assert env.read_bytes() == before
    assert stat.S_IMODE(env.stat().st_mode) == 0o640
    settings = Settings.from_environment(machine.settings)
    assert stat.S_IMODE(settings.data.stat().st_mode) == 0o700
    assert stat.S_IMODE(settings.vault_key_file.stat().st_mode) == 0o600

    broker, port, http = settings.data / "broker", free_port(), free_port()
    text = env.read_text().replace("127.0.0.1:8883\n", f"127.0.0.1:{port}\n", 1)
    env.write_text(text.replace("ESIK_HTTP_PORT=8000", f"ESIK_HTTP_PORT={http}"))
    (settings.data / "ca/root.key").rename(tmp_path / "safe.key")
    assert machine.esik("broker", str(broker), "--port", str(port), "--host", "127.0.0.1").returncode == 0
    assert machine.esik("backup", "--keys-apart").returncode == 0
    chosen = {name.removeprefix("ESIK_").lower(): value for name, value in machine.settings.items() if value}
    with contextlib.ExitStack() as stack:
        stack.enter_context(_mosquitto(broker, port))
        web = stack.enter_context(running(tmp_path / "web", "--part", "web", settings=chosen))
        worker = stack.enter_context(running(tmp_path / "worker", "--part", "worker", settings=chosen))
        until(web.is_up, START_S, "the pages")
        until(lambda: "esik cloud is ready" in worker.text(), START_S, "the worker")
        until(lambda: "workers: 1 work, all 64" in machine.esik("doctor").stdout, START_S, "the worker's shards")
        well = machine.esik("doctor")

    wrong = [line for line in well.stdout.splitlines() if line.startswith("WRONG") and "disk" not in line]
    assert wrong == []


@pytest.mark.requirement("KZ456-8")
def test_an_upgrade_keeps_the_data_and_a_rollback_brings_back_those_of_before(machine: Machine, tmp_path: Path) -> None:
    machine.did("install.sh", *ADDRESSES)
    (tmp_path / "school.xlsx").write_bytes(file())
    names = ("--kk", "Мектеп", "--ru", "Школа", "--en", "School")
    assert machine.esik("school", "add", "demo2026", *names).returncode == 0
    assert machine.esik("import", str(tmp_path / "school.xlsx"), "--school", "demo2026").returncode == 0
    machine.migration("0998_more", "ALTER TABLE person ADD COLUMN shoe_size integer DEFAULT 38")
    machine.version("v2")
    machine.migration("0999_broken", "ALTER TABLE nowhere ADD COLUMN nothing integer")
    machine.version("v3")
    machine.git("checkout", "-q", "--detach", "v1")

    dry = machine.did("upgrade.sh", "v2", "--dry-run")
    assert "a backup, while nothing writes" in dry
    assert machine.git("rev-parse", "HEAD") == machine.git("rev-parse", "v1")

    assert "at v2" in machine.did("upgrade.sh", "v2")
    assert machine.postgres.sql("SELECT sum(shoe_size) FROM person", "esik") == str(3 * 38)

    broken = machine.script("upgrade.sh", "v3")
    assert broken.returncode == 1
    assert "back to what was" in broken.stdout
    assert machine.git("rev-parse", "HEAD") == machine.git("rev-parse", "v2^{commit}")
    assert machine.postgres.sql("SELECT sum(shoe_size) FROM person", "esik") == str(3 * 38), "v2 with its data again"

    assert machine.esik("school", "add", "late2026", *names).returncode == 0
    machine.git("checkout", "-q", "--detach", "v1")
    (machine.root / "var/lib/esik/upgrade/version").unlink()
    assert "no upgrade of before is noted" in machine.script("upgrade.sh", "rollback").stderr


@pytest.mark.requirement("KZ456-8")
def test_a_rollback_after_a_good_upgrade_keeps_the_newer_database_beside(machine: Machine) -> None:
    machine.git("checkout", "-q", "--detach", "v2")
    machine.migration("0999_again", "ALTER TABLE person ADD COLUMN hat_size integer DEFAULT 7")
    machine.version("v4")
    machine.git("checkout", "-q", "--detach", "v2")
    people = machine.postgres.sql("SELECT count(*) FROM person", "esik")
    machine.did("upgrade.sh", "v4")
    machine.postgres.sql("DELETE FROM card", "esik")

    told = machine.did("upgrade.sh", "rollback")

    assert "back at" in told
    assert machine.git("rev-parse", "HEAD") == machine.git("rev-parse", "v2")
    assert machine.postgres.sql("SELECT count(*) FROM person", "esik") == people
    assert int(machine.postgres.sql("SELECT count(*) FROM card", "esik")) > 0
    assert machine.esik("verify").returncode == 0
    kept = machine.postgres.sql("SELECT datname FROM pg_database WHERE datname LIKE 'esik_later_%'")
    assert machine.postgres.sql("SELECT max(hat_size) FROM person", kept) == "7"


def test_an_upgrade_that_cannot_be_is_refused_before_anything_is_changed(machine: Machine) -> None:
    assert "there is no version v99" in machine.script("upgrade.sh", "v99").stderr
    now = machine.git("describe", "--tags")
    assert "runs already" in machine.script("upgrade.sh", now).stderr
    with (machine.program / "cloud/figures.py").open("a") as changed:
        changed.write("# by hand\n")
    try:
        assert "were changed by hand" in machine.script("upgrade.sh", "v1").stderr
    finally:
        machine.git("checkout", "-q", "--", "cloud/figures.py")
