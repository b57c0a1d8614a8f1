"""A missing program is a failure with the command that mends it, never a skip."""

from pathlib import Path

import pytest

from tests.servers.process import ServerMissing, free_port, program


def test_a_missing_program_names_the_command_that_brings_it(tmp_path: Path) -> None:
    with pytest.raises(ServerMissing, match="sudo apt-get install mosquitto"):
        program("mosquitto", "mosquitto", tmp_path)


def test_a_free_port_is_above_the_reserved_ones() -> None:
    assert free_port() >= 1024
