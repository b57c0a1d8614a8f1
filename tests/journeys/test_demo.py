"""The demonstration as a visitor has it: people come, the cable is pulled and put back, and everything ends."""

import asyncio
import contextlib
import csv
import io
import json
import re
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx2
import psutil
import pytest

from cloud.core.database import address
from cloud.embedded.postgres import reached_postgres
from simulators.demo_control import STATE, NoDemo, State, ask, fresh_folder
from simulators.demo_seed import CODE, PASSWORD
from simulators.demo_show import GATES
from tests.servers.process import Server
from tests.waiting import Late, until

PARENT = "+77000000000"
TAKEN_MAX = 3  # a port that was free may be another test's a moment later
pytestmark = pytest.mark.xdist_group("demo")  # two that start at once may choose the same free port
ESIK = "import sys; from esik.cli import main; sys.exit(main(sys.argv[1:]))"
ARRIVED = re.compile(r"<b>Arrived \d\d:\d\d</b>")
SET_UP_S = 180.0  # some seconds, where nobody else wants the machine; the demonstration itself gives up earlier
Place = tuple[str, str, int]  # device, epoch, number


@dataclass(frozen=True, slots=True)
class Demo:
    """One that runs."""

    folder: Path
    url: str
    server: Server

    def figure(self, name: str) -> int:
        """Return a figure of the line that tells how it goes; 0 while it does not answer."""
        try:
            told = ask(self.folder, "status")
        except NoDemo:
            return 0
        found = re.search(rf"\b{name} (\d+)", told)
        assert found is not None, told
        return int(found[1])

    def until(self, name: str, least: int, timeout_s: float = 20.0) -> None:
        until(lambda: self.figure(name) >= least, timeout_s, f"{name} to be {least} at least")

    def page_of(self, login: str, path: str) -> str:
        """Return a page as somebody sees it who signs in for it."""
        headers = {"origin": self.url, "accept-language": "en"}
        form = {"login": login, "password": PASSWORD, "next": path}
        with httpx2.Client(base_url=self.url, headers=headers, trust_env=False, follow_redirects=True) as browser:
            return browser.post("/sign-in", data=form).text

    def inside(self, role: str) -> list[list[str]]:
        """Return who is inside, as the office exports it."""
        text = self.page_of("office", f"/schools/{CODE}/office.csv?role={role}&state=inside")
        return list(csv.reader(io.StringIO(text)))[1:]

    def journals(self) -> dict[Place, bytes]:
        """Return all that the agents have written and still hold."""
        held: dict[Place, bytes] = {}
        for device in GATES.values():
            db = sqlite3.connect(f"file:{self.folder / device / 'kept' / 'journal.db'}?mode=ro", uri=True)
            rows = db.execute("SELECT epoch, seq, record FROM entries JOIN epochs USING (ep)").fetchall()
            db.close()
            held |= {(device, epoch, seq): bytes(record) for epoch, seq, record in rows}
        return held

    def records(self) -> list[tuple[Place, bytes]]:
        """Return all that the cloud holds."""
        return asyncio.run(_records(self.folder / "cloud" / "postgres"))

    def epochs(self, device: str) -> set[str]:
        """Return the epochs of an agent of which the cloud holds records."""
        return {epoch for (sender, epoch, _), _ in self.records() if sender == device}

    def program(self, device: str) -> psutil.Process | None:
        """Return an agent's process; nothing while it is not there."""
        config = str(self.folder / device / "agent.toml")
        return next((each for each in self.processes() if is_alive(each) and config in each.cmdline()), None)

    def kill_agent(self, device: str) -> None:
        """Kill an agent, and wait until it was started again and what it writes since then arrives."""
        opened, killed = self.figure("opened"), self.program(device)
        assert killed is not None
        killed.kill()
        until(lambda: f"{device} ended by SIGKILL and is started again." in self.server.log_tail(), 10, "it to be told")
        until(lambda: self.program(device) is not None, 20, "the agent to be there again")
        assert self.figure("opened") >= opened
        self.until("opened", opened + 6)
        until(lambda: len(self.epochs(device)) == 2, 40, "what it writes since then to arrive")

    def processes(self) -> list[psutil.Process]:
        """Return the demonstration's process and all under it."""
        own = psutil.Process(self.server.pid)
        return [own, *own.children(recursive=True)]


