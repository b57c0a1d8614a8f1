"""A whole school's day by commands alone: readers, a turnstile, a day, a crowd."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from simulators.__main__ import main
from simulators.crowd_command import DayRefused, read_day
from simulators.school import Act

DEADLINE_S = 30


def start(*words: str) -> tuple["subprocess.Popen[str]", int]:
    """Start a simulator; return it and its control port."""
    simulator = subprocess.Popen(
        [sys.executable, "-m", "simulators", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert simulator.stderr is not None
    return simulator, int(simulator.stderr.readline().split(";")[0].removeprefix("control port "))


def test_a_day_passes_at_a_gate_whose_turnstile_nobody_opens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["school", "--members", "3", "--gates", "1", "--seed", "2"]) == 0
    path = tmp_path / "day.jsonl"
    path.write_text("".join(capsys.readouterr().out.splitlines(keepends=True)[:1]))
    simulators = [start("pn532"), start("pn532"), start("turnstile")]

    ports = ":".join(str(port) for _, port in simulators)
    try:
        crowd = subprocess.run(
            [sys.executable, "-m", "simulators", "crowd", "--gate", ports, "--day", path, "--factor", "1e6"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=True,
        )
    finally:
        for simulator, _ in simulators:
            simulator.terminate()
            simulator.communicate(timeout=DEADLINE_S)

    visits = [json.loads(line) for line in crowd.stdout.splitlines()]
    assert [visit["ending"] for visit in visits] == ["refused"]
    assert "visits 1: refused 1" in crowd.stderr


def test_a_crowd_without_a_gate_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "day.jsonl"
    path.write_text(
        '{"at_ms": 0, "gate": 0, "direction": "in", "act": "tap", "person": "student-00001", "uid": "04A1B2C3D4E5F6"}\n'
    )

    assert main(["crowd", "--gate", "9:9", "--day", str(path)]) == 1
    assert "not there" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "line 1"),
        ("[]", "it needs at_ms"),
        ('{"at_ms": 0, "gate": 0, "direction": "up", "act": "tap", "person": "", "uid": ""}', "it needs at_ms"),
        ('{"at_ms": 0, "gate": 0, "direction": "in", "act": "jump", "person": "", "uid": ""}', "jump"),
    ],
)
def test_a_wrong_line_of_the_day_is_named(line: str, reason: str) -> None:
    with pytest.raises(DayRefused, match=reason):
        read_day([line])


def test_a_day_is_read_in_order_of_time() -> None:
    row = '{"at_ms": %d, "gate": 1, "direction": "out", "act": "stranger", "person": "", "uid": "01020304"}'

    day = read_day([row % 5, row % 4])

    assert [movement.at_ms for movement in day] == [4, 5]
    assert (day[0].act, day[0].uid, day[0].gate) == (Act.STRANGER, bytes([1, 2, 3, 4]), 1)


@pytest.mark.parametrize("words", [["--gate", "1"], ["--gate", "1:2:3:4"], ["--gate", "1:2", "--factor", "0"], []])
def test_a_wrong_option_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["crowd", *words])

    assert ended.value.code == 2
    assert "usage: python -m simulators crowd" in capsys.readouterr().err
