"""A PostgreSQL server of Debian's package, for one run: databases are made from templates in milliseconds."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Self

from tests.servers.process import STOP_S, Server, ServerFailed, free_port, leash, program

HOMES = Path("/usr/lib/postgresql")
USER = "esik"
# Whether somebody waits for a lock that this connection holds.
IS_AWAITED = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
OWNER = "postgres"  # Debian's package makes this user; PostgreSQL refuses to run as root


class Durability(Enum):
    """What a power cut may cost."""

    NONE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
    FULL = ("fsync=on", "synchronous_commit=on", "full_page_writes=on")


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server; `server` starts, kills and stops it."""

    server: Server
    port: int
    home: Path
    _left: list[str] = field(default_factory=list, init=False)  # databases to remove
    _standing: "list[_StandingPsql]" = field(default_factory=list, init=False)  # the one that makes databases, or none

    def url(self, database: str) -> str:
        """Return the address of a database, without a password: the server trusts loopback."""
        return f"postgres://{USER}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, template: str = "template1") -> str:
        """Make a database as a copy of a template nobody is connected to, and return its address."""
        left, self._left[:] = list(self._left), []
        removing = [f'DROP DATABASE IF EXISTS "{each}" WITH (FORCE)' for each in left]
        self._do([*removing, f'CREATE DATABASE "{database}" TEMPLATE "{template}" STRATEGY FILE_COPY'])
        return self.url(database)

    def drop(self, database: str) -> None:
        """Remove a database, cutting off who is connected, by the time that the next one is made."""
        self._left.append(database)

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run one statement by psql and return what it prints, unaligned; raise ServerFailed with its complaint."""
        return self._run([statement], database)

    def close(self) -> None:
        """Let go of the server, as before it stops."""
        while self._standing:
            self._standing.pop().close()

    def _do(self, statements: Sequence[str]) -> None:
        """Run statements by the psql that stands, or by one that says what is wrong with them."""
        if not self._standing:
            self._standing.append(_StandingPsql.start(self.home, self.url("postgres")))
        for statement in statements:
            if not self._standing[0].does(statement):
                self.close()
                self._run(statements, "postgres")
                return

    def _run(self, statements: Sequence[str], database: str) -> str:
        asked = [word for statement in statements for word in ("-c", statement)]
        done = subprocess.run(
            [str(self.home / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.url(database), *asked],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        if done.returncode != 0:
            raise ServerFailed(f"psql: {done.stderr.strip()}")
        return done.stdout.strip()


@dataclass(frozen=True, slots=True)
class _StandingPsql:
    """One psql for many statements: to start it takes as long as to copy half a database."""

    process: subprocess.Popen[str]

    @classmethod
    def start(cls, home: Path, url: str) -> Self:
        return cls(
            subprocess.Popen(
                [*leash(None), str(home / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", url],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            )
        )  # fmt: skip

    def does(self, statement: str) -> bool:
        """Run one that returns no rows; False when it failed, as psql has ended then."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with suppress(BrokenPipeError):
            self.process.stdin.write(f"{statement};\n\\echo done\n")
            self.process.stdin.flush()
        return self.process.stdout.readline() == "done\n"

    def close(self) -> None:
        with suppress(BrokenPipeError):
            self.process.communicate(timeout=STOP_S)


def home() -> Path:
    """Return the folder of the newest PostgreSQL's programs; raise ServerMissing when there is none."""
    folders = sorted(HOMES.glob("*/bin"), key=lambda folder: float(folder.parent.name), reverse=True)
    return program("initdb", "postgresql", *(folders or [HOMES])).parent


@contextmanager
def postgres(durability: Durability = Durability.NONE, settings: Sequence[str] = ()) -> Iterator[Postgres]:
    """Serve a new, empty cluster on a free port; `settings` are further `name=value` of postgresql.conf."""
    folder = Path(tempfile.mkdtemp(prefix="esik-postgres-"))
    if os.geteuid() == 0:
        shutil.chown(folder, OWNER, OWNER)
    try:
        running = _prepare(folder, home(), (*durability.value, *settings))
        running.server.start()
        try:
            yield running
        finally:
            running.close()
            running.server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(folder: Path, programs: Path, settings: Sequence[str]) -> Postgres:
    made = subprocess.run(
        [*leash(OWNER), str(programs / "initdb"), "-D", str(folder / "cluster"), "-U", USER, "--auth=trust",
         "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"],
        capture_output=True, text=True, check=False, timeout=120, cwd=folder,
    )  # fmt: skip
    if made.returncode != 0:
        raise ServerFailed(f"initdb: {made.stderr.strip()}")
    port = free_port()
    options = ("listen_addresses=127.0.0.1", "max_connections=200", "shared_buffers=64MB", "log_statement=none")
    command = [str(programs / "postgres"), "-D", str(folder / "cluster"), "-p", str(port), "-k", str(folder)]
    for option in (*options, *settings):
        command += ["-c", option]
    server = Server(command, folder / "log", lambda: _is_ready(programs, port), signal.SIGINT, OWNER)
    return Postgres(server, port, programs)


def _is_ready(programs: Path, port: int) -> bool:
    asked = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port), "-U", USER, "-d", "postgres"]
    return subprocess.run(asked, check=False, timeout=10).returncode == 0