def is_alive(process: psutil.Process) -> bool:
    """Tell whether a process is there, and not only its number, which nobody has asked for yet."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def state_of(folder: Path) -> State:
    """Return what a demonstration says of itself, also one that was killed; nothing before it is ready."""
    with contextlib.suppress(OSError):
        return State(**json.loads((folder / STATE).read_text()))
    return State(0, 0, "")


async def _records(folder: Path) -> list[tuple[Place, bytes]]:
    async with reached_postgres(folder) as url:
        connection = await asyncpg.connect(**address(url))
        rows = await connection.fetch("SELECT device, epoch, seq, record FROM record")
        await connection.close()
    return [((row["device"], row["epoch"], row["seq"]), row["record"]) for row in rows]


def cloud_log(folder: Path) -> str:
    """Return what the demonstration's cloud has logged so far."""
    log = folder / "cloud.log"
    return log.read_text(errors="replace") if log.exists() else ""


def await_school(folder: Path, server: Server) -> None:
    """Wait until the demonstration is ready, or has ended. Raises Late, which tells how far it came."""
    try:
        until(lambda: state_of(folder).pid == server.pid or not server.is_running, SET_UP_S, "the school to wake up")
    except Late as late:
        agents = "".join(log.read_text(errors="replace")[-1_500:] for log in sorted(folder.glob("*/agent.log")))
        raise Late(f"{late}\n{server.log_tail()}\n{cloud_log(folder)[-3_000:]}\n{agents}") from None


@contextmanager
def demo(tmp_path: Path) -> Iterator[Demo]:
    """Run a demonstration on ports of its own, in which people come as quick as the gates take them."""
    folder = tmp_path / "demo"
    words = ["demo", "--data", str(folder), "--fast"]

    server = Server(
        [sys.executable, "-c", ESIK, *words], tmp_path / "demo.log", folder.exists, stop_signal=signal.SIGINT
    )
    try:
        for _ in range(TAKEN_MAX):
            server.start()
            await_school(folder, server)
            if server.is_running or "address already in use" not in cloud_log(folder):
                break
            server.stop()
        assert server.is_running, server.log_tail()
        yield Demo(folder, state_of(folder).url, server)
    finally:
        server.stop()


@pytest.mark.requirement("KZ456-3", part="uninterrupted")
@pytest.mark.requirement("KZ456-4")
@pytest.mark.requirement("KZ456-33-1.1", part="visits")
@pytest.mark.requirement("KZ456-33-1.10", part="students")
@pytest.mark.requirement("KZ456-33-1.10", part="staff")
@pytest.mark.requirement("KZ456-33-1.11", part="account")
def test_people_come_and_eat_an_agent_is_killed_and_the_cable_pulled_and_every_record_arrives_once(
    tmp_path: Path,
) -> None:
    with demo(tmp_path) as it:
        it.until("opened", 8)
        until(lambda: ARRIVED.search(it.page_of(PARENT, "/")), 20, "the parent's page to tell of a child")
        it.until("meals", 3)
        until(lambda: "Lunch" in it.page_of(PARENT, "/notices"), 20, "the parent to be told of a lunch")

        it.kill_agent("gate-north")
        ask(it.folder, "unplug")
        opened = it.figure("opened")
        it.until("unsent", 6)
        it.until("opened", opened + 3)
        waited = it.journals()
        ask(it.folder, "plug")
        until(lambda: {place for place, _ in it.records()} >= waited.keys(), 30, "what waited to arrive")

        arrived = it.records()
        assert len(arrived) == len({place for place, _ in arrived})
        assert {place: record for place, record in arrived if place in waited} == waited
        until(lambda: it.inside("student") and it.inside("staff"), 20, "students and staff to be inside")
        started = it.processes()
        it.server.stop()
        assert [process for process in started if is_alive(process)] == []
        assert "Everything has ended." in it.server.log_tail()


def test_a_killed_demonstration_leaves_nothing_running_and_nothing_for_the_next(tmp_path: Path) -> None:
    with demo(tmp_path) as it:
        started = it.processes()

        it.server.kill()

        until(lambda: not any(map(is_alive, started)), 30, "everything to end")
        with fresh_folder(it.folder) as held:
            assert list(held.folder.iterdir()) == []
