"""The commands of the key of Web Push."""

from pathlib import Path

from tests.cloud.cli.test_commands import Cloud


def test_the_key_of_web_push_is_made_once_and_changed_by_command(database_url: str, tmp_path: Path) -> None:
    cloud = Cloud(database_url, tmp_path / "data")
    cloud.run("key", "init")

    assert "the key is made" in cloud.run("push-key", "make")
    assert "it stays as it is" in cloud.run("push-key", "make")
    assert "0 browsers" in cloud.run("push-key", "change")
