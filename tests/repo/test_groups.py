"""Tests that share a place run one after another: their group must reach the scheduler that spreads tests."""

import subprocess
import sys
from pathlib import Path

TEXT = """import os, pytest

@pytest.mark.xdist_group("one")
def test_of_the_group():
    print("in", os.getpid())
"""


def test_tests_of_one_group_run_in_one_process(tmp_path: Path) -> None:
    for name in ("test_first.py", "test_second.py"):
        (tmp_path / name).write_text(TEXT)

    words = ["-m", "pytest", "-n", "2", "--dist", "loadgroup", "-v", "-rP", "-p", "no:cacheprovider", str(tmp_path)]
    told = subprocess.run([sys.executable, *words], cwd=tmp_path, capture_output=True, text=True, check=False).stdout

    assert "2 passed" in told, told
    assert len({line for line in told.splitlines() if line.startswith("in ")}) == 1, told
