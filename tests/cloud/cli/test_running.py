"""`esik cloud run` of the embedded edition: starts, answers, stops, and leaves nobody behind however it ends."""

import os
import signal
import socket
from pathlib import Path

import psutil
import pytest

from tests.cloud.cli.esik import ROOT, START_S, Running, esik, running, told
from tests.servers.process import others_enter, program
from tests.waiting import until


def is_up(service: Running) -> None:
    until(service.is_up, START_S, "the service to be up")


@pytest.mark.requirement("KZ456-4")
def test_one_command_serves_and_stops_and_serves_again_with_what_it_had(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data, "--edition", "embedded", "--data", str(data)) as service:
        is_up(service)
        added = esik("school", "add", "demo2026", "--kk", "Мектеп", "--ru", "Школа", "--en", "School", data=data)
        assert added.returncode == 0, "a command reaches the service that runs"
        assert service.end(signal.SIGTERM) == 0
    assert "esik cloud is ready" in service.text()

    with running(data) as again:
        is_up(again)
        assert "demo2026" in esik("school", "list", data=data).stdout
        assert again.end(signal.SIGINT) == 0


def test_a_killed_service_takes_its_database_with_it_and_starts_again(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data) as service:
        is_up(service)
        assert service.end(signal.SIGKILL) == -signal.SIGKILL

    with running(data) as again:
        is_up(again)


def test_a_database_that_dies_under_the_service_is_started_again(tmp_path: Path) -> None:
    with running(tmp_path / "data") as service:
        is_up(service)
        server = next(each for each in service.family() if each.name() == "postgres")

        server.kill()

        until(
            lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE, 10.0, "the database to be gone"
        )
        until(lambda: service.health() == 200, START_S, "the service to be well again")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.skipif(not others_enter(ROOT), reason="nobody else enters the folder of this clone")
def test_it_needs_no_root(tmp_path: Path) -> None:
    for folder in (tmp_path, *(above for above in tmp_path.parents if above.name.startswith(("pytest-", "popen-")))):
        folder.chmod(0o755)
    own = tmp_path / "own"
    own.mkdir()
    os.chown(own, 65534, 65534)
    nobody = [str(program("setpriv", "util-linux")), "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"]

    with running(own / "data", before=nobody) as service:
        is_up(service)
        assert {each.uids().effective for each in service.family()} == {65534}
        assert service.end(signal.SIGTERM) == 0


def test_a_taken_port_or_folder_is_told_in_one_line_and_leaves_nobody(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"listens on 127.0.0.1:{port}" in ended(tmp_path / "a", http_port=port)
        assert f"listens on 127.0.0.1:{port}" in ended(tmp_path / "a", broker_port=port)
        assert not (tmp_path / "a" / "postgres").exists(), "nothing is begun before the ports are free"
    with running(data) as service:
        is_up(service)
        assert "in use by another esik" in ended(data)
        assert service.health() == 200


def ended(data: Path, **settings: int) -> str:
    """Return the line that a service ended with at once, when all that it started has ended too."""
    with running(data, settings={"log_level": "error", **settings}) as service:
        until(lambda: service.process.poll() is not None, START_S, "the service to end")
        assert service.process.returncode == 1
        lines = service.text().splitlines()
    homes = [process.info["cwd"] for process in psutil.process_iter(["cwd"])]
    assert len(lines) == 1, service.text()
    if settings:
        assert str(data / "postgres" / "cluster") not in homes
    return lines[0]


def test_a_wrong_setting_ends_it_with_the_status_that_systemd_does_not_try_again(tmp_path: Path) -> None:
    done = esik("run", data=tmp_path, http_port="eighty")

    assert done.returncode == 78
    assert told(done).startswith("ESIK_HTTP_PORT is eighty; it must be a whole number above 0")
