"""The commands of accounts."""

from pathlib import Path

from tests.cloud.cli.test_commands import NAMES, Cloud


def test_a_reset_says_that_sessions_and_second_steps_are_gone(database_url: str, tmp_path: Path) -> None:
    cloud = Cloud(database_url, tmp_path / "data")
    cloud.run("key", "init")
    cloud.run("school", "add", "demo2026", *NAMES)
    cloud.run("account", "add", "office-1", "Гүлнар", "--role", "office", "--school", "demo2026")

    told = cloud.run("account", "reset", "office-1")

    assert "initial password: " in told
    assert "its sessions ended, and it has no second step" in told
    assert "office-1 has no second step now" in cloud.run("account", "forget-factors", "office-1")
    assert "need a second step from 2026-01-31 on" in cloud.run("account", "factor-day", "demo2026", "2026-01-31")
