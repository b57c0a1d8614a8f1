"""The commands of the tree of authorities."""

from pathlib import Path

from tests.cloud.cli.test_commands import NAMES, Cloud


def test_an_authority_is_added_and_gets_an_account(database_url: str, tmp_path: Path) -> None:
    cloud = Cloud(database_url, tmp_path / "data")
    cloud.run("key", "init")
    cloud.run("node", "add", "kz", "--level", "national", *NAMES)

    made = cloud.run("node", "account", "b@example.kz", "Басқарма", "--node", "kz")

    assert "login: b@example.kz" in made
    assert cloud.run("node", "list").split()[:2] == ["kz", "national"]
