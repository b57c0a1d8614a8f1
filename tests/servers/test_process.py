"""A missing program is a failure with the command that mends it, never a skip."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.process import ServerMissing, free_port, program


def test_a_missing_program_names_the_command_that_brings_it(tmp_path: Path) -> None:
    with pytest.raises(ServerMissing, match="sudo apt-get install mosquitto"):
        program("mosquitto", "mosquitto", tmp_path)


def test_a_free_port_is_given_once_and_is_none_that_connections_get() -> None:
    ports = [free_port() for _ in range(100)]
    assert len(set(ports)) == len(ports)
    assert max(ports) < 32_768


def test_a_port_that_is_taken_is_left_out() -> None:
    first = free_port()
    with socket.socket() as server:
        server.bind(("127.0.0.1", first + 1))
        assert free_port() != first + 1


def test_a_port_that_another_process_was_given_is_left_out_while_that_lives() -> None:
    first = free_port()
    claim = (
        f"from tests.servers import process; process._turns = iter([{first - 10_100 + 1}]); print(process.free_port())"
    )
    with subprocess.Popen(
        [sys.executable, "-c", f"{claim}; import sys; sys.stdout.flush(); sys.stdin.read()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert int(other.stdout.readline()) == first + 1
        assert free_port() == first + 2
        other.communicate()
