"""Updates from end to end: a real cloud, the real launcher, agents of several versions as processes, with backlogs."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from cloud.app import create_app, serve
from cloud.brokers.embedded import EmbeddedBroker
from cloud.core.clock import SystemClock
from cloud.core.services import Services
from cloud.devices.actions import NewDevice, NewGate
from cloud.releases import rollouts
from cloud.releases.packing import Packed
from cloud.releases.queries import ReleaseRow, releases_of
from cloud.releases.store import add_release
from cloud.rosters.bundles import add_device
from cloud.worker import Worker
from tests.cloud.ingest.rows import eventually
from tests.cloud.releases.factory import trust
from tests.cloud.schools.factory import SYSTEM, a_school
from tests.deploy.launcher_kit import ROOT, Machine
from tests.edge_agent.school_kit import AgentKit, uid_of
from tests.servers.process import free_port, leash
from tests.waiting import until_async

DEVICE, RELEASE = "almaty5-gate-1", ("agent", "any", 8)
CODE = ("esik", "edge_agent", "schemas", "firmware")
MAIN = "import sys\nfrom esik.cli import main\nsys.exit(main(sys.argv[1:]))\n"
SLOW_S = 60.0


@pytest.fixture(name="clock")
def _clock() -> SystemClock:
    """Let the cloud go by the real time, as the agents do."""
    return SystemClock()


@dataclass(slots=True)
class Cloud:
    """The running cloud: pages always, the broker as the test says."""

    services: Services
    broker: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Let devices reach the broker."""
        made = EmbeddedBroker(self.services)
        self.broker = asyncio.create_task(made.run())
        await until_async(lambda: made.listens.is_set() or (self.broker is not None and self.broker.done()))

    async def cut(self) -> None:
        """Let them not."""
        if self.broker is not None:
            await ended(self.broker)
        self.broker = None

    async def kinds(self, kind: str) -> list[dict[str, Any]]:
        rows = await self.services.database.pool.fetch(
            "SELECT record FROM record WHERE kind = $1 ORDER BY received_at, seq", kind
        )
        return [json.loads(row["record"]) for row in rows]

    async def row(self) -> ReleaseRow:
        return (await releases_of(self.services, SYSTEM))[0]


async def ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@pytest.fixture(name="cloud")
async def _cloud(services: Services) -> AsyncIterator[Cloud]:
    port = free_port()
    settings = replace(
        services.settings, http_port=port, public_url=f"http://127.0.0.1:{port}", broker_port=free_port(),
        broker_host="127.0.0.1",
    )  # fmt: skip
    made = Cloud(replace(services, settings=settings))
    await a_school(services)
    await made.connect()
    tasks = [
        asyncio.create_task(serve(create_app(made.services)), name="web"),
        asyncio.create_task(Worker(made.services).run(), name="worker"),
    ]
    yield made
    for task in tasks:
        await ended(task)
    await made.cut()


