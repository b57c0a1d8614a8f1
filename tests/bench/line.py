"""The whole line on this machine: PostgreSQL that syncs, mosquitto, a fleet in the registry, servers, loads.

Rule: everything is a process of its own, so that its CPU can be told apart.
"""

import asyncio
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import asyncpg
import psutil

from cloud.core.clock import SystemClock
from cloud.core.database import address
from cloud.core.migrating import migrate
from cloud.core.settings import variable
from cloud.core.vault import Vault, make_key_file, read_keys
from cloud.devices.registry import SECRET
from cloud.ingest.partitions import make_partitions
from tests.bench import load
from tests.bench.load import Orders, Outcome
from tests.servers.mosquitto import Mosquitto, mosquitto
from tests.servers.postgres import Durability, Postgres, postgres
from tests.servers.process import answers, free_port, leash
from tests.waiting import until

FILES_MAX = 20_000
SCHOOL_DEVICES = 8
POSTGRES = ("shared_buffers=256MB", "max_wal_size=4GB", "checkpoint_timeout=15min")
_SCHOOLS = """
INSERT INTO school (code, shard, name_kk, name_ru, name_en, zone, school_days, passback, created_at)
SELECT code, shard, 'Мектеп', 'Школа', 'School', 'Asia/Almaty', 6, 'soft', $3
FROM unnest($1::text[], $2::smallint[]) AS given (code, shard)
"""
_DEVICES = """
INSERT INTO device (
  school_id, name, state, secret_encrypted, is_hub, certificate_serial, command_counter, firmware, boot, roster_version,
  clock, unsent, is_online, created_at
) SELECT school.id, given.name, 'active', given.sealed, false, '', 0, '', '', 0, '', 0, false, $4
FROM unnest($1::text[], $2::text[], $3::bytea[]) AS given (code, name, sealed) JOIN school USING (code)
"""
_PERSONS = """
INSERT INTO person (
  school_id, shard, ref, role, surname, given_name, patronymic, sort_key, position, is_active, created_at
) SELECT school.id, school.shard, given.ref, 'student', 'Бекмұрат', 'Әлия', '', given.ref, '', true, $3
FROM unnest($1::text[], $2::text[]) AS given (code, ref) JOIN school USING (code)
"""


@dataclass(frozen=True, slots=True)
class Line:
    """The servers, and the database with the fleet."""

    database: Postgres
    broker: Mosquitto
    url: str
    folder: Path

    @property
    def key_file(self) -> Path:
        return self.folder / "vault.key"

    @contextmanager
    def serving(self, what: str) -> Iterator[int]:
        """Serve `ingest` or `naive`; give the process id."""
        command = [sys.executable, "-m", "tests.bench.serve", what, self.url, str(self.broker.port), str(self.key_file)]
        process = subprocess.Popen([*leash(None), *command], stdout=subprocess.PIPE, text=True)
        try:
            _until_ready(process)
            yield process.pid
        finally:
            process.terminate()
            process.wait(20)

    @contextmanager
    def cloud(self, part: str = "all") -> Iterator[tuple[int, str]]:
        """Run `esik cloud run` in the server edition; give its process id and where its pages are."""
        port = free_port()
        told = {
            "edition": "server", "data": self.folder, "database_url": self.url, "http_port": port, "log_level": "error",
            "mqtt_url": f"mqtt://127.0.0.1:{self.broker.port}",
        }  # fmt: skip
        environment = dict(os.environ)  # noqa: TID251 (a child inherits it)
        environment |= {variable(name): str(value) for name, value in told.items()}
        command = [str(Path(sys.executable).with_name("esik")), "cloud", "run", "--part", part]
        process = subprocess.Popen([*leash(None), *command], env=environment, stdout=subprocess.PIPE, text=True)
        try:
            _until_ready(process)
            if part != "worker":
                until(lambda: answers(port), 20.0, "pages to listen")
            if part != "web":
                until(lambda: self.count("shard_lease") == 64, 20.0, "the worker to serve its shards")
            yield process.pid, f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)

    def load(self, orders: Orders) -> "Loading":
        """Start the load generator."""
        command = [sys.executable, "-m", "tests.bench.load", json.dumps(asdict(orders))]
        return Loading(subprocess.Popen([*leash(None), *command], stdout=subprocess.PIPE, text=True))

    def count(self, table: str) -> int:
        """Return how many rows a table has."""
        return int(self.database.sql(f"SELECT count(*) FROM {table}", self.url.rpartition("/")[2]))  # noqa: S608 (ours)

    def cpu_s(self, serving: int) -> dict[str, float]:
        """Return the seconds of CPU that each program has used so far."""
        return {
            "ingest": _cpu_s(serving),
            "PostgreSQL": _cpu_s(self.database.server.pid),
            "mosquitto": _cpu_s(self.broker.server.pid),
        }


@dataclass(frozen=True, slots=True)
class Loading:
    """A load generator at work."""

    process: subprocess.Popen[str]

    def outcome(self) -> Outcome:
        """Wait for its end."""
        told, _ = self.process.communicate()
        assert self.process.returncode == 0, "the load generator failed"
        return Outcome(**json.loads(told))


@contextmanager
def line(devices: int, persons: int = 0) -> Iterator[Line]:
    """Serve a line with a fleet; `persons` are entered at every school."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES_MAX, FILES_MAX))
    folder = Path(tempfile.mkdtemp(prefix="esik-bench-"))
    try:
        with postgres(Durability.FULL, POSTGRES) as database, mosquitto() as broker:
            running = Line(database, broker, database.create("bench"), folder)
            make_key_file(running.key_file)
            asyncio.run(_fill(running, devices, persons))
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _fill(running: Line, devices: int, persons: int) -> None:
    await migrate(running.url)
    vault, now = Vault(*read_keys(running.key_file)), SystemClock().now()
    async with asyncpg.create_pool(**address(running.url), min_size=1, max_size=1) as pool:
        await make_partitions(pool, now.date())
        schools = [load.school_of(number) for number in range(0, devices, SCHOOL_DEVICES)]
        await pool.execute(_SCHOOLS, *zip(*schools, strict=True), now)
        names = [load.name_of(number) for number in range(devices)]
        codes = [load.school_of(number)[0] for number in range(devices)]
        await pool.execute(_DEVICES, codes, names, [vault.encrypt_bytes(load.secret_of(n), SECRET) for n in names], now)
        for number, (code, _) in enumerate(schools):
            refs = [load.person_of(number * SCHOOL_DEVICES, person, persons) for person in range(persons)]
            await pool.execute(_PERSONS, [code] * persons, refs, now)


def _until_ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None, "it was piped"
    for told in process.stdout:
        if "ready" in told:
            return
    raise AssertionError(f"{process.args!s} did not begin")


def _cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process, its children, and those of them that ended."""
    process = psutil.Process(pid)
    own = process.cpu_times()
    total = own.user + own.system + own.children_user + own.children_system
    for child in process.children(recursive=True):
        times = child.cpu_times()
        total += times.user + times.system
    return total
