"""The installer and the upgrade as an operator calls them, below a root of their own, with a real database and broker.

Packages, users and units are left out: those want a machine of their own.
"""

import contextlib
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cloud.core.settings import Settings
from tests.cloud.cli.esik import ROOT, START_S, environment, running
from tests.cloud.imports.factory import file
from tests.deploy.test_server_edition import _mosquitto  # the same broker, the same way
from tests.deploy.test_server_files import environment as read
from tests.servers.postgres import Postgres, postgres
from tests.servers.process import free_port
from tests.waiting import until

COMMAND_S = 300.0
WITHOUT = ("--without", "packages,users,systemd,fetch")
ADDRESSES = ("--public", "https://esik.test", "--mqtt", "mqtts://127.0.0.1:8883", "--operator", "admin", "Айгүл")
PARTS = ("cloud", "esik", "schemas", "firmware", "edge_agent", "simulators", "deploy", "requirements")
BROKEN = '''"""A migration that fails half way."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("cloud", "{before}")]
    operations = [ops.RunSQL("{sql}", "SELECT 1")]
'''


@dataclass(frozen=True, slots=True)
class Machine:
    """A program in a repository of its own, a root to install below, and a database server."""

    program: Path
    root: Path
    postgres: Postgres

    def script(self, name: str, *words: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.program / "deploy/server" / name), "--root", str(self.root), *WITHOUT, *words]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=COMMAND_S, cwd=self.root,
            env={**environment({}), "PGHOST": str(self.socket), "PGPORT": str(self.postgres.port), "PGUSER": "esik",
                 "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip

    def did(self, name: str, *words: str) -> str:
        done = self.script(name, *words)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    @property
    def socket(self) -> Path:
        return Path(self.postgres.server.command[6])

    @property
    def settings(self) -> dict[str, str]:
        return read(self.root / "etc/esik/cloud.env")

    def esik(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.program / ".venv/bin/esik"), "cloud", *words], capture_output=True, text=True, check=False,
            timeout=COMMAND_S, env={**environment({}), **self.settings}, cwd=self.root,
        )  # fmt: skip

    def git(self, *words: str) -> str:
        named = ["-c", "user.name=t", "-c", "user.email=t@t"]
        return subprocess.run(
            ["git", "-C", str(self.program), *named, *words], capture_output=True, text=True, check=True
        ).stdout.strip()  # fmt: skip

    def version(self, tag: str) -> None:
        """Commit the program as it lies there, as a version."""
        self.git("add", "-A")
        self.git("commit", "-q", "-m", tag)
        self.git("tag", tag)

    def migration(self, name: str, sql: str) -> None:
        folder = self.program / "cloud/migrations"
        before = max(path.stem for path in folder.glob("0*.py"))
        (folder / f"{name}.py").write_text(BROKEN.format(before=before, sql=sql))


@pytest.fixture(name="machine", scope="module")
def _machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("machine")
    program, root = folder / "program", folder / "root"
    root.mkdir()
    for part in PARTS:
        shutil.copytree(ROOT / part, program / part, ignore=shutil.ignore_patterns("__pycache__", "*.mpy"))
    (program / ".venv/bin").mkdir(parents=True)
    starter = program / ".venv/bin/esik"
    starter.write_text(
        f"#!/bin/sh\nPYTHONPATH={program} exec {sys.executable} -c "
        "'import sys; from esik.cli import main; sys.exit(main(sys.argv[1:]))' \"$@\"\n"
    )
    starter.chmod(0o755)
    (program / ".gitignore").write_text(".venv\n__pycache__\n")
    with postgres() as server:
        made = Machine(program, root, server)
        made.git("init", "-q")
        made.version("v1")
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
