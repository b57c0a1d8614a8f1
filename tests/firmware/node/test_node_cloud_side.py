"""The node between its cloud and its gate: commands obeyed once, alarms told sparingly, notes that survive."""

import asyncio
import json
from pathlib import Path

import pytest

from firmware.node.actions import Command
from firmware.node.certificates import Certificates
from firmware.node.clock import BUILD_FLOOR_MS
from firmware.node.cloud_side import CloudSide
from firmware.node.settings import Bundle
from firmware.node.store import Store
from firmware.node.tls import PemBroken, der_of
from firmware.node.wifi import Wifi
from tests.firmware.node.gate_bench import Table
from tests.firmware.node.test_node_renewal import BEGIN_S, CA, NEW, OLD
from tests.firmware.node.test_node_settings import BUNDLE

NOW_MS = 1_795_000_000_000


class Station:
    """A WLAN of a test."""

    def __init__(self) -> None:
        self.is_there = True
        self.told: list[str] = []
        self._is_joined = False

    def active(self, wanted: bool) -> None:
        self.told.append(f"active {wanted}")

    def connect(self, ssid: str, _password: str | None) -> None:
        self.told.append(f"join {ssid}")
        self._is_joined = self.is_there

    def isconnected(self) -> bool:
        return self._is_joined and self.is_there

    def status(self, _what: str) -> int:
        return -61

    def ifconfig(self) -> tuple[str, str, str, str]:
        return ("10.0.0.5", "255.255.255.0", "10.0.0.1", "10.0.0.1")


class Side:
    """A cloud side with a gate on a table and notes in a folder."""

    def __init__(self, folder: Path) -> None:
        self.table = Table()
        self.path = folder / "state.json"
        self.store = Store(str(self.path))
        self.clock_set: list[int] = []
        self.rosters = 0
        rules = self.table.gate._rules
        self.cloud = CloudSide(
            Bundle(BUNDLE), self.table.gate, rules, self.table.keeper, self.store, Wifi(None, "", ""), "0.1.0",
            self._fetch, self.clock_set.append,
        )  # fmt: skip
        self.cloud.want_roster = self._want

    async def _fetch(self, newest: int) -> int:
        return newest or 7

    def _want(self) -> None:
        self.rosters += 1

    def obey(self, action: str, counter: int = 1, gate: str | None = None) -> None:
        self.cloud.obey(Command("c" * 16, counter, action, gate))

    def outcomes(self) -> list[tuple[str, str]]:
        return [(record["do"], record["w"]) for record in self.table.records("command")]


@pytest.fixture(name="side")
def _side(tmp_path: Path) -> Side:
    return Side(tmp_path)


def test_a_commands_counter_is_stored_before_it_is_obeyed_and_what_came_of_it_is_a_record(side: Side) -> None:
    side.obey("open_once", counter=5)

    assert json.loads(side.path.read_text())["counter"] == 5
    assert "relay_in" in side.table.lit()
    assert side.outcomes() == [("open_once", "done")]


def test_a_command_whose_counter_cannot_be_stored_is_not_obeyed(side: Side) -> None:
    side.path.with_suffix(".json.new").mkdir()  # nothing can be written there

    side.obey("open_once")

    assert side.table.lit() == set()
    assert side.outcomes() == []
    assert [record["w"] for record in side.table.records("alarm")] == ["disk_full"]


def test_a_lock_down_lasts_through_a_restart_until_normal(side: Side) -> None:
    side.obey("lock_down", 1)
    kept = Store(str(side.path)).mode
    side.obey("normal", 2)

    assert (kept, Store(str(side.path)).mode, side.table.gate.mode) == ("lock_down", "normal", "normal")


def test_each_command_does_what_it_says(side: Side) -> None:
    for counter, action in enumerate(["report", "roster", "locate", "restart", "dance", "open_once"], start=1):
        side.obey(action, counter, "elsewhere" if action == "open_once" else None)

    assert side.outcomes() == [
        ("report", "done"), ("roster", "done"), ("locate", "done"), ("restart", "done"), ("open_once", "failed"),
    ]  # fmt: skip
    assert (side.rosters, side.cloud.wants_restart, Store(str(side.path)).counter) == (1, True, 6)
    (health,) = side.table.records("health")
    assert (health["r"], health["fw"], health["wr"], "sg" in health) == (12, "0.1.0", 0, False)