@dataclass(slots=True)
class School:
    """The machine at the school: systemd as a loop, the launcher, and the agent that it starts."""

    machine: Machine
    agent: AgentKit
    trial_s: float = 30.0
    process: "subprocess.Popen[bytes] | None" = None
    stopping: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    def release(self, counter: int, change: Callable[[Path], None] = lambda _folder: None) -> Packed:
        """Return a release of this very program, under another version, changed."""
        folder = self.machine.folder / f"made-{counter}"
        for name in CODE:
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "esik/__init__.py").write_text(f'"""Esik."""\n\n__version__ = "0.0.{counter}"\n')
        change(folder)
        return self.machine.pack(counter, {"__main__.py": MAIN}, board="any")

    def start(self) -> None:
        self.thread = threading.Thread(target=self._keep, name="systemd")
        self.thread.start()

    def stop(self) -> None:
        self.stopping.set()
        self.restart()
        if self.thread is not None:
            self.thread.join(30)

    def restart(self) -> None:
        """End the program; the loop starts it again."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGTERM)

    def _keep(self) -> None:
        while not self.stopping.is_set():
            if self.machine.prepare() != 0:
                return
            launcher = [sys.executable, "-I", str(self.machine.launcher / "launcher.py"), "run"]
            places = [str(self.machine.root), str(self.machine.inbox), "--trial-s", str(self.trial_s)]
            words = [*leash(None), *launcher, *places, "--", "edge", "run", "--config", str(self.agent.config)]
            with (self.agent.folder / "log").open("ab") as log:
                self.process = subprocess.Popen(words, stdout=log, stderr=log, start_new_session=True)
                self.process.wait()

    def version(self) -> str:
        """Return the version that runs and has a journal; nothing while none does."""
        try:
            found = self.agent.health()["firmware"]
        except Exception:  # noqa: BLE001 - it is being started
            return ""
        return str(found)

    def tap(self, count: int) -> None:
        for number in range(count):
            self.agent.tap("main-in", uid_of(number))


@pytest.fixture(name="school")
async def _school(cloud: Cloud, tmp_path: Path) -> AsyncIterator[School]:
    new = NewDevice(DEVICE, [NewGate("main", "Қақпа", "Вход", "Gate")])
    bundle = await add_device(cloud.services, SYSTEM, "almaty5", new)
    agent = AgentKit(tmp_path / "agent", ["main"])
    agent.folder.mkdir()
    agent.write_settings()
    (agent.folder / "bundle.json").write_bytes(bundle)
    (agent.folder / "bundle.json").chmod(0o600)
    made = School(Machine(tmp_path / "machine"), agent)
    made.machine.use_these_packages()
    trust(cloud.services, made.machine.key)
    made.machine.install(made.release(7))
    made.start()
    try:
        await until_async(lambda: made.version() == "0.0.7", SLOW_S)
        yield made
    finally:
        await asyncio.to_thread(made.stop)


async def taps_are_written(school: School, count: int) -> None:
    await until_async(lambda: len(school.agent.records("decision")) >= count, SLOW_S, what="decisions in the journal")


async def test_fault_14_a_release_comes_by_notice_proves_itself_and_is_counted_by_the_cloud(
    cloud: Cloud, school: School
) -> None:
    packed = await asyncio.to_thread(school.release, 8)
    await add_release(cloud.services, SYSTEM, packed.manifest, packed.payload)
    await until_async(lambda: school.agent.health()["unsent"] == 0, SLOW_S)
    await cloud.services.database.pool.execute(
        "INSERT INTO device_program SELECT id, 'agent', 'linux-x86_64', 7, now() FROM device ON CONFLICT DO NOTHING"
    )
    await eventually(lambda: cloud.services.database.pool.fetchval("SELECT is_online FROM device"), SLOW_S)
    await rollouts.start(cloud.services, SYSTEM, RELEASE, DEVICE)  # a notice goes to who is known to be connected

    await until_async(lambda: school.version() == "0.0.8", SLOW_S)
    for _ in range(600):
        if (await cloud.row()).progress.done:
            break
        await asyncio.sleep(0.1)

    row = await cloud.row()
    assert (row.state, row.progress.done, row.progress.failed) == ("running", 1, 0)
    assert school.machine.prepare() == 0
    assert (school.machine.state["good"], school.machine.state["previous"]) == (8, 7)
    assert [each["fw"] for each in await cloud.kinds("open")] == ["0.0.7", "0.0.8"]


def cannot_sync(folder: Path) -> None:
    """Make a program that works at the gate and never reaches the cloud."""
    path = folder / "edge_agent/sync/uplink.py"
    text = path.read_text()
    assert "        await link.open(self.session.subscriptions)\n" in text
    path.write_text(
        text.replace("        await link.open(self.session.subscriptions)\n", "        raise LinkFailed('no')\n")
    )


async def test_fault_14_a_backlog_is_delivered_after_an_upgrade_and_after_a_rollback_each_record_once(
    cloud: Cloud, school: School
) -> None:
    await until_async(lambda: school.agent.health()["unsent"] == 0, SLOW_S)
    await cloud.cut()
    school.tap(5)
    await taps_are_written(school, 5)
    school.machine.stage(await asyncio.to_thread(school.release, 8))
    school.restart()
    await until_async(lambda: school.version() == "0.0.8", SLOW_S)
    upgraded_with = school.agent.health()["unsent"]
    await cloud.connect()
    await until_async((school.machine.inbox / "good").exists, SLOW_S)
    await until_async(lambda: school.agent.health()["unsent"] == 0, SLOW_S, "the backlog to be delivered")

    await cloud.cut()
    school.tap(5)
    await taps_are_written(school, 10)
    school.trial_s = 15.0
    school.machine.stage(await asyncio.to_thread(school.release, 9, cannot_sync))
    school.restart()
    await until_async(lambda: "0.0.9" in {each["fw"] for each in school.agent.records("open")}, SLOW_S)
    await until_async(lambda: "9" in school.machine.state["bad"], SLOW_S)
    await until_async(lambda: school.version() == "0.0.8", SLOW_S)
    rolled_back_with = school.agent.health()["unsent"]
    await cloud.connect()
    await until_async(lambda: school.agent.health()["unsent"] == 0, SLOW_S)

    assert (upgraded_with >= 5, rolled_back_with >= 5) == (True, True)
    assert school.machine.state["bad"] == {"9": "no_ack"}
    alarms = [(each["w"], each["x"]) for each in await cloud.kinds("alarm") if each["w"] == "update_failed"]
    assert alarms == [("update_failed", "9 no_ack")]
    held = {(each["m"], each["c"]) for each in school.agent.records("decision")}
    stored = [(each["m"], each["c"]) for each in await cloud.kinds("decision")]
    assert len(stored) == len(set(stored)) == 10
    assert held <= set(stored)
    gaps = await cloud.services.database.pool.fetch(
        "SELECT epoch FROM record GROUP BY epoch HAVING count(*) <> max(seq) OR min(seq) <> 1"
    )
    assert gaps == []
