"""What devices tell of themselves in records becomes alarms, health and the ends of commands."""

import pytest

from cloud.ingest.messages import Arrived
from cloud.ingest.plan import Plan
from simulators.memory_store import MemoryStore, Tables
from tests.cloud.ingest.device import EPOCH, NOW_MS, Device, alarmed, answered, healthy, opened
from tests.edge_agent.sync.model import At


@pytest.fixture
def device() -> Device:
    return Device().write(opened())


@pytest.fixture
def store(device: Device) -> MemoryStore:
    return MemoryStore(Tables(senders={device.name: device.sender}))


def accept(store: MemoryStore, *arrived: Arrived) -> Plan:
    return store.accept_now(arrived, NOW_MS)


def test_what_a_device_found_amiss_is_an_alarm_at_the_time_it_happened_and_once(
    store: MemoryStore, device: Device
) -> None:
    device.write(alarmed("tamper", "lid", gate="main"), alarmed("tamper", wall_ms=NOW_MS - 90_000), alarmed("fire_on"))

    accept(store, device.batch(1, 4))
    accept(store, device.batch(1, 4))

    assert [(alarm.code, alarm.detail, alarm.count, alarm.at_ms) for alarm in store.tables.alarms] == [
        ("tamper", "main lid", 2, NOW_MS - 60_000), ("fire_on", "", 1, NOW_MS - 60_000)
    ]  # fmt: skip
    assert len(store.tables.written(device.name, EPOCH)) == 4


def test_what_a_device_says_of_a_command_is_taken_once(store: MemoryStore, device: Device) -> None:
    device.write(answered("1" * 16), answered("2" * 16, "failed"))

    accept(store, device.batch(1, 3))
    accept(store, device.batch(2, 3))

    assert [(told.command, told.outcome) for told in store.tables.told] == [("1" * 16, "done"), ("2" * 16, "failed")]


def test_how_a_device_was_is_kept_even_when_it_tells_late(store: MemoryStore, device: Device) -> None:
    device.write(healthy(3, at=At(2_000, NOW_MS - 7_200_000)), healthy(0, at=At(9_000, NOW_MS)))

    plan = accept(store, device.batch(1, 3))

    assert [(each.at_ms, each.unsent) for each in store.tables.healths] == [(NOW_MS - 7_200_000, 3), (NOW_MS, 0)]
    assert plan.acked == {1: (NOW_MS, EPOCH)}
