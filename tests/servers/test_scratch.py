"""Where tests write: a folder is taken only if it holds all they write and runs what they put there."""

from pathlib import Path

import pytest

from tests import scratch
from tests.scratch import has_room, runs_programs


def test_a_folder_that_runs_programs_is_known_from_one_that_does_not(tmp_path: Path) -> None:
    assert runs_programs(tmp_path)
    assert not runs_programs(Path("/proc"))
    assert not runs_programs(tmp_path / "nowhere")


def test_a_folder_without_room_or_in_a_small_container_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch, "LIMITS", tmp_path)
    monkeypatch.setattr(scratch, "ROOM_BYTES", 1 << 20)
    assert has_room(tmp_path)

    (tmp_path / "memory.max").write_text("1048576\n")
    assert not has_room(tmp_path)
    (tmp_path / "memory.max").write_text("max\n")
    assert has_room(tmp_path)

    assert not has_room(tmp_path / "nowhere")
