"""The commands of maintenance windows."""

import json
from datetime import timedelta
from pathlib import Path

from cloud.core.clock import SystemClock
from cloud.core.pages import DEFAULT_ZONE
from tests.cloud.cli.test_commands import Cloud


def test_a_window_is_announced_in_local_time_listed_and_called_off(database_url: str, tmp_path: Path) -> None:
    cloud = Cloud(database_url, tmp_path / "data")
    cloud.run("key", "init")
    starts = (SystemClock().now() + timedelta(days=2)).astimezone(DEFAULT_ZONE).replace(second=0, microsecond=0)
    words = [f"{at:%Y-%m-%d %H:%M}" for at in (starts, starts + timedelta(hours=2))]

    made = cloud.run("maintenance", "plan", "--from", words[0], "--until", words[1])
    listed = json.loads(cloud.run("maintenance", "list", "--json"))
    cloud.run("maintenance", "cancel", "1")

    assert f"window 1: {words[0]} to {words[1]}" in made
    assert [(each["id"], each["state"]) for each in listed] == [(1, "announced")]
    assert listed[0]["from"] == starts.astimezone(SystemClock().now().tzinfo).isoformat()
    assert f"1 {words[0]} to {words[1]} called off" in cloud.run("maintenance", "list")
