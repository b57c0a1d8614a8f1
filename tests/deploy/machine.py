"""A machine to install on: a program in a repository of its own, a root, a real database; no packages, users, units."""

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.cloud.cli.esik import ROOT, environment
from tests.deploy.test_server_files import environment as read
from tests.servers.postgres import Postgres, postgres

COMMAND_S = 300.0
WITHOUT = ("--without", "packages,users,systemd,fetch")
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

    @property
    def environment(self) -> dict[str, str]:
        """What the shell of its root knows: where PostgreSQL is."""
        found = {"PGHOST": str(self.socket), "PGPORT": str(self.postgres.port), "PGUSER": "esik"}
        return {**environment({}), **found, "PYTHONDONTWRITEBYTECODE": "1"}

    def script(self, name: str, *words: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.program / "deploy/server" / name), "--root", str(self.root), *WITHOUT, *words]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=COMMAND_S, cwd=self.root,
            env=self.environment,
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


@contextlib.contextmanager
def a_machine(folder: Path) -> Iterator[Machine]:
    """Yield a machine with the program as version v1, and nothing installed."""
    program, root = folder / "program", folder / "root"
    root.mkdir()
    for part in PARTS:
        shutil.copytree(ROOT / part, program / part, ignore=shutil.ignore_patterns("__pycache__", "*.mpy"))
    (program / "build").symlink_to(ROOT / "build")  # what `make setup` brings for the pages
    (program / ".venv/bin").mkdir(parents=True)
    starter = program / ".venv/bin/esik"
    starter.write_text(
        f"#!/bin/sh\nPYTHONPATH={program} exec {sys.executable} -c "
        "'import sys; from esik.cli import main; sys.exit(main(sys.argv[1:]))' \"$@\"\n"
    )
    starter.chmod(0o755)
    (program / ".gitignore").write_text(".venv\n__pycache__\nbuild\n")
    with postgres() as server:
        made = Machine(program, root, server)
        made.git("init", "-q")
        made.version("v1")
        yield made