def test_time_sets_the_machines_clock_and_becomes_the_next_starts_floor_once_a_day(side: Side) -> None:
    side.cloud.learn_time(NOW_MS, 0)
    first = Store(str(side.path)).floor_ms
    side.cloud.learn_time(NOW_MS + 3_600_000, 0)
    second = Store(str(side.path)).floor_ms
    side.cloud.learn_time(NOW_MS + 86_400_000, 0)

    assert (first, second, Store(str(side.path)).floor_ms) == (NOW_MS, NOW_MS, NOW_MS + 86_400_000)
    assert len(side.clock_set) == 3
    assert first > BUILD_FLOOR_MS


def test_a_like_alarm_is_told_once_an_hour(side: Side) -> None:
    for _ in range(3):
        side.cloud.report("roster_refused", "digest")
    side.cloud.report("roster_refused", "signature")
    side.table.ticks.ms += 3_600_000
    side.cloud.report("roster_refused", "digest")

    assert [record["x"] for record in side.table.records("alarm")] == ["digest", "signature", "digest"]


def test_a_clones_answer_is_a_new_start_whose_alarm_waits_for_it(side: Side) -> None:
    side.cloud.begin_epoch("clone_suspected")

    assert side.cloud.wants_restart
    assert Store(str(side.path)).alarm == "clone_suspected"
    assert side.table.records("alarm") == []


def test_the_hub_is_tried_before_the_cloud_by_the_newest_certificate_then_by_the_one_before(
    side: Side, tmp_path: Path
) -> None:
    side.table.keeper.learn(BEGIN_S * 1000, 0)
    held = Certificates("gate-1", OLD, CA, f"{tmp_path}/")
    side.cloud._certificates = held
    one = [(it.host, it.name, it.tls is not None) for it in side.cloud.brokers()]
    held.take(NEW, CA)

    assert one == [("10.0.0.2", "hub-1", True), ("cloud.example", None, True)]
    assert [it.host for it in side.cloud.brokers()] == ["10.0.0.2", "cloud.example"] * 2


@pytest.mark.parametrize("text", ["", "{", "[]", '{"counter":"7"}', '{"counter":true,"mode":7}', "\x00" * 100])
def test_notes_that_cannot_be_read_are_as_good_as_new(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)
    store = Store(str(tmp_path / "state.json"))

    assert (store.counter, store.mode, store.floor_ms, store.alarm) == (0, "normal", 0, "")


async def test_wifi_is_joined_and_joined_again_when_it_is_gone() -> None:
    station = Station()
    wifi = Wifi(station, "school", "")
    task = asyncio.create_task(wifi.run())
    await asyncio.sleep(0.01)
    first = (wifi.is_online(), wifi.signal_dbm(), wifi.joins)
    station.is_there = False
    away = (wifi.is_online(), wifi.signal_dbm())
    task.cancel()

    assert (first, away) == ((True, -61, 1), (False, None))
    assert station.told == ["active True", "join school"]


def test_pem_becomes_der_and_what_is_none_is_refused() -> None:
    pem = "-----BEGIN CERTIFICATE-----\nAQID\nBAU=\n-----END CERTIFICATE-----\n"

    assert der_of(pem + pem) == [b"\x01\x02\x03\x04\x05"] * 2
    with pytest.raises(PemBroken, match="enrol"):
        der_of("no certificate")


async def test_a_roster_that_is_as_good_as_the_newest_is_told_as_the_newest(tmp_path: Path) -> None:
    side = Side(tmp_path)
    held = side.cloud.roster_version()

    assert await side.cloud.fetch_roster(held + 5) == held + 5

    assert side.cloud.roster_version() == held + 5
    assert side.table.records("health")[-1]["r"] == held + 5
