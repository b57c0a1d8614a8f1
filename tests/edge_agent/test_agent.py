"""A whole agent as a process: cards in by named pipes, records in its journal, its page, its stop and its start."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.edge_agent.school_kit import AgentKit, SchoolKit, ref_of, uid_of
from tests.waiting import until


@contextmanager
def running(agent: AgentKit) -> Iterator[AgentKit]:
    agent.server.start()
    try:
        until(lambda: all(f'reader="{gate}-in"}} 1.0' in agent.metrics() for gate in agent.gates))
        yield agent
    finally:
        agent.server.stop()


def decided(agent: AgentKit, count: int) -> list[tuple[str, str, str | None]]:
    """Wait for so many decisions; return (direction, reason, person) of each."""
    until(lambda: len(agent.records("decision")) >= count, what="decisions")
    return [(record["d"], record["w"], record.get("p")) for record in agent.records("decision")]


def test_cards_are_decided_written_and_counted_without_any_network(tmp_path: Path) -> None:
    agent = SchoolKit(tmp_path).agent("gate-1")
    with running(agent):
        agent.tap("north-in", uid_of(1))
        decided(agent, 1)
        agent.tap("north-in", bytes.fromhex("04ffffffffffff"))
        decided(agent, 2)
        agent.tap("north-out", uid_of(1))

        found = decided(agent, 3)
        told = agent.health()

    assert found == [("in", "ok", ref_of(1)), ("in", "card_unknown", None), ("out", "ok", ref_of(1))]
    assert told["unsent"] >= 4
    assert told["status"] == "attention"
    assert {concern["what"] for concern in told["concerns"]} == {"offline"}
    assert "Person" not in agent.server.log.read_text()
    assert uid_of(1).hex() not in agent.server.log.read_text().lower()


def test_who_is_inside_is_known_after_a_kill_and_the_next_epoch_names_the_last(tmp_path: Path) -> None:
    agent = SchoolKit(tmp_path).agent("gate-1")
    with running(agent):
        agent.tap("north-in", uid_of(1))
        decided(agent, 1)
        agent.server.kill()

    with running(agent):
        until(lambda: agent.health()["inside"] == 1)
        agent.tap("north-in", uid_of(1))
        reasons = [reason for _, reason, _ in decided(agent, 2)]

    assert reasons == ["ok", "passback_hard"]
    assert [record["w"] for record in agent.records("open")] == ["created", "start"]
    assert "pe" in agent.records("open")[1]


def test_it_stops_on_sigterm_at_once_and_with_a_last_word(tmp_path: Path) -> None:
    agent = SchoolKit(tmp_path).agent("gate-1")
    with running(agent):
        os.kill(agent.server.pid, signal.SIGTERM)
        until(lambda: not agent.server.is_running, 5)

    assert "agent.stopped" in agent.server.log.read_text()
    assert "Traceback" not in agent.server.log.read_text()


def test_a_reader_that_goes_and_comes_back_is_told_and_the_gate_goes_on(tmp_path: Path) -> None:
    agent = SchoolKit(tmp_path).agent("gate-1")
    (agent.folder / "north-out").unlink()
    with running(agent):
        until(lambda: "reader_lost" in [concern["what"] for concern in agent.health()["concerns"]])
        agent.tap("north-in", uid_of(2))
        decided(agent, 1)
        os.mkfifo(agent.folder / "north-out")
        until(lambda: [record["w"] for record in agent.records("alarm")] == ["reader_lost", "reader_back"], 15)

        assert agent.health()["status"] == "attention"


def test_a_status_port_that_is_taken_stops_no_gate(tmp_path: Path) -> None:
    agent = SchoolKit(tmp_path).agent("gate-1")
    with socket.create_server(("127.0.0.1", agent.port)):
        agent.server.start()
        try:
            until(lambda: "part.failed" in agent.server.log.read_text())
            until(lambda: "reader.ready" in agent.server.log.read_text())
            agent.tap("north-in", uid_of(1))
            assert decided(agent, 1) == [("in", "ok", ref_of(1))]
        finally:
            agent.server.stop()

    assert "set status.port in agent.toml" in agent.server.log.read_text()


def test_a_folder_that_cannot_be_used_stops_no_gate(tmp_path: Path) -> None:
    agent = SchoolKit(tmp_path).agent("gate-1")
    shutil.rmtree(agent.folder / "kept")
    (agent.folder / "kept").write_text("this is no folder")
    agent.write_settings()
    agent.config.write_text(agent.config.read_text().replace("readers = [{", 'roster_missing = "allow"\nreaders = [{'))
    with running(agent):
        agent.tap("north-in", uid_of(1))
        until(lambda: 'outcome="allowed"} 1.0' in agent.metrics())
        until(lambda: "esik_edge_records_lost_total" in agent.metrics())

        whats = {concern["what"] for concern in agent.health()["concerns"]}

    assert {"journal_unavailable", "records_lost", "roster_missing"} <= whats


def test_two_agents_never_share_a_folder(tmp_path: Path) -> None:
    agent = SchoolKit(tmp_path).agent("gate-1")
    with running(agent):
        second = subprocess.run(agent.server.command, capture_output=True, text=True, check=False, timeout=20)

    assert second.returncode == 1
    assert "another agent runs with the folder" in second.stderr


def test_systemd_hears_that_it_is_ready_alive_and_stopping(tmp_path: Path) -> None:
    agent = SchoolKit(tmp_path).agent("gate-1")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.settimeout(10)
        environment = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "300000"}  # noqa: TID251
        process = subprocess.Popen(
            agent.server.command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            words = [heard.recv(1_000).decode().split("\n")[0] for _ in range(3)]
            process.terminate()
            process.wait(10)
            heard.settimeout(1)
            while words[-1] != "STOPPING=1":
                words.append(heard.recv(1_000).decode().split("\n")[0])
        finally:
            process.kill()
            process.wait(10)

    assert words[:3] == ["READY=1", "WATCHDOG=1", "WATCHDOG=1"]


@pytest.mark.parametrize("words", [["check"], ["run"], ["status"]])
def test_every_command_tells_every_mistake_and_starts_nothing(tmp_path: Path, words: list[str]) -> None:
    agent = SchoolKit(tmp_path).agent("gate-1")
    agent.config.write_text(agent.config.read_text().replace('"none"', '"non"').replace("kept", ""))

    told = _esik(["edge", *words, "--config", str(agent.config)])

    assert told.returncode == 78
    assert 'agent.toml, line 2: folder must be a path in quotes, not ""' in told.stderr
    assert "actuator.kind must be" in told.stderr


def test_check_says_what_is_right_and_what_is_not_there_yet(tmp_path: Path) -> None:
    agent = SchoolKit(tmp_path).agent("gate-1")
    (agent.folder / "north-out").unlink()

    told = _esik(["edge", "check", "--config", str(agent.config)])

    assert told.returncode == 0
    assert "device gate-1 of school alm005" in told.stdout
    assert f"{agent.folder}/north-out is not there now" in told.stdout


def test_status_asks_the_agent_on_this_machine(tmp_path: Path) -> None:
    agent = SchoolKit(tmp_path).agent("gate-1")
    with running(agent):
        told = _esik(["edge", "status", "--config", str(agent.config)])
    gone = _esik(["edge", "status", "--config", str(agent.config)])

    assert told.returncode == 0
    assert "offline" in told.stdout
    assert gone.returncode == 1
    assert "is it running?" in gone.stderr


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("systemd-analyze is not on this machine")
    unit = Path(__file__).parents[2] / "deploy/edge/esik-edge.service"
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace("/opt/esik/.venv/bin/esik", sys.executable))

    told = subprocess.run([verify, "verify", str(copy)], capture_output=True, text=True, check=False, timeout=60)

    assert (told.returncode, [line for line in told.stderr.splitlines() if unit.name in line]) == (0, [])


def _esik(words: list[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "import sys; from esik.cli import main; sys.exit(main(sys.argv[1:]))", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
