"""Settings of cards that prove themselves: what is refused before anything starts, and what is told."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge_agent.cards.keys import write_ring
from edge_agent.cards.master import Master, write_private
from edge_agent.cli import REFUSED, app
from tests.edge_agent.school_kit import SCHOOL, AgentKit, SchoolKit

MASTER = Master(bytes(range(32)), {SCHOOL: 2, "other1": 1})


@pytest.fixture
def agent(tmp_path: Path) -> AgentKit:
    made = SchoolKit(tmp_path).agent("gate-1")
    made.write_settings(more='[cards]\nkeys = "card-keys.json"')
    text = made.config.read_text()
    made.config.write_text(text.replace('driver = "line"\npath = ', 'driver = "pn532-direct"\npath = ', 1))
    return made


def checked(agent: AgentKit) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["check", "--config", str(agent.config)])
    return result.exit_code, result.output


def put_keys(agent: AgentKit, school: str = SCHOOL) -> Path:
    path = agent.folder / "card-keys.json"
    write_private(path, write_ring(MASTER.ring(school)))
    return path


def test_the_versions_of_the_keys_are_told_and_no_key(agent: AgentKit) -> None:
    put_keys(agent)

    code, told = checked(agent)

    assert code == 0
    assert "keys of version 2, 1" in told
    assert MASTER.school_keys(SCHOOL, 2).gate.hex() not in told


@pytest.mark.parametrize("is_there", [False, True])
def test_keys_that_cannot_be_had_refuse_the_start_with_what_to_do(agent: AgentKit, is_there: bool) -> None:
    if is_there:
        put_keys(agent).chmod(0o644)

    code, told = checked(agent)

    assert code == REFUSED
    assert ("chmod 600" if is_there else "cannot be read") in told


def test_another_schools_keys_are_refused(agent: AgentKit) -> None:
    put_keys(agent, "other1")

    code, told = checked(agent)

    assert code == REFUSED
    assert "is of school other1" in told


def test_keys_without_a_reader_that_can_ask_are_a_mistake_with_its_line(tmp_path: Path) -> None:
    agent = SchoolKit(tmp_path).agent("gate-1")
    agent.write_settings(more='[cards]\nkeys = "card-keys.json"')
    put_keys(agent)

    code, told = checked(agent)

    assert code == REFUSED
    assert "line 8: cards.keys is of no use" in told
