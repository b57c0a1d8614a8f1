"""A school keeps its readers and turnstiles: a reader gets its key, a card its answer, the passage its record."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.edge_agent.readers.peripheral import ADDRESS, BAUD, Peripheral, peripheral
from tests.edge_agent.school_kit import AgentKit, SchoolKit, ref_of, uid_of
from tests.waiting import until

STRANGER = "04ffffffffffff"
_RUN = "import sys; from esik.cli import main; sys.exit(main(sys.argv[1:]))"


def esik(*words: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of ours to its end."""
    return subprocess.run(
        [sys.executable, "-c", _RUN, *words], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
        check=False,
    )  # fmt: skip


@contextmanager
def turnstile() -> Iterator[int]:
    """Run a turnstile through which whoever may goes at once; give its port."""
    words = ["turnstile", "--walk-ms", "20-40"]
    with subprocess.Popen(
        [sys.executable, "-m", "simulators", *words],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline().rpartition(":")[2])
        finally:
            process.terminate()
            process.wait(10)


def write_settings(agent: AgentKit, wall: Peripheral, port: int) -> Path:
    """Write an agent's settings with a reader on the wall; return where its key shall be."""
    key = agent.folder / "osdp.key"
    agent.config.write_text(
        f"""bundle = "bundle.json"
folder = "kept"
[status]
port = {agent.port}
[log]
format = "text"
level = "debug"
[[readers]]
name = "north-in"
driver = "osdp"
path = "{wall.place.path}"
baud = {BAUD}
address = {ADDRESS}
key_file = "{key}"
[[gates]]
id = "north"
readers = [{{ name = "north-in", direction = "in" }}]
actuator = {{ kind = "simulated", port = {port} }}
"""
    )
    return key


def show(wall: Peripheral, uid: str) -> None:
    wall.tell(f"card {len(uid) * 4} {uid}")


@pytest.mark.requirement("KZ456-33-1.2", part="access-control")
def test_a_reader_and_a_turnstile_that_are_there_already_become_a_gate(tmp_path: Path) -> None:
    agent = SchoolKit(tmp_path).agent("gate-1")
    with peripheral(tmp_path, key="") as wall, turnstile() as port:
        key = write_settings(agent, wall, port)
        installed = esik("edge", "osdp", "install", "north-in", "--yes", "--config", str(agent.config))
        assert "has proved its new key" in installed.stdout, installed.stderr
        assert "under the maker's key, which everybody knows" in installed.stdout

        agent.server.start()
        try:
            until(lambda: 'reader="north-in"} 1.0' in agent.metrics(), what="the reader's proof")
            show(wall, uid_of(1).hex())
            until(lambda: [record["o"] for record in agent.records("passage")] == ["passed"])
            until(lambda: "led:green,buzzer" in wall.tell("status"))
            show(wall, STRANGER)
            until(lambda: "led:red" in wall.tell("status"))
            wall.tell("tamper on")
            until(lambda: [record["w"] for record in agent.records("alarm")] == ["tamper"])

            refused = esik("edge", "osdp", "rotate", "north-in", "--config", str(agent.config))
            assert "is the agent running?" in refused.stderr
        finally:
            agent.server.stop()
        first = key.read_text()
        assert esik("edge", "osdp", "rotate", "north-in", "--config", str(agent.config)).returncode == 0

    assert wall.its_key.read_text() == key.read_text().strip() != first.strip()
    assert [(record["w"], record.get("p")) for record in agent.records("decision")] == [
        ("ok", ref_of(1)),
        ("card_unknown", None),
    ]
    said = (agent.server.log.read_text() + installed.stdout + refused.stderr).lower()
    assert not any(secret in said for secret in (first.strip(), key.read_text().strip(), uid_of(1).hex(), STRANGER))
    assert "traceback" not in said


def test_what_cannot_be_done_with_a_readers_key_is_said(tmp_path: Path) -> None:
    agent = SchoolKit(tmp_path).agent("gate-1")

    said = esik("edge", "osdp", "rotate", "north-in", "--config", str(agent.config))
    assert said.returncode == 1
    assert 'there is no reader "north-in" with driver = "osdp"; there are: none' in said.stderr

    with peripheral(tmp_path, key="") as wall:
        key = write_settings(agent, wall, 1)
        asked = esik("edge", "osdp", "install", "north-in", "--config", str(agent.config))
        assert asked.returncode == 1
        assert not wall.its_key.exists()
        assert not key.exists()
